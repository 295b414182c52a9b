package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// -update rewrites the golden TypeScript of testdata.
var update = flag.Bool("update", false, "rewrite golden files")

const pages = "../../web-kiosk/src/wire.gen.ts"

func TestTheSampleContractBecomesTheGoldenModule(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-in", "testdata/sample"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "sample.ts")
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("generated:\n%s\nwant:\n%s", out.Bytes(), want)
	}
}

func TestThePagesTypesMatchPackageWire(t *testing.T) {
	if err := run([]string{"-in", "..", "-out", pages, "-check"}, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(pages)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte(": any")) {
		t.Error("the generated types say any")
	}
}

func TestADriftedFileFailsTheCheckAndIsLeftAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wire.gen.ts")
	args := []string{"-in", "testdata/sample", "-out", file}
	if err := run(append(args, "-check"), io.Discard, io.Discard); !errors.Is(err, errDrift) {
		t.Errorf("a missing file: got %v, want drift", err)
	}
	if err := run(args, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	if err := run(append(args, "-check"), io.Discard, io.Discard); err != nil {
		t.Errorf("a fresh file: %v", err)
	}
	if err := os.WriteFile(file, []byte("// edited\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(append(args, "-check"), io.Discard, io.Discard); !errors.Is(err, errDrift) {
		t.Errorf("an edited file: got %v, want drift", err)
	}
	if text, _ := os.ReadFile(file); string(text) != "// edited\n" {
		t.Error("-check changed the file")
	}
}

func TestWhatHasNoHonestTypeIsRefused(t *testing.T) {
	for _, row := range []struct{ name, source, says string }{
		{"a channel", "type A struct { C chan int `json:\"c\"` }", "no TypeScript type"},
		{"a type of another package", "type A struct { U url.URL `json:\"u\"` }", "no TypeScript type for URL"},
		{"a type that is not exported", "type A struct { B b `json:\"b\"` }", "no TypeScript type for b"},
		{"a map keyed by number", "type A struct { M map[int]string `json:\"m\"` }", "string keys"},
		{"a number sent as a string", "type A struct { N int `json:\"n,string\"` }", "string option"},
		{"text that is not Go", "type A struct {", "expected"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			source := "package wire\n\n" + row.source + "\n"
			if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte(source), 0o644); err != nil {
				t.Fatal(err)
			}
			err := run([]string{"-in", dir}, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want an error that says %q", err, row.says)
			}
		})
	}
}

func TestAWrongCallIsUsage(t *testing.T) {
	for _, args := range [][]string{{"-check"}, {"-no-such-flag"}, {"stray"}} {
		if err := run(args, io.Discard, io.Discard); !errors.Is(err, errUsage) {
			t.Errorf("%v: got %v, want wrong usage", args, err)
		}
	}
}
