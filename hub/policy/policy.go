// Package policy is what the hall goes by: the dated parameters and rules of the
// daily check, and the calendar of working days. It owns the defaults for 63号,
// the events that change them and the answer to "what held on that day". It
// refuses to know who it is applied to.
//
// It is pure: commands may refuse, Fold cannot fail.
package policy

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

//go:embed parameters.json
var parametersFile []byte

//go:embed rules.json
var rulesFile []byte

// Parameter is one number of the policy from a day on.
type Parameter struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Unit is min (minutes), s (seconds), points, years, months, times or working days.
	Unit string `json:"unit"`
	// From and Until bound the days on which the value holds, both included; an empty Until is no end.
	From  hall.Date `json:"from"`
	Until hall.Date `json:"until,omitempty"`
	// Reference is the article that the number serves.
	Reference string `json:"reference"`
	ZH        string `json:"zh"`
	EN        string `json:"en"`
}

// Rule is one reason for a finding.
type Rule struct {
	ID    string `json:"id"`
	Cites string `json:"cites"`
	// To is staff or window.
	To string `json:"to"`
	// Points names the parameter of what a finding takes off.
	Points string `json:"points"`
	// Inspection rules are for people to apply; the others follow from swipes.
	Inspection bool   `json:"inspection,omitempty"`
	ZH         string `json:"zh"`
	EN         string `json:"en"`
}

// Defaults are the parameters for 63号 as the program ships them.
func Defaults() []Parameter { return decode[Parameter](parametersFile) }

// Rules are the rules of the daily check.
func Rules() []Rule { return decode[Rule](rulesFile) }

func decode[T any](file []byte) (all []T) {
	if err := json.Unmarshal(file, &all); err != nil {
		panic(fmt.Sprintf("policy: an embedded file does not read: %v", err)) // a test reads them
	}
	return all
}

// State is the policy of a hall. Make it with New.
type State struct {
	Years    hall.Table[hall.Year]
	Closures hall.Table[hall.Closure]
	// Changes are values that the hall has set, by name; each list in the order in which it was set.
	Changes hall.Table[[]Parameter]

	defaults map[string][]Parameter
	rules    map[string]Rule
	calendar *hall.Calendar
}

// New is the policy of an empty log: the program's defaults and calendars.
func New() (*State, error) {
	s := &State{defaults: map[string][]Parameter{}, rules: map[string]Rule{}}
	for _, p := range Defaults() {
		s.defaults[p.Name] = append(s.defaults[p.Name], p)
	}
	for _, r := range Rules() {
		s.rules[r.ID] = r
	}
	if err := s.build(); err != nil {
		return nil, err
	}
	return s, nil
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	return hall.Tables{"calendar-year": &s.Years, "closure": &s.Closures, "parameter": &s.Changes}
}

// Loaded is called after rows were loaded, to make anew what follows from them.
func (s *State) Loaded() error { return s.build() }

func (s *State) build() error {
	years, err := hall.PublishedYears()
	if err != nil {
		return err
	}
	s.calendar = &hall.Calendar{}
	for _, y := range years {
		s.calendar.SetYear(y)
	}
	for _, y := range s.Years.All() {
		s.calendar.SetYear(y)
	}
	for _, c := range s.Closures.All() {
		s.calendar.Close(c)
	}
	return nil
}

// Calendar is the hall's calendar. It is not to be changed.
func (s *State) Calendar() *hall.Calendar { return s.calendar }

// Rule gives a rule by id.
func (s *State) Rule(id string) (Rule, bool) {
	r, ok := s.rules[id]
	return r, ok
}

// On gives the value of a parameter that holds on a day: the last that the hall
// set for it, else the program's. ok is false where none holds.
func (s *State) On(name string, day hall.Date) (p Parameter, ok bool) {
	changes, _ := s.Changes.Get(name)
	for _, list := range [2][]Parameter{changes, s.defaults[name]} {
		for i := len(list) - 1; i >= 0; i-- {
			if list[i].From <= day && (list[i].Until == "" || day <= list[i].Until) {
				return list[i], true
			}
		}
	}
	// Before the regulation was in force its first value serves: old days can still be looked at.
	if first := s.defaults[name]; len(first) > 0 {
		return first[0], true
	}
	return Parameter{}, false
}

// Names are the parameters there are, in order.
func (s *State) Names() []string {
	var names []string
	for name := range s.defaults {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// History gives all values that a parameter ever had: the program's, then the hall's in the order in which it set them.
func (s *State) History(name string) []Parameter {
	changes, _ := s.Changes.Get(name)
	return append(slices.Clone(s.defaults[name]), changes...)
}

// String names a value with its unit and the day it holds from, for findings.
func (p Parameter) String() string {
	return p.Name + "=" + strconv.FormatFloat(p.Value, 'f', -1, 64) + " " + p.Unit + "@" + string(p.From)
}

// Fold applies a record and tells whether the policy has changed.
func (s *State) Fold(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindCalendarPublished:
		var d wire.CalendarPublished
		if json.Unmarshal(r.Data, &d) == nil {
			y := yearOf(d)
			s.Years.Set(strconv.Itoa(y.Year), y)
			s.calendar.SetYear(y)
			return true
		}
	case wire.KindCalendarClosed:
		var d wire.CalendarClosed
		if json.Unmarshal(r.Data, &d) == nil {
			c := hall.Closure{Date: hall.Date(d.Date), Half: d.Half, Reason: d.Reason}
			s.Closures.Set(d.Date, c)
			s.calendar.Close(c)
			return true
		}
	case wire.KindCalendarReopened:
		var d wire.CalendarReopened
		if json.Unmarshal(r.Data, &d) == nil {
			s.Closures.Delete(d.Date)
			s.calendar.Reopen(hall.Date(d.Date))
			return true
		}
	case wire.KindParameterSet:
		var d wire.ParameterSet
		if json.Unmarshal(r.Data, &d) == nil && len(s.defaults[d.Name]) > 0 {
			p := s.defaults[d.Name][0] // its unit and words
			p.Value, p.From, p.Until, p.Reference = d.Value, hall.Date(d.From), hall.Date(d.Until), d.Reference
			s.Changes.Change(d.Name, func(all *[]Parameter) { *all = append(slices.Clone(*all), p) })
			return true
		}
	}
	return false
}

func yearOf(d wire.CalendarPublished) hall.Year {
	y := hall.Year{Year: d.Year, Source: d.Source, Holidays: map[hall.Date]string{}}
	for date, name := range d.Holidays {
		y.Holidays[hall.Date(date)] = name
	}
	for _, date := range d.Workdays {
		y.Workdays = append(y.Workdays, hall.Date(date))
	}
	return y
}

// SourceOf is the notice that a year's holidays are from; empty where there is none.
func (s *State) SourceOf(year int) string {
	if y, ok := s.Years.Get(strconv.Itoa(year)); ok {
		return y.Source
	}
	published, err := hall.PublishedYears()
	if err != nil {
		return ""
	}
	for _, y := range published {
		if y.Year == year {
			return y.Source
		}
	}
	return ""
}
