package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sys/unix"

	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/hub/backup"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/live"
	"hallkeeper/hub/register"
	"hallkeeper/hub/view"
	"hallkeeper/wire"
)

func newKey(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// viewsAt folds a log up to a position and gives every row of every view, and the tree's root there.
func viewsAt(t *testing.T, data string, through wire.Position) (rows map[string]string, root tlog.Hash) {
	t.Helper()
	log, closeLog, err := eventlog.Read(app.LogDir(data))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closeLog() }()
	zone := time.FixedZone("", 8*3600)
	v, err := register.NewView(zone)
	if err != nil {
		t.Fatal(err)
	}
	all := []view.Fold{v, live.NewFacts(zone)}
	for at := wire.Position(0); at < through; {
		batch, err := log.ReadBatch(at, int(min(1000, through-at)))
		if err != nil || len(batch) == 0 {
			t.Fatalf("the log ends at %d: %v", at, err)
		}
		for i := range batch {
			for _, f := range all {
				f.Apply(&batch[i])
			}
		}
		at = batch[len(batch)-1].Position
	}
	rows = map[string]string{}
	for _, f := range all {
		f.Save(func(key string, value []byte) { rows[f.Name()+"/"+key] = string(value) }, func(string) {})
	}
	if root, err = tlog.TreeHash(int64(through), log); err != nil {
		t.Fatal(err)
	}
	return rows, root
}

func sameViews(t *testing.T, before, after map[string]string) {
	t.Helper()
	for key, value := range before {
		if after[key] != value {
			t.Errorf("%s differs: %.200s and %.200s", key, value, after[key])
		}
	}
	if len(before) != len(after) || len(before) == 0 {
		t.Errorf("there were %d rows and are %d", len(before), len(after))
	}
}

// A backup of a hub that is at work is of one position: what is restored is whole, serves, and every view of it is that of
// the original at that position, row for row. Nobody reads a name in the file.
func TestABackupOfARunningHubIsTheHallAtOneMoment(t *testing.T) {
	cfg := config(t.TempDir())
	h := start(t, cfg)
	h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	number, _ := h.openCase("窗口没人")
	picture := []byte("picture")
	hash := strings.Repeat("a", 64)
	if err := os.MkdirAll(app.PhotoDir(cfg.Data), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(app.PhotoDir(cfg.Data), hash), picture, 0o600); err != nil {
		t.Fatal(err)
	}
	load := make(chan struct{})
	go func() { // people go on working
		defer close(load)
		for n := range 30 {
			h.ask("cases", fmt.Sprintf(`{"source":"hotline","department":"civil","text":"第%d件"}`, n))
		}
	}()
	id := newKey(t)
	var file bytes.Buffer
	for range 3 { // in the middle of the work
		file.Reset()
		if err := h.Backup(t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "operator"}, []string{id.Recipient().String()}, &file); err != nil {
			t.Fatal(err)
		}
	}
	<-load
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file.Bytes(), []byte("checkpoint")) || bytes.Contains(file.Bytes(), []byte("backup.taken")) {
		t.Error("the file can be read")
	}
	to := filepath.Join(t.TempDir(), "new", "hall")
	out, err := app.Restore(bytes.NewReader(file.Bytes()), []age.Identity{id}, to)
	if err != nil {
		t.Fatal(err)
	}
	if out.Log.Records != out.Manifest.Head || out.Log.Records == 0 || out.Keys == 0 || out.Photos != 1 || out.Header.Hall != "t" {
		t.Errorf("it says that it has %+v", out)
	}
	before, root := viewsAt(t, cfg.Data, out.Log.Records)
	after, again := viewsAt(t, to, out.Log.Records)
	sameViews(t, before, after)
	if root != again || root != out.Log.Root {
		t.Errorf("the root was %s and is %s, of which the check says %s", root, again, out.Log.Root)
	}
	other := cfg
	other.Data = to
	g := start(t, other)
	var story api.CaseStory
	if g.get("/api/v1/cases/"+number, &story); story.Steps[0].Text != "窗口没人" {
		t.Errorf("the restored hall answers %+v", story.Steps)
	}
}

// The views that a restored folder makes of its log are, file against file, those that the hub had written when it ended;
// the tree has the same root.
func TestRestoredViewsAreTheSameByteForByte(t *testing.T) {
	cfg := config(t.TempDir())
	h := start(t, cfg)
	h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	h.openCase("窗口没人")
	d := connect(h, "w01")
	d.Send(d.Presses(1, 20))
	brokertest.Eventually(t, "the views have the presses", func() bool {
		all := h.events()
		return h.live().Hub.Position >= all[len(all)-1].Position
	})
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	had, at, err := view.Digest(app.ViewsFile(cfg.Data))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Now = time.Now
	id := newKey(t)
	var file bytes.Buffer
	if _, err := app.BackupAtRest(t.Context(), cfg, []string{id.Recipient().String()}, &file); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "hall")
	out, err := app.Restore(&file, []age.Identity{id}, to)
	if err != nil {
		t.Fatal(err)
	}
	restored := cfg
	restored.Data = to
	p, has, err := app.Replay(t.Context(), restored, slog.New(slog.DiscardHandler))
	if err != nil || p != at || p != out.Manifest.Head || !bytes.Equal(had, has) {
		t.Errorf("the views were %x of %d and are %x of %d, %v", had, at, has, p, err)
	}
	if before := verified(t, cfg); before.Log.Root != out.Log.Root || before.Log.Records != out.Log.Records {
		t.Errorf("the log was %+v and is %+v", before.Log, out.Log)
	}
}

// The operator's program gets the copy from the hub that serves, in pieces, with an entry in the log; nobody else does.
func TestTheServingHubGivesItsOperatorTheBackup(t *testing.T) {
	h := start(t, config(t.TempDir()))
	h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	id := newKey(t)
	recipients := []string{id.Recipient().String()}
	body, err := json.Marshal(map[string]any{"recipients": recipients})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(bearer, body string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.addr.HTTP+"/api/v1/backup", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if bearer != "" {
			req.Header.Set("Authorization", "Bearer "+bearer)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	if res := ask("", string(body)); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger is answered %s", res.Status)
	}
	if res := ask(secret, `{"recipients":["age1nonsense"]}`); res.StatusCode == http.StatusOK {
		t.Errorf("no key is answered %s", res.Status)
	}
	if n := len(h.kinds(wire.KindBackupTaken)); n != 0 {
		t.Errorf("the log has %d backups", n)
	}
	res := ask(secret, string(body))
	if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("it is answered %s %v", res.Status, res.Header)
	}
	out, err := app.Restore(res.Body, []age.Identity{id}, filepath.Join(t.TempDir(), "hall"))
	if err != nil || out.Header.Hall != "t" || len(out.Log.Faults) > 0 {
		t.Fatalf("it restores to %+v, %v", out, err)
	}
	said := h.kinds(wire.KindBackupTaken)
	var noted wire.BackupTaken
	if len(said) != 1 || json.Unmarshal(said[0].Data, &noted) != nil || !slices.Equal(noted.Recipients, recipients) || said[0].Actor.ID != "operator" {
		t.Errorf("the log has %+v", said)
	}
	if len(said) == 1 && said[0].Position > out.Log.Records {
		t.Error("the entry is not in the copy")
	}
}

// full is a disk that fills up: what does not fit is answered as the kernel does.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.left)
	f.left -= n
	if n < len(p) {
		return n, &fs.PathError{Op: "write", Path: "backup.age", Err: unix.ENOSPC}
	}
	return n, nil
}

// Each thing that can be wrong with a backup is one clear line, and nothing half-written stays.
func TestABadBackupLeavesNothing(t *testing.T) {
	cfg := config(t.TempDir())
	h := start(t, cfg)
	h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	h.openCase("窗口没人")
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	cfg.Now = time.Now
	id, other := newKey(t), newKey(t)
	var file bytes.Buffer
	to := []string{id.Recipient().String()}
	if _, err := app.BackupAtRest(t.Context(), cfg, to, &file); err != nil {
		t.Fatal(err)
	}
	good := file.Bytes()
	flipped := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 1
		return b
	}
	for name, x := range map[string]struct {
		file []byte
		key  age.Identity
		want string
	}{
		"another key":           {good, other, "does not open the backup"},
		"cut in half":           {good[:len(good)/2], id, "cut short"},
		"cut at its end":        {good[:len(good)-1], id, "cut short"},
		"one byte in the head":  {flipped(40), id, "backup"},
		"one byte in the midst": {flipped(len(good) / 2), id, "altered"},
		"one byte at the end":   {flipped(len(good) - 1), id, "altered"},
		"nothing":               {nil, id, "the file is empty"},
	} {
		above := t.TempDir()
		_, err := app.Restore(bytes.NewReader(x.file), []age.Identity{x.key}, filepath.Join(above, "hall"))
		if err == nil || !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(above); len(left) != 0 {
			t.Errorf("%s: %v is left", name, left)
		}
	}
	used := t.TempDir()
	if err := os.WriteFile(filepath.Join(used, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Restore(bytes.NewReader(good), []age.Identity{id}, used); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("into a folder in use: %v", err)
	}
	if _, err := app.BackupAtRest(t.Context(), cfg, nil, &file); !errors.Is(err, backup.ErrNoRecipient) {
		t.Errorf("for nobody: %v", err)
	}
	if _, err := app.BackupAtRest(t.Context(), cfg, []string{"age1nonsense"}, &file); err == nil {
		t.Error("for no key")
	}
	for _, space := range []int{0, 100, len(good) / 2, len(good) - 1} {
		if _, err := app.BackupAtRest(context.Background(), cfg, to, &full{space}); !errors.Is(err, unix.ENOSPC) {
			t.Errorf("a disk with %d bytes: %v", space, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(app.LogDir(cfg.Data), ".copy-*")); len(left) != 0 {
		t.Errorf("a copy is left: %v", left)
	}
}
