package settings

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"hallkeeper/bilingual"
)

// Fault is one mistake in the settings.
type Fault struct {
	// File and Line (from 1) say where it was written; Line is 0 where the whole
	// file is meant, File is empty for a variable, a flag or a default.
	File string
	Line int
	// Name is the environment variable or flag it came from, e.g. HALL_HTTP_ADDR
	// or --http; empty for a file or a default.
	Name string
	// Key is the key path, e.g. http.addr; empty where the whole file is meant.
	Key string
	// Problem says what was expected, ProblemZH the same in Chinese; "" where nobody has words for it.
	Problem, ProblemZH string
}

// String is one line in English.
func (f Fault) String() string { return f.line(f.Problem) }

// Chinese is one line in Chinese, or "" where nobody has words for it.
func (f Fault) Chinese() string {
	if f.ProblemZH == "" {
		return ""
	}
	return f.line(f.ProblemZH)
}

func (f Fault) line(problem string) string {
	var b strings.Builder
	switch {
	case f.File != "" && f.Line > 0:
		fmt.Fprintf(&b, "%s:%d: ", f.File, f.Line)
	case f.File != "":
		fmt.Fprintf(&b, "%s: ", f.File)
	case f.Name != "":
		fmt.Fprintf(&b, "%s: ", f.Name)
	}
	if f.Key != "" {
		fmt.Fprintf(&b, "%s: ", f.Key)
	}
	b.WriteString(problem)
	return b.String()
}

// Faults is all that is wrong with the settings; it is never empty.
type Faults struct{ List []Fault }

// Error gives one line in English for each fault.
func (f *Faults) Error() string {
	lines := make([]string, len(f.List))
	for i, one := range f.List {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// Lines gives what people read: for each fault a line in Chinese, where there are words for it, and one in English.
func (f *Faults) Lines() []string {
	var lines []string
	for _, one := range f.List {
		if zh := one.Chinese(); zh != "" {
			lines = append(lines, zh)
		}
		lines = append(lines, one.String())
	}
	return lines
}

// Print writes for people that there are mistakes, and each of them.
func (f *Faults) Print(w io.Writer, program string) {
	bilingual.Print(w, program, bilingual.Errorf("设置有 %d 处错误，没有启动。下面逐处列出：文件和行号、设置项、应填什么；改好后再试",
		"mistakes in the settings: %d, nothing was started; each stands below with its file and line, its key and what is expected", len(f.List)))
	_, _ = fmt.Fprintln(w, strings.Join(f.Lines(), "\n"))
}

// At is for Check methods: it blames the value under key, a path below the
// value being checked, so that the fault names the line where that was written.
// The two formats have the same arguments, as those of bilingual.Errorf.
func At(key, zh, en string, args ...any) error {
	return &keyError{key: key, err: bilingual.Errorf(zh, en, args...)}
}

type keyError struct {
	key string
	err error
}

func (e *keyError) Error() string   { return e.key + ": " + e.err.Error() }
func (e *keyError) Chinese() string { return e.key + ": " + bilingual.InChinese(e.err) }
func (e *keyError) Unwrap() error   { return e.err }

// each visits the parts of a joined error.
func each(err error, visit func(error)) {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, part := range joined.Unwrap() {
			each(part, visit)
		}
		return
	}
	visit(err)
}

// nearest gives the name most like got, or "" where none is like it.
func nearest(got string, names []string) string {
	best, bestAt := "", 1+len(got)/3
	for _, name := range names {
		if d := distance(got, name, bestAt); d <= bestAt && (best == "" || d < bestAt) {
			best, bestAt = name, d
		}
	}
	return best
}

// distance counts the letters to insert, drop, replace or swap with their
// neighbour (optimal string alignment); any result above limit means "far".
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
