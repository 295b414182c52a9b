package loadgen

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// subscriber takes every event at QoS 1 and acknowledges all that one read
// brought in one write.
type subscriber struct {
	conn     net.Conn
	stall    time.Duration
	received *atomic.Int64
	want     atomic.Int64 // the run ends when so many were received; -1 while not known
	last     time.Time    // when something was received; to be read after run
}

func subscribe(c net.Conn, filter string, stall time.Duration, received *atomic.Int64) (*subscriber, error) {
	body := append(append([]byte{0, 1}, text(filter)...), 1)
	answer, err := exchange(c, frame(subscribe1, body), 5)
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	if answer[0] != suback || answer[4] != 1 {
		return nil, fmt.Errorf("the broker refused the subscription: %x", answer)
	}
	s := &subscriber{conn: c, stall: stall, received: received}
	s.want.Store(-1)
	return s, nil
}

// lookUp is how often a reader that receives nothing looks whether it is done.
const lookUp = 50 * time.Millisecond

// expect says how many messages there will be.
func (s *subscriber) expect(n int64) { s.want.Store(n) }

func (s *subscriber) run() error {
	in := make([]byte, 256<<10)
	var acks []byte
	have := 0
	s.last = time.Now()
	for {
		want := s.want.Load()
		if want >= 0 && s.received.Load() >= want {
			return nil
		}
		if err := s.conn.SetReadDeadline(time.Now().Add(lookUp)); err != nil {
			return fmt.Errorf("subscriber: %w", err)
		}
		n, err := s.conn.Read(in[have:])
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("subscriber: %w", err)
		}
		if n > 0 {
			s.last = time.Now()
		} else if want >= 0 && time.Since(s.last) > s.stall {
			return fmt.Errorf("the subscriber has %d of %d events and nothing came for %s", s.received.Load(), want, s.stall)
		}
		have += n
		used, count := 0, 0
		acks = acks[:0]
		for {
			first, body, n := split(in[used:have])
			if n == 0 {
				break
			}
			used += n
			if first&0xf0 != 0x30 {
				continue
			}
			count++
			if topic := int(binary.BigEndian.Uint16(body)); first&6 == 2 {
				acks = append(acks, puback, 2, body[2+topic], body[3+topic])
			}
		}
		have = copy(in, in[used:have])
		if len(acks) > 0 {
			if _, err := s.conn.Write(acks); err != nil {
				return fmt.Errorf("subscriber: %w", err)
			}
		}
		s.received.Add(int64(count))
	}
}
