package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"hallkeeper/hub/app"
	"hallkeeper/hub/view"
)

// agekey NAME.key makes a key as age-keygen does and sets NAME to its public part.
func agekey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: agekey NAME.key")
	}
	id, err := age.GenerateX25519Identity()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("# public key: "+id.Recipient().String()+"\n"+id.String()+"\n"), 0o600))
	ts.Setenv(strings.ToUpper(strings.TrimSuffix(args[0], ".key")), id.Recipient().String())
}

// ask DATA METHOD PATH BODY NAME=FIELD… asks as the operator and sets variables from the first event of the answer.
func ask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: ask DATA METHOD PATH BODY NAME=FIELD…")
	}
	c, err := app.ReadControl(ts.MkAbs(args[0]))
	ts.Check(err)
	req, err := http.NewRequestWithContext(context.Background(), args[1], c.HTTP+"/api/v1/"+args[2], bytes.NewReader([]byte(args[3])))
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+c.Secret)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	ts.Check(err)
	var answer struct {
		Events []struct{ Data map[string]any }
	}
	if res.StatusCode/100 != 2 || json.Unmarshal(b, &answer) != nil || len(answer.Events) == 0 {
		ts.Fatalf("%s %s: %s %s", args[1], args[2], res.Status, b)
	}
	for _, x := range args[4:] {
		name, field, _ := strings.Cut(x, "=")
		value, ok := answer.Events[0].Data[field].(string)
		if !ok {
			ts.Fatalf("there is no %s in %s", field, b)
		}
		ts.Setenv(name, value)
	}
}

// halve FILE OUT cuts a file in half.
func halve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: halve FILE OUT")
	}
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b[:len(b)/2], 0o600))
}

// smalldisk DIR SIZE mounts a real file system that is soon full.
func smalldisk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: smalldisk DIR SIZE")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Check(unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+args[1]))
	ts.Defer(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
}

// canMount tells whether a small disk can be mounted here; that needs root.
func canMount() bool {
	dir, err := os.MkdirTemp("", "mount-*")
	if err != nil {
		return false
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k") != nil {
		return false
	}
	return unix.Unmount(dir, 0) == nil
}

// empty DIR fails where something is in a folder, also under a hidden name.
func empty(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: empty DIR")
	}
	all, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(all) > 0 {
		ts.Fatalf("%v is left", all)
	}
}

// sameviews DATA DATA fails where the views of two halls differ in a byte.
func sameviews(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sameviews DATA DATA")
	}
	first, at, err := view.Digest(app.ViewsFile(ts.MkAbs(args[0])))
	ts.Check(err)
	second, then, err := view.Digest(app.ViewsFile(ts.MkAbs(args[1])))
	ts.Check(err)
	if at == 0 || at != then || !bytes.Equal(first, second) {
		ts.Fatalf("one has %x of %d, the other %x of %d", first, at, second, then)
	}
}
