// Package prometheus holds alert rules and an example of a configuration; it has no code but their tests.
package prometheus

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const rulesFile = "hallkeeper.rules.yml"

func testFiles() []string { return []string{"hallkeeper.rules.test.yml", "hallkeeper.days.test.yml"} }

func promtool(t *testing.T, args ...string) {
	t.Helper()
	program, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is missing: apt-get install --no-install-recommends prometheus")
	}
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestTheRulesAreRight(t *testing.T) {
	promtool(t, "check", "rules", rulesFile)
	promtool(t, "check", "config", "prometheus.yml")
	promtool(t, append([]string{"test", "rules"}, testFiles()...)...)
}

type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func rules(t *testing.T) (all []rule) {
	t.Helper()
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("there are no rules")
	}
	return all
}

// Each alert says in both languages what is wrong and what to do, and has a test that it is raised and what it says.
func TestEveryAlertSaysWhatToDoAndIsTested(t *testing.T) {
	var tests []byte
	for _, file := range testFiles() {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tests = append(tests, text...)
	}
	chinese := regexp.MustCompile(`\p{Han}`)
	for _, r := range rules(t) {
		for _, name := range []string{"summary", "do"} {
			zh, en := r.Annotations[name+"_zh"], r.Annotations[name+"_en"]
			if !chinese.MatchString(zh) || en == "" || chinese.MatchString(en) {
				t.Errorf("%s: %s is %q in Chinese and %q in English", r.Alert, name, zh, en)
			}
		}
		if s := r.Labels["severity"]; s != "warning" && s != "critical" {
			t.Errorf("%s: the severity is %q", r.Alert, s)
		}
		if !regexp.MustCompile(`alertname: ` + r.Alert + `\n\s+exp_alerts:`).Match(tests) {
			t.Errorf("%s is never raised in the tests", r.Alert)
		}
	}
}

// documented are the metrics of the hub; hub/app's tests compare the page with the hub itself.
func documented(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"up": "gauge"}
	for _, m := range regexp.MustCompile("(?m)^\\| `(hallkeeper_[a-z_]+)` \\| ([a-z]+) \\|").FindAllStringSubmatch(string(text), -1) {
		all[m[1]] = m[2]
	}
	if len(all) < 20 {
		t.Fatalf("only %d metrics were found in docs/metrics.md", len(all))
	}
	return all
}

// unknown are those metrics of a query that the hub does not have.
func unknown(query string, have map[string]string) (wrong []string) {
	for _, name := range regexp.MustCompile(`hallkeeper_[a-z_]+`).FindAllString(query, -1) {
		base, kind := strings.TrimSuffix(name, "_bucket"), have[name]
		if base != name {
			if kind = have[base]; kind != "histogram" {
				kind = ""
			}
		}
		if kind == "" {
			wrong = append(wrong, name)
		}
	}
	return wrong
}

func TestEveryMetricOfRulesAndDashboardExists(t *testing.T) {
	have := documented(t)
	if got := unknown(`rate(hallkeeper_log_commit_seconds_bucket[5m]) + hallkeeper_log_position + hallkeeper_nothing + hallkeeper_log_position_bucket`, have); !slices.Equal(got, []string{"hallkeeper_nothing", "hallkeeper_log_position_bucket"}) {
		t.Errorf("what the hub does not have is found wrongly: %q", got)
	}
	for _, r := range rules(t) {
		if wrong := unknown(r.Expr, have); len(wrong) > 0 {
			t.Errorf("%s asks for %q, which the hub does not have", r.Alert, wrong)
		}
	}
	text, err := os.ReadFile("../grafana/hallkeeper.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		UID    string `json:"uid"`
		Panels []struct {
			ID      int    `json:"id"`
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	if board.UID == "" || len(board.Panels) == 0 {
		t.Fatal("the dashboard has no id or no panels")
	}
	ids := map[int]bool{}
	var queries []any
	for _, p := range board.Panels {
		if ids[p.ID] || !regexp.MustCompile(`^\S*\p{Han}.* / [A-Z]`).MatchString(p.Title) || len(p.Targets) == 0 {
			t.Errorf("panel %d %q: its id is another's, its title not in both languages, or it asks for nothing", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, q := range p.Targets {
			if wrong := unknown(q.Expr, have); len(wrong) > 0 {
				t.Errorf("the panel %s asks for %q, which the hub does not have", p.Title, wrong)
			}
			queries = append(queries, map[string]string{"record": fmt.Sprintf("q:q%d", len(queries)), "expr": strings.ReplaceAll(q.Expr, "$instance", ".*")})
		}
	}
	text, err = yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "q", "rules": queries}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "queries.yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", file) // it knows whether a query can be read
}
