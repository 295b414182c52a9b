// Package loadgen loads an MQTT 3.1.1 broker with a hall's events and measures
// how fast they are acknowledged and received. It owns the few packets it needs,
// written so that the generator costs far less than what it measures: events are
// patched into ready-made bytes, many packets leave in one system call, and
// acknowledgements are read in bulk. The same generator is used against the
// hub's broker and against any other, so that their numbers can be compared.
//
// It refuses to be a client: there is no reconnecting, no resending, no session.
// A connection that is lost ends the run with an error.
package loadgen
