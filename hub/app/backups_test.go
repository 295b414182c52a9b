package app_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"
	"golang.org/x/sys/unix"

	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/hub/backup"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/view"
	"hallkeeper/wire"
)

// inPlace are the backups that lie in a folder with the lists of what they need.
func inPlace(t *testing.T, dir string) (all []backup.Taken) {
	t.Helper()
	names, err := backup.Folder(dir).Names()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range backup.InPlace(names, "") {
		if there(filepath.Join(dir, strings.TrimSuffix(x.Name, ".age")+".parts")) {
			all = append(all, x)
		}
	}
	return all
}

func (h *hub) labelled(name string) string {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.addr.HTTP+"/metrics", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, name+"{") {
			return strings.TrimSpace(line[strings.LastIndexByte(line, ' '):])
		}
	}
	return ""
}

// A hub backs itself up at its start and then by its time, brings each sealed month once, and what is restored from the
// place makes the same views of the same log.
func TestAHubBacksItselfUp(t *testing.T) {
	id := newKey(t)
	place := t.TempDir()
	cfg := config(t.TempDir())
	cfg.Backup.To, cfg.Backup.Recipients = []string{place}, []string{id.Recipient().String()}
	cfg.Backup.KeepDays = 90
	october := time.Date(2026, 10, 12, 9, 0, 0, 0, time.FixedZone("", 8*3600))
	began := time.Now()
	cfg.Now = func() time.Time { return october.Add(time.Since(began)) }
	h := start(t, cfg)
	h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	brokertest.Eventually(t, "the first backup is there", func() bool { return len(inPlace(t, place)) == 1 })
	brokertest.Eventually(t, "the metrics say when it was", func() bool {
		v := h.labelled("hallkeeper_backup_last_timestamp_seconds")
		return strings.HasPrefix(v, "1.79") && h.labelled("hallkeeper_backup_failures_total") == "0"
	})
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	segments := func() []string {
		all, err := filepath.Glob(filepath.Join(place, "segment-*"))
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if len(segments()) != 0 {
		t.Errorf("an open month is a part: %v", segments())
	}
	november := october.AddDate(0, 1, 0)
	for n := range 2 { // the second brings nothing old
		began = time.Now()
		cfg.Now = func() time.Time { return november.AddDate(0, 0, n).Add(time.Since(began)) }
		h = start(t, cfg)
		number, _ := h.openCase("窗口没人")
		if number == "" {
			t.Fatal("no case")
		}
		sealed := func() bool {
			all, err := filepath.Glob(filepath.Join(app.LogDir(cfg.Data), "*.sealed"))
			return err == nil && len(all) == 1
		}
		brokertest.Eventually(t, "october is sealed", sealed)
		brokertest.Eventually(t, "the next backup is there", func() bool { return len(inPlace(t, place)) == 2+n })
		if err := h.stop(); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Now = func() time.Time { return november.AddDate(0, 0, 2) }
	name, m, err := app.BackupAtRestInto(t.Context(), cfg, place, cfg.Backup.Recipients)
	if err != nil {
		t.Fatal(err)
	}
	parts := segments()
	if len(parts) != 1 {
		t.Fatalf("the parts are %v", parts)
	}
	had, at, err := view.Digest(app.ViewsFile(cfg.Data))
	if err != nil {
		t.Fatal(err)
	}
	restored := cfg
	restored.Data = filepath.Join(t.TempDir(), "machine", "data")
	out, err := app.RestoreAt(t.Context(), place, "", backup.Access{}, []age.Identity{id}, restored.Data)
	if err != nil || out.Log.Records != m.Head || out.Manifest.Head != m.Head || out.Log.Segments != 2 {
		t.Fatalf("restored is %+v of %s, %v", out, name, err)
	}
	if p, has, err := app.Replay(t.Context(), restored, slog.New(slog.DiscardHandler)); err != nil || p != at || !bytes.Equal(had, has) {
		t.Errorf("the views were %x of %d and are %x of %d, %v", had, at, has, p, err)
	}
	if before := verified(t, cfg); before.Log.Root != out.Log.Root {
		t.Errorf("the root was %s and is %s", before.Log.Root, out.Log.Root)
	}
	g := start(t, restored)
	if n := len(g.kinds(wire.KindCaseOpened)); n != 2 {
		t.Errorf("the restored hall has %d cases", n)
	}
}

// A place that cannot be used stops nothing: the failure is counted and told, and the hub makes the backup once the place is back.
func TestABackupThatFailsIsCountedAndNothingStops(t *testing.T) {
	id := newKey(t)
	place := filepath.Join(t.TempDir(), "disk")
	cfg := config(t.TempDir())
	cfg.Backup.To, cfg.Backup.Recipients = []string{place}, []string{id.Recipient().String()}
	lines := &said{}
	h := startWith(t, cfg, lines.logger())
	brokertest.Eventually(t, "the failure is counted", func() bool { return h.labelled("hallkeeper_backup_failures_total") == "1" })
	if !strings.Contains(lines.String(), "is its disk mounted?") || h.labelled("hallkeeper_backup_last_timestamp_seconds") != "0" {
		t.Errorf("it says %s", lines.String())
	}
	if n := len(h.kinds(wire.KindBackupTaken)); n != 0 {
		t.Errorf("the log has %d backups that were none", n)
	}
	h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(place, 0o700); err != nil {
		t.Fatal(err)
	}
	h = start(t, cfg)
	brokertest.Eventually(t, "the backup is there", func() bool { return len(inPlace(t, place)) == 1 })
}

// A place that is gone for long is an alarm, also where the hub was off and on meanwhile and another place is well; what the log
// says was begun there counts for nothing. It is told which place, and once its disk is back all is well by itself.
func TestAPlaceThatFallsBehindIsAnAlarm(t *testing.T) {
	id := newKey(t)
	well, gone := t.TempDir(), filepath.Join(t.TempDir(), "disk")
	cfg := config(t.TempDir())
	cfg.Backup.To, cfg.Backup.Recipients = []string{well, gone}, []string{id.Recipient().String()}
	var ahead atomic.Int64 // how far the clock is ahead
	cfg.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	h := start(t, cfg)
	state := func() (b api.BackupState) {
		var health api.SystemHealth
		h.get("/api/v1/health", &health)
		return health.Backup
	}
	brokertest.Eventually(t, "the first place has one, the second has failed", func() bool {
		b := state()
		return len(b.Places) == 2 && b.Places[0].Last != nil && b.Places[0].Size > 0 && b.Places[1].Failed != nil
	})
	if b := state(); b.State != "none" || b.Back != nil || b.Places[0].State != "fresh" || b.EverySeconds != 3600 || !strings.Contains(b.Places[1].Why, "is its disk mounted?") || !strings.Contains(b.Places[1].WhyZh, "请看备份盘是否已挂载") {
		t.Errorf("%+v", b)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	ahead.Store(int64(4 * time.Hour))
	h = start(t, cfg)
	var live wire.Live
	brokertest.Eventually(t, "the second place is an alarm", func() bool {
		live = wire.Live{}
		h.get("/api/v1/live", &live)
		return live.Alarms["backup_old"].Detail == "never"
	})
	if a := live.Alarms["backup_old"]; a.Values["place"] != "2" || strings.Contains(fmt.Sprint(a), gone) {
		t.Errorf("%+v", a)
	}
	var probe api.State
	if h.get("/healthz", &probe); probe.Status != "ok" || probe.Backup != "never" {
		t.Errorf("%+v", probe)
	}
	brokertest.Eventually(t, "the trouble names the place", func() bool {
		ahead.Add(int64(time.Minute)) // it has to stand for a while
		var list api.TroubleList
		h.get("/api/v1/troubles", &list)
		return len(list.Open) == 1 && strings.Contains(list.Open[0].ZH, gone) && strings.Contains(list.Open[0].EN, gone)
	})
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(gone, 0o700); err != nil {
		t.Fatal(err)
	}
	h = start(t, cfg)
	brokertest.Eventually(t, "all is well", func() bool {
		var probe api.State
		h.get("/healthz", &probe)
		return probe.Backup == "fresh" && state().Back != nil
	})
	live = wire.Live{}
	brokertest.Eventually(t, "the alarm is over", func() bool {
		live = wire.Live{}
		h.get("/api/v1/live", &live)
		_, there := live.Alarms["backup_old"]
		return !there
	})
}

// A backup that fails when its disk is full leaves nothing half-written, keeps the one before it, and says why.
func TestABackupOntoAFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("mounting a small disk needs root: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	id := newKey(t)
	to := []string{id.Recipient().String()}
	h := start(t, config(t.TempDir()))
	h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	into := map[string]any{"recipients": to, "into": disk}
	var made api.BackupMade
	if status := h.asked("backup", into, &made); status != http.StatusOK || made.Position == 0 {
		t.Fatalf("%d %+v", status, made)
	}
	fill(t, filepath.Join(disk, "filler"))
	h.change("PUT", "departments/tax", map[string]any{"name": "税务局"})
	var refused wire.Problem
	brokertest.Eventually(t, "the next second, for a name of its own", func() bool {
		return h.asked("backup", into, &refused) == http.StatusConflict && !strings.Contains(refused.Title, "wait a second")
	})
	if refused.Code != "backup_failed" || !strings.Contains(refused.Title, "no space left on device") {
		t.Errorf("%+v", refused)
	}
	names, err := backup.Folder(disk).Names()
	if err != nil || len(names) != 3 || !there(filepath.Join(disk, made.Name)) {
		t.Errorf("%v is left, %v", names, err)
	}
	if out, err := app.RestoreAt(t.Context(), disk, "", backup.Access{}, []age.Identity{id}, filepath.Join(t.TempDir(), "hall")); err != nil || out.Log.Records != made.Position {
		t.Errorf("the backup before it restores to %+v, %v", out, err)
	}
}
