// Package outbox keeps what people did at a window until the hall has it on
// disk. It owns the sequence numbers, the file and its bound; it knows neither
// MQTT nor what an event means, and deletes nothing that it was not told is stored.
package outbox
