package attendance

import (
	"strings"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// suspect is somebody at a window who may not act there (63号 第十三条(二)).
type suspect struct {
	wire.Suspect
	first hall.Minute
}

// mayBe tells whether a person may act at a window: it is their own, or they are a deputy there.
func (c *calc) mayBe(p *person, window string) bool {
	return window == "" || p.plan.window == window || c.deputies[p.ID][window]
}

func (c *calc) suspect(p *person, holder, card string, m *mark, at time.Time) {
	if m.window == "" {
		return // a device in nobody's window accuses nobody
	}
	if c.Policy.Calendar().Kind(c.day) == hall.DayClosed {
		return
	}
	who, why := SuspectCard(card), wire.SuspectUnknown
	switch {
	case p != nil && p.plan.post == "":
		who, why = p.ID, wire.SuspectUnposted
	case p != nil:
		who, why = p.ID, wire.SuspectNoDeputy
	case holder != "":
		who, why = holder, wire.SuspectDeparted
	default:
		if _, ended := c.People.Holder(card, at, hall.DateOf(at, c.Zone)); ended {
			why = wire.SuspectEnded
		}
	}
	id := string(c.day) + "." + m.window + "." + who
	for _, s := range c.suspects {
		if s.ID == id {
			s.Events = append(s.Events, m.event)
			if m.at < s.first {
				s.first, s.At = m.at, m.at.String()
			}
			return
		}
	}
	x := &suspect{first: m.at, Suspect: wire.Suspect{ID: id, At: m.at.String(), Window: m.window, Why: why, Events: []string{m.event}, State: wire.SuspectOpen}}
	if p != nil || holder != "" {
		x.Staff = holder
	}
	x.Department = c.departmentOf(m.window)
	if j, ok := c.Book.Swaps.Get(id); ok {
		x.State = wire.SuspectCleared
		if j.Confirmed {
			x.State = wire.SuspectConfirmed
			if j.Department != "" {
				x.Department = j.Department
			}
		}
	}
	c.suspects = append(c.suspects, x)
}

// departmentOf is the department of the first post of a window that has a holder.
func (c *calc) departmentOf(window string) string {
	best, dep := "", ""
	for _, p := range c.staff {
		if p.plan.window == window && (best == "" || p.plan.post < best) {
			best, dep = p.plan.post, p.Departments.Around(c.day)
		}
	}
	return dep
}

func cardKey(token string) string {
	_, key, ok := strings.Cut(token, ":")
	if !ok {
		key = token
	}
	return key[:min(len(key), 10)]
}

// SuspectCard is how a suspicion names a card that is nobody's, by its keyed hash.
func SuspectCard(token string) string { return "card-" + cardKey(token) }
