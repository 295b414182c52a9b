package api

import (
	"net/http"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/rating"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// The answers about oneself.
type (
	// MyDays is a staff member's own record.
	MyDays struct {
		Staff    string      `json:"staff"`
		Name     string      `json:"name"`
		Window   string      `json:"window,omitempty"`
		Number   string      `json:"number,omitempty"`
		Days     []MyDay     `json:"days"`
		Requests RequestList `json:"requests"`
		// Handovers await one's signature, or have it.
		Handovers []MyHandover     `json:"handovers"`
		Notes     map[string]Noted `json:"notes"`
		// Cases are those about oneself, never with the citizen's phone number, and those that one answers for.
		Cases []CaseStory `json:"cases"`
		// Tasks are those that were assigned to oneself and are open.
		Tasks []TaskRow `json:"tasks"`
		// Ratings are one's own figures of the last 30 days, without today.
		Ratings MyRatings `json:"ratings"`
		// Looks are who has seen or got what is personal of oneself, newest first.
		Looks []LookRow `json:"looks"`
	}
	// MyRatings sums up the ratings of one's own visits; never a single one as it comes in.
	MyRatings struct {
		From    string             `json:"from"`
		Until   string             `json:"until"`
		Figures wire.RatingFigures `json:"figures"`
		// Few: there are so few ratings that their levels would tell who gave which; they are left out.
		Few bool `json:"few,omitempty"`
	}
	// MyDay is one of one's own days.
	MyDay struct {
		Day   string          `json:"day"`
		Kind  string          `json:"kind"`
		Name  string          `json:"name,omitempty"`
		State wire.SheetState `json:"state"`
		Line  wire.StaffLine  `json:"line"`
	}
)

func (a *API) getMe(w http.ResponseWriter, r *http.Request) error {
	from, until, err := span(r)
	if err != nil {
		return err
	}
	i, today := who(r), a.today()
	if i.Staff == "" {
		return hall.Unknown("no_staff", "这个账号没有对应的工作人员", "this account is no staff member's")
	}
	until = min(until, today)
	from = max(from, until.AddDays(-62))
	if r.URL.Query().Get("from") == "" {
		from = until.AddDays(-13)
	}
	me := MyDays{Staff: i.Staff, Days: []MyDay{}, Notes: map[string]Noted{}}
	a.Register.Read(func(v *register.View, windows *roster.State) {
		me.Name = a.nameOf(v, i.Staff)
		x, _ := v.State.People.Staff.Get(i.Staff)
		post, _ := v.State.People.Post(x.PostOf(today), today)
		me.Window, me.Number = post.Window, windows.Windows[post.Window].Number
		for d := until; d >= from; d = d.AddDays(-1) {
			sheet, _, serr := a.sheet(v, d, 0)
			if serr != nil {
				err = serr
				return
			}
			for _, l := range sheet.Staff {
				if l.Staff == i.Staff {
					me.Days = append(me.Days, MyDay{string(d), sheet.DayKind, sheet.DayName, state(v, d), l})
					a.notes(v, l.Findings, me.Notes, true)
				}
			}
		}
		me.Requests = a.requests(v, from.AddDays(-62), "9999-12-31", "", true, func(s string) bool { return s == i.Staff })
		me.Handovers = a.handovers(v, i.Staff)
		me.Cases = a.myCases(v, windows, i, from.AddDays(-62))
		desk := &dutyDesk{a, v, v.State.Hall(windows), scope{staff: i.Staff}, today}
		me.Tasks = desk.tasks(func(t *TaskRow) bool { return t.open() }).Tasks
		me.Ratings = a.myRatings(v, i.Staff)
		me.Looks = a.looks(v, roster.PersonKey(i.Staff))
	})
	if err != nil {
		return err
	}
	return sendJSON(w, r, me)
}

func (a *API) myRatings(v *register.View, staff string) MyRatings {
	until := a.today().AddDays(-1)
	from := until.AddDays(-29)
	least, _ := v.State.Policy.On("rating_publish_least", until)
	return discreet(MyRatings{From: string(from), Until: string(until), Figures: v.Ratings.Total(from, until, a.Now(), func(c *rating.Cell) bool { return c.Staff == staff })}, int(least.Value))
}

// discreet leaves the levels out where there are fewer ratings than may be published.
func discreet(x MyRatings, least int) MyRatings {
	if x.Figures.Pressed < least {
		x.Few, x.Figures.Levels, x.Figures.Corrected = true, [5]int{}, 0
	}
	return x
}
