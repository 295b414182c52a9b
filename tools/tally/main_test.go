package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, in string
		want     counts
		says     []string
		silent   []string
	}{
		{"tests of a package are counted, their chatter is not shown",
			`{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Elapsed":1.5}
`, counts{1, 0}, []string{"ok    p 1.5s"}, []string{"chatter"}},
		{"a failing test shows what it said",
			`{"Action":"output","Package":"p","Test":"TestA","Output":"wanted 2, got 1\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Elapsed":0.1}
`, counts{0, 1}, []string{"wanted 2, got 1", "FAIL  p 0.1s"}, nil},
		{"a package that panics in the middle of a test counts as a failure",
			`{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"panic: nil map\n"}
{"Action":"fail","Package":"p","Elapsed":0.1}
`, counts{1, 1}, []string{"panic: nil map"}, nil},
		{"a package that fails beside another one that failed counts too",
			`{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Elapsed":0}
{"Action":"fail","Package":"q","Elapsed":0}
`, counts{0, 2}, []string{"FAIL  p 0.0s", "FAIL  q 0.0s"}, nil},
		{"a package that does not build counts as a failure",
			`{"ImportPath":"p","Action":"build-output","Output":"x.go:1: syntax error\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p"}
`, counts{0, 1}, []string{"x.go:1: syntax error", "does not build"}, nil},
		{"a skipped test is named and counted in neither",
			`{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: no QEMU here\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Elapsed":0}
`, counts{0, 0}, []string{"skipped: a_test.go:3: no QEMU here"}, nil},
		{"node's runner in TAP", "ok 1 - x\n# pass 7\n# fail 1\n", counts{7, 1}, []string{"# pass 7"}, nil},
		{"node's runner for people", "ℹ pass 3\nℹ fail 0\n", counts{3, 0}, nil, nil},
		{"vitest with failures, in colour", "\x1b[2m      Tests \x1b[22m \x1b[31m1 failed\x1b[39m | \x1b[32m11 passed\x1b[39m (12)\n", counts{11, 1}, nil, nil},
		{"vitest's count of files is not a count of tests", " Test Files  2 passed (2)\n      Tests  9 passed (9)\n", counts{9, 0}, nil, nil},
		{"a last line without its end is read", "# pass 2", counts{2, 0}, nil, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			got, err := count(strings.NewReader(row.in), &out)
			if err != nil || got != row.want {
				t.Errorf("got %v, %v; want %v", got, err, row.want)
			}
			for _, s := range row.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("the output lacks %q:\n%s", s, &out)
				}
			}
			for _, s := range row.silent {
				if strings.Contains(out.String(), s) {
					t.Errorf("the output shows %q:\n%s", s, &out)
				}
			}
		})
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, row := range []struct {
		name, in string
		args     []string
		fails    error
		last     string
	}{
		{"a good run is kept", "# pass 2\n", []string{"-into", a}, nil, "2 passed, 0 failed"},
		{"a second one is added", "# pass 3\n", []string{"-into", a, "-append"}, nil, "3 passed, 0 failed"},
		{"the sum of all closes the output", "", []string{"-sum", a}, nil, "5 passed, 0 failed"},
		{"a run without a test fails", "nothing here\n", []string{"-into", b}, errFailed, "0 passed, 0 failed"},
		{"a failing run fails", "# pass 1\n# fail 1\n", []string{"-into", b}, errFailed, "1 passed, 1 failed"},
		{"a sum with a failure fails", "", []string{"-sum", a, b}, errFailed, "6 passed, 1 failed"},
		{"a call without a file is refused", "", nil, errUsage, ""},
	} {
		var out, errs strings.Builder
		err := run(row.args, strings.NewReader(row.in), &out, &errs)
		if !errors.Is(err, row.fails) || (row.fails == nil && err != nil) {
			t.Errorf("%s: got %v, want %v", row.name, err, row.fails)
		}
		if last := strings.TrimSpace(out.String()); !strings.HasSuffix(last, row.last) {
			t.Errorf("%s: the last line is %q, want %q", row.name, last, row.last)
		}
	}
}
