package api

import (
	"net/http"
	"slices"
	"strings"

	"hallkeeper/hub/access"
	"hallkeeper/hub/approval"
	"hallkeeper/hub/firsthour"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// FirstHour is what a hall still lacks until its swipes count, step by step.
type FirstHour struct {
	Steps []firsthour.Step `json:"steps"`
	// Left is how many steps are to be done that a hall cannot do without.
	Left int `json:"left"`
}

func (a *API) firstHourRoutes() []route {
	return []route{
		read(access.ReadAll, v1+"setup", "安装向导：大厅还缺什么，由现状逐项得出", "the first hour: what the hall still lacks, read off how it stands", FirstHour{}, a.getFirstHour),
	}
}

func (a *API) getFirstHour(w http.ResponseWriter, r *http.Request) error {
	l, err := a.live()
	if err != nil {
		return err
	}
	f := firsthour.Facts{Zone: a.Zone, Secure: a.DeviceBroker != nil && a.DeviceBroker("hub") != ""}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		today := a.today()
		a.peopleFacts(&f, v, &l, today)
		a.policyFacts(&f, v, today)
		f.Departments = v.State.People.Departments.Len()
		for _, s := range v.State.Line.Services.All() {
			f.Services++
			if len(s.Windows) == 0 {
				f.Windowless = append(f.Windowless, s.Name)
			}
		}
		for _, x := range v.State.Screens.Screens.Each() {
			if c, ok := v.State.Enrolment.Certificates.Get(x.Serial); ok && c.Live(a.Now()) {
				f.Screens++
			}
		}
		certified := map[string]bool{}
		for _, c := range v.State.Enrolment.Certificates.Each() {
			if c.Kind == wire.CertificateAgent && c.Live(a.Now()) {
				certified[c.Device] = true
			}
		}
		f.Devices = len(certified)
		for id, d := range l.Devices {
			switch {
			case d.Assignment == wire.DeviceNotOurs:
				continue
			case d.Assignment == wire.DeviceUnassigned:
				f.Strangers = append(f.Strangers, id)
			case !certified[id]:
				f.Bare = append(f.Bare, id)
			}
			if !certified[id] {
				f.Devices++
			}
		}
		slices.Sort(f.Strangers)
		slices.Sort(f.Bare)
		last, known := v.Days.Newest()
		if last != nil {
			f.Newest = &firsthour.Swipe{At: last.At, Window: last.Window, Staff: last.Staff}
		}
		if known != nil {
			f.Known = &firsthour.Swipe{At: known.At, Window: numberOf(&l, known.Window), Staff: known.Staff}
		}
	})
	steps := firsthour.Steps(&f)
	return sendJSON(w, r, FirstHour{steps, firsthour.Left(steps)})
}

// numberOf is what a window is called; its id where it is no longer there.
func numberOf(l *wire.Live, window string) string {
	if x, ok := l.Windows[window]; ok {
		return x.Number
	}
	return window
}

// peopleFacts are the windows, and who works at them by which shift.
func (a *API) peopleFacts(f *firsthour.Facts, v *register.View, l *wire.Live, today hall.Date) {
	people := &v.State.People
	held := map[string]bool{}
	for id, s := range people.Staff.Each() {
		if !s.Here(today) {
			continue
		}
		f.Staff++
		if !slices.ContainsFunc(people.CardsOf(id), func(card string) bool {
			holder, _ := people.Holder(card, a.Now(), today)
			return holder == id
		}) {
			f.Cardless++
		}
		if post, ok := people.Post(s.PostOf(today), today); ok {
			held[post.Window] = true
			if _, ok := people.ShiftFor(id, post.Window, today); !ok {
				f.Shiftless++
			}
		}
	}
	for id := range people.Shifts.Each() {
		if _, ok := people.Shift(id); ok {
			f.Shifts++
		}
	}
	for id := range l.Windows {
		x := l.Windows[id]
		d := l.Devices[x.Agent]
		f.Windows = append(f.Windows, firsthour.Window{Number: x.Number, Department: x.Department, Holder: held[id], Device: x.Agent, Heard: d.Heard && d.State == wire.DeviceOnline})
	}
	slices.SortFunc(f.Windows, func(x, y firsthour.Window) int { return strings.Compare(x.Number, y.Number) })
}

// policyFacts are what the hall is assessed by, and who can propose and confirm it.
func (a *API) policyFacts(f *firsthour.Facts, v *register.View, today hall.Date) {
	day := today
	for i, x := range v.State.Policy.Adopted() {
		if x.From <= today || i == 0 {
			f.Policy, day = x.Key(), max(today, x.From)
		}
	}
	if no := refusal(v.State.Policy.Assessable(day, day)); f.Policy != "" && no != nil {
		f.Blocked = firsthour.Words{ZH: no.words.zh, EN: no.words.en}
	}
	for _, p := range v.State.Approvals.Proposals.Each() {
		if p.State == approval.Open && (p.Action == wire.ActionAdoptPolicy || p.Action == wire.ActionExtendPolicy) {
			f.Proposed = p.By
		}
	}
	someone := map[string]bool{}
	for id, x := range v.State.Access.Accounts.Each() {
		if x.Disabled || !access.May(x.Role, access.Decide) {
			continue
		}
		if x.Temporary {
			f.Unopened = append(f.Unopened, id)
			continue
		}
		who := "account/" + id
		if x.Staff != "" {
			who = "staff/" + x.Staff // two accounts of one person are one
		}
		someone[who] = true
	}
	f.Deciders = len(someone)
	slices.Sort(f.Unopened)
}
