package assess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one mistake in a policy file.
type Fault struct {
	// Line and Column are from 1; Line is 0 where the whole file is meant.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Path names the place, e.g. rules[3].points.
	Path string `json:"path"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
}

// String is the fault in one line, without the file's name.
func (f Fault) String() string {
	path := f.Path
	if path != "" {
		path += ": "
	}
	return fmt.Sprintf("%d: %s%s / %s", f.Line, path, f.ZH, f.EN)
}

// Faults is all that is wrong with a policy file, by line; it is never empty.
type Faults struct{ List []Fault }

// Error gives one line for each fault.
func (f *Faults) Error() string {
	lines := make([]string, len(f.List))
	for i, one := range f.List {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// inOrder sorts faults by where they stand and drops what is said twice.
func inOrder(list []Fault) []Fault {
	slices.SortStableFunc(list, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path), cmp.Compare(a.EN, b.EN))
	})
	return slices.Compact(list)
}
