package attendance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"hallkeeper/wire"
)

// Compare lists what differs between two sheets of a day.
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

// fields compares two lines field by field. What differs is given as it stands on either sheet.
func fields(subject string, before, after any) (all []wire.SheetChange) {
	b, a := values(before), values(after)
	names := map[string]bool{}
	for k := range b {
		names[k] = true
	}
	for k := range a {
		names[k] = true
	}
	for _, name := range sorted(names) {
		if !bytes.Equal(b[name], a[name]) {
			all = append(all, wire.SheetChange{Subject: subject, Field: name, Before: b[name], After: a[name]})
		}
	}
	return all
}

// values are the fields of a line; none where there is no line.
func values(line any) (fields map[string]json.RawMessage) {
	if line == nil {
		return nil
	}
	text, err := json.Marshal(line)
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	if err != nil { // plain data
		panic(fmt.Sprintf("attendance: a line cannot be compared: %v", err))
	}
	return fields
}
