// Package policy is what the hall goes by: the assessment policies that it has
// adopted, the numbers that it has set beside them, and the calendar of working
// days. It owns the events that change them and the answer to "what held on that
// day"; until the hall has adopted a policy, the one for 63号 that comes with the
// program serves the daily work. It refuses to know who it is applied to.
//
// It is pure: commands may refuse, Fold cannot fail.
package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/policies"
	"hallkeeper/wire"
)

// Parameter is one number of the policy from a day on.
type Parameter struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Unit is one of assess.Units.
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
	// Kind is the kind of fact that it is about (assess.Kinds).
	Kind string `json:"kind"`
	// To is whom the fact is first about: staff, window or department.
	To string `json:"to"`
	// Points is what a finding takes off, or gives where Bonus is true: CEL.
	Points string `json:"points"`
	Bonus  bool   `json:"bonus,omitempty"`
	// Inspection rules are for people to apply; the others follow from what the hub observes.
	Inspection bool   `json:"inspection,omitempty"`
	ZH         string `json:"zh"`
	EN         string `json:"en"`
}

// State is the policy of a hall. Make it with New.
type State struct {
	Years    hall.Table[hall.Year]
	Closures hall.Table[hall.Closure]
	// Changes are values that the hall has set, by name; each list in the order in which it was set.
	Changes hall.Table[[]Parameter]
	// Adoptions are the policies that the hall has adopted, by id@version.
	Adoptions hall.Table[Adoption]

	// parsed are policies by the hash of their text. What is parsed is not changed, so that clones share it.
	parsed map[string]*assess.Policy
	// shipped is the program's own policy, books those that were adopted, by their first day.
	shipped  *book
	books    []*book
	calendar *hall.Calendar
}

// shippedBook is the policy that comes with the program. Reading it and compiling its
// rules is most of what an empty view costs, and what is embedded never changes: it is
// read once a process, and each state has a copy of the book whose values it may change.
var shippedBook = sync.OnceValues(func() (*book, error) { //nolint:gochecknoglobals // read from what is embedded, and not changed
	p, err := assess.Load(policies.Default())
	if err != nil {
		return nil, fmt.Errorf("read the policy that comes with the program: %w", err)
	}
	return newBook(p), nil
})

// Read is assess.Load; the text that comes with the program it has read already.
func Read(text string) (*assess.Policy, error) {
	if text == string(policies.Default()) {
		if b, err := shippedBook(); err == nil {
			return b.file, nil
		}
	}
	return assess.Load([]byte(text))
}

// New is the policy of an empty log: the program's defaults and calendars.
func New() (*State, error) {
	b, err := shippedBook()
	if err != nil {
		return nil, err
	}
	shipped := *b
	return from(&shipped, nil)
}

// Empty is the policy of an empty log, like New, and has read what s has read.
func (s *State) Empty() (*State, error) {
	shipped := *s.shipped
	shipped.now = shipped.file
	return from(&shipped, s.parsed)
}

func from(shipped *book, parsed map[string]*assess.Policy) (*State, error) {
	s := &State{shipped: shipped, parsed: map[string]*assess.Policy{}}
	maps.Copy(s.parsed, parsed)
	if err := s.build(); err != nil {
		return nil, err
	}
	return s, nil
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	return hall.Tables{"calendar-year": &s.Years, "closure": &s.Closures, "parameter": &s.Changes, "policy-adopted": &s.Adoptions}
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
	s.shelve()
	return nil
}

// Calendar is the hall's calendar. It is not to be changed.
func (s *State) Calendar() *hall.Calendar { return s.calendar }

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
		if json.Unmarshal(r.Data, &d) != nil {
			return false
		}
		if p, known := s.On(d.Name, hall.Date(d.From)); known { // its unit and words
			p.Value, p.From, p.Until, p.Reference = d.Value, hall.Date(d.From), hall.Date(d.Until), d.Reference
			s.Changes.Change(d.Name, func(all *[]Parameter) { *all = append(slices.Clone(*all), p) })
			s.change()
			return true
		}
	case wire.KindPolicyAdopted:
		var d wire.PolicyAdopted
		if json.Unmarshal(r.Data, &d) == nil {
			s.adopted(r, d)
			return true
		}
	case wire.KindPolicyExtended:
		var d wire.PolicyExtended
		if json.Unmarshal(r.Data, &d) == nil {
			return s.extended(r, d)
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
