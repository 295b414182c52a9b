// Package broker carries MQTT between the devices and the hub: an embedded
// broker, or one connection to an external one, behind the same interface. It
// owns sockets, sessions, acknowledgements and who may publish what.
//
// It refuses to keep anything: a device's publish is handed to the Sink and
// acknowledged only when the Sink says so, no session is stored on disk, and
// what an event means is decided elsewhere. No broker is trusted with the only
// copy of an event: that is the device's outbox until the hub's `stored`.
package broker
