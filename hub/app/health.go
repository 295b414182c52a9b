package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"hallkeeper/bilingual"
	"hallkeeper/hub/api"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/trouble"
	"hallkeeper/hub/upkeep"
	"hallkeeper/wire"
)

// How backups are where nothing is wrong with them: there is one, or none is due yet.
const (
	freshBackup = "fresh"
	noneYet     = "none"
)

// Machine is what was last seen of the hub's machine; see api.Upkeep.
func (a *App) Machine() api.Machine {
	s, now := a.machine.seen(), a.cfg.Now()
	m := api.Machine{LogFaults: len(s.faults), LogChecked: a.ifAny(s.checked), Ways: []string{}, Rules: a.cfg.Notify.rules(a.zone)}
	for _, t := range a.tellers {
		m.Ways = append(m.Ways, t.channel)
	}
	d := &s.disk
	m.Disk = api.DiskState{Size: d.Size, Free: d.Free, Data: d.Data, Log: d.Log, Views: d.Views, Backups: d.Backups, PerDay: d.PerDay, Days: d.Days, Level: levelName(s.level), Samples: []api.DiskSample{}}
	for _, x := range s.samples {
		m.Disk.Samples = append(m.Disk.Samples, api.DiskSample{At: x.At.In(a.zone), Free: x.Free, Data: x.Data})
	}
	m.Clock = api.ClockState{Synchronised: s.clock.Synchronised, Steps: s.clock.Steps}
	if s.clock.Synchronised { // otherwise nobody has measured it
		offset := s.clock.Offset.Seconds()
		m.Clock.OffsetSeconds = &offset
	}
	m.Clock.Wrong, _ = s.clock.Wrong()
	m.Backup = a.backupState(&s.backup, now)
	m.Ends = append(m.Ends, api.CertificateEnd{What: "authority", Until: a.authority.Certificate().NotAfter.In(a.zone)})
	if ends, _ := a.httpsEnds(now); !ends.IsZero() {
		m.Ends = append(m.Ends, api.CertificateEnd{What: "https", Until: ends.In(a.zone)})
	}
	return m
}

func levelName(l upkeep.Level) string {
	switch l {
	case upkeep.Now:
		return "now"
	case upkeep.Soon:
		return "soon"
	}
	return "fine"
}

// backupState is how backups stand, in all and by place.
func (a *App) backupState(b *upkeep.Backup, now time.Time) api.BackupState {
	state := func(b *upkeep.Backup) string {
		if what, _, _ := b.Wrong(now); what != "" {
			return what
		}
		if b.Oldest().IsZero() {
			return noneYet
		}
		return freshBackup
	}
	out := api.BackupState{State: state(b), Last: a.ifAny(b.Last), Back: a.ifAny(b.Oldest()), Places: []api.PlaceRow{}}
	if len(b.Places) == 0 {
		return out
	}
	out.EverySeconds = int64(b.Every.Seconds())
	for _, p := range a.saved() {
		one := upkeep.Backup{Places: []upkeep.Place{p.Place}, Every: b.Every, Began: b.Began}
		row := api.PlaceRow{Place: p.to, State: state(&one), Last: a.ifAny(p.Last), Next: a.ifAny(p.next), Making: a.ifAny(p.Making), Failed: a.ifAny(p.failed), Size: p.size, SameDisk: p.here}
		if p.why != nil {
			row.Why = p.why.Error()
			row.WhyZh, _ = bilingual.Chinese(p.why)
		}
		out.Places = append(out.Places, row)
	}
	return out
}

// ifAny is a time in the hall's zone; nil where there is none.
func (a *App) ifAny(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.In(a.zone)
	return &at
}

// TestMessages sends a test message by every way that is set, all at once, and stores what became of each; see api.Upkeep.
func (a *App) TestMessages(ctx context.Context, actor wire.Actor) ([]api.TestAnswer, error) {
	if len(a.tellers) == 0 {
		return nil, hall.Refuse("nobody_told", "没有设置通知对象：请在主机的设置文件中填写 notify.mail 或 notify.webhook", "nobody is set to be told: fill in notify.mail or notify.webhook in the hub's settings")
	}
	all := make([][]api.TestAnswer, len(a.tellers))
	messages := make([]string, len(a.tellers))
	var sent sync.WaitGroup
	for i, t := range a.tellers {
		messages[i] = uuid.NewString()
		sent.Go(func() {
			all[i] = t.test(ctx, messages[i], a.cfg.Now())
		})
	}
	sent.Wait()
	answers := slices.Concat(all...)
	for i, each := range all {
		x, result := each[0], "sent"
		if bad := slices.IndexFunc(each, func(x api.TestAnswer) bool { return !x.OK }); bad >= 0 { // as for any other message: it has failed where it has for one
			x, result = each[bad], "failed"
		}
		a.messages.WithLabelValues(x.Channel, result).Inc()
		told := trouble.Tell{TroubleTold: wire.TroubleTold{Channel: x.Channel, Message: messages[i], Test: true, OK: x.OK, Answer: x.Answer}}
		if _, _, err := a.decide(ctx, actor, "", told); err != nil {
			return answers, err
		}
	}
	return answers, nil
}

var _ api.Upkeep = (*App)(nil)
