package push

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"hallkeeper/wire"
)

// Source is the live view. Publish is called under the same lock under which
// Snapshot calls use, so that no patch can come between a snapshot and its number.
type Source interface {
	// Snapshot calls use once with the whole view as JSON; use keeps nothing of it.
	Snapshot(use func(data []byte))
}

// reuse is how many patches a snapshot may be old and still be given to the
// next screen, followed by those patches: after a hub's restart all screens
// come at once, and one snapshot does for many of them.
const reuse = 8

// message is one message in all the forms it is sent in.
type message struct {
	kind wire.LiveMessageType
	seq  uint64
	at   time.Time
	json []byte
	// frame holds the websocket frames, made once for all screens.
	frame *websocket.PreparedMessage
}

// newMessage builds the JSON of a wire.LiveMessage around data, which it copies.
func newMessage(kind wire.LiveMessageType, seq uint64, at time.Time, data []byte) (*message, error) {
	b := make([]byte, 0, len(data)+96)
	b = append(b, `{"type":"`...)
	b = append(b, kind...)
	b = append(b, `","seq":`...)
	b = strconv.AppendUint(b, seq, 10)
	b = append(b, `,"at":"`...)
	b = at.AppendFormat(b, "2006-01-02T15:04:05.000Z07:00")
	b = append(b, '"')
	if len(data) > 0 {
		b = append(b, `,"data":`...)
		b = append(b, data...)
	}
	b = append(b, '}')
	frame, err := websocket.NewPreparedMessage(websocket.TextMessage, b)
	if err != nil {
		return nil, fmt.Errorf("make a frame: %w", err)
	}
	return &message{kind: kind, seq: seq, at: at, json: b, frame: frame}, nil
}

// stream is the numbered run of patches that all screens read from.
type stream struct {
	source Source
	now    func() time.Time

	mu sync.RWMutex
	// seq numbers the last patch; patch n stands at recent[n%len(recent)].
	seq    uint64
	recent []*message
	// snapshot is the newest one made, nil before the first.
	snapshot *message
	// alive is what the last beat says, beat counts them.
	alive *message
	beat  uint64
	// moved is closed and replaced when there may be something new to send.
	moved chan struct{}

	// building is held while a snapshot is made, so that many waiting screens share it.
	building sync.Mutex
}

func newStream(source Source, backlog int, now func() time.Time) *stream {
	return &stream{source: source, now: now, recent: make([]*message, backlog), moved: make(chan struct{})}
}

// publish numbers a patch and keeps it. It wakes nobody: notify does.
func (s *stream) publish(patch []byte) (*message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := newMessage(wire.LivePatch, s.seq+1, s.now(), patch)
	if err != nil {
		return nil, err
	}
	s.seq++
	s.recent[s.seq%uint64(len(s.recent))] = m
	return m, nil
}

// notify wakes everyone that waits; with beat they are also to say alive.
func (s *stream) notify(beat bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if beat {
		m, err := newMessage(wire.LiveAlive, s.seq, s.now(), nil)
		if err != nil {
			return err
		}
		s.alive, s.beat = m, s.beat+1
	}
	close(s.moved)
	s.moved = make(chan struct{})
	return nil
}

// cursor is how far one reader of the stream has come.
type cursor struct {
	// seq is the last message it was given; welcomed is false before its first snapshot.
	seq      uint64
	welcomed bool
	// at is the time in the last message it was given.
	at time.Time
	// beat is the last beat it has answered.
	beat uint64
}

func (c *cursor) passed(m *message) { c.seq, c.at = m.seq, m.at }

// due is what a reader is to be sent now.
type due struct {
	// patches follow the cursor without a gap.
	patches []*message
	// behind asks for a snapshot: the next patch is no longer kept, or there was no snapshot yet.
	behind bool
	// alive is set after the patches where a beat is due; beat is its number.
	alive *message
	beat  uint64
	// wait is closed when there may be more; nil where there is more already.
	wait <-chan struct{}
}

// welcome moves a reader to a snapshot.
func (s *stream) welcome(c *cursor, m *message) {
	if !c.welcomed { // a new reader has no beat to answer yet
		s.mu.RLock()
		c.beat, c.welcomed = s.beat, true
		s.mu.RUnlock()
	}
	c.passed(m)
}

// next tells what the reader at c is to be sent. Patches are appended to into, up to its capacity.
func (s *stream) next(c *cursor, into []*message) due {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !c.welcomed || s.seq-c.seq > uint64(len(s.recent)) {
		return due{behind: true}
	}
	d := due{patches: into[:0]}
	for n := c.seq + 1; n <= s.seq && len(d.patches) < cap(into); n++ {
		d.patches = append(d.patches, s.recent[n%uint64(len(s.recent))])
	}
	if c.seq+uint64(len(d.patches)) < s.seq {
		return d
	}
	if c.beat != s.beat {
		d.alive, d.beat = s.alive, s.beat
	}
	d.wait = s.moved
	return d
}

// current gives a snapshot whose number is exact: at most reuse patches old, all of them still kept.
func (s *stream) current() (*message, error) {
	s.building.Lock()
	defer s.building.Unlock()
	s.mu.RLock()
	m := s.snapshot
	fresh := m != nil && s.seq-m.seq <= min(reuse, uint64(len(s.recent)))
	s.mu.RUnlock()
	if fresh {
		return m, nil
	}
	return s.build()
}

// latest gives a snapshot that is not older than this call.
func (s *stream) latest() (*message, error) {
	s.mu.RLock()
	from := s.seq
	s.mu.RUnlock()
	s.building.Lock()
	defer s.building.Unlock()
	s.mu.RLock()
	m := s.snapshot
	s.mu.RUnlock()
	if m != nil && m.seq >= from {
		return m, nil
	}
	return s.build()
}

func (s *stream) build() (*message, error) {
	var data []byte
	var seq uint64
	var at time.Time // taken while no patch can come between, so that the next one is not from before it
	s.source.Snapshot(func(whole []byte) {
		data = bytes.Clone(whole)
		s.mu.RLock()
		seq, at = s.seq, s.now()
		s.mu.RUnlock()
	})
	if len(data) == 0 {
		return nil, fmt.Errorf("the live view gave no snapshot")
	}
	m, err := newMessage(wire.LiveSnapshot, seq, at, data)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.snapshot = m
	s.mu.Unlock()
	return m, nil
}

// data is what stands between a snapshot's envelope: the whole view.
func (m *message) data() []byte {
	_, data, _ := bytes.Cut(m.json, []byte(`,"data":`))
	return data[:len(data)-1]
}
