package trouble

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// keeping is a hub's watch over its alarms, whose events are folded as they are decided.
type keeping struct {
	t      *testing.T
	now    time.Time
	state  State
	watch  Watch
	alarms map[string]wire.Alarm
	zone   *time.Location
	n      int
	events []wire.Kind
}

func newKeeping(t *testing.T) *keeping {
	zone := time.FixedZone("", 8*3600)
	return &keeping{t: t, zone: zone, now: time.Date(2026, 11, 23, 10, 0, 0, 0, zone), alarms: map[string]wire.Alarm{}}
}

func (k *keeping) do(who string, c Command) {
	k.t.Helper()
	k.n++
	drafts, err := c.DecideTrouble(&k.state, World{Number: func(w string) string { return "0" + strings.TrimPrefix(w, "w") }},
		hall.Moment{Now: k.now, Day: hall.DateOf(k.now, k.zone), ID: fmt.Sprintf("t%03d", k.n), Actor: wire.Actor{ID: who}})
	if err != nil {
		k.t.Fatal(err)
	}
	for _, d := range drafts {
		data, err := json.Marshal(d.Data)
		if err != nil {
			k.t.Fatal(err)
		}
		e := wire.Event{Kind: d.Kind, Data: data, At: k.now, Actor: &wire.Actor{ID: who}}
		if d.Person != "" {
			e.Personal = []wire.Sealed{{Person: d.Person}}
		}
		if !k.state.Fold(&wire.Record{StoredAt: k.now, Event: e}) {
			k.t.Fatalf("%s is not folded", d.Kind)
		}
		k.events = append(k.events, d.Kind)
	}
}

// pass lets time pass, looking every ten seconds.
func (k *keeping) pass(d time.Duration) {
	for end := k.now.Add(d); ; k.now = k.now.Add(10 * time.Second) {
		if n, changed := k.watch.Look(k.now, k.alarms, &k.state); changed {
			k.do("schedule", n)
		}
		if !k.now.Before(end) {
			return
		}
	}
}

func (k *keeping) raise(id string, kind wire.AlarmKind, severity wire.Severity) {
	_, subject, _ := strings.Cut(id, "/")
	k.alarms[id] = wire.Alarm{ID: id, Kind: kind, Severity: severity, Subject: subject, Window: subject, Since: k.now}
}

func (k *keeping) open() (ids []string) {
	for _, t := range k.state.Troubles.All() {
		if t.Until == nil {
			ids = append(ids, t.Alarm)
		}
	}
	return ids
}

func (k *keeping) expect(what string, open ...string) {
	k.t.Helper()
	if got := k.open(); !slices.Equal(got, open) {
		k.t.Errorf("%s: %q go on, want %q", what, got, open)
	}
}

const cutOff = "device_cut_off/w3"

func TestAnAlarmMustStandBeforeItIsATrouble(t *testing.T) {
	k := newKeeping(t)
	k.raise(cutOff, wire.AlarmCutOff, wire.SeverityAlarm)
	k.pass(time.Minute)
	k.expect("a minute")
	delete(k.alarms, cutOff)
	k.pass(time.Minute)
	k.raise(cutOff, wire.AlarmCutOff, wire.SeverityAlarm)
	k.pass(110 * time.Second)
	k.expect("a restart does not count together with the next")
	k.pass(10 * time.Second)
	k.expect("two minutes", cutOff)
	delete(k.alarms, cutOff)
	k.pass(290 * time.Second)
	k.expect("gone for less than five minutes", cutOff)
	k.pass(10 * time.Second)
	k.expect("gone for five minutes")
	if t2, ok := k.state.Troubles.Get("t001-1"); !ok || t2.Number != "03" || t2.Until == nil || k.now.Sub(*t2.Until) != 5*time.Minute {
		t.Errorf("the trouble is %+v", t2)
	}
	k.raise("window_empty/w1", wire.AlarmWindowEmpty, wire.SeverityAlarm)
	k.pass(time.Hour)
	k.expect("the hall's own work is no trouble of machines")
}

// A cable that comes and goes makes a bounded number of events, and says how often it was.
func TestWhatComesAndGoesIsBounded(t *testing.T) {
	k := newKeeping(t)
	for range 24 * 6 { // a day of five minutes on and five minutes off
		k.raise(cutOff, wire.AlarmCutOff, wire.SeverityAlarm)
		k.pass(5 * time.Minute)
		delete(k.alarms, cutOff)
		k.pass(5 * time.Minute)
	}
	if n := len(k.events); n < 3 || n > 6 {
		t.Errorf("%d events in a day", n)
	}
	x, _ := k.state.Open(cutOff)
	if x.Times < 2 {
		t.Errorf("it is said to be the first of the day: %+v", x)
	}
}

func TestARestartRaisesNothingTwice(t *testing.T) {
	k := newKeeping(t)
	k.raise(cutOff, wire.AlarmCutOff, wire.SeverityAlarm)
	k.pass(3 * time.Minute)
	k.watch = Watch{}
	k.pass(10 * time.Minute)
	if len(k.events) != 1 {
		t.Errorf("events: %q", k.events)
	}
}

func TestANoticeThatBecomesAnAlarmIsToldAnew(t *testing.T) {
	k := newKeeping(t)
	k.raise("disk_filling", wire.AlarmDisk, wire.SeverityNotice)
	k.pass(11 * time.Minute)
	k.raise("disk_filling", wire.AlarmDisk, wire.SeverityAlarm)
	k.pass(11 * time.Minute)
	if want := []wire.Kind{wire.KindTroubleRaised, wire.KindTroubleCleared, wire.KindTroubleRaised}; !slices.Equal(k.events, want) {
		t.Errorf("events: %q", k.events)
	}
	k.expect("one goes on", "disk_filling")
}

func (k *keeping) letter(r Rules) string {
	l, ok := k.state.Due(ByMail, k.now, r)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d+%d+%d", len(l.Raised), len(l.Cleared), len(l.Again))
}

func TestWhenPeopleAreTold(t *testing.T) {
	k := newKeeping(t)
	rules := Rules{Gather: 2 * time.Minute, Every: 30 * time.Minute, QuietFrom: 20 * 60, QuietUntil: 7*60 + 30, Zone: k.zone}
	told := func(ok bool) {
		t.Helper()
		l, due := k.state.Due(ByMail, k.now, rules)
		if !due {
			t.Fatal("nothing is due")
		}
		k.do("schedule", l.Told(ByMail, "m", ok, "250 ok"))
	}
	expect := func(what, want string) {
		t.Helper()
		if got := k.letter(rules); got != want {
			t.Errorf("%s at %s: %q is due, want %q", what, k.now.Format("15:04:05"), got, want)
		}
	}
	for i := range 20 { // a switch dies
		k.raise(fmt.Sprintf("device_cut_off/w%d", i), wire.AlarmCutOff, wire.SeverityAlarm)
	}
	k.pass(2 * time.Minute)
	expect("at once", "")
	k.pass(2 * time.Minute)
	expect("gathered", "20+0+0")
	told(false)
	expect("the server is away", "")
	k.pass(time.Minute)
	expect("after a minute", "20+0+0")
	told(false)
	k.pass(4 * time.Minute)
	expect("four minutes after the second attempt", "")
	k.pass(time.Minute)
	told(true)
	expect("told", "")
	clear(k.alarms)
	k.pass(10 * time.Minute)
	expect("over, but the last message is fresh", "")
	k.pass(25 * time.Minute)
	expect("over", "0+20+0")
	told(true)
	k.now = time.Date(2026, 11, 23, 20, 30, 0, 0, k.zone)
	k.raise(cutOff, wire.AlarmCutOff, wire.SeverityAlarm)
	k.pass(30 * time.Minute)
	expect("at night", "")
	k.raise("not_writable", wire.AlarmNotWritable, wire.SeverityAlarm)
	k.pass(time.Minute)
	expect("what is urgent", "2+0+0")
	told(true)
	k.now = time.Date(2026, 11, 24, 7, 29, 0, 0, k.zone)
	delete(k.alarms, "not_writable")
	k.pass(30 * time.Second)
	expect("before the morning", "")
	k.pass(10 * time.Minute)
	expect("in the morning", "0+1+0")
	told(true)
	k.now = time.Date(2026, 11, 24, 21, 5, 0, 0, k.zone)
	expect("a day after, at night", "")
	k.now = time.Date(2026, 11, 25, 8, 0, 0, 0, k.zone)
	k.pass(0)
	expect("nobody has taken notice", "0+0+1")
	id, _ := k.state.Open(cutOff)
	k.do("zhang", See{Trouble: id.Trouble})
	k.do("zhang", See{Trouble: id.Trouble})
	expect("somebody has", "")
	if x, _ := k.state.Open(cutOff); len(x.Seen) != 1 || x.Seen[0].By != "zhang" {
		t.Errorf("seen by %+v", x.Seen)
	}
	if _, err := (See{Trouble: "nothing"}).DecideTrouble(&k.state, World{}, hall.Moment{}); err == nil {
		t.Error("a trouble that is not there was seen")
	}
}

// What somebody writes down is sealed under a key of the month, and in the event's data is nothing of it.
func TestANoteOnATroubleIsSealed(t *testing.T) {
	k := newKeeping(t)
	k.raise(cutOff, wire.AlarmCutOff, wire.SeverityAlarm)
	k.pass(2 * time.Minute)
	x, _ := k.state.Open(cutOff)
	k.do("zhang", See{Trouble: x.Trouble, Note: "  已联系电工  "})
	k.do("zhang", See{Trouble: x.Trouble})
	k.do("li", See{Trouble: x.Trouble})
	k.do("zhang", See{Trouble: x.Trouble, Note: "已换网线"})
	x, _ = k.state.Open(cutOff)
	if len(x.Seen) != 3 || x.Seen[0].Note == nil || x.Seen[0].Note.Person != "trouble-2026-11" || x.Seen[1].By != "li" || x.Seen[1].Note != nil || x.Seen[2].Note == nil {
		t.Errorf("seen by %+v", x.Seen)
	}
	m := hall.Moment{Day: "2026-11-23", Actor: wire.Actor{ID: "zhang"}}
	drafts, err := See{Trouble: x.Trouble, Note: "  已联系电工  "}.DecideTrouble(&k.state, World{}, m)
	if err != nil || len(drafts) != 1 || drafts[0].Personal["note"] != "已联系电工" || drafts[0].Data != (wire.TroubleSeen{Trouble: x.Trouble}) {
		t.Errorf("%+v, %v", drafts, err)
	}
	if _, err := (See{Trouble: x.Trouble, Note: strings.Repeat("长", 501)}).DecideTrouble(&k.state, World{}, m); err == nil {
		t.Error("a note has no bound")
	}
}

// A backup that is old is told in hours or days, and where there are several places, of which.
func TestWordsOfBackups(t *testing.T) {
	words := func(detail string, values map[string]string) string {
		w := (&Trouble{TroubleRaised: wire.TroubleRaised{Kind: wire.AlarmBackup, Detail: detail, Values: values}}).words()
		return w.ZH + "/" + w.EN
	}
	for want, got := range map[string]string{
		"最近一次备份已是 5 小时前/the last backup is 5 hours old":                                             words("old", map[string]string{"days": "0", "hours": "5"}),
		"第 2 处备份位置最近一次备份已是 9 天前/the last backup in place 2 is 9 days old":                           words("old", map[string]string{"days": "9", "hours": "216", "place": "2"}),
		"主机从未做过备份/the hub has never been backed up":                                                 words("never", nil),
		"第 2 处备份位置还没有备份/there is no backup in place 2 yet":                                          words("never", map[string]string{"place": "2"}),
		"第 2 处备份位置 /mnt/two 还没有备份/there is no backup in /mnt/two (place 2) yet":                     words("never", map[string]string{"place": "2", "name": "/mnt/two"}),
		"备份位置 sftp://hall@nas/b 最近一次备份已是 5 小时前/the last backup in sftp://hall@nas/b is 5 hours old": words("old", map[string]string{"days": "0", "hours": "5", "name": "sftp://hall@nas/b"}),
		"最近一次备份已是 9 天前/the last backup is 9 days old":                                               words("old", map[string]string{"days": "9"}), // as the log has it from before
	} {
		if got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

// Every kind has words in both languages, which say where, since when and what to do.
func TestEveryTroubleHasWords(t *testing.T) {
	zone := time.FixedZone("", 8*3600)
	for kind := range Kinds() {
		x := Trouble{TroubleRaised: wire.TroubleRaised{Kind: kind, Subject: "pi-3", Number: "03", Since: time.Date(2026, 11, 23, 1, 5, 0, 0, time.UTC), Times: 3,
			Values: map[string]string{"days": "5", "free": "1.5", "until": "2026-12-01"}}}
		w := x.Describe(zone)
		if strings.Contains(w.ZH, string(kind)) || !strings.Contains(w.ZH, "11月23日 09:05") || !strings.Contains(w.EN, "23 Nov 09:05") || !strings.Contains(w.EN, "3rd") || w.DoZH == "" || w.DoEN == "" || strings.Contains(w.ZH+w.EN, "{") {
			t.Errorf("%s: %+v", kind, w)
		}
		if kind == wire.AlarmCutOff && (!strings.Contains(w.ZH, "03 号窗口") || !strings.Contains(w.EN, "window 03")) {
			t.Errorf("it does not say where: %+v", w)
		}
	}
}

func TestAMessageIsBoundedAndInItsLanguage(t *testing.T) {
	s := Sender{Hall: "t", Name: "某县政务服务大厅", Console: "https://hall.example.cn/console", Zone: time.UTC}
	l := Letter{Open: 200}
	for i := range 200 {
		l.Raised = append(l.Raised, Trouble{TroubleRaised: wire.TroubleRaised{Trouble: fmt.Sprint(i), Kind: wire.AlarmCutOff, Severity: wire.SeverityAlarm, Subject: "d"}})
	}
	zh, en := s.Body(&l, ZH, false), s.Body(&l, EN, false)
	if strings.Count(zh, "【须处理】") != mostLines || !strings.Contains(zh, "另有 170 项") || !strings.Contains(zh, s.Console) {
		t.Error(zh)
	}
	if strings.Count(en, "[act]") != mostLines || strings.ContainsAny(en, "的，。") {
		t.Error(en)
	}
	if both := s.Body(&l, Both, true); !strings.Contains(both, "测试消息") || !strings.Contains(both, "This is a test") {
		t.Error(both)
	}
	if got := s.Subject(&l, ZH, false); got != "【某县政务服务大厅】新问题 200 项" {
		t.Error(got)
	}
	if p := s.Payload(&l, "m1", time.Now(), ZH, false); len(p.Raised) != mostLines || p.Open != 200 || p.Cleared == nil || p.Raised[0].DoZH == "" {
		t.Errorf("%+v", p)
	}
}

// What leaves the hall has these fields and no other: neither who took notice and what they wrote, nor what an alarm holds
// beside its words.
func TestAMessageTellsNothingElse(t *testing.T) {
	s := Sender{Hall: "t", Name: "某县政务服务大厅", Zone: time.UTC}
	x := Trouble{TroubleRaised: wire.TroubleRaised{Trouble: "t1", Alarm: "device_cut_off/w3", Kind: wire.AlarmCutOff, Severity: wire.SeverityAlarm, Subject: "w3", Window: "w3", Number: "03",
		Detail: "detail-stays", Values: map[string]string{"x": "value-stays"}}, Until: new(time.Now()), Seen: []Seen{{By: "zhang", Note: &wire.Sealed{Person: "trouble-2026-11"}}}, Told: map[string]time.Time{"mail": time.Now()}}
	l := Letter{Raised: []Trouble{x}, Cleared: []Trouble{x}, Again: []Trouble{x}}
	text, err := json.Marshal(s.Payload(&l, "m1", time.Now(), Both, false))
	if err != nil {
		t.Fatal(err)
	}
	all := string(text) + s.Body(&l, Both, false) + s.Subject(&l, ZH, false)
	for _, stays := range []string{"zhang", "trouble-2026", "detail-stays", "value-stays"} {
		if strings.Contains(all, stays) {
			t.Errorf("%s leaves the hall", stays)
		}
	}
	var p struct{ Raised []map[string]any }
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	fields := slices.Sorted(maps.Keys(p.Raised[0]))
	if want := []string{"do_en", "do_zh", "en", "kind", "number", "severity", "since", "subject", "trouble", "until", "window", "zh"}; !slices.Equal(fields, want) {
		t.Errorf("a message has %q: say in docs/adr/0046 what is new in it", fields)
	}
}

// What is over is forgotten in the end; what goes on never is.
func TestOldTroublesAreForgotten(t *testing.T) {
	k := newKeeping(t)
	k.raise("log_damaged", wire.AlarmLogDamaged, wire.SeverityAlarm)
	k.pass(0)
	for range kept + 50 {
		k.do("schedule", Note{Raised: []wire.Alarm{{ID: "a", Kind: wire.AlarmCutOff}}})
		k.do("schedule", Note{Cleared: []Cleared{{"a", k.now}}})
	}
	if n := k.state.Troubles.Len(); n > kept+2 {
		t.Errorf("%d are kept", n)
	}
	k.expect("what goes on", "log_damaged")
}

// The time that is shown for the next attempt is the one at which it is made: a pause that ends in the quiet hours ends with them.
func TestWhenAMessageIsTriedAgain(t *testing.T) {
	k := newKeeping(t)
	rules := Rules{Gather: 2 * time.Minute, Every: 30 * time.Minute, QuietFrom: 20 * 60, QuietUntil: 7*60 + 30, Zone: k.zone}
	k.now = time.Date(2026, 11, 23, 19, 38, 0, 0, k.zone)
	if at, ok := k.state.Retry(ByMail, k.now, rules); ok {
		t.Errorf("nothing has failed and it is tried again at %s", at)
	}
	k.raise(cutOff, wire.AlarmCutOff, wire.SeverityAlarm)
	k.pass(5 * time.Minute)
	for _, want := range []string{"23 19:44", "23 19:49", "24 07:30"} {
		l, due := k.state.Due(ByMail, k.now, rules)
		if !due {
			t.Fatalf("nothing is due at %s", k.now)
		}
		k.do("schedule", l.Told(ByMail, "m", false, "451 later"))
		at, ok := k.state.Retry(ByMail, k.now, rules)
		if got := at.In(k.zone).Format("02 15:04"); !ok || got != want {
			t.Fatalf("at %s it is tried again at %s, not %s", k.now.Format("15:04"), got, want)
		}
		if _, due := k.state.Due(ByMail, at.Add(-time.Second), rules); due {
			t.Errorf("it is tried before %s", want)
		}
		k.now = at
	}
	k.state.Troubles.Delete("t001-1")
	if at, ok := k.state.Retry(ByMail, k.now, rules); ok {
		t.Errorf("nothing is left to tell and it is tried again at %s", at)
	}
}
