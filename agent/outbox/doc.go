// Package outbox keeps what people did until the hub says that it is stored. It
// owns the sequence numbers of a device: seq and event are written in one
// transaction, which is on the disk before an event counts as kept, and many
// events share one fsync. It deletes only what it is told is stored, refuses
// more than its limit, and sets a damaged file aside instead of guessing. It
// knows no broker and no board.
package outbox
