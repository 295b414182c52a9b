package hall

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hallkeeper/wire"
)

// Draft is one event that a command makes. The caller adds id, time and actor,
// and seals what is personal.
type Draft struct {
	Kind wire.Kind
	Data any
	// Person is whose key seals Personal, e.g. "staff-s01"; both are empty where nothing is personal.
	Person   string
	Personal map[string]string
	// ProposedBy is the account that proposed it, where another one has confirmed it.
	ProposedBy string
}

// Moment is what a decision may know of the world besides the log.
type Moment struct {
	Now  time.Time
	Day  Date
	Zone *time.Location
	// ID is fresh, for what the command makes.
	ID string
	// Actor is who asks, and Staff the staff member that they are, if any.
	Actor wire.Actor
	Staff string
	// Unseal reads what is sealed; nil where the key was destroyed.
	Unseal func(*wire.Sealed) map[string]string
}

// NameOf is a person's name with their id, the id alone where the name is not to be had.
func (m Moment) NameOf(id string, sealed *wire.Sealed) string {
	if m.Unseal != nil && sealed != nil {
		if name := m.Unseal(sealed)["name"]; name != "" {
			return name + " " + id
		}
	}
	return id
}

// Checks gathers what is wrong with a command.
type Checks []Field

// Add notes one wrong field.
func (c *Checks) Add(name, code, zh, en string) { *c = append(*c, Field{name, code, zh, en}) }

// Err is nil where nothing is wrong.
func (c Checks) Err() error {
	if len(c) == 0 {
		return nil
	}
	return Invalid(c...)
}

// ID checks an id that may stand in an address and a topic.
func (c *Checks) ID(name, value string) {
	if wire.CheckName(value) != nil {
		c.Add(name, "characters", fmt.Sprintf("应为 1 到 %d 个字母、数字、点、下划线或连字符", wire.MaxName),
			fmt.Sprintf("must be 1 to %d letters, digits, dots, underscores or hyphens", wire.MaxName))
	}
}

// Words trims a text for people and checks that it has from to most characters.
func (c *Checks) Words(name string, value *string, from, most int) {
	*value = strings.TrimSpace(*value)
	switch n := utf8.RuneCountInString(*value); {
	case n == 0 && from > 0:
		c.Add(name, "required", "必须填写", "is required")
	case n < from:
		c.Add(name, "too_short", fmt.Sprintf("至少 %d 个字", from), fmt.Sprintf("must have %d characters at least", from))
	case n > most:
		c.Add(name, "too_long", fmt.Sprintf("最多 %d 个字", most), fmt.Sprintf("may have %d characters at most", most))
	case strings.ContainsFunc(*value, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }):
		c.Add(name, "characters", "不能含控制字符", "may hold no control characters")
	}
}

// Date checks a day; where it is not needed it may be empty.
func (c *Checks) Date(name, value string, need bool) {
	if value == "" && !need {
		return
	}
	if !Date(value).Valid() {
		c.Add(name, "date", "应为日期，如 2026-11-23", "must be a date like 2026-11-23")
	}
}

// Span checks that until is not before from, where both are days.
func (c *Checks) Span(name, from, until string) {
	if Date(from).Valid() && Date(until).Valid() && until < from {
		c.Add(name, "before", "不能早于开始日期 "+from, "must not be before "+from)
	}
}

// Choice checks that a value is one of several.
func (c *Checks) Choice(name, value string, choices ...string) {
	for _, x := range choices {
		if value == x {
			return
		}
	}
	for i, x := range choices {
		if x == "" {
			choices[i] = `""`
		}
	}
	c.Add(name, "choice", "应为 "+strings.Join(choices, "、")+" 之一", "must be one of "+strings.Join(choices, ", "))
}

// Known checks that something is there.
func (c *Checks) Known(name, value string, known bool) {
	switch {
	case known:
	case value == "":
		c.Add(name, "required", "必须填写", "is required")
	default:
		c.Add(name, "unknown", fmt.Sprintf("没有“%.64s”，请先登记", value), fmt.Sprintf("there is no %.64q; enter it first", value))
	}
}

// RefuseBy is a refusal by an article of the regulation.
func RefuseBy(article, name, zh, en string) *Error {
	return &Error{Code: CodeRefused, Name: name, ZH: zh, EN: en, Article: article}
}

// WindowKey is whose key seals what is said about a window in a day's month: a key for
// each month, so that an old month can be forgotten on its own.
func WindowKey(window string, day Date) string {
	return "window-" + window + "." + string(day[:min(len(day), len("2006-01"))])
}
