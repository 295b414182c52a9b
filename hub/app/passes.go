package app

import (
	"sync"
	"time"

	"hallkeeper/hub/enrolment"
	"hallkeeper/wire"
)

// passes are the devices' certificates as the broker's door asks for them: the
// register's own state, folded once more behind a lock that nobody holds longer
// than for one look. A year that somebody has counted holds the views for
// seconds; a window computer that connects meanwhile would give up its handshake.
type passes struct {
	mu    sync.RWMutex
	state enrolment.State
}

// begin takes over what the views have read from their file.
func (p *passes) begin(s *enrolment.State) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return s.Tables().CopyTo(p.state.Tables())
}

// fold takes a batch that the views have folded.
func (p *passes) fold(batch []wire.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range batch {
		p.state.Fold(&batch[i])
	}
}

func (p *passes) check(x enrolment.Shown, now time.Time) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	_, err := p.state.Check(x, now)
	return err
}

func (p *passes) renewed(serial string, now time.Time) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.state.Renewed(serial, now)
}

func (p *passes) has(device string, now time.Time) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	c, ok := p.state.Of(device, wire.CertificateAgent, now)
	return ok && c.Live(now)
}
