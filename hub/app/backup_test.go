package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/hub/backup"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/register"
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

// viewAt folds a log up to a position and gives every row.
func viewAt(t *testing.T, data string, through wire.Position) map[string]string {
	t.Helper()
	log, closeLog, err := eventlog.Read(app.LogDir(data))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closeLog() }()
	v, err := register.NewView(time.FixedZone("", 8*3600))
	if err != nil {
		t.Fatal(err)
	}
	for at := wire.Position(0); at < through; {
		batch, err := log.ReadBatch(at, int(min(1000, through-at)))
		if err != nil || len(batch) == 0 {
			t.Fatalf("the log ends at %d: %v", at, err)
		}
		for i := range batch {
			v.Apply(&batch[i])
		}
		at = batch[len(batch)-1].Position
	}
	rows := map[string]string{}
	v.Each(func(key string, value []byte) { rows[key] = string(value) })
	return rows
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
	before, after := viewAt(t, cfg.Data, out.Log.Records), viewAt(t, to, out.Log.Records)
	for key, value := range before {
		if after[key] != value {
			t.Errorf("%s differs: %.200s and %.200s", key, value, after[key])
		}
	}
	if len(before) != len(after) || len(before) == 0 {
		t.Errorf("there were %d rows and are %d", len(before), len(after))
	}
	again := cfg
	again.Data = to
	g := start(t, again)
	var story api.CaseStory
	if g.get("/api/v1/cases/"+number, &story); story.Steps[0].Text != "窗口没人" {
		t.Errorf("the restored hall answers %+v", story.Steps)
	}
}

// full is a disk that fills up.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
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
		"nothing":               {nil, id, "damaged"},
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
		if _, err := app.BackupAtRest(context.Background(), cfg, to, &full{space}); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("a disk with %d bytes: %v", space, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(app.LogDir(cfg.Data), ".copy-*")); len(left) != 0 {
		t.Errorf("a copy is left: %v", left)
	}
}
