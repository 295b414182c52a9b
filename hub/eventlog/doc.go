// Package eventlog is the hall's one ordered log: it appends, makes durable,
// numbers, recognises duplicates, proves and reads records, and keeps what
// could not be stored as dead letters. It owns data/log and its format.
//
// It refuses to know what events mean, to edit a record, and to answer before
// the fsync. bbolt pages carry no checksum, so every block of records has its
// own, suspect files are inspected by a caller-supplied inspector (a process of
// its own in the hub), and sealed segments are hashed whole.
//
// Layout: one bbolt file a segment, named NNNNN_yyyy-mm.open or .sealed. Every
// segment begins with the marks of all outboxes and the state of the Merkle
// tree, so that older segments can be archived.
package eventlog
