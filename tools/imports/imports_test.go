package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed is what `go list -deps` says of one package.
type listed struct {
	ImportPath string
	Standard   bool
	Deps       []string
}

func TestWhatPackagesHoldInTheEnd(t *testing.T) {
	t.Parallel()
	packages := list(t)
	standard := map[string]bool{}
	for _, p := range packages {
		standard[p.ImportPath] = p.Standard
	}
	for _, row := range []struct {
		name string
		// of is the beginning of the paths of the packages that the row is about.
		of string
		// but is the beginning of the paths that the row leaves out.
		but     string
		refuses func(dep string) bool
	}{
		{"an agent holds nothing of the hub", "hallkeeper/agent", "", within("hallkeeper/hub", "hallkeeper/simulator", "hallkeeper/web-kiosk")},
		{"an agent holds no HTTP server's metrics", "hallkeeper/agent", "", within("github.com/prometheus")},
		{"an agent holds no policy's expressions", "hallkeeper/agent", "", within("github.com/google/cel-go")},
		{"assessment holds neither log nor sockets", "hallkeeper/hub/assess", "", within("hallkeeper/hub/eventlog", "go.etcd.io", "net/http", "github.com/gorilla")},
		{"an agent never loads periph's bcm283x, which reaches for /dev/mem", "hallkeeper/agent", "", within("periph.io/x/host/v3/bcm283x")},
		{"the simulator holds nothing of the hub", "hallkeeper/simulator", "", within("hallkeeper/hub")},
		{"the hub holds nothing of the agent, but for its demo", "hallkeeper/hub", "hallkeeper/hub/cmd", within("hallkeeper/agent", "hallkeeper/simulator", "periph.io")},
		{"the log holds nothing of the domains", "hallkeeper/hub/eventlog", "", within("hallkeeper/hub/hall", "hallkeeper/hub/live", "net/http")},
		{"the live view holds neither log nor sockets", "hallkeeper/hub/live", "", within("hallkeeper/hub/eventlog", "go.etcd.io", "net/http", "github.com/gorilla")},
		{"the contract holds the standard library alone", "hallkeeper/wire", "", func(dep string) bool {
			return !standard[dep] && !strings.HasPrefix(dep, "hallkeeper/wire")
		}},
		{"no program holds the campaigns or the benchmarks", "hallkeeper/hub", "", within("hallkeeper/faults", "hallkeeper/bench")},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			seen := false
			for _, p := range packages {
				if !within(row.of)(p.ImportPath) || (row.but != "" && within(row.but)(p.ImportPath)) {
					continue
				}
				seen = true
				if i := slices.IndexFunc(p.Deps, row.refuses); i >= 0 {
					t.Errorf("%s ends up holding %s", p.ImportPath, p.Deps[i])
				}
			}
			if !seen {
				t.Errorf("there is no package below %s; the row is out of date", row.of)
			}
		})
	}
}

// within tells whether a path is one of the prefixes or below it.
func within(prefixes ...string) func(string) bool {
	return func(dep string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return dep == p || strings.HasPrefix(dep, p+"/") })
	}
}

func list(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Standard,Deps", "./...")
	cmd.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
