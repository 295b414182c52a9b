package eventlog

import (
	"errors"
	"fmt"
	"time"
)

// clockSlack is by how much the clock may be behind the newest record without anybody being wrong: what a time server
// puts right in an ordinary step. Records then get the newest one's time.
const clockSlack = 2 * time.Minute

// Holds are why a log stores nothing though its disk is well. They end by themselves, or by what their words say.
var (
	// ErrClockBehind means that the clock is not set: by it, it is earlier than the newest record.
	ErrClockBehind = errors.New("the clock is behind the log")
	// ErrSuperseded means that another hub has taken this hall over.
	ErrSuperseded = errors.New("another hub has taken over")
)

// Earliest is before any hall: a clock that shows an earlier time is not set.
func Earliest() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// Supersede ends storing for good: what is committed stays readable, and nothing more is answered.
func (l *Log) Supersede(by string) {
	err := fmt.Errorf("%w: %s", ErrSuperseded, by)
	l.superseded.CompareAndSwap(nil, &err)
}

// held says why nothing may be stored now.
func (l *Log) held(now time.Time) error {
	if err := l.superseded.Load(); err != nil {
		return *err
	}
	least := l.newestAt
	if least.Before(Earliest()) {
		least = Earliest()
	}
	if now.Before(least.Add(-clockSlack)) && !l.opt.Synchronised() {
		return fmt.Errorf("%w: it shows %s, and it is later than %s. Set it (timedatectl set-time, or a time server)",
			ErrClockBehind, now.Format(time.DateTime), least.In(l.opt.Zone).Format(time.DateTime))
	}
	return nil
}

// moment is the time of the next records: the clock's, and that of the newest record while the clock is a little behind it.
func (l *Log) moment(now time.Time) time.Time {
	if behind := l.newestAt.Sub(now); behind > 0 && behind <= clockSlack {
		return l.newestAt.In(l.opt.Zone)
	}
	return now
}

// lastStored is when the newest record was stored; zero where there is none, or none that can be read.
func (l *Log) lastStored() time.Time {
	if l.state.Head == 0 {
		return time.Time{}
	}
	last, err := l.readDisk(l.state.Head-1, 1)
	if err != nil || len(last) == 0 {
		return time.Time{} // its segment is damaged, which is said elsewhere
	}
	return last[0].StoredAt
}
