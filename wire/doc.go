// Package wire is Hallkeeper's contract: the event envelope and its kinds, the
// MQTT topics and messages, the live view and the problem document. It owns
// their names, their JSON forms and the checks that decide whether outside
// bytes are an event at all. It imports the standard library only, does no I/O
// and knows nothing of storage, brokers or screens. TypeScript types are
// generated from it.
//
// The contract changes only by adding: testdata/v1 holds one golden file for
// each kind and version, and an old golden file never changes.
package wire
