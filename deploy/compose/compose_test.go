// Package compose holds a file for container engines; it has no code but its tests.
package compose

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"hallkeeper/hub/app"
	"hallkeeper/settings"
)

type file struct {
	Services map[string]struct {
		Image       string
		Command     []string
		Environment map[string]string
		Ports       []string
		Volumes     []string
		ReadOnly    bool     `yaml:"read_only"`
		CapDrop     []string `yaml:"cap_drop"`
		Restart     string
	}
	Volumes map[string]any
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestTheHubTakesItsSettings(t *testing.T) {
	var f file
	read(t, "compose.yaml", &f)
	hub := f.Services["hub"]
	if len(hub.Command) == 0 || hub.Command[0] != "serve" {
		t.Fatalf("the hub is to %v", hub.Command)
	}
	var given []settings.Flag
	for i := 1; i+1 < len(hub.Command); i += 2 {
		name := hub.Command[i]
		given = append(given, settings.Flag{Name: name, Key: strings.ReplaceAll(strings.TrimPrefix(name, "--"), "-", "_"), Value: hub.Command[i+1]})
	}
	var env []string
	for k, v := range hub.Environment {
		env = append(env, k+"="+v)
	}
	cfg := app.Defaults()
	if err := settings.Load(&cfg, "", env, given...); err != nil {
		t.Fatal(err)
	}
	if cfg.Data != "/data" || cfg.HTTPS != "0.0.0.0:8443" || cfg.MQTTURL != "mqtts://mosquitto:8883" || !slices.Contains(cfg.Names, "hub") {
		t.Errorf("it would run with %+v", cfg)
	}
	// Plain HTTP leads to the port that HTTPS has inside.
	for _, port := range hub.Ports {
		if outside, inside, _ := strings.Cut(port, ":"); outside != inside {
			t.Errorf("the port %s leads browsers elsewhere", port)
		}
	}
	if !hub.ReadOnly || !slices.Contains(hub.CapDrop, "ALL") {
		t.Error("the hub may do more than it needs")
	}
}

func TestEveryFileThatIsMountedIsThereOrExplained(t *testing.T) {
	var f file
	read(t, "compose.yaml", &f)
	var pages []string
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, string(text))
	}
	for name, s := range f.Services {
		if s.Image == "" || s.Restart != "unless-stopped" {
			t.Errorf("%s: image %q, restart %q", name, s.Image, s.Restart)
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if !strings.HasPrefix(from, ".") {
				if _, named := f.Volumes[from]; !named {
					t.Errorf("%s: there is no volume %q", name, from)
				}
				continue
			}
			if _, err := os.Stat(from); err == nil {
				continue
			}
			for _, page := range pages {
				if !strings.Contains(page, "mkdir -p") || !strings.Contains(page, filepath.Base(from)+"/") {
					t.Errorf("%s mounts %s, which is not there, and no page says how it is made", name, from)
				}
			}
		}
	}
}

func TestPrometheusAsksTheHubAsItServes(t *testing.T) {
	var f file
	read(t, "compose.yaml", &f)
	var p struct {
		Scrape []struct {
			Scheme  string
			Path    string                       `yaml:"metrics_path"`
			TLS     map[string]string            `yaml:"tls_config"`
			Auth    map[string]string            `yaml:"authorization"`
			Targets []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	read(t, "prometheus.yml", &p)
	if len(p.Scrape) != 1 {
		t.Fatalf("it asks %d", len(p.Scrape))
	}
	s := p.Scrape[0]
	if s.Scheme != "https" || s.Path != "/metrics" || s.TLS["insecure_skip_verify"] != "" || len(s.Targets) != 1 || !slices.Equal(s.Targets[0].Targets, []string{"hub:8443"}) {
		t.Errorf("it asks with %+v", s)
	}
	if !slices.Contains(strings.Split(f.Services["hub"].Environment["HALL_NAMES"], ","), "hub") {
		t.Error("the hub's certificate is not for the name by which Prometheus asks")
	}
	for _, at := range []string{s.TLS["ca_file"], s.Auth["credentials_file"]} {
		if !strings.HasPrefix(at, "/etc/prometheus/secrets/") {
			t.Errorf("%q is not where secrets are mounted", at)
		}
	}
}
