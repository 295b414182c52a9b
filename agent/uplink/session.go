package uplink

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"hallkeeper/wire"
)

// session is the state of one connection; run's goroutine owns it.
type session struct {
	*Uplink
	client   mqtt.Client
	stored   chan wire.Stored // the latest answer
	commands chan wire.Command
	lost     chan error

	next     uint64 // the next seq to send
	settled  uint64 // the hub's latest answer
	answered bool   // the hub has answered on this connection
	moved    time.Time
	resend   time.Duration
	last     time.Time // of the latest answer or, before one, the beginning

	told   wire.Status
	toldAt time.Time
}

// run sends until the connection or ctx ends.
func (s *session) run(ctx context.Context) error {
	next := s.cfg.Outbox.Next()
	now := time.Now()
	s.next, s.settled, s.moved, s.last, s.resend = next, next-1, now, now, resendAfter
	s.tell(now)
	look := time.NewTicker(statusLook)
	defer look.Stop()
	quiet := time.NewTimer(s.resend)
	defer quiet.Stop()
	for {
		if err := s.send(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-s.lost:
			return err
		case <-s.changed():
			return errAnew
		case c := <-s.commands:
			s.cfg.Command(c)
		case answer := <-s.stored:
			s.settle(answer.Seq, time.Now())
		case <-s.cfg.Outbox.Changed():
		case now := <-look.C:
			s.tell(now)
		case now := <-quiet.C:
			if err := s.again(now); err != nil {
				return err
			}
			quiet.Reset(max(s.moved.Add(s.resend).Sub(now), 10*time.Millisecond))
		}
	}
}

// settle takes the hub's answer. It may be lower than an earlier one: the hub
// was restored from a backup and wants to have again what came after.
func (s *session) settle(seq uint64, now time.Time) {
	if !s.answered || seq != s.settled {
		s.moved, s.resend = now, resendAfter
	}
	first, _ := s.cfg.Outbox.Span() // what is gone cannot be sent again, whatever the hub lacks
	s.answered, s.settled, s.last = true, max(seq, first-1), now
	s.next = max(s.next, s.settled+1)
	s.owes(false)
	if s.next > s.settled+1 {
		s.owes(true) // the rest, from now on
	}
	s.cfg.Outbox.DeleteTo(seq)
}

// again goes back to the hub's mark where nothing has moved for a while.
func (s *session) again(now time.Time) error {
	if s.next <= s.settled+1 {
		s.moved, s.last = now, now // nothing is under way
		return nil
	}
	if now.Sub(s.last) >= giveUpAfter {
		return errSilent
	}
	if now.Sub(s.moved) < s.resend {
		return nil
	}
	first, _ := s.cfg.Outbox.Span()
	s.cfg.Logger.Debug("nothing was settled for a while; sending again", "from_seq", max(s.settled+1, first), "sent_to", s.next-1)
	s.next = max(s.settled+1, first)
	s.moved, s.resend = now, min(2*s.resend, resendMost)
	return nil
}

// send sends what the window has room for.
func (s *session) send(ctx context.Context) error {
	for ctx.Err() == nil {
		_, last := s.cfg.Outbox.Span()
		under := int64(s.next) - int64(s.settled) - 1
		if s.next > last || under >= window {
			return nil
		}
		idle := under <= 0
		start, events, err := s.cfg.Outbox.Read(s.next, min(window-int(max(under, 0)), wire.MaxBatch), wire.MaxPayload/2)
		if err != nil {
			return &outboxError{err}
		}
		if len(events) == 0 {
			return nil
		}
		if idle { // the second without progress begins with the sending
			now := time.Now()
			s.moved, s.last = now, now
		}
		if start > s.next { // deleted, so settled
			s.settled = max(s.settled, start-1)
		}
		token := s.client.Publish(s.topics.Agent(s.cfg.Agent, wire.LeafEvents), 1, false, payload(events))
		select {
		case <-token.Done(): // at once only where it could not be sent
			if err := token.Error(); err != nil {
				return fmt.Errorf("publish: %w", err)
			}
		default:
		}
		s.next = start + uint64(len(events))
		s.owes(true)
	}
	return nil
}

// payload is one event, or an array.
func payload(events [][]byte) []byte {
	if len(events) == 1 {
		return events[0]
	}
	size := 1 + len(events)
	for _, e := range events {
		size += len(e)
	}
	b := append(make([]byte, 0, size), '[')
	return append(append(b, bytes.Join(events, []byte{','})...), ']')
}

// status is the payload of a status; also the will, which is made before it is known when it will be sent.
func (s *session) status(state wire.DeviceState) []byte {
	status := s.cfg.Status()
	status.State = state
	raw, err := json.Marshal(status)
	if err != nil {
		return nil // cannot be: a status has texts, numbers and times in range
	}
	return raw
}

// tell publishes the status where it has changed or is due.
func (s *session) tell(now time.Time) {
	status := s.cfg.Status()
	status.State = wire.DeviceOnline
	same := status
	same.At = s.told.At
	if now.Sub(s.toldAt) < statusEvery && reflect.DeepEqual(same, s.told) {
		return
	}
	raw, err := json.Marshal(status)
	if err != nil {
		s.cfg.Logger.Error("the status cannot be written", "error", err)
		return
	}
	s.told, s.toldAt = status, now
	s.client.Publish(s.topics.Agent(s.cfg.Agent, wire.LeafStatus), 1, true, raw)
}

// bye says that the device goes on purpose.
func (s *session) bye() {
	token := s.client.Publish(s.topics.Agent(s.cfg.Agent, wire.LeafStatus), 1, true, s.status(wire.DeviceOffline))
	if token.WaitTimeout(byeTimeout) && token.Error() == nil {
		return
	}
	s.cfg.Logger.Warn("the hub could not be told that this device goes")
}
