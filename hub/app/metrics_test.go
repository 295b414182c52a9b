package app_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"hallkeeper/wire"
)

// documented is one line of a page's table.
type documented struct{ kind, labels, words string }

// metricsPage reads docs/metrics.md or its Chinese twin: | `name` | type | labels | words |.
func metricsPage(t *testing.T, path string) map[string]documented {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := map[string]documented{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 || !strings.HasPrefix(strings.TrimSpace(cells[0]), "`hallkeeper_") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		name := strings.Trim(cells[0], "`")
		if _, twice := page[name]; twice {
			t.Errorf("%s tells of %s twice", path, name)
		}
		page[name] = documented{cells[1], strings.ReplaceAll(cells[2], "`", ""), cells[3]}
	}
	return page
}

// described are all metrics of a registry, also those that have not been counted yet, with labels and help.
func described(t *testing.T, r *prometheus.Registry) map[string]documented {
	t.Helper()
	shape := regexp.MustCompile(`^Desc\{fqName: "([a-z_0-9]+)", help: "(.*)", unit: "", constLabels: \{\}, variableLabels: \{([a-z_,]*)\}\}$`)
	all := map[string]documented{}
	ch := make(chan *prometheus.Desc)
	go func() { r.Describe(ch); close(ch) }()
	for d := range ch {
		if m := shape.FindStringSubmatch(d.String()); m != nil && strings.HasPrefix(m[1], "hallkeeper_") {
			all[m[1]] = documented{"", strings.ReplaceAll(m[3], ",", ", "), strings.ReplaceAll(m[2], `\"`, `"`)}
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d metrics were found: has the library changed how a description is written?", len(all))
	}
	return all
}

func (h *hub) scrape() []byte {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.addr.HTTP+"/metrics", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		h.t.Fatalf("%d %v", res.StatusCode, err)
	}
	return b
}

// busy is a hub with a window, a device that has pressed, and a refused sign-in, so that most metrics have a value.
func busy(t *testing.T) *hub {
	t.Helper()
	h := start(t, config(t.TempDir()))
	d := connect(h, "w01")
	d.Say(wire.DeviceOnline)
	d.Send(d.Press(1))
	d.Send("not json")
	h.LookAtMachine()
	h.CheckLog(t.Context())
	res, err := http.Post(h.addr.HTTP+"/api/v1/session", "application/json", strings.NewReader(`{"account":"nobody","password":"wrong"}`)) //nolint:noctx // a test's own hub
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	h.get("/api/v1/live", nil)
	return h
}

// Every metric of the hub stands on the page of metrics with its type, its labels and its words, in both
// languages, and the page tells of none that the hub does not have.
func TestEveryMetricIsDocumented(t *testing.T) {
	h := busy(t)
	have := described(t, h.Registry())
	parser := expfmt.NewTextParser(model.UTF8Validation)
	scraped, err := parser.TextToMetricFamilies(bytes.NewReader(h.scrape()))
	if err != nil {
		t.Fatal(err)
	}
	en, zh := metricsPage(t, "../../docs/metrics.md"), metricsPage(t, "../../docs/metrics.zh-CN.md")
	for name, want := range have {
		line, ok := en[name]
		if !ok {
			t.Errorf("docs/metrics.md has no line for %s (labels %s): %s", name, want.labels, want.words)
			continue
		}
		if line.labels != want.labels || line.words != want.words {
			t.Errorf("docs/metrics.md: %s is %+v, the hub says %+v", name, line, want)
		}
		other, ok := zh[name]
		if !ok || other.kind != line.kind || other.labels != line.labels || !regexp.MustCompile(`\p{Han}`).MatchString(other.words) {
			t.Errorf("docs/metrics.zh-CN.md: %s is %+v, the English page has %+v", name, other, line)
		}
		if f := scraped[name]; f != nil && line.kind != strings.ToLower(dto.MetricType_name[int32(f.GetType())]) {
			t.Errorf("docs/metrics.md: %s is a %s, not a %s", name, strings.ToLower(f.GetType().String()), line.kind)
		}
	}
	for _, page := range []map[string]documented{en, zh} {
		for name := range page {
			if _, ok := have[name]; !ok {
				t.Errorf("a page tells of %s, which the hub does not have", name)
			}
		}
	}
	for name := range scraped {
		if _, ok := have[name]; !ok && !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") && !strings.HasPrefix(name, "promhttp_") {
			t.Errorf("%s is scraped and nobody describes it", name)
		}
	}
	for _, name := range []string{"hallkeeper_build_info", "hallkeeper_log_position", "hallkeeper_log_commit_seconds", "hallkeeper_views_lag_records", "hallkeeper_broker_clients", "hallkeeper_devices",
		"hallkeeper_device_outbox_gaps", "hallkeeper_push_screens", "hallkeeper_http_requests_total", "hallkeeper_http_signins_refused_total", "hallkeeper_certificate_expiry_timestamp_seconds",
		"hallkeeper_disk_free_bytes", "hallkeeper_clock_steps_total", "hallkeeper_alarms", "hallkeeper_log_check_age_seconds"} {
		if scraped[name] == nil {
			t.Errorf("%s has no value in a hub that works", name)
		}
	}
}

// The names are as Prometheus wants them.
func TestPromtoolLikesTheNames(t *testing.T) {
	program, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is missing: apt-get install --no-install-recommends prometheus")
	}
	cmd := exec.CommandContext(t.Context(), program, "check", "metrics")
	cmd.Stdin = bytes.NewReader(busy(t).scrape())
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
