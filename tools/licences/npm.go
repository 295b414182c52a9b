package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// locked is a package of package-lock.json.
type locked struct {
	Version      string            `json:"version"`
	License      string            `json:"license"`
	Dependencies map[string]string `json:"dependencies"`
	Peers        map[string]string `json:"peerDependencies"`
}

// npmPackages lists the packages that the pages' sources import, and those that these
// need in turn. What their licence is, the lock file says.
func npmPackages(dir string) ([]shipped, error) {
	text, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return nil, err
	}
	var lock struct {
		Packages map[string]locked `json:"packages"`
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, fmt.Errorf("package-lock.json: %w", err)
	}
	queue, err := imported(filepath.Join(dir, "src"))
	if err != nil {
		return nil, err
	}
	found := map[string]shipped{}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if _, known := found[name]; known {
			continue
		}
		p, ok := lock.Packages["node_modules/"+name]
		if !ok {
			return nil, fmt.Errorf("the pages import %s, which package-lock.json does not have", name)
		}
		s := shipped{name: name, version: p.Version, source: "https://www.npmjs.com/package/" + name + "/v/" + p.Version, in: []string{"pages"}, dir: installed(dir, name)}
		for _, id := range regexp.MustCompile(`\s+AND\s+`).Split(strings.Trim(p.License, "()"), -1) {
			if id != "" {
				s.licences = append(s.licences, id)
			}
		}
		found[name] = s
		queue = append(queue, slices.Sorted(maps.Keys(p.Dependencies))...)
		for peer := range p.Peers {
			if _, there := lock.Packages["node_modules/"+peer]; there && !strings.HasPrefix(peer, "@types/") && peer != "typescript" {
				queue = append(queue, peer)
			}
		}
	}
	var all []shipped
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if !strings.HasPrefix(name, "@types/") { // types are gone when the pages are built
			all = append(all, found[name])
		}
	}
	return all, nil
}

// imported gives the packages that sources name, sorted.
func imported(src string) ([]string, error) {
	named := regexp.MustCompile(`(?m)(?:from|import)\s*\(?\s*['"]((?:@[\w.-]+/)?[a-z][\w.-]*)(?:/[^'"]*)?['"]`)
	names := map[string]bool{}
	err := filepath.WalkDir(src, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !slices.Contains([]string{".ts", ".vue", ".css"}, filepath.Ext(path)) || strings.HasSuffix(path, ".d.ts") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = true
		}
		return err
	})
	return slices.Sorted(maps.Keys(names)), err
}

// installed is where npm has put a package: beside the others, or inside one that needs it.
func installed(dir, name string) string {
	for _, where := range []string{"", "*/node_modules", "@*/*/node_modules"} {
		if found, _ := filepath.Glob(filepath.Join(dir, "node_modules", where, name)); len(found) > 0 {
			return found[0]
		}
	}
	return filepath.Join(dir, "node_modules", name)
}
