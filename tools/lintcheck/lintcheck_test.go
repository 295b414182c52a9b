package lintcheck

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A row is one file of the planted module. With an empty linter it must pass.
type row struct {
	name   string
	file   string
	source string
	linter string
	says   string
}

func rows() []row {
	return []row{
		// The direction of imports.
		{"wire may not import the log", "wire/a.go", imports("wire", "hallkeeper/hub/eventlog"), "depguard", "wire"},
		{"wire may not import a foreign module", "wire/b.go", imports("wire", "go.yaml.in/yaml/v3"), "depguard", "wire"},
		{"wire may not open files", "wire/c.go", imports("wire", "os"), "depguard", "does no I/O"},
		{"settings may read YAML", "settings/a.go", imports("settings", "go.yaml.in/yaml/v3"), "", ""},
		{"settings may not import the hub", "settings/b.go", imports("settings", "hallkeeper/hub/hall"), "depguard", "settings"},
		{"the hall's vocabulary may not open files", "hub/hall/a.go", imports("hall", "os"), "depguard", "domain code does no I/O"},
		{"a domain may use the hall's vocabulary", "hub/roster/a.go", imports("roster", "hallkeeper/hub/hall"), "", ""},
		{"a domain may not open the log", "hub/roster/b.go", imports("roster", "hallkeeper/hub/eventlog"), "depguard", "domains"},
		{"a domain may not speak HTTP", "hub/queue/a.go", imports("queue", "net/http"), "depguard", "domain code does no I/O"},
		{"a domain may not open a database", "hub/rating/a.go", imports("rating", "database/sql"), "depguard", "domain code does no I/O"},
		{"a domain may not log", "hub/visit/a.go", imports("visit", "log/slog"), "depguard", "do not log"},
		{"a domain may not throw dice", "hub/conduct/a.go", imports("conduct", "math/rand/v2"), "depguard", "the same answer"},
		{"a domain may not import the app", "hub/assess/a.go", imports("assess", "hallkeeper/hub/app"), "depguard", "assess"},
		{"assessment reads policy files", "hub/assess/b.go", imports("assess", "github.com/google/cel-go", "go.yaml.in/yaml/v3", "hallkeeper/hub/hall"), "", ""},
		{"assessment may not open files", "hub/assess/c.go", imports("assess", "os"), "depguard", "domain code does no I/O"},
		{"another domain may not evaluate expressions", "hub/conduct/b.go", imports("conduct", "github.com/google/cel-go"), "depguard", "domains"},
		{"the API may not evaluate expressions", "hub/api/e.go", imports("api", "github.com/google/cel-go"), "depguard", "expressions live in hub/assess"},
		{"the log does not know what events mean", "hub/eventlog/a.go", imports("eventlog", "hallkeeper/hub/hall"), "depguard", "what events mean"},
		{"the log may use bbolt", "hub/eventlog/b.go", imports("eventlog", "go.etcd.io/bbolt"), "", ""},
		{"views may use bbolt and read the log", "hub/view/a.go", imports("view", "go.etcd.io/bbolt", "hallkeeper/hub/eventlog"), "", ""},
		{"the outbox may use bbolt", "agent/outbox/a.go", imports("outbox", "go.etcd.io/bbolt"), "", ""},
		{"the uplink may not use bbolt", "agent/uplink/a.go", imports("uplink", "go.etcd.io/bbolt"), "depguard", "bbolt lives in"},
		{"ingest may append to the log", "hub/ingest/a.go", imports("ingest", "hallkeeper/hub/eventlog"), "", ""},
		{"ingest may not use bbolt", "hub/ingest/b.go", imports("ingest", "go.etcd.io/bbolt"), "depguard", "bbolt lives in"},
		{"push may not open the log", "hub/push/a.go", imports("push", "hallkeeper/hub/eventlog"), "depguard", "only app, ingest and view"},
		{"the API may not open the log", "hub/api/a.go", imports("api", "hallkeeper/hub/eventlog"), "depguard", "only app, ingest and view"},
		{"the live view may not open the log", "hub/live/a.go", imports("live", "hallkeeper/hub/eventlog"), "depguard", "never opens the log"},
		{"the broker may not import ingest", "hub/broker/a.go", imports("broker", "hallkeeper/hub/ingest"), "depguard", "app hands in"},
		{"the API may not import the app", "hub/api/b.go", imports("api", "hallkeeper/hub/app"), "depguard", "downwards"},
		{"the app may import everything below it", "hub/app/a.go", imports("app", "hallkeeper/hub/eventlog", "hallkeeper/hub/hall"), "", ""},
		{"the hub may not import the agent", "hub/api/c.go", imports("api", "hallkeeper/agent"), "depguard", "share wire only"},
		{"the agent may not import the hub", "agent/a.go", imports("agent", "hallkeeper/hub/hall"), "depguard", "never the hub"},
		{"the agent may import the contract", "agent/b.go", imports("agent", "hallkeeper/wire"), "", ""},
		{"the simulator may not reach into the hub", "simulator/a.go", imports("simulator", "hallkeeper/hub/hall"), "depguard", "reach into the hub"},
		{"campaigns may look everywhere", "faults/a.go", imports("faults", "hallkeeper/hub/eventlog", "hallkeeper/agent", "go.etcd.io/bbolt"), "", ""},

		// Clocks, output and the end of the program.
		{"a domain may not look at the clock", "hub/roster/c.go", "package roster\n\nimport \"time\"\n\nfunc now() time.Time { return time.Now() }\n\nvar _ = now\n", "forbidigo", "takes now as an argument"},
		{"renaming package time does not hide the clock", "hub/queue/b.go", "package queue\n\nimport clock \"time\"\n\nfunc now() clock.Time { return clock.Now() }\n\nvar _ = now\n", "forbidigo", "takes now as an argument"},
		{"a loop at the edge may look at the clock", "hub/push/b.go", "package push\n\nimport \"time\"\n\nfunc now() time.Time { return time.Now() }\n\nvar _ = now\n", "", ""},
		{"nobody prints past the writer he is given", "hub/api/d.go", "package api\n\nimport \"fmt\"\n\nfunc say() { fmt.Println(1) }\n\nvar _ = say\n", "forbidigo", "writer that it is given"},
		{"only main ends a program", "hub/app/b.go", "package app\n\nimport \"os\"\n\nfunc end() { os.Exit(1) }\n\nvar _ = end\n", "forbidigo", "return an error"},
		{"main may end its program", "hub/cmd/hub/main.go", "// Command hub is planted.\npackage main\n\nimport \"os\"\n\nfunc main() { os.Exit(0) }\n", "", ""},

		// State, errors and logs.
		{"nobody keeps state in a package", "hub/ingest/c.go", "package ingest\n\nvar seen = map[string]bool{}\n\nvar _ = seen\n", "gochecknoglobals", "seen"},
		{"an error may be named in a package", "hub/ingest/d.go", "package ingest\n\nimport \"errors\"\n\nvar errFull = errors.New(\"full\")\n\nfunc full() error { return errFull }\n\nvar _ = full\n", "", ""},
		{"nobody starts work on import", "hub/ingest/e.go", "package ingest\n\nfunc init() {}\n", "gochecknoinits", "init"},
		{"an error is compared through its wrapping", "hub/view/b.go", "package view\n\nimport \"io\"\n\nfunc end(err error) bool { return err == io.EOF }\n\nvar _ = end\n", "errorlint", "wrapped errors"},
		{"an error is wrapped, not printed", "hub/view/c.go", "package view\n\nimport \"fmt\"\n\nfunc wrap(err error) error { return fmt.Errorf(\"reading: %v\", err) }\n\nvar _ = wrap\n", "errorlint", "wrap"},
		{"logs go through the logger that is handed in", "hub/push/c.go", "package push\n\nimport \"log/slog\"\n\nfunc say() { slog.Info(\"hello\") }\n\nvar _ = say\n", "sloglint", "default logger"},
		{"keys of logs are written in snake case", "hub/push/d.go", "package push\n\nimport \"log/slog\"\n\nfunc key(l *slog.Logger) { l.Info(\"hello\", \"windowID\", 1) }\n\nvar _ = key\n", "sloglint", "snake_case"},
		{"messages of logs are constant", "hub/push/e.go", "package push\n\nimport \"log/slog\"\n\nfunc text(l *slog.Logger, s string) { l.Info(\"hello \" + s) }\n\nvar _ = text\n", "sloglint", "string literal"},
		{"what is exported says what it is", "hub/hall/b.go", "package hall\n\nfunc Open() {}\n", "revive", "exported"},

		// What an attacker looks for.
		{"a password is not kept in the source", "hub/ingest/f.go", "package ingest\n\nfunc password() string {\n\tpassword := \"Zj8#kq!77Lw0pQ\"\n\treturn password\n}\n\nvar _ = password\n", "gosec", "G101"},
		{"nobody turns the check of certificates off", "agent/uplink/b.go", "package uplink\n\nimport \"crypto/tls\"\n\nfunc open() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }\n\nvar _ = open\n", "gosec", "G402"},
		{"no weak digest", "hub/view/d.go", "package view\n\nimport \"crypto/md5\"\n\nfunc digest(b []byte) [16]byte { return md5.Sum(b) }\n\nvar _ = digest\n", "gosec", "G401"},
		{"no dice where secrets could be made", "hub/api/f.go", "package api\n\nimport \"math/rand/v2\"\n\nfunc secret() uint64 { return rand.Uint64() }\n\nvar _ = secret\n", "gosec", "G404"},
		{"campaigns may throw dice", "faults/b.go", "package faults\n\nimport \"math/rand/v2\"\n\nfunc dice() uint64 { return rand.Uint64() }\n\nvar _ = dice\n", "", ""},
		{"where strangers ask, a path is looked at", "hub/api/g.go", "package api\n\nimport \"os\"\n\nfunc open(path string) ([]byte, error) { return os.ReadFile(path) }\n\nvar _ = open\n", "gosec", "G304"},
		{"the operator's own paths are opened", "agent/outbox/b.go", "package outbox\n\nimport \"os\"\n\nfunc open(path string) ([]byte, error) { return os.ReadFile(path) }\n\nvar _ = open\n", "", ""},
		{"what the hub writes is its own", "hub/eventlog/c.go", "package eventlog\n\nimport \"os\"\n\nfunc keep(b []byte) error { return os.WriteFile(\"a\", b, 0o644) }\n\nvar _ = keep\n", "gosec", "G306"},
	}
}

// imports is a file that imports the given packages for nothing.
func imports(pkg string, paths ...string) string {
	var b strings.Builder
	b.WriteString("package " + pkg + "\n\nimport (\n")
	for _, p := range paths {
		b.WriteString("\t_ \"" + p + "\"\n")
	}
	b.WriteString(")\n")
	return b.String()
}

func TestRules(t *testing.T) {
	t.Parallel()
	lint := os.Getenv("LINT")
	if lint == "" {
		t.Skip("the lint's rules are tested by make lint, which names its golangci-lint in LINT")
	}
	dir := t.TempDir()
	plant(t, dir)
	found := run(t, lint, dir)

	for _, r := range rows() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			issues := found[r.file]
			if r.linter == "" {
				if len(issues) > 0 {
					t.Errorf("want it allowed, got %v", issues)
				}
				return
			}
			for _, i := range issues {
				if i.FromLinter == r.linter && strings.Contains(i.Text, r.says) {
					return
				}
			}
			t.Errorf("want it refused by %s with %q, got %v", r.linter, r.says, issues)
		})
	}
}

// plant writes a module with the folders of the product, foreign modules of its
// own making (so that nothing is fetched), and every row.
func plant(t *testing.T, dir string) {
	t.Helper()
	config, err := os.ReadFile(filepath.Join("..", "..", ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	// The planted files import for nothing, which one of revive's rules refuses,
	// and in no order, which the formatters do.
	config = bytes.Replace(config, []byte("        - name: blank-imports\n"), nil, 1)
	config = bytes.Replace(config, []byte("  enable:\n    - gofmt\n    - goimports\n"), []byte("  enable: []\n"), 1)
	write(t, dir, ".golangci.yml", string(config))
	write(t, dir, "go.mod", `module hallkeeper

go 1.26

require (
	github.com/google/cel-go v0.1.0
	go.etcd.io/bbolt v1.0.0
	go.yaml.in/yaml/v3 v3.0.0
)

replace (
	github.com/google/cel-go => ./foreign/cel
	go.etcd.io/bbolt => ./foreign/bbolt
	go.yaml.in/yaml/v3 => ./foreign/yaml
)
`)
	write(t, dir, "foreign/bbolt/go.mod", "module go.etcd.io/bbolt\n")
	write(t, dir, "foreign/bbolt/a.go", "package bbolt\n")
	write(t, dir, "foreign/cel/go.mod", "module github.com/google/cel-go\n")
	write(t, dir, "foreign/cel/a.go", "package cel\n")
	write(t, dir, "foreign/yaml/go.mod", "module go.yaml.in/yaml/v3\n")
	write(t, dir, "foreign/yaml/a.go", "package yaml\n")
	for _, r := range rows() {
		write(t, dir, r.file, r.source)
		folder := filepath.Dir(r.file)
		pkg := filepath.Base(folder)
		if folder != "hub/cmd/hub" {
			write(t, dir, filepath.Join(folder, "doc.go"), "// Package "+pkg+" is planted.\npackage "+pkg+"\n")
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// issue is what golangci-lint says of one place.
type issue struct {
	FromLinter string
	Text       string
	Pos        struct{ Filename string }
}

// run gives the issues of each file, by its slash-separated path in the module.
func run(t *testing.T, lint, dir string) map[string][]issue {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), lint, "run", "--output.json.path=stdout", "--show-stats=false", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOPROXY=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("golangci-lint: %v\n%s", err, &stderr)
	}
	var report struct{ Issues []issue }
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&report); err != nil {
		t.Fatalf("reading golangci-lint's report: %v\n%s\n%s", err, out, &stderr)
	}
	found := map[string][]issue{}
	for _, i := range report.Issues {
		if i.FromLinter == "typecheck" {
			t.Fatalf("the planted module does not compile: %v", i)
		}
		name := filepath.ToSlash(i.Pos.Filename)
		found[name] = append(found[name], i)
	}
	return found
}
