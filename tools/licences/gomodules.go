package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// program is where a program's main package is, and for which processors it is shipped.
type program struct {
	dir        string
	processors []string
}

// programs are shipped.
func programs() map[string]program {
	both := []string{"amd64", "arm64"}
	return map[string]program{"hub": {"./hub/cmd/hub", both}, "agent": {"./agent/cmd/agent", both}, "screen": {"./deploy/screen", both},
		"simulator": {"./simulator/cmd/simulator", both[:1]}}
}

// decided are modules whose licence no reader of texts recognises, read by a person.
func decided() map[string][]string {
	return map[string][]string{}
}

// goModules lists the modules that the programs hold.
func goModules(root string) ([]shipped, error) {
	found := map[string]*shipped{}
	dirs := map[string]string{}
	for program, p := range programs() {
		for _, processor := range p.processors {
			cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}", p.dir)
			cmd.Dir = root
			cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+processor, "CGO_ENABLED=0")
			var said bytes.Buffer
			cmd.Stderr = &said
			out, err := cmd.Output()
			if err != nil {
				return nil, fmt.Errorf("list what %s holds: %w: %s", program, err, said.String())
			}
			for line := range strings.Lines(string(out)) {
				f := strings.Split(strings.TrimSpace(line), "\t")
				if len(f) != 3 {
					continue
				}
				if found[f[0]] == nil {
					found[f[0]] = &shipped{name: f[0], version: f[1], source: "https://pkg.go.dev/" + f[0] + "@" + f[1]}
					dirs[f[0]] = f[2]
				}
				if s := found[f[0]]; !slices.Contains(s.in, program) {
					s.in = append(s.in, program)
				}
			}
		}
	}
	var all []shipped
	for _, name := range slices.Sorted(maps.Keys(found)) {
		s := found[name]
		s.dir = dirs[name]
		slices.Sort(s.in)
		s.licences = decided()[name]
		if s.licences == nil {
			var err error
			if s.licences, err = licencesIn(dirs[name]); err != nil {
				return nil, err
			}
		}
		all = append(all, *s)
	}
	return all, nil
}

// licencesIn recognises the licences of a module's folder, in order of their ids.
func licencesIn(dir string) ([]string, error) {
	texts, err := licenceFiles(dir, false)
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for _, file := range texts {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		found := licensecheck.Scan(text)
		if found.Percent < 50 { // most of the text is none that is known
			continue
		}
		for _, m := range found.Match {
			if !m.IsURL {
				ids[m.ID] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(ids)), nil
}

// licenceFiles are the files of a folder that hold licences, and with notices what is to be kept with them.
func licenceFiles(dir string, notices bool) (files []string, err error) {
	named := regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([.-].*)?$`)
	kept := regexp.MustCompile(`(?i)^(notice|copyright|patents)([.-].*)?$`)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.IsDir() && (named.MatchString(e.Name()) || notices && kept.MatchString(e.Name())) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, nil
}
