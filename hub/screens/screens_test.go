package screens

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"hallkeeper/hub/enrolment"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// desk decides commands and folds what they make.
type desk struct {
	t      *testing.T
	state  State
	papers enrolment.State
	now    time.Time
}

func (d *desk) do(c Command) error {
	d.t.Helper()
	w := World{Hall: roster.Hall{Windows: &roster.State{}}, Certificates: &d.papers}
	drafts, err := c.DecideScreens(&d.state, w, hall.Moment{Now: d.now, Day: hall.DateOf(d.now, time.UTC), Zone: time.UTC})
	for _, x := range drafts {
		data, err := json.Marshal(x.Data)
		if err != nil {
			d.t.Fatal(err)
		}
		r := wire.Record{StoredAt: d.now, Event: wire.Event{Kind: x.Kind, Data: data}}
		if !d.state.Fold(&r) && !d.papers.Fold(&r) {
			d.t.Fatalf("nobody folds %s", x.Kind)
		}
	}
	return err
}

func (d *desk) confirm(screen, key string) error {
	return d.do(Confirm{Made: enrolment.Made{Serial: screen + "-1", NotAfter: d.now.AddDate(0, 0, 180)},
		ScreenConfirmed: wire.ScreenConfirmed{Screen: screen, Name: "取号机", Use: wire.UseKiosk, ScreenProof: wire.ScreenProof{Key: key, Serial: screen + "-1"}}})
}

func named(err error) string {
	var e *hall.Error
	if errors.As(err, &e) {
		return e.Name
	}
	return fmt.Sprint(err)
}

// Of two people who type one code at once the second is told that nothing shows it.
func TestTwoPeopleConfirmOneCode(t *testing.T) {
	d := &desk{t: t, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	if err := d.confirm("screen-a", "k1"); err != nil {
		t.Fatal(err)
	}
	if err := d.confirm("screen-b", "k1"); named(err) != "screen_code" {
		t.Errorf("the second is answered %v", err)
	}
	if d.state.Screens.Len() != 1 {
		t.Error("one key made two screens")
	}
	if err := d.do(Remove{Screen: "screen-a", Reason: wire.RevokedLost}); err != nil {
		t.Fatal(err)
	}
	if err := d.confirm("screen-c", "k1"); err != nil {
		t.Errorf("a removed screen that shows a code again: %v", err)
	}
}

func TestWhatAScreenMayNotBe(t *testing.T) {
	d := &desk{t: t, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	for name, c := range map[string]wire.ScreenConfirmed{
		"without a name":          {Screen: "s", Use: wire.UseLobby},
		"for nothing":             {Screen: "s", Name: "屏"},
		"for something unknown":   {Screen: "s", Name: "屏", Use: "console"},
		"a tablet of no window":   {Screen: "s", Name: "屏", Use: wire.UseRate},
		"a panel of no window":    {Screen: "s", Name: "屏", Use: wire.UsePanel, Window: "w9"},
		"a kiosk with a bad name": {Screen: "s", Name: "屏", Use: wire.UseKiosk, Printer: "a/b"},
	} {
		if err := d.do(Confirm{ScreenConfirmed: c}); named(err) != "fields_invalid" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []Command{Remove{Screen: "nobody", Reason: wire.RevokedLost}, SignIn{Screen: "nobody"}, Renew{ScreenRenewed: wire.ScreenRenewed{Screen: "nobody"}}} {
		if err := d.do(c); named(err) != "screen_unknown" {
			t.Errorf("%T of no screen: %v", c, err)
		}
	}
}

func TestCodesAreOfTheirLettersOnly(t *testing.T) {
	seen := map[rune]int{}
	for range 2_000 {
		code, err := newCode(rand.Reader)
		if err != nil || len(code) != codeLength+1 {
			t.Fatal(code, err)
		}
		for _, r := range plain(code) {
			seen[r]++
		}
	}
	for _, r := range letters {
		if n := seen[r]; n < 400 || n > 900 { // 640 each, more or less
			t.Errorf("%c comes %d times", r, n)
		}
	}
	if len(seen) != len(letters) {
		t.Errorf("codes have %d letters", len(seen))
	}
}

func TestAScreenHasSoManySessionsAtOnce(t *testing.T) {
	var s Sessions
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for i := range sessionsAtOnce + 1 {
		s.Open(now.Add(time.Duration(i)*time.Second), fmt.Sprint(i), "screen-a", "1")
	}
	s.Open(now, "other", "screen-b", "1")
	if _, _, _, ok := s.Whose(now, "0"); ok {
		t.Error("the oldest is still open")
	}
	for _, id := range []string{"1", "8", "other"} {
		if _, _, _, ok := s.Whose(now, id); !ok {
			t.Errorf("session %s is not open", id)
		}
	}
	if _, _, _, ok := s.Whose(now.Add(SessionLasts), "1"); !ok {
		t.Error("it ended early")
	}
	if _, _, _, ok := s.Whose(now.Add(SessionLasts+time.Second), "1"); ok {
		t.Error("it did not end")
	}
}
