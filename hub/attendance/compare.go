package attendance

import (
	"encoding/json"
	"slices"
	"strings"

	"hallkeeper/wire"
)

// Compare lists what differs between two sheets of a day, each difference readable by itself.
func Compare(before, after *wire.Sheet) []wire.SheetChange {
	var all []wire.SheetChange
	for subject, pair := range pairs(before.Staff, after.Staff, func(l *wire.StaffLine) string { return "staff/" + l.Staff }) {
		all = append(all, fields(subject, pair[0], pair[1])...)
	}
	for subject, pair := range pairs(before.Windows, after.Windows, func(l *wire.WindowLine) string { return "window/" + l.Window }) {
		all = append(all, fields(subject, pair[0], pair[1])...)
	}
	for subject, pair := range pairs(before.Suspects, after.Suspects, func(s *wire.Suspect) string { return "suspect/" + s.ID }) {
		all = append(all, fields(subject, pair[0], pair[1])...)
	}
	type day struct {
		DayKind     string `json:"day_kind"`
		DayName     string `json:"day_name"`
		Provisional bool   `json:"provisional,omitempty"`
	}
	all = append(all, fields("day", day{before.DayKind, before.DayName, before.Provisional}, day{after.DayKind, after.DayName, after.Provisional})...)
	slices.SortStableFunc(all, func(a, b wire.SheetChange) int {
		return strings.Compare(a.Subject+" "+a.Field, b.Subject+" "+b.Field)
	})
	return all
}

func pairs[T any](before, after []T, id func(*T) string) map[string][2]any {
	all := map[string][2]any{}
	for i := range before {
		all[id(&before[i])] = [2]any{before[i], nil}
	}
	for i := range after {
		pair := all[id(&after[i])]
		pair[1] = after[i]
		all[id(&after[i])] = pair
	}
	return all
}

// fields compares two lines field by field.
func fields(subject string, before, after any) (all []wire.SheetChange) {
	b, a := texts(before), texts(after)
	names := map[string]bool{}
	for k := range b {
		names[k] = true
	}
	for k := range a {
		names[k] = true
	}
	for _, name := range sorted(names) {
		if b[name] != a[name] {
			all = append(all, wire.SheetChange{Subject: subject, Field: name, Before: b[name], After: a[name]})
		}
	}
	return all
}

// texts writes each field of a line for people.
func texts(line any) map[string]string {
	out := map[string]string{}
	if line == nil {
		return out
	}
	text, _ := json.Marshal(line) // a sheet's line: it cannot fail
	var raw map[string]json.RawMessage
	_ = json.Unmarshal(text, &raw)
	for name, v := range raw {
		out[name] = plain(name, v)
	}
	return out
}

func plain(name string, v json.RawMessage) string {
	switch name {
	case "slots":
		var all []wire.Slot
		_ = json.Unmarshal(v, &all)
		return join(all, func(s wire.Slot) string {
			return strings.TrimSpace(s.Way + " " + s.Expected + " " + string(s.State) + " " + s.Actual)
		})
	case "swipes":
		var all []wire.Mark
		_ = json.Unmarshal(v, &all)
		return join(all, func(m wire.Mark) string { return strings.TrimSpace(m.At + " " + m.Window + " " + m.Use) })
	case "findings":
		var all []wire.Finding
		_ = json.Unmarshal(v, &all)
		return join(all, func(f wire.Finding) string {
			text := f.Rule + " " + f.At
			if f.Withdrawn {
				text += " withdrawn"
			}
			return strings.TrimSpace(text)
		})
	case "away", "gaps":
		var all []wire.Span
		_ = json.Unmarshal(v, &all)
		return join(all, func(s wire.Span) string { return s.From + "-" + s.Until })
	}
	return strings.Trim(string(v), `"`)
}

func join[T any](all []T, text func(T) string) string {
	parts := make([]string, len(all))
	for i := range all {
		parts[i] = text(all[i])
	}
	return strings.Join(parts, "; ")
}
