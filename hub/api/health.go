package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/trouble"
	"hallkeeper/wire"
)

// Upkeep is how the hub's own machine is, and tells those who keep it.
type Upkeep interface {
	// Machine is what was last seen of it.
	Machine() Machine
	// TestMessages sends a test to those who are told of troubles, by every way that is set, and stores what became of it.
	TestMessages(ctx context.Context, actor wire.Actor) ([]TestAnswer, error)
	// Backup writes an encrypted copy of everything to w, BackupInto one into a place beside others.
	Backup
}

// What is told of troubles and of the machines.
type (
	// TroubleList is what is wrong with the machines now, the worst first, and what was, the newest first.
	TroubleList struct {
		Open []TroubleRow `json:"open"`
		Past []TroubleRow `json:"past"`
	}
	// TroubleRow is one trouble in words.
	TroubleRow struct {
		Trouble  string         `json:"trouble"`
		Kind     wire.AlarmKind `json:"kind"`
		Severity wire.Severity  `json:"severity"`
		Subject  string         `json:"subject,omitempty"`
		Window   string         `json:"window,omitempty"`
		Number   string         `json:"number,omitempty"`
		// Since is when it began, Raised when it had stood long enough, Until when it was over.
		Since  time.Time  `json:"since"`
		Raised time.Time  `json:"raised"`
		Until  *time.Time `json:"until,omitempty"`
		// Times is the how manieth it was within a day.
		Times int `json:"times"`
		trouble.Words
		Seen []SeenRow `json:"seen"`
		// Told is when each channel last told of it.
		Told map[string]time.Time `json:"told,omitempty"`
	}
	// SeenRow is who took notice, and what they wrote down.
	SeenRow struct {
		By   string    `json:"by"`
		At   time.Time `json:"at"`
		Note string    `json:"note,omitempty"`
	}
	// SystemHealth is how the hub's machine, its backups, its messages and the programs of the hall are.
	SystemHealth struct {
		At      time.Time `json:"at"`
		Version string    `json:"version"`
		Machine
		Channels     []ChannelRow     `json:"channels"`
		Certificates []CertificateEnd `json:"certificates"`
		Devices      []ProgramRow     `json:"devices"`
		Screens      []ScreenState    `json:"screens"`
	}
	// Machine is how the hub's machine is.
	Machine struct {
		Disk   DiskState   `json:"disk"`
		Backup BackupState `json:"backup"`
		Clock  ClockState  `json:"clock"`
		// LogChecked is when the log's sealed months were last read against their checksums; LogFaults are the months that did not match.
		LogChecked *time.Time `json:"log_checked,omitempty"`
		LogFaults  int        `json:"log_faults"`
		// Ways are by which people are told of troubles: mail, webhook; none where nobody is. Ends are the hub's own certificates.
		Ways []string         `json:"ways"`
		Ends []CertificateEnd `json:"-"`
		// Rules say when they may be told.
		Rules trouble.Rules `json:"-"`
	}
	// DiskState is the data folder's disk, in bytes.
	DiskState struct {
		Size int64 `json:"size"`
		Free int64 `json:"free"`
		// Data is the data folder, Log and Views parts of it, Backups what backups on the same disk take; measured once an hour.
		Data    int64 `json:"data"`
		Log     int64 `json:"log"`
		Views   int64 `json:"views"`
		Backups int64 `json:"backups"`
		// PerDay is by how much the disk fills in a day, the median of up to 30; left out until a day was seen.
		PerDay *float64 `json:"per_day,omitempty"`
		// Days are left until it is full; left out where that is not known, or where it does not fill.
		Days *float64 `json:"days,omitempty"`
		// Level is fine, soon (plan) or now (act).
		Level   string       `json:"level"`
		Samples []DiskSample `json:"samples"`
	}
	// DiskSample is how full the disk was.
	DiskSample struct {
		At   time.Time `json:"at"`
		Free int64     `json:"free"`
		Data int64     `json:"data"`
	}
	// BackupState is how backups stand.
	BackupState struct {
		// State is fresh, none (and none is due yet), old or never (and one is overdue).
		State string `json:"state"`
		// EverySeconds is the recovery point that is set; 0 where backups are made by hand.
		EverySeconds int64 `json:"every_seconds"`
		// Last is the newest by hand or by schedule, Back to when a hall that loses its machine and its best place goes back.
		Last   *time.Time `json:"last,omitempty"`
		Back   *time.Time `json:"back,omitempty"`
		Places []PlaceRow `json:"places"`
	}
	// PlaceRow is one place of backups.
	PlaceRow struct {
		Place string `json:"place"`
		// State is as of all; Last when the newest whole backup was made.
		State string     `json:"state"`
		Last  *time.Time `json:"last,omitempty"`
		// Next is when the next is due, Making when the one that is being made was begun.
		Next   *time.Time `json:"next,omitempty"`
		Making *time.Time `json:"making,omitempty"`
		// Failed is when the last attempt failed, Why what stood in the way, in English and, as far as there are words for it, in Chinese.
		Failed *time.Time `json:"failed,omitempty"`
		Why    string     `json:"why,omitempty"`
		WhyZh  string     `json:"why_zh,omitempty"`
		// Size is what a folder's backups take in bytes; left out where that is not known. SameDisk: it is lost with the data.
		Size     int64 `json:"size,omitempty"`
		SameDisk bool  `json:"same_disk,omitempty"`
	}
	// ClockState is the hub's clock.
	ClockState struct {
		Synchronised bool `json:"synchronised"`
		// OffsetSeconds is by how much the time server would still move it; left out where it is not synchronised, since nobody has measured it.
		OffsetSeconds *float64 `json:"offset_seconds,omitempty"`
		Steps         int      `json:"steps"`
		// Wrong is empty, unsynced or stepped.
		Wrong string `json:"wrong,omitempty"`
	}
	// ChannelRow is how telling by mail or webhook goes.
	ChannelRow struct {
		Channel string `json:"channel"`
		// Set: the hub's settings name somebody to tell by it.
		Set bool `json:"set"`
		// LastOK is when a message last arrived, LastFailed when one last did not, with the server's Answer; Next when it is tried again.
		LastOK     *time.Time `json:"last_ok,omitempty"`
		LastFailed *time.Time `json:"last_failed,omitempty"`
		Answer     string     `json:"answer,omitempty"`
		Next       *time.Time `json:"next,omitempty"`
		Tries      []TryRow   `json:"tries"`
	}
	// TryRow is one attempt to tell, newest first.
	TryRow struct {
		At       time.Time `json:"at"`
		OK       bool      `json:"ok"`
		Test     bool      `json:"test,omitempty"`
		Attempt  int       `json:"attempt"`
		Troubles int       `json:"troubles"`
		Answer   string    `json:"answer,omitempty"`
	}
	// CertificateEnd is when a certificate ends: the authority's, https's, a device's or a screen's.
	CertificateEnd struct {
		What  string    `json:"what"`
		Name  string    `json:"name,omitempty"`
		Until time.Time `json:"until"`
	}
	// ProgramRow is the program of a device.
	ProgramRow struct {
		Agent   string           `json:"agent"`
		Window  string           `json:"window,omitempty"`
		State   wire.DeviceState `json:"state"`
		Version string           `json:"version,omitempty"`
		SeenAt  *time.Time       `json:"seen_at,omitempty"`
	}
	// ScreenBeat is what a screen's page says of itself once a minute.
	ScreenBeat struct {
		At time.Time `json:"at"`
		// Heap is what its scripts hold, in bytes, 0 where the browser does not tell; Nodes are the page's elements.
		Heap  int64 `json:"heap"`
		Nodes int   `json:"nodes"`
		// Build is of which build the page is; a page that was opened before an upgrade is of the one before.
		Build string `json:"build"`
	}
	// ScreenState is an enrolled screen.
	ScreenState struct {
		Screen    string         `json:"screen"`
		Name      string         `json:"name"`
		Use       wire.ScreenUse `json:"use"`
		Connected bool           `json:"connected"`
		Beat      *ScreenBeat    `json:"beat,omitempty"`
	}
	// TestAnswer is what became of a test message to one receiver: an address of mail, or a webhook's host.
	TestAnswer struct {
		Channel string `json:"channel"`
		To      string `json:"to"`
		OK      bool   `json:"ok"`
		Answer  string `json:"answer,omitempty"`
	}
	// TestAnswers are those of all receivers that are set.
	TestAnswers struct {
		Answers []TestAnswer `json:"answers"`
	}
)

const (
	// pastTroubles bounds those that are over.
	pastTroubles = 100
	// testsAtOnce and testEvery bound test messages: nobody's mailbox is to be filled from here.
	testsAtOnce = 3
	testEvery   = time.Minute
	// testPatience is how long servers have to answer.
	testPatience = 2 * time.Minute
)

func (a *API) healthRoutes() []route {
	id := in("id", "问题编号", "the trouble's id")
	return []route{
		read(access.ReadAll, v1+"troubles", "设备和主机的问题：未恢复的和以往的", "troubles with the machines: those that go on and those of before", TroubleList{}, a.getTroubles),
		a.change(access.Arrange, "POST", "troubles/{id}/see", "确认知悉一个问题，可附言", "take notice of a trouble, with a note", trouble.See{},
			makes(wire.KindTroubleSeen, enter(func(r *http.Request, c *trouble.See) { c.Trouble = r.PathValue("id") })), []string{"trouble_unknown"}, id),
		read(access.ReadAll, v1+"health", "系统运行状况：磁盘、备份、时钟、证书、通知、各设备的版本", "the health of the system: disk, backups, clock, certificates, messages, versions", SystemHealth{}, a.getSystemHealth),
		own(access.Arrange, "POST", "health/test-message", "向负责设备的人发送测试消息", "send a test message to those who keep the machines", emptyBody{}, TestAnswers{}, a.sendTest, "nobody_told", "too_many_tries"),
	}
}

func (a *API) getTroubles(w http.ResponseWriter, r *http.Request) error {
	list := TroubleList{Open: []TroubleRow{}, Past: []TroubleRow{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for _, t := range v.State.Troubles.Troubles.Each() {
			if row := a.troubleRow(&t); t.Until == nil {
				list.Open = append(list.Open, row)
			} else {
				list.Past = append(list.Past, row)
			}
		}
	})
	grave := func(x *TroubleRow) int {
		if x.Severity == wire.SeverityAlarm {
			return 0
		}
		return 1
	}
	slices.SortFunc(list.Open, func(x, y TroubleRow) int {
		return cmp.Or(grave(&x)-grave(&y), x.Since.Compare(y.Since), cmp.Compare(x.Trouble, y.Trouble))
	})
	slices.SortFunc(list.Past, func(x, y TroubleRow) int {
		return cmp.Or(y.Until.Compare(*x.Until), cmp.Compare(y.Trouble, x.Trouble))
	})
	list.Past = list.Past[:min(len(list.Past), pastTroubles)]
	return sendJSON(w, r, list)
}

func (a *API) troubleRow(t *trouble.Trouble) TroubleRow {
	row := TroubleRow{Trouble: t.Trouble, Kind: t.Kind, Severity: t.Severity, Subject: t.Subject, Window: t.Window, Number: t.Number, Since: t.Since.In(a.Zone),
		Raised: t.At.In(a.Zone), Until: t.Until, Times: t.Times, Words: t.Describe(a.Zone), Seen: []SeenRow{}, Told: t.Told}
	for _, s := range t.Seen {
		row.Seen = append(row.Seen, SeenRow{s.By, s.At.In(a.Zone), a.sealed(s.Note, "note")})
	}
	return row
}

func (a *API) getSystemHealth(w http.ResponseWriter, r *http.Request) error {
	l, err := a.live()
	if err != nil {
		return err
	}
	h := SystemHealth{At: a.Now().In(a.Zone), Version: a.Version, Machine: a.Upkeep.Machine(), Channels: []ChannelRow{}, Devices: []ProgramRow{}, Screens: []ScreenState{}}
	h.Certificates = append([]CertificateEnd{}, h.Ends...)
	for id, d := range l.Devices {
		if d.Assignment != wire.DeviceNotOurs {
			h.Devices = append(h.Devices, ProgramRow{id, l.Windows[d.Window].Number, d.State, d.Version, d.SeenAt})
		}
	}
	slices.SortFunc(h.Devices, func(x, y ProgramRow) int {
		return cmp.Or(cmp.Compare(x.Window, y.Window), cmp.Compare(x.Agent, y.Agent))
	})
	now := a.Now()
	a.Register.Read(func(v *register.View, _ *roster.State) {
		s := v.State
		for _, way := range []string{trouble.ByMail, trouble.ByWebhook} {
			c, known := s.Troubles.Channels.Get(way)
			if set := slices.Contains(h.Ways, way); set || known {
				row := channelRow(way, set, &c)
				if at, ok := s.Troubles.Retry(way, now, h.Rules); ok && set {
					row.Next = ifAny(at.In(a.Zone))
				}
				h.Channels = append(h.Channels, row)
			}
		}
		names := map[string]string{}
		for id, x := range s.Screens.Screens.All() {
			names[id] = x.Name
			if x.Window != "" {
				names[id] += " " + x.Window
			}
			if c, ok := s.Enrolment.Certificates.Get(x.Serial); ok && c.Live(now) {
				h.Screens = append(h.Screens, ScreenState{id, x.Name, x.Use, a.Sockets.connected(id), a.Sockets.beat(id)})
			}
		}
		for _, c := range s.Enrolment.Certificates.Each() {
			if !c.Live(now) {
				continue
			}
			if name, screen := names[c.Device]; screen {
				h.Certificates = append(h.Certificates, CertificateEnd{"screen", name, c.NotAfter.In(a.Zone)})
			} else {
				h.Certificates = append(h.Certificates, CertificateEnd{string(c.Kind), c.Device, c.NotAfter.In(a.Zone)})
			}
		}
	})
	slices.SortFunc(h.Certificates, func(x, y CertificateEnd) int { return cmp.Or(x.Until.Compare(y.Until), cmp.Compare(x.Name, y.Name)) })
	slices.SortFunc(h.Screens, func(x, y ScreenState) int { return cmp.Compare(x.Name, y.Name) })
	return sendJSON(w, r, h)
}

func channelRow(way string, set bool, c *trouble.Channel) ChannelRow {
	row := ChannelRow{Channel: way, Set: set, Tries: []TryRow{}, LastOK: ifAny(c.LastOK)}
	for _, t := range slices.Backward(c.Tries) {
		if !t.OK && row.LastFailed == nil {
			row.LastFailed, row.Answer = ifAny(t.At), t.Answer
		}
		row.Tries = append(row.Tries, TryRow{t.At, t.OK, t.Test, t.Attempt, t.Troubles, t.Answer})
	}
	return row
}

// ifAny is a time that there may be none of.
func ifAny(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// sendTest sends a test message and waits for what the servers answer.
func (a *API) sendTest(w http.ResponseWriter, r *http.Request) error {
	var b emptyBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	if _, ok := a.tests.Take(a.Now(), "tests"); !ok {
		return problem("too_many_tries")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), testPatience)
	defer cancel()
	i := who(r)
	answers, err := a.Upkeep.TestMessages(ctx, i.Actor())
	if err != nil {
		return err
	}
	return sendJSON(w, r, TestAnswers{answers})
}
