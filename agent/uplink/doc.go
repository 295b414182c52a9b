// Package uplink carries the outbox to the hub over MQTT and brings the hub's
// commands. It owns the connection and when something is sent again. It trusts
// no broker with the only copy: an event is settled by the hub's `stored` answer
// alone, whatever the broker acknowledges. It keeps no event and decides nothing
// about commands.
package uplink
