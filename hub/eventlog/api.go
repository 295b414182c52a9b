package eventlog

import (
	"errors"
	"time"

	"hallkeeper/bilingual"
	"hallkeeper/wire"
)

// Errors that callers tell apart.
var (
	// ErrUnavailable means that the log cannot store now; nothing of the
	// submission was stored or will be. It recovers by itself.
	ErrUnavailable = bilingual.New("日志现在不能存储", "the log cannot store now")
	// ErrClosed means that the log was closed.
	ErrClosed = errors.New("the log is closed")
	// ErrLocked means that another process has the log open.
	ErrLocked = bilingual.New("另一个程序（多半是另一个主机）正在用这个数据文件夹：请先停掉它，或用 --data 另指一个", "another program is using this data folder")
)

// Outcome is what became of one item of a submission.
type Outcome uint8

// The outcomes of an item.
const (
	// Stored: the event is on disk at Result.Position.
	Stored Outcome = iota + 1
	// Duplicate: the same event was on disk already.
	Duplicate
	// Ahead: its seq is not the next of its outbox; nothing was stored. Result.Mark tells where to resume.
	Ahead
	// DeadLettered: it is on disk as a dead letter with Result.Reason.
	DeadLettered
)

// Item is one thing a device sent.
type Item struct {
	Event wire.Event
	// Dead, where set, sends the item to the dead letters instead of the log.
	// With Event.Outbox and Event.Seq set it advances the outbox's mark when its turn has come.
	Dead *wire.DeadLetter
}

// Result answers one item.
type Result struct {
	Outcome  Outcome
	Position wire.Position // of Stored
	Reason   wire.Reason   // of DeadLettered
	// Mark is the high-water mark of the item's outbox after the item: all seqs
	// up to and with it are on disk or refused. 0 where the item has no outbox.
	Mark uint64
}

// Submission is a delivery of one device: its items are decided in order and
// committed together, with whatever else arrived meanwhile.
type Submission struct {
	// Agent is the device of the topic it arrived on; marks belong to (Agent, outbox).
	Agent string
	Items []Item
	// Done is called once, from the committer, after the fsync (err nil, one
	// result an item) or after a failed commit (err wraps ErrUnavailable, nothing
	// stored). It must not block and must not call the log.
	Done func([]Result, error)
}

// Mark is the state of one outbox.
type Mark struct {
	Agent  string
	Outbox string
	// Seq is the last seq that is stored or refused.
	Seq uint64
}

// Stats describes the log for metrics and the doctor.
type Stats struct {
	Head        wire.Position
	Segments    int
	Bytes       int64
	DeadLetters int
	Writable    bool
	// Failure is the reason while Writable is false; Cause is ErrClockBehind or ErrSuperseded where it is one of them.
	Failure string
	Cause   error
	// UnwritableSince is zero while Writable is true.
	UnwritableSince time.Time
}
