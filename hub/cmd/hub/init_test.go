package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"hallkeeper/hub/app"
)

// The package brings settings: hub init takes their place once, and never those of a hall that was begun.
func TestThePackagesSettingsAreKeptAside(t *testing.T) {
	dir := t.TempDir()
	config, data := filepath.Join(dir, "hub.yaml"), filepath.Join(dir, "data")
	brought := []byte("data: " + data + "\nhall: {id: hall, name: 政务服务大厅, time_zone: Asia/Shanghai}\n")
	if err := os.WriteFile(config, brought, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := untouched(config, data, false, false); err == nil {
		t.Error("settings that are no package's are taken for none")
	}
	if err := untouched(config, data, true, false); err != nil {
		t.Fatal(err)
	}
	cfg := app.Defaults()
	cfg.Data, cfg.Hall.ID = data, "ewenki"
	var said strings.Builder
	if err := found(&cfg, config, "admin", "en", &said); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(config + ".before-init")
	if err != nil || !bytes.Equal(kept, brought) {
		t.Errorf("%v: %s", err, kept)
	}
	if text, err := os.ReadFile(config); err != nil || !strings.Contains(string(text), "id: ewenki") {
		t.Errorf("%v: %s", err, text)
	}
	if err := untouched(config, data, true, false); err == nil || !strings.Contains(err.Error(), "is left alone") {
		t.Errorf("a hall that was begun: %v", err)
	}
}

// link stderr FILE writes the path of the one-time link that the hub has logged.
func link(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: link stderr FILE")
	}
	found := regexp.MustCompile(`/setup\?code=[\w-]+`).FindString(ts.ReadFile(args[0]))
	if found == "" {
		ts.Fatalf("the hub names no link")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(found), 0o600))
}

// administrator ADDR FILE makes the administrator by the link that link has written.
func administrator(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: administrator ADDR FILE")
	}
	code := ts.ReadFile(args[1])[len("/setup?code="):]
	body, err := json.Marshal(map[string]string{"code": code, "account": "admin", "name": "演示管理员", "password": "a long enough one"})
	ts.Check(err)
	answer, err := http.Post("http://"+args[0]+"/api/v1/setup", "application/json", bytes.NewReader(body)) //nolint:noctx // a test of a program on loopback
	ts.Check(err)
	ts.Check(answer.Body.Close())
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("the link is answered %s", answer.Status)
	}
}
