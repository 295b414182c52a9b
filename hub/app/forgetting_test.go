package app_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/conduct"
	"hallkeeper/hub/copies"
	"hallkeeper/hub/courier/couriertest"
	"hallkeeper/hub/personal"
	"hallkeeper/hub/vault"
	"hallkeeper/hub/view"
	"hallkeeper/wire"
)

func keyFile(cfg app.Config, key string) string {
	return filepath.Join(app.KeyDir(cfg.Data), "people", key+".key")
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// openCase enters a complaint and gives its number and its id.
func (h *hub) openCase(text string) (number, id string) {
	h.t.Helper()
	before := len(h.kinds(wire.KindCaseOpened))
	h.change("POST", "cases", map[string]any{"source": "hotline", "department": "civil", "text": text, "phone": "13800000042"})
	all := h.kinds(wire.KindCaseOpened)
	var c wire.CaseOpened
	if len(all) != before+1 || json.Unmarshal(all[before].Data, &c) != nil {
		h.t.Fatalf("there are %d cases", len(all))
	}
	return c.Number, c.Case
}

// Forgetting at any moment, between anything else and a restart, leaves the log whole and every view as a replay makes it.
func TestForgettingAtAnyMomentLeavesTheLogWholeAndTheViewsTheSame(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 35))
			cfg := config(t.TempDir())
			h := start(t, cfg)
			h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
			type file struct{ number, id string }
			var open, closed []file
			gone := map[string]bool{}
			for range 40 {
				switch op := random.IntN(12); {
				case op < 4 || len(open)+len(closed) == 0:
					number, id := h.openCase("窗口没人")
					open = append(open, file{number, id})
				case op < 7 && len(open) > 0:
					n := random.IntN(len(open))
					h.change("POST", "cases/"+open[n].number+"/close", map[string]any{"result": "unfounded", "reason": "查无此事"})
					closed = append(closed, open[n])
					open = append(open[:n], open[n+1:]...)
				case op < 8 && len(open) > 0:
					if got := h.ask("personal/forget", `{"whose":"case-`+open[0].id+`","reason":"本人申请","reference":"申请表"}`); got != http.StatusConflict {
						t.Errorf("an open case is forgotten: %d", got)
					}
				case op < 10 && len(closed) > 0:
					x := closed[random.IntN(len(closed))]
					want := http.StatusOK
					if gone[x.id] {
						want = http.StatusConflict
					}
					if got := h.ask("personal/forget", `{"whose":"case-`+x.id+`","reason":"本人申请","reference":"申请表"}`); got != want {
						t.Errorf("forgetting is answered %d, expected %d", got, want)
					}
					gone[x.id] = true
					if there(keyFile(cfg, conduct.Key(x.id))) {
						t.Error("it is answered, and the key is there")
					}
				case op == 10:
					if err := h.stop(); err != nil {
						t.Fatal(err)
					}
					h = start(t, cfg)
				}
			}
			for _, x := range append(open, closed...) {
				var story api.CaseStory
				if got := h.get("/api/v1/cases/"+x.number, &story); got != http.StatusOK || (story.Steps[0].Text == personal.Removed) != gone[x.id] {
					t.Errorf("case %s is answered %d %+v, forgotten: %v", x.number, got, story.Steps, gone[x.id])
				}
			}
			if err := h.stop(); err != nil {
				t.Fatal(err)
			}
			if p := verified(t, cfg); p.Wrong() != 0 || len(p.Log.Faults) != 0 {
				t.Errorf("hub verify finds %d wrong and %v", p.Wrong(), p.Log.Faults)
			}
			live, at, err := view.Digest(app.ViewsFile(cfg.Data))
			if err != nil {
				t.Fatal(err)
			}
			p, again, err := app.Replay(context.Background(), cfg, slog.New(slog.DiscardHandler))
			if err != nil || p != at || !bytes.Equal(live, again) {
				t.Errorf("the views are of %d, a replay is of %d: the same %v, %v", at, p, bytes.Equal(live, again), err)
			}
		})
	}
}

// A key that is put back from a backup is destroyed at the next start, and so is one that the hub had no time to destroy.
func TestARestoredKeyIsDestroyedAgain(t *testing.T) {
	cfg := config(t.TempDir())
	h := start(t, cfg)
	h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	number, id := h.openCase("窗口没人")
	path := keyFile(cfg, conduct.Key(id))
	backup, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h.change("POST", "cases/"+number+"/close", map[string]any{"result": "unfounded", "reason": "查无此事"})
	h.change("POST", "personal/forget", personal.Forget{Whose: conduct.Key(id), Reason: "本人申请", Reference: "申请表 1"})
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path + ".forgotten"); err != nil { // the keys of the backup know nothing of it
		t.Fatal(err)
	}
	if err := os.WriteFile(path, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	h = start(t, cfg)
	if there(path) {
		t.Error("the key is there after the start")
	}
	var story api.CaseStory
	if got := h.get("/api/v1/cases/"+number, &story); got != http.StatusOK || story.Steps[0].Text != personal.Removed {
		t.Errorf("it is answered %d %+v", got, story.Steps)
	}
}

// What is over lapses by itself, at the start and with the day, and the log says by which article; what goes on does not.
func TestWhatIsOverLapsesByItself(t *testing.T) {
	cfg := config(t.TempDir())
	began := time.Now()
	h := start(t, cfg)
	h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	over, overID := h.openCase("窗口没人")
	_, onID := h.openCase("还是没人")
	h.change("POST", "cases/"+over+"/close", map[string]any{"result": "unfounded", "reason": "查无此事"})
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	cfg.Now = func() time.Time { return began.AddDate(4, 0, 0).Add(time.Since(began)) }
	h = start(t, cfg)
	brokertest.Eventually(t, "the case that is over is forgotten", func() bool { return !there(keyFile(cfg, conduct.Key(overID))) })
	if !there(keyFile(cfg, conduct.Key(onID))) {
		t.Error("the open case is forgotten")
	}
	whose := map[string]bool{}
	for _, e := range h.kinds(wire.KindPersonalForgotten) {
		var d wire.PersonalForgotten
		if json.Unmarshal(e.Data, &d) != nil || d.Why != personal.ByRetention || d.Article == "" || e.Actor.ID != "retention" {
			t.Errorf("the log says %+v %s", e, e.Data)
		}
		if !strings.HasPrefix(d.Whose, "address-") { // so have the network addresses of that month
			whose[d.Whose] = true
		}
	}
	if len(whose) != 1 || !whose[conduct.Key(overID)] {
		t.Errorf("the log says that %v are forgotten", whose)
	}
}

// A key that is gone without a word in the log is a fault of a file that had the name; one that was removed as prescribed is not.
func TestAFileWithARemovedNameIsNoFault(t *testing.T) {
	played := playedMonth(t)
	server := couriertest.Serve(t, "127.0.0.1:0", false, false)
	cfg := config(played.Data)
	cfg.Hall.ID = played.Hall.ID
	cfg.Bureau = "演示政务服务管理局"
	cfg.Mail.Host, cfg.Mail.Port, cfg.Mail.TLS, cfg.Mail.From = server.Host, server.Port, "none", "hall@example.cn"
	h := start(t, cfg)
	h.change("PUT", "departments/civil/mail", map[string]any{"email": "office@civil.example.cn"})
	h.change("POST", "months/2021-01/copies", map[string]any{"formats": []string{"xlsx"}})
	var list api.CopyList
	brokertest.Eventually(t, "the copy is sent", func() bool {
		return h.get("/api/v1/copies?period=2021-01", &list) == http.StatusOK && len(list.Copies) == 1 && list.Copies[0].State == copies.Sent
	})
	var people api.StaffList
	h.get("/api/v1/staff", &people)
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if p := verified(t, cfg); p.Wrong() != 0 || p.Files.Equal != 1 {
		t.Fatalf("%d wrong, files %+v", p.Wrong(), p.Files)
	}
	keys := vault.Unsealer(app.KeyDir(cfg.Data))
	whose := ""
	for _, x := range people.Staff {
		if x.Department == "civil" {
			whose = "staff-" + x.ID
		}
	}
	if err := keys.Forget(whose); err != nil {
		t.Fatal(err)
	}
	if p := verified(t, cfg); len(p.Files.Wrong) != 1 || p.Files.Removed != 0 {
		t.Errorf("a key that is gone without a word: %+v", p.Files)
	}
	h = start(t, cfg) // one more record after the last checkpoint, to be made another
	last := wire.Position(0)
	for r := range h.all() {
		last = r.Position
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	told := rewritten(t, cfg, false, func(r *wire.Record) {
		if r.Position == last {
			r.Kind, r.Data = wire.KindPersonalForgotten, json.RawMessage(`{"whose":"`+whose+`","why":"retention","article":"个人信息保护法 第十九条"}`)
		}
	})
	if p := verified(t, told); p.Wrong() != 0 || p.Files.Removed != 1 {
		t.Errorf("a key that was destroyed as prescribed: %d wrong, %+v", p.Wrong(), p.Files)
	}
}

// A picture goes with the log's word for it, and one that comes back from a backup is destroyed at the next start.
func TestAForgottenPictureIsDestroyedAndStaysSo(t *testing.T) {
	cfg := config(t.TempDir())
	ahead := time.Duration(0)
	began := time.Now()
	cfg.Now = func() time.Time { return began.Add(ahead).Add(time.Since(began)) }
	h := start(t, cfg)
	h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	h.change("PUT", "windows/w1", map[string]any{"number": "1", "name": "婚姻登记", "department": "civil"})
	h.change("PUT", "staff/s1", map[string]any{"name": "演示员一", "department": "civil", "employment": "in_post", "work_since": "2015-07-01", "born": "1990-05-01"})
	picture := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00\x3a\x7e\x9b\x55\x00\x00\x00\x0aIDAT\x78\x9c\x63\x60\x00\x00\x00\x02\x00\x01\x48\xaf\xa4\x71\x00\x00\x00\x00IEND\xae\x42\x60\x82")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.addr.HTTP+"/api/v1/photos", bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Content-Type", "image/png")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusCreated {
		t.Fatal(res.Status, err)
	}
	sum := sha256.Sum256(picture)
	hash := hex.EncodeToString(sum[:])
	h.change("POST", "findings", map[string]any{"finding": "f1", "day": began.In(time.FixedZone("", 8*3600)).Format(time.DateOnly), "rule": "appearance", "window": "w1", "staff": "s1", "note": "未戴工牌", "photo": hash})
	path := filepath.Join(app.PhotoDir(cfg.Data), hash)
	if !there(path) {
		t.Fatal("there is no picture")
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	ahead = 1096 * 24 * time.Hour
	h = start(t, cfg)
	brokertest.Eventually(t, "it is gone", func() bool { return !there(path) })
	gone := func() (n int) {
		for _, e := range h.kinds(wire.KindPersonalForgotten) {
			if strings.Contains(string(e.Data), personal.Picture+hash) {
				n++
			}
		}
		return n
	}
	if gone() != 1 {
		t.Errorf("the log says it %d times", gone())
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, picture, 0o600); err != nil { // as a restored backup has it
		t.Fatal(err)
	}
	h = start(t, cfg)
	brokertest.Eventually(t, "it is gone again", func() bool { return !there(path) })
	if gone() != 1 {
		t.Errorf("the log says it %d times", gone())
	}
}
