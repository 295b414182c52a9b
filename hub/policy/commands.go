package policy

import (
	"math"
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Command is a command about the policy.
type Command interface {
	DecidePolicy(s *State, m hall.Moment) ([]hall.Draft, error)
}

// PublishYear gives the hall the holidays of a year.
type PublishYear wire.CalendarPublished

// CloseDay closes the hall on a day or half of it.
type CloseDay wire.CalendarClosed

// ReopenDay takes a closure back.
type ReopenDay wire.CalendarReopened

// SetParameter gives a parameter a value from a day on. One that scores stand on takes two people.
type SetParameter struct {
	wire.ParameterSet
	// Agreed is true where a second person has agreed. It is not part of the request.
	Agreed bool `json:"-"`
}

// DecidePolicy gives the event, or a refusal that names every wrong date.
func (c PublishYear) DecidePolicy(*State, hall.Moment) ([]hall.Draft, error) {
	if err := yearOf(wire.CalendarPublished(c)).Check(); err != nil {
		return nil, err
	}
	return event(wire.KindCalendarPublished, wire.CalendarPublished(c))
}

// DecidePolicy gives the event, or a refusal.
func (c CloseDay) DecidePolicy(s *State, _ hall.Moment) ([]hall.Draft, error) {
	var bad []hall.Field
	if !hall.Date(c.Date).Valid() {
		bad = append(bad, badDate("date"))
	}
	if c.Half != "" && c.Half != "am" && c.Half != "pm" {
		bad = append(bad, hall.Field{Name: "half", Code: "choice", ZH: "应为空（全天）、am（上午）或 pm（下午）", EN: "must be empty (the whole day), am or pm"})
	}
	if strings.TrimSpace(c.Reason) == "" {
		bad = append(bad, hall.Field{Name: "reason", Code: "required", ZH: "请写明停止服务的原因", EN: "say why the hall is closed"})
	}
	if bad != nil {
		return nil, hall.Invalid(bad...)
	}
	if old, ok := s.Closures.Get(c.Date); ok && old == (hall.Closure{Date: hall.Date(c.Date), Half: c.Half, Reason: c.Reason}) {
		return nil, nil
	}
	return event(wire.KindCalendarClosed, wire.CalendarClosed(c))
}

// DecidePolicy gives the event, or a refusal where the day is not closed.
func (c ReopenDay) DecidePolicy(s *State, _ hall.Moment) ([]hall.Draft, error) {
	if !s.Closures.Has(c.Date) {
		return nil, hall.Unknown("closure_unknown", c.Date+" 没有登记停止服务", "no closure is entered for "+c.Date)
	}
	return event(wire.KindCalendarReopened, wire.CalendarReopened(c))
}

// DecidePolicy gives the event, or a refusal that names the wrong fields.
func (c SetParameter) DecidePolicy(s *State, _ hall.Moment) ([]hall.Draft, error) {
	if !s.known(c.Name) {
		return nil, hall.Unknown("parameter_unknown", "没有名为“"+c.Name+"”的参数", "there is no parameter "+c.Name)
	}
	var bad []hall.Field
	if math.IsNaN(c.Value) || c.Value < 0 || c.Value > 100_000 {
		bad = append(bad, hall.Field{Name: "value", Code: "range", ZH: "应为 0 到 100000 的数", EN: "must be a number from 0 to 100000"})
	}
	if !hall.Date(c.From).Valid() {
		bad = append(bad, badDate("from"))
	}
	if c.Until != "" && (!hall.Date(c.Until).Valid() || c.Until < c.From) {
		bad = append(bad, hall.Field{Name: "until", Code: "date", ZH: "应为空，或不早于起始日的日期", EN: "must be empty or a date not before from"})
	}
	if strings.TrimSpace(c.Reference) == "" {
		bad = append(bad, hall.Field{Name: "reference", Code: "required", ZH: "请写明依据（条款或文件）", EN: "name the article or document that it stands on"})
	}
	if bad != nil {
		return nil, hall.Invalid(bad...)
	}
	if s.Scored(c.Name) && !c.Agreed {
		return nil, hall.Refuse("two_people", "考核分数、等次或名额以“"+c.Name+"”为依据，须由两人办理：请提出修改，由另一位督导或管理员确认",
			"scores, grades or awards stand on "+c.Name+": propose the change, and another supervisor or administrator confirms it")
	}
	return event(wire.KindParameterSet, c.ParameterSet)
}

func badDate(name string) hall.Field {
	return hall.Field{Name: name, Code: "date", ZH: "应为日期，如 2026-11-23", EN: "must be a date like 2026-11-23"}
}

func event(kind wire.Kind, data any) ([]hall.Draft, error) {
	return []hall.Draft{{Kind: kind, Data: data}}, nil
}
