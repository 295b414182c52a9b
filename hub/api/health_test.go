package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/trouble"
	"hallkeeper/wire"
)

// room is a hub's machine as the API's tests set it.
type room struct {
	machine Machine
	answers []TestAnswer
	into    []string
	fails   error
}

func (r *room) Machine() Machine {
	m := r.machine
	if m.Backup.State == "" {
		m.Backup.State = "fresh"
	}
	if m.Ways == nil {
		m.Ways = []string{}
	}
	m.Disk.Samples, m.Backup.Places = append([]DiskSample{}, m.Disk.Samples...), append([]PlaceRow{}, m.Backup.Places...)
	return m
}

func (r *room) TestMessages(context.Context, wire.Actor) ([]TestAnswer, error) {
	return append([]TestAnswer{}, r.answers...), r.fails
}

func (r *room) Backup(_ context.Context, _ wire.Actor, _ []string, w io.Writer) error {
	_, err := w.Write([]byte("age"))
	return err
}

func (r *room) BackupInto(_ context.Context, _ wire.Actor, _ []string, into string) (BackupMade, error) {
	r.into = append(r.into, into)
	return BackupMade{Name: "hall-t-20261123T010000Z.age", Position: 7}, r.fails
}

// troubled raises a trouble of an alarm and gives its id.
func (s *stage) troubled(alarm string) string {
	s.t.Helper()
	_, subject, _ := strings.Cut(alarm, "/")
	made, _, err := s.Do(s.t.Context(), wire.Actor{Kind: wire.ActorSchedule, ID: "troubles"}, "", trouble.Note{Raised: []wire.Alarm{
		{ID: alarm, Kind: wire.AlarmCutOff, Severity: wire.SeverityAlarm, Subject: subject, Since: s.now.Add(-5 * time.Minute)}}})
	if err != nil || len(made) != 1 {
		s.t.Fatal(made, err)
	}
	var id string
	s.Read(func(v *register.View, _ *roster.State) {
		t, _ := v.State.Troubles.Open(alarm)
		id = t.Trouble
	})
	return id
}

func TestATroubleIsSeenAndOver(t *testing.T) {
	s := newStage(t)
	s.people()
	list := func() TroubleList {
		return into[TroubleList](t, s.ask("GET", "/api/v1/troubles", "", s.of("supervisor")))
	}
	if l := list(); l.Open == nil || l.Past == nil || len(l.Open)+len(l.Past) != 0 {
		t.Errorf("%+v", l)
	}
	id := s.troubled("device_cut_off/w03")
	l := list()
	if len(l.Open) != 1 || l.Open[0].ZH != "设备 w03 通信中断（自 11月23日 08:55 起）" || l.Open[0].DoEN == "" || len(l.Open[0].Seen) != 0 {
		t.Fatalf("%+v", l)
	}
	// Whoever may not arrange does not acknowledge; who reads the hall reads of it.
	if status, code, _ := s.post("auditor", "troubles/"+id+"/see", "{}"); status != http.StatusForbidden || code != "not_permitted" {
		t.Errorf("an auditor is answered %d %s", status, code)
	}
	if w := s.ask("GET", "/api/v1/troubles", "", s.of("staff")); w.Code != http.StatusForbidden {
		t.Errorf("staff are answered %d", w.Code)
	}
	s.must("supervisor", "troubles/"+id+"/see", `{"note":"已联系 13800000042"}`)
	if made := s.must("supervisor", "troubles/"+id+"/see", "{}"); len(made.Events) != 0 {
		t.Errorf("it is seen twice: %+v", made)
	}
	if status, code, _ := s.post("supervisor", "troubles/nothing/see", "{}"); status != http.StatusNotFound || code != "trouble_unknown" {
		t.Errorf("%d %s", status, code)
	}
	l = list()
	if seen := l.Open[0].Seen; len(seen) != 1 || seen[0].By != "supervisor" || !strings.HasPrefix(seen[0].Note, "已联系") || strings.Contains(seen[0].Note, "13800000042") {
		t.Errorf("%+v", seen)
	}
	records, err := s.log.ReadBatch(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if strings.Contains(string(r.Data), "已联系") {
			t.Errorf("%s has the note in clear", r.Kind)
		}
	}
	s.now = s.now.Add(time.Hour)
	over := trouble.Note{Cleared: []trouble.Cleared{{Alarm: "device_cut_off/w03", Until: s.now}}}
	if _, _, err := s.Do(t.Context(), wire.Actor{Kind: wire.ActorSchedule, ID: "troubles"}, "", over); err != nil {
		t.Fatal(err)
	}
	if l = list(); len(l.Open) != 0 || len(l.Past) != 1 || l.Past[0].Until == nil || len(l.Past[0].Seen) != 1 {
		t.Errorf("%+v", l)
	}
}

func TestTheHealthOfTheSystem(t *testing.T) {
	s := newStage(t)
	s.people()
	failed := s.now.Add(-time.Minute)
	s.troubled("device_cut_off/w03") // there is something to tell
	s.room.machine = Machine{Ways: []string{trouble.ByMail}, Ends: []CertificateEnd{{What: "authority", Until: s.now.AddDate(30, 0, 0)}},
		Backup: BackupState{State: "old", Places: []PlaceRow{{Place: "/mnt/backup", State: "old", Failed: &failed, Why: "is its disk mounted?"}}}}
	for _, ok := range []bool{true, false} {
		if _, _, err := s.Do(t.Context(), wire.Actor{Kind: wire.ActorSchedule, ID: "troubles"}, "", trouble.Tell{TroubleTold: wire.TroubleTold{Channel: trouble.ByMail, Message: "m", OK: ok, Answer: "451 later"}}); err != nil {
			t.Fatal(err)
		}
	}
	h := into[SystemHealth](t, s.ask("GET", "/api/v1/health", "", s.of("auditor")))
	if len(h.Channels) != 1 || !h.Channels[0].Set || h.Channels[0].LastOK == nil || h.Channels[0].LastFailed == nil || h.Channels[0].Answer != "451 later" || h.Channels[0].Next == nil || len(h.Channels[0].Tries) != 2 || h.Channels[0].Tries[0].OK {
		t.Errorf("%+v", h.Channels)
	}
	if h.Backup.State != "old" || len(h.Backup.Places) != 1 || h.Version != "v9" || len(h.Devices) != 1 || h.Devices[0].Agent != "a1" || len(h.Certificates) != 1 {
		t.Errorf("%+v", h)
	}
	// An old backup is a word there and no reason to start the hub again.
	if probe := into[State](t, s.ask("GET", "/healthz", "", signedOut)); probe.Status != "ok" || probe.Backup != "old" {
		t.Errorf("%+v", probe)
	}
	if w := s.ask("GET", "/readyz", "", signedOut); w.Code != http.StatusOK {
		t.Errorf("an old backup makes the hub unready: %d", w.Code)
	}
}

func TestTestMessagesAreBounded(t *testing.T) {
	s := newStage(t)
	s.people()
	send := func(account string) (int, string) {
		w := s.ask("POST", "/api/v1/health/test-message", "{}", s.of(account))
		if w.Code != http.StatusOK {
			return w.Code, problemOf(t, w).Code
		}
		return w.Code, into[TestAnswers](t, w).Answers[0].Answer
	}
	s.room.answers = []TestAnswer{{Channel: trouble.ByMail, OK: true, Answer: "250 queued"}}
	for range testsAtOnce {
		if status, answer := send("supervisor"); status != http.StatusOK || answer != "250 queued" {
			t.Errorf("%d %s", status, answer)
		}
	}
	if status, code := send("administrator"); status != http.StatusTooManyRequests || code != "too_many_tries" {
		t.Errorf("one more is answered %d %s", status, code)
	}
	s.now = s.now.Add(testEvery)
	s.room.fails = hall.Refuse("nobody_told", "没有设置通知对象", "nobody is set to be told")
	if status, code := send("administrator"); status != http.StatusConflict || code != "nobody_told" {
		t.Errorf("%d %s", status, code)
	}
	if status, code := send("liaison"); status != http.StatusForbidden || code != "not_permitted" {
		t.Errorf("a liaison is answered %d %s", status, code)
	}
}

// A backup into a place is for the operator's program; where it fails it says why.
func TestABackupIntoAPlace(t *testing.T) {
	s := newStage(t)
	s.people()
	body := `{"recipients":["age1"],"into":"/mnt/backup"}`
	if made := into[BackupMade](t, s.ask("POST", "/api/v1/backup", body)); made.Position != 7 || len(s.room.into) != 1 {
		t.Errorf("%+v", made)
	}
	s.room.fails = hall.Refuse("backup_failed", "磁盘已满", "no space left on device")
	if w := s.ask("POST", "/api/v1/backup", body, header("Accept-Language", "en")); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "no space left") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.room.fails = errors.New("secret words")
	if w := s.ask("POST", "/api/v1/backup", body); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret words") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.ask("POST", "/api/v1/backup", body, s.of("administrator")); w.Code != http.StatusForbidden {
		t.Errorf("an administrator's browser is answered %d", w.Code)
	}
}
