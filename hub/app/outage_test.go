package app

import (
	"fmt"
	"testing"
	"time"

	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/trouble"
)

// Where the hub cannot store, no event can say so: people are told once that it is, and once that it is over.
func TestAnOutageIsToldWithoutTheLog(t *testing.T) {
	var o outage
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	s := eventlog.Stats{Writable: false, UnwritableSince: now}
	ids := map[string]bool{}
	look := func(what string, after time.Duration, want string) {
		t.Helper()
		now = now.Add(after)
		got := ""
		if l, due := o.letter(now, s); due {
			got = fmt.Sprintf("%d+%d", len(l.Raised), len(l.Cleared))
			ids[messageID(trouble.ByMail, &l)] = true
		}
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	look("it has just begun", time.Second, "")
	look("it stands", 10*time.Second, "1+0")
	look("the first attempt failed and is made again, as the same message", 0, "1+0")
	o.done(s.Writable)
	look("told", time.Hour, "")
	s = eventlog.Stats{Writable: true}
	look("it works again", time.Second, "0+1")
	o.done(s.Writable)
	s = eventlog.Stats{Writable: false, UnwritableSince: now}
	look("the next one", 20*time.Second, "1+0")
	if len(ids) != 3 {
		t.Errorf("%d messages", len(ids))
	}
}
