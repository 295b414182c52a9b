package api

import (
	"net/http"
	"strconv"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// What the calendar and the policy answer.
type (
	// CalendarDay is one day of the hall.
	CalendarDay struct {
		Date   hall.Date    `json:"date"`
		Kind   hall.DayKind `json:"kind"`
		Name   string       `json:"name,omitempty"`
		Closed string       `json:"closed,omitempty"` // am or pm
	}
	// CalendarYear is a year of the hall, day by day.
	CalendarYear struct {
		Year        int            `json:"year"`
		Provisional bool           `json:"provisional"`
		Source      string         `json:"source,omitempty"`
		Days        []CalendarDay  `json:"days"`
		Closures    []hall.Closure `json:"closures"`
		Published   []int          `json:"published"`
	}
	// ParameterRow is one parameter with all values that it ever had.
	ParameterRow struct {
		Name string `json:"name"`
		// Scored is true of one that scores, grades or awards stand on: it takes two people.
		Scored  bool               `json:"scored,omitempty"`
		Now     policy.Parameter   `json:"now"`
		History []policy.Parameter `json:"history"`
	}
	// PolicyInfo is the parameters and rules of the daily check.
	PolicyInfo struct {
		Parameters []ParameterRow `json:"parameters"`
		Rules      []policy.Rule  `json:"rules"`
	}
)

func (a *API) calendarRoutes() []route {
	return []route{
		read(access.SignedIn, v1+"calendar", "一年的工作日历", "a year of the hall's calendar", CalendarYear{}, a.getCalendar,
			count("year", "年份（默认今年）", "the year (this one by default)")),
		a.change(access.Govern, "PUT", "calendar/years/{year}", "录入一年的节假日安排", "enter the published holidays of a year", policy.PublishYear{},
			publishYear, nil, param{"year", "path", true, text{"年份", "the year"}}),
		a.change(access.Arrange, "PUT", "calendar/closures/{date}", "本大厅停止服务", "close the hall on a day or half of it", policy.CloseDay{},
			enter(func(r *http.Request, c *policy.CloseDay) { c.Date = r.PathValue("date") }), nil, in("date", "日期", "the day")),
		a.change(access.Arrange, "DELETE", "calendar/closures/{date}", "撤销停止服务", "take a closure back", nil,
			enter(func(r *http.Request, c *policy.ReopenDay) { c.Date = r.PathValue("date") }), []string{"closure_unknown"}, in("date", "日期", "the day")),
		read(access.SignedIn, v1+"policy", "考核参数与规则", "the parameters and rules of the daily check", PolicyInfo{}, a.getPolicy),
		a.change(access.Govern, "POST", "policy/parameters/{name}", "从某日起设定参数", "give a parameter a value from a day on", policy.SetParameter{},
			enter(func(r *http.Request, c *policy.SetParameter) { c.Name = r.PathValue("name") }), []string{"parameter_unknown", "two_people"}, in("name", "参数名", "the parameter's name")),
		proposing(a.change(access.Govern, "POST", "policy/parameters/{name}/propose", "提议从某日起设定考核所依据的参数（须另一人确认）", "propose to give a parameter that scores stand on a value from a day on; another person confirms it", policy.SetParameter{},
			a.proposeParameter, []string{"parameter_unknown", "policy_published"}, in("name", "参数名", "the parameter's name"))),
	}
}

func (a *API) proposeParameter(r *http.Request, body []byte) (order, error) {
	var c policy.SetParameter
	if err := decode(body, &c); err != nil {
		return order{}, err
	}
	c.Name = r.PathValue("name")
	return a.propose(r, wire.ActionSetParameter, c, "")
}

func publishYear(r *http.Request, body []byte) (order, error) {
	year, err := strconv.Atoi(r.PathValue("year"))
	if err != nil {
		return order{}, problem("not_found")
	}
	return enter(func(_ *http.Request, c *policy.PublishYear) { c.Year = year })(r, body)
}

func (a *API) getCalendar(w http.ResponseWriter, r *http.Request) error {
	var c checks
	year := int(c.number(r, "year", uint64(a.today().Year()), 1900, 2200))
	if err := c.err(); err != nil {
		return err
	}
	y := CalendarYear{Year: year, Days: []CalendarDay{}, Closures: []hall.Closure{}, Published: []int{}}
	first := hall.Date(strconv.Itoa(year) + "-01-01")
	a.Register.Read(func(v *register.View, _ *roster.State) {
		cal := v.State.Policy.Calendar()
		y.Provisional, y.Published = cal.Provisional(first), append(y.Published, cal.Years()...)
		y.Source = v.State.Policy.SourceOf(year)
		for d := first; d.Year() == year; d = d.AddDays(1) {
			y.Days = append(y.Days, CalendarDay{d, cal.Kind(d), cal.Name(d), cal.ClosedHalf(d)})
		}
		for _, x := range v.State.Policy.Closures.All() {
			if x.Date.Year() == year {
				y.Closures = append(y.Closures, x)
			}
		}
	})
	return sendJSON(w, r, y)
}

func (a *API) getPolicy(w http.ResponseWriter, r *http.Request) error {
	var info PolicyInfo
	a.Register.Read(func(v *register.View, _ *roster.State) {
		info.Rules = v.State.Policy.Rules(a.today())
		for _, name := range v.State.Policy.Names() {
			now, _ := v.State.Policy.On(name, a.today())
			info.Parameters = append(info.Parameters, ParameterRow{name, v.State.Policy.Scored(name), now, v.State.Policy.History(name)})
		}
	})
	return sendJSON(w, r, info)
}
