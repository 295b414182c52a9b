package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

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
