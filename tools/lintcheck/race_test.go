package lintcheck

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Nothing of these meets by itself: hub/api is called by many at once, which its tests in MANY and hub/app's are for;
// hub/cmd/hub starts the demonstration, whose parts are looked at in their own packages.
var withoutRace = []string{"hub/api", "hub/cmd/hub"}

// A package of the product that starts goroutines is among those of `make test-race`.
func TestTheRaceDetectorLooksWhereGoroutinesMeet(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?m)^RACE := ((?:.*\\\n)*.*)$`).FindSubmatch(makefile)
	if block == nil {
		t.Fatal("the Makefile has no list RACE")
	}
	listed := strings.Fields(strings.ReplaceAll(string(block[1]), "\\\n", " "))
	looks := func(dir string) bool {
		return slices.ContainsFunc(listed, func(pattern string) bool {
			root, below := strings.CutSuffix(strings.TrimPrefix(pattern, "./"), "/...")
			return dir == root || below && strings.HasPrefix(dir, root+"/")
		})
	}
	started := map[string]bool{}
	for _, side := range []string{"agent", "hub", "simulator", "deploy/screen"} {
		err := filepath.WalkDir("../../"+side, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			dir, err := filepath.Rel("../..", filepath.Dir(path))
			ast.Inspect(file, func(n ast.Node) bool {
				if startsOne(n) {
					started[filepath.ToSlash(dir)] = true
				}
				return true
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(started) < 10 {
		t.Fatalf("only %v start goroutines: this test looks in the wrong place", started)
	}
	for dir := range started {
		if !looks(dir) && !slices.Contains(withoutRace, dir) {
			t.Errorf("%s starts goroutines: add ./%s to RACE in the Makefile", dir, dir)
		}
	}
	for _, dir := range withoutRace {
		if !started[dir] || looks(dir) {
			t.Errorf("%s needs no exception any more", dir)
		}
	}
}

// startsOne reports whether n is a go statement, the Go of a wait group or errgroup, or an AfterFunc.
func startsOne(n ast.Node) bool {
	if _, ok := n.(*ast.GoStmt); ok {
		return true
	}
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	return ok && (method.Sel.Name == "Go" || method.Sel.Name == "AfterFunc")
}
