// Package ingest takes what devices send from the broker to the log: it checks,
// hides card numbers, submits, settles each delivery after its commit, answers
// `stored`, and passes device states on. It owns what becomes a dead letter
// before the log sees it, and the answers to the devices.
//
// It refuses to decide order and duplicates (the log does, in one transaction
// with the events), to keep anything itself, and to let one bad event hold up
// the rest.
package ingest
