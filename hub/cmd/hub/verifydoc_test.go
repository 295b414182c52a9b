package main

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"

	"hallkeeper/hub/app"
	"hallkeeper/hub/fixture"
	"hallkeeper/hub/report"
)

// play DATA makes a hall whose first month is published, of the year in a folder.
func play(year string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) { playMonth(ts, year, neg, args) }
}

func playMonth(ts *testscript.TestScript, year string, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: play DATA")
	}
	folder := ts.MkAbs("fixture")
	ts.Check(os.MkdirAll(folder, 0o700))
	for _, name := range []string{"00-hall.txt", "01.txt"} {
		text, err := os.ReadFile(filepath.Join(year, name))
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(folder, name), text, 0o600))
	}
	f, err := fixture.ReadFolder(folder)
	ts.Check(err)
	_, err = f.Run(context.Background(), ts.MkAbs(args[0]), slog.New(slog.DiscardHandler))
	ts.Check(err)
}

// fetch DATA PATH FILE asks the hub of a data folder as its operator.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: fetch DATA PATH FILE")
	}
	c, err := app.ReadControl(ts.MkAbs(args[0]))
	ts.Check(err)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, c.HTTP+args[1], nil)
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+c.Secret)
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	ts.Check(err)
	if res.StatusCode != http.StatusOK {
		ts.Fatalf("%s: %s %s", args[1], res.Status, b)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), b, 0o600))
}

// repacked writes a ZIP file anew with its parts changed.
func repacked(ts *testscript.TestScript, from, to string, change func([]byte) []byte) {
	file, err := os.ReadFile(ts.MkAbs(from))
	ts.Check(err)
	r, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	ts.Check(err)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range r.File {
		part, err := f.Open()
		ts.Check(err)
		data, err := io.ReadAll(part)
		ts.Check(err)
		into, err := w.Create(f.Name)
		ts.Check(err)
		_, err = into.Write(change(data))
		ts.Check(err)
	}
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(to), b.Bytes(), 0o600))
}

// repack FILE OLD NEW OUT changes a text once in each part of a document.
func repack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: repack FILE OLD NEW OUT")
	}
	repacked(ts, args[0], args[3], func(b []byte) []byte { return bytes.Replace(b, []byte(args[1]), []byte(args[2]), 1) })
}

// forge FILE OUT gives a document another digest, wherever it stands.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: forge FILE OUT")
	}
	file, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	s, _, err := report.ReadStamp(file)
	ts.Check(err)
	other := regexp.MustCompile(`^.`).ReplaceAllStringFunc(s.Digest, func(c string) string {
		if c == "0" {
			return "1"
		}
		return "0"
	})
	repacked(ts, args[0], args[1], func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(s.Digest), []byte(other)) })
}
