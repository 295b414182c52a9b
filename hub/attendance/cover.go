package attendance

import (
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// WindowNow is who serves a window at a moment.
type WindowNow struct {
	Cover wire.Cover
	// Since is when nobody was there any more, for away and empty.
	Since time.Time
	// Grace is how long a window may be without anybody.
	Grace time.Duration
	// Here are the staff who have clocked in at it and not out.
	Here []string
	// Planned is false where the window has no post or no shift: presence is all that is known.
	Planned bool
}

// Now is the hall's people at a moment.
type Now struct {
	Windows  map[string]WindowNow
	Suspects []wire.Suspect
	// WaitingSince is when the oldest of the waiting requests was made.
	WaitingSince time.Time
	// Uncertain are swipes of today whose time awaits a decision, Waiting requests that await one.
	Uncertain, Waiting int
	// Overdue are replacements that departments owe past their last day (63号 第十二条(六)), OverdueSince when the oldest was.
	Overdue      int
	OverdueSince time.Time
	// Provisional: the year's holidays are not published.
	Provisional bool
}

// At says who is where at a moment: today, and in what is left of last night.
func (d *Days) At(now time.Time) Now {
	day := hall.DateOf(now, d.Zone)
	n := Now{Windows: map[string]WindowNow{}, Provisional: d.Policy.Calendar().Provisional(day)}
	c := d.present(day, now, &n)
	for _, s := range c.suspects {
		if s.State == wire.SuspectOpen {
			n.Suspects = append(n.Suspects, s.Suspect)
		}
	}
	for _, p := range c.staff {
		for _, m := range p.marks {
			if m.use == useUncertain {
				n.Uncertain++
			}
		}
	}
	if yesterday := day.AddDays(-1); hall.MinuteOf(now, yesterday, d.Zone) < d.Over(yesterday) && d.Over(yesterday) > hall.DayMinutes {
		d.present(yesterday, now, &n)
	}
	for _, l := range d.Ground.Book.Leaves.Each() {
		n.wait(l.State, l.Asked.At)
	}
	for _, p := range d.Ground.Book.Punches.Each() {
		n.wait(p.State, p.Asked.At)
	}
	for _, x := range d.People.Replacements.Each() {
		if !x.Overdue(day) {
			continue
		}
		since := hall.Date(x.Due).AddDays(1).Time(d.Zone)
		if n.Overdue++; n.Overdue == 1 || since.Before(n.OverdueSince) {
			n.OverdueSince = since
		}
	}
	return n
}

// wait counts a request that nobody has decided.
func (n *Now) wait(state Request, asked time.Time) {
	if state != Asked {
		return
	}
	if n.Waiting++; n.Waiting == 1 || asked.Before(n.WaitingSince) {
		n.WaitingSince = asked
	}
}

// present adds what a day says of the present to n.
func (d *Days) present(day hall.Date, now time.Time, n *Now) *calc {
	c := d.calc(day, now, d.index())
	c.gather()
	at := c.presences()
	grace := time.Duration(c.minutes("away_grace")) * time.Minute
	begins, _ := d.Begins()
	windows := map[string]bool{}
	for _, p := range c.posts {
		windows[p.Window] = true
	}
	for w := range windows {
		x := WindowNow{Cover: wire.CoverClosed, Grace: grace, Planned: true}
		for _, s := range c.windowPlan(w, day) {
			from, until := c.moment(s.From), c.moment(s.Until)
			if !now.Before(from) && now.Before(until) {
				x.Cover, x.Since = wire.CoverEmpty, from
				if begins.After(from) {
					x.Since = begins
				}
			}
		}
		open := x.Cover == wire.CoverEmpty
		for _, p := range at[w] {
			switch {
			case p.left == 0 && now.Before(c.moment(p.ends)): // still there
				x.Here = append(x.Here, p.staff)
				if p.own {
					x.Cover = wire.CoverStaffed
				} else if x.Cover != wire.CoverStaffed {
					x.Cover = wire.CoverCovered
				}
			case p.left > 0 && time.Unix(p.left, 0).After(x.Since):
				x.Since = time.Unix(p.left, 0).In(d.Zone)
			}
		}
		if open && x.Cover == wire.CoverEmpty && now.Sub(x.Since) < grace {
			x.Cover = wire.CoverAway
		}
		if old, ok := n.Windows[w]; !ok || old.Cover == wire.CoverClosed {
			n.Windows[w] = x
		}
	}
	return c
}

// moment is a minute of the day as a time.
func (c *calc) moment(m hall.Minute) time.Time {
	return c.day.Time(c.Zone).Add(time.Duration(m) * time.Minute)
}
