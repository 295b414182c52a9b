package app

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hallkeeper/settings"
)

// A day of attendance has 24 hours: a zone whose clocks are put forward and back is refused with the reason.
func TestAZoneWithSummerTimeIsRefused(t *testing.T) {
	for zone, fine := range map[string]bool{"Asia/Shanghai": true, "Asia/Urumqi": true, "UTC": true, "Europe/Berlin": false, "America/New_York": false, "Mars/Olympus": false, "": false} {
		cfg := Defaults()
		cfg.Hall.TimeZone = zone
		err := cfg.Check()
		if (err == nil) != fine {
			t.Errorf("%q: %v", zone, err)
		}
		if zone == "Europe/Berlin" && !strings.Contains(err.Error(), "summer time") {
			t.Errorf("the refusal does not say why: %v", err)
		}
	}
	cfg := Defaults()
	cfg.DayClose, cfg.OperatorSecret = "25:00", "short"
	if err := cfg.Check(); err == nil || !strings.Contains(err.Error(), "23:50") || !strings.Contains(err.Error(), "32 characters") {
		t.Errorf("wrong settings: %v", err)
	}
}

// Settings of signing in that cannot be are refused with their keys, all at once.
func TestSettingsOfSigningInThatAreRefused(t *testing.T) {
	for name, row := range map[string]struct {
		yaml string
		keys []string
	}{
		"the defaults":                                 {"session_idle: 30m", nil},
		"a single sign-on as it should be":             {"oidc: {issuer: https://sso.example.gov.cn, client_id: hall}", nil},
		"an issuer on this machine, for trying it":     {"oidc: {issuer: 'http://127.0.0.1:5556', client_id: hall}", nil},
		"sessions as long as can be, bound to nothing": {"session_idle: 1m\nsession_max: 168h\nsession_binding: none", nil},
		"an issuer in clear":                           {"oidc: {issuer: http://sso.example.gov.cn, client_id: hall}", []string{"oidc.issuer"}},
		"an issuer that is no address":                 {"oidc: {issuer: sso.example.gov.cn, client_id: hall}", []string{"oidc.issuer"}},
		"an issuer without all else":                   {"oidc: {issuer: https://sso.example.gov.cn, name: '', claim: ''}", []string{"oidc.client_id", "oidc.name", "oidc.claim"}},
		"an idle time of seconds":                      {"session_idle: 30s", []string{"session_idle"}},
		"an idle time that is none":                    {"session_idle: often", []string{"session_idle"}},
		"a longest time below the idle one":            {"session_idle: 2h\nsession_max: 1h", []string{"session_max"}},
		"a longest time of more than a week":           {"session_max: 169h", []string{"session_max"}},
		"a binding to something else":                  {"session_binding: browser", []string{"session_binding"}},
		"all of them":                                  {"session_idle: 0s\nsession_max: 999h\nsession_binding: ''\noidc: {issuer: 'ftp://x'}", []string{"session_idle", "session_max", "session_binding", "oidc.issuer", "oidc.client_id"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "hub.yaml")
			if err := os.WriteFile(file, []byte(row.yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg := Defaults()
			err := settings.Load(&cfg, file, nil)
			if row.keys == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var faults *settings.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("%v", err)
			}
			var keys []string
			for _, f := range faults.List {
				keys = append(keys, f.Key)
				if f.Line == 0 && f.Key != "oidc.client_id" { // which is not in the file
					t.Errorf("%v has no line", f)
				}
			}
			slices.Sort(keys)
			slices.Sort(row.keys)
			if !slices.Equal(keys, row.keys) {
				t.Errorf("refused are %v: %v", keys, err)
			}
		})
	}
}
