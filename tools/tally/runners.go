package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// packages turns the stream of `go test -json` back into what a person reads:
// one line a package, and the whole output of what failed.
type packages struct {
	out io.Writer
	// said holds the output of each running test, by package and test.
	said map[string][]string
	// failed counts the failed tests of each package.
	failed map[string]int
}

func newPackages(out io.Writer) *packages {
	return &packages{out: out, said: map[string][]string{}, failed: map[string]int{}}
}

// goEvent is one line of `go test -json`, as `go doc test2json` describes it.
type goEvent struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	// FailedBuild is set where a package failed because something did not build.
	FailedBuild string
	Output      string
	Elapsed     float64
}

// line handles one line and tells whether it was of `go test -json`.
func (p *packages) line(line string, total *counts) bool {
	if !strings.HasPrefix(line, `{"`) {
		return false
	}
	var e goEvent
	if json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
		return false
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(p.out, e.Output)
	case "build-fail":
		total.failed++
		fmt.Fprintln(p.out, "FAIL", e.ImportPath, "does not build")
	case "output":
		p.said[key] = append(p.said[key], e.Output)
	case "pass", "fail", "skip":
		p.ended(e, key, total)
	}
	return true
}

func (p *packages) ended(e goEvent, key string, total *counts) {
	said := p.said[key]
	delete(p.said, key)
	if e.Test == "" {
		p.packageEnded(e, said, total)
		return
	}
	switch e.Action {
	case "pass":
		total.passed++
	case "fail":
		total.failed++
		p.failed[e.Package]++
		fmt.Fprint(p.out, strings.Join(said, ""))
	case "skip":
		for _, s := range said {
			if s = strings.TrimSpace(s); s != "" && !strings.HasPrefix(s, "===") {
				fmt.Fprintln(p.out, "skipped:", s)
			}
		}
	}
}

func (p *packages) packageEnded(e goEvent, said []string, total *counts) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(p.out, "ok    %s %.1fs\n", e.Package, e.Elapsed)
	case "fail":
		// A package can fail without a failing test: a race at exit, a panic, a
		// time-out. Then its tests never end and hold the reason.
		for key, lines := range p.said {
			if strings.HasPrefix(key, e.Package+" ") {
				fmt.Fprint(p.out, strings.Join(lines, ""))
				delete(p.said, key)
			}
		}
		if p.failed[e.Package] == 0 && e.FailedBuild == "" {
			total.failed++
		}
		fmt.Fprint(p.out, strings.Join(said, ""))
		fmt.Fprintf(p.out, "FAIL  %s %.1fs\n", e.Package, e.Elapsed)
	}
}

// foreign reads the closing lines of node's runner ("# pass 7", "ℹ fail 0") and
// of vitest ("Tests  1 failed | 11 passed (12)").
func foreign(line string) counts {
	line = strings.TrimSpace(regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(line, ""))
	if m := regexp.MustCompile(`^[#ℹ] (pass|fail) (\d+)$`).FindStringSubmatch(line); m != nil {
		if m[1] == "pass" {
			return counts{passed: number(m[2])}
		}
		return counts{failed: number(m[2])}
	}
	if !regexp.MustCompile(`^Tests\s+\d+ `).MatchString(line) {
		return counts{}
	}
	var c counts
	for _, m := range regexp.MustCompile(`(\d+) (passed|failed)`).FindAllStringSubmatch(line, -1) {
		if m[2] == "passed" {
			c.passed = number(m[1])
		} else {
			c.failed = number(m[1])
		}
	}
	return c
}

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}
