package loadgen

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"hallkeeper/wire"
)

// publisher is one connection. A single goroutine alternates between filling
// the window in one write and reading what was acknowledged: each read sets
// free what the next write fills.
type publisher struct {
	conn  net.Conn
	cfg   *Config
	agent string
	limit int           // events to send; 0 means no limit
	every time.Duration // between two events; 0 means flat out
	phase time.Duration // of the first event, so that publishers don't fall in step

	topic  []byte
	before []byte // the event up to its id's last digits
	middle []byte // from there to seq
	after  []byte // from seq to at
	end    []byte // from at to the end

	due   []time.Time // by packet id: when its event was to be sent; zero where the id is free
	next  uint16
	sent  int
	acked int
	times histogram
	out   []byte
}

func newPublisher(c net.Conn, cfg *Config, number int, run, agent string) *publisher {
	p := &publisher{conn: c, cfg: cfg, agent: agent, due: make([]time.Time, cfg.Inflight+1), next: 1}
	if cfg.Events > 0 {
		p.limit = (cfg.Events + cfg.Publishers - 1) / cfg.Publishers
	}
	if cfg.Rate > 0 {
		p.every = time.Duration(float64(time.Second) * float64(cfg.Publishers) / cfg.Rate)
		p.phase = p.every * time.Duration(number) / time.Duration(cfg.Publishers)
	}
	p.topic = text(cfg.Topics.Agent(agent, wire.LeafEvents))
	p.before = fmt.Appendf(nil, `{"id":"%s-%03d-`, run, number)
	p.middle = fmt.Appendf(nil, `","agent":%q,"outbox":"%s-%03d-0000-0000-000000000000","seq":`, agent, run, number)
	p.after = []byte(`,"boot":"6f1c2a34-5b6c-4d7e-8f90-a1b2c3d4e5f6","at":"`)
	p.end = []byte(`","clock":"synced","uptime_ms":83211,"kind":"rating.pressed","data":{"level":5}}`)
	return p
}

func (p *publisher) run(began time.Time) error {
	in := make([]byte, 64<<10)
	have := 0
	for {
		now := time.Now()
		stopped := p.cfg.Duration > 0 && now.Sub(began) >= p.cfg.Duration || p.limit > 0 && p.sent >= p.limit
		if !stopped {
			if err := p.fill(began, now); err != nil {
				return err
			}
		}
		if stopped && p.acked == p.sent {
			return nil
		}
		deadline, waiting := p.wake(began, now, stopped)
		if err := p.conn.SetReadDeadline(deadline); err != nil {
			return err
		}
		n, err := p.conn.Read(in[have:])
		if late := waiting && errors.Is(err, os.ErrDeadlineExceeded); err != nil && !late {
			return fmt.Errorf("after %d of %d acknowledged: %w", p.acked, p.sent, err)
		}
		have += n
		used, err := p.take(in[:have])
		if err != nil {
			return err
		}
		have = copy(in, in[used:have])
	}
}

// fill sends every event that is due and finds a free packet id, in one write.
func (p *publisher) fill(began, now time.Time) error {
	p.out = p.out[:0]
	var stamp [len(time.RFC3339Nano)]byte
	at := now.AppendFormat(stamp[:0], "2006-01-02T15:04:05.000Z07:00")
	for p.due[p.next].IsZero() && (p.limit == 0 || p.sent < p.limit) {
		due := now
		if p.every > 0 {
			if due = p.dueAt(began); due.After(now) {
				break
			}
		}
		p.due[p.next] = due
		p.sent++
		p.append(at)
		if p.next++; int(p.next) == len(p.due) {
			p.next = 1
		}
	}
	if len(p.out) == 0 {
		return nil
	}
	_, err := p.conn.Write(p.out)
	return err
}

func (p *publisher) dueAt(began time.Time) time.Time {
	return began.Add(p.phase + time.Duration(p.sent)*p.every)
}

// append encodes the next event as a PUBLISH packet.
func (p *publisher) append(at []byte) {
	var digits [20]byte
	seq := strconv.AppendUint(digits[:0], uint64(p.sent), 10)
	length := len(p.topic) + 2 + len(p.before) + len(seq) + len(p.middle) + len(seq) + len(p.after) + len(at) + len(p.end)
	p.out = append(p.out, publish1)
	p.out = binary.AppendUvarint(p.out, uint64(length))
	p.out = append(p.out, p.topic...)
	p.out = binary.BigEndian.AppendUint16(p.out, p.next)
	for _, part := range [][]byte{p.before, seq, p.middle, seq, p.after, at, p.end} {
		p.out = append(p.out, part...)
	}
}

// take counts the PUBACKs in b and gives how many bytes they were.
func (p *publisher) take(b []byte) (used int, err error) {
	now := time.Now()
	for {
		first, body, n := split(b[used:])
		if n == 0 {
			return used, nil
		}
		used += n
		if first != puback || len(body) != 2 {
			return used, fmt.Errorf("expected a PUBACK, got packet %#x %x", first, body)
		}
		id := int(binary.BigEndian.Uint16(body))
		if id >= len(p.due) || p.due[id].IsZero() {
			return used, fmt.Errorf("the broker acknowledged packet %d, which is not in flight", id)
		}
		p.times.add(now.Sub(p.due[id]))
		p.due[id] = time.Time{}
		p.acked++
	}
}

// wake tells until when to wait for acknowledgements, and whether nothing has
// gone wrong where none has come by then.
func (p *publisher) wake(began, now time.Time, stopped bool) (time.Time, bool) {
	if p.every == 0 || stopped || !p.due[p.next].IsZero() || p.limit > 0 && p.sent >= p.limit {
		return now.Add(p.cfg.Stall), false
	}
	at := p.dueAt(began)
	if end := began.Add(p.cfg.Duration); p.cfg.Duration > 0 && end.Before(at) {
		at = end
	}
	return at, true
}
