package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheListIsThatOfWhatIsShipped(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	want, err := write(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "docs", "licences.md"))
	if err != nil || string(got) != want {
		t.Errorf("docs/licences.md is not what is shipped (%v): run make licences", err)
	}
	for _, name := range []string{"go.etcd.io/bbolt", "periph.io/x/host/v3", "[vue]", "[uqr]"} {
		if !strings.Contains(want, name) {
			t.Errorf("the list lacks %s", name)
		}
	}
}

func TestWhatMayNotBeShippedIsRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		licences []string
		says     string
	}{
		{[]string{"MIT"}, ""},
		{[]string{"Apache-2.0", "BSD-3-Clause"}, ""},
		{[]string{"MIT", "AGPL-3.0"}, "may not be in what is shipped"},
		{[]string{"GPL-2.0-only"}, "may not be in what is shipped"},
		{[]string{"LGPL-3.0-or-later"}, "may not be in what is shipped"},
		{nil, "no licence was recognised"},
	} {
		err := check([]shipped{{name: "m", version: "v1", licences: row.licences}})
		if (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
			t.Errorf("%v: %v", row.licences, err)
		}
	}
}

func TestTextsAreRecognised(t *testing.T) {
	t.Parallel()
	apache, err := os.ReadFile(filepath.Join("..", "..", "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	const mit = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the \"Software\"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:\n\nThe above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.\n"
	for _, row := range []struct {
		files map[string]string
		want  []string
	}{
		{map[string]string{"LICENSE": string(apache)}, []string{"Apache-2.0"}},
		{map[string]string{"LICENSE": string(apache), "LICENSE.libyaml": mit}, []string{"Apache-2.0", "MIT"}},
		{map[string]string{"COPYING.md": mit}, []string{"MIT"}},
		{map[string]string{"LICENSE": "do what I say"}, nil},
		{map[string]string{"README": mit}, nil},
	} {
		dir := t.TempDir()
		for name, text := range row.files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := licencesIn(dir); err != nil || !slices.Equal(got, row.want) {
			t.Errorf("%v: got %v, %v", row.want, got, err)
		}
	}
}
