package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func list(t *testing.T, components string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bom.json")
	text := `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{"component":{"type":"application","name":"hallkeeper"}},"components":[` + components + `]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTheListOfMaterialsHasLicencesAndPages(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	parts := []shipped{{name: "example.org/a", version: "v1.0.0", licences: []string{"MIT"}, in: []string{"hub"}}, {name: "@scope/page", version: "2.0.0", licences: []string{"OFL-1.1"}, in: []string{"pages"}}}
	got, err := materials(list(t, `{"type":"library","name":"example.org/a","version":"v1.0.0"}`), parts)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"id": "MIT"`, `"id": "OFL-1.1"`, `"purl": "pkg:npm/%40scope/page@2.0.0"`, `"timestamp": "2023-11-14T22:13:20Z"`} {
		if !strings.Contains(got, want) {
			t.Errorf("the list lacks %s:\n%s", want, got)
		}
	}
}

func TestAModuleThatTheListLacksIsFoundOut(t *testing.T) {
	_, err := materials(list(t, ""), []shipped{{name: "example.org/a", version: "v1.0.0", licences: []string{"MIT"}, in: []string{"hub"}}})
	if err == nil || !strings.Contains(err.Error(), "example.org/a is in the program and not in") {
		t.Errorf("it says %v", err)
	}
}

func TestTextsOfLicencesGoAlong(t *testing.T) {
	parts, err := partsOf(filepath.Join("..", ".."), "screen")
	if err != nil {
		t.Fatal(err)
	}
	text, err := licenceTexts(parts)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"go.yaml.in/yaml/v3", "Permission is hereby granted", "github.com/coreos/go-systemd"} {
		if !strings.Contains(text, want) {
			t.Errorf("the texts lack %q", want)
		}
	}
	if strings.Contains(text, "bbolt") {
		t.Error("the screen holds the hub's modules")
	}
}
