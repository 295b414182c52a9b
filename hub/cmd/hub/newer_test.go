package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"hallkeeper/hub/app"
	"hallkeeper/hub/eventlog"
	"hallkeeper/wire"
)

// newer DATA stores an event in a log as a newer program would that knows more kinds.
func newer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: newer DATA")
	}
	log, err := eventlog.Open(eventlog.Options{Dir: app.LogDir(ts.MkAbs(args[0])), Program: "9.1.0", Known: func(wire.Kind, int) bool { return true }})
	ts.Check(err)
	_, _, err = log.Append(context.Background(), "", func(eventlog.Moment) ([]wire.Event, error) {
		return []wire.Event{{Kind: "citizen.recognised", Data: json.RawMessage(`{}`), Actor: &wire.Actor{Kind: wire.ActorSchedule, ID: "camera"}}}, nil
	})
	ts.Check(err)
	ts.Check(log.Close())
}

// fingerprint FOLDER FILE writes what is in a folder: each name with size, time and SHA-256.
func fingerprint(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fingerprint FOLDER FILE")
	}
	var b strings.Builder
	root := ts.MkAbs(args[0])
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			fmt.Fprintf(&b, "%s %s %x\n", strings.TrimPrefix(path, root), info.ModTime(), sha256.Sum256(text))
		}
		return err
	}))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o600))
}
