package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheProfileIsReadyWhateverWasLeft(t *testing.T) {
	for _, row := range []struct{ what, left, kept string }{
		{"the first start", "", ""},
		{"what the browser keeps itself stays", `{"profile":{"name":"screen","exit_type":"Crashed"},"big":12345678901234567890}`, `"big":12345678901234567890`},
		{"half of it after a power cut", `{"profile":{"na`, ""},
		{"nothing of it after a power cut", "\x00\x00\x00\x00", ""},
		{"a setting that has another form", `{"translate":true,"name":"screen"}`, `"name":"screen"`},
	} {
		cfg := config{Data: t.TempDir()}
		file := filepath.Join(cfg.Data, "profile", "Default", "Preferences")
		if row.left != "" {
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(row.left), 0o600), os.Symlink("another-computer-123", filepath.Join(cfg.Data, "profile", "SingletonLock"))); err != nil {
				t.Fatal(err)
			}
		}
		if err := prepareProfile(&cfg); err != nil {
			t.Fatalf("%s: %v", row.what, err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%s: %v", row.what, err)
		}
		var all struct {
			Translate struct{ Enabled *bool }
			Profile   struct {
				Passwords *bool `json:"password_manager_enabled"`
			}
		}
		if err := json.Unmarshal(text, &all); err != nil || all.Translate.Enabled == nil || *all.Translate.Enabled || all.Profile.Passwords == nil || *all.Profile.Passwords || !strings.Contains(string(text), row.kept) {
			t.Errorf("%s: %s: %v", row.what, text, err)
		}
		if _, err := os.Lstat(filepath.Join(cfg.Data, "profile", "SingletonLock")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the lock is left: %v", row.what, err)
		}
	}
}

func TestAProfileThatIsReadyIsNotWrittenAgain(t *testing.T) {
	cfg := config{Data: t.TempDir()}
	file := filepath.Join(cfg.Data, "profile", "Default", "Preferences")
	past := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := errors.Join(prepareProfile(&cfg), os.Chtimes(file, past, past), prepareProfile(&cfg)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || !info.ModTime().Equal(past) {
		t.Errorf("it was written: %v", err)
	}
}

// The other end of the pipes answers what a test wants.
func tools(t *testing.T, answer func(ask message) string) *devtools {
	t.Helper()
	theirs, ours := io.Pipe()
	from, to := io.Pipe()
	go func() {
		decoder := json.NewDecoder(&zeros{theirs})
		for {
			var ask message
			if decoder.Decode(&ask) != nil {
				_ = to.Close()
				return
			}
			if text := answer(ask); text != "" {
				_, _ = to.Write([]byte(text))
			}
		}
	}()
	t.Cleanup(func() { _ = ours.Close() })
	return newDevtools(from, ours)
}

// zeros reads the zero bytes between messages as spaces.
type zeros struct{ io.Reader }

func (z *zeros) Read(into []byte) (int, error) {
	n, err := z.Reader.Read(into)
	for i := range into[:n] {
		if into[i] == 0 {
			into[i] = ' '
		}
	}
	return n, err
}

func TestTheBrowserIsAskedOverItsPipes(t *testing.T) {
	d := tools(t, func(ask message) string {
		switch ask.Method {
		case "late": // answers to others, events and nonsense come between
			return "nonsense\x00{\"id\":99,\"result\":{}}\x00{\"method\":\"happened\",\"params\":{\"a\":1}}\x00{\"id\":1,\"result\":{\"value\":7}}\x00"
		case "refused":
			return "{\"id\":2,\"error\":{\"message\":\"not now\"}}\x00"
		case "close":
			return "{\"id\":3,\"result\":{}}\x00"
		}
		return ""
	})
	var got struct{ Value int }
	if err := d.call(t.Context(), "", "late", nil, &got); err != nil || got.Value != 7 {
		t.Errorf("it answers %v, %v", got, err)
	}
	if e := <-d.events; e.Method != "happened" || string(e.Params) != `{"a":1}` {
		t.Errorf("it tells %+v", e)
	}
	var no *toolsError
	if err := d.call(t.Context(), "page", "refused", nil, nil); !errors.As(err, &no) || no.Message != "not now" {
		t.Errorf("it refuses with %v", err)
	}
	if err := d.call(t.Context(), "", "close", map[string]any{"a": 1}, nil); err != nil {
		t.Error(err)
	}
}

func TestABrowserThatSaysNothingIsNotWaitedFor(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := tools(t, func(message) string { cancel(); return "" })
	if err := d.call(ctx, "", "anything", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("it says %v", err)
	}
}

func TestABrowserThatIsGoneIsNotWaitedFor(t *testing.T) {
	theirs, ours := io.Pipe()
	from, to := io.Pipe()
	d := newDevtools(from, ours)
	go func() {
		_, _ = io.ReadAtLeast(theirs, make([]byte, 1), 1)
		_ = to.Close()
	}()
	if err := d.call(t.Context(), "", "anything", nil, nil); !errors.Is(err, errGone) {
		t.Errorf("it says %v", err)
	}
}

func TestWhetherTheHubAnswers(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			t.Errorf("it asks for %s", r.URL.Path)
		}
		w.WriteHeader(status)
	}))
	h := newHub(server.URL, time.Second)
	if err := h.ask(t.Context()); err != nil {
		t.Errorf("a hub with a certificate that is judged later: %v", err)
	}
	for _, status = range []int{http.StatusBadGateway, http.StatusFound} {
		if err := h.ask(t.Context()); !errors.Is(err, errUnwell) {
			t.Errorf("%d: %v", status, err)
		}
	}
	server.Close()
	if err := h.ask(t.Context()); err == nil || errors.Is(err, errUnwell) {
		t.Errorf("a hub that is away: %v", err)
	}
}

// The days on which a screen is lit by the hall's calendar are the hub's to say.
func TestTheHallsCalendar(t *testing.T) {
	hall := `{"hall":{"day":"2026-10-01","day_kind":"holiday"}}`
	asked := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; r.URL.Path != "/api/v1/live" || hall == "" {
			http.NotFound(w, r)
			return
		}
		if _, err := io.WriteString(w, hall); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	today, now := day(t, "2026-10-01 09:00"), time.Now()
	h := newHub(server.URL, time.Second)
	h.today = func() string { return today.Format(time.DateOnly) }
	expect := func(what string, questions int, works bool) {
		t.Helper()
		h.askCalendar(t.Context(), now)
		if got := h.worksOn(today); got != works || asked != questions {
			t.Errorf("%s: it works: %v, asked %d times", what, got, asked)
		}
	}
	if !h.worksOn(today) {
		t.Error("before the hub has spoken, a Thursday counts as any other")
	}
	expect("a holiday", 1, false)
	expect("which is not asked again at once", 1, false)
	hall = `{"hall":{"day":"2026-10-01","day_kind":"work"}}`
	now = now.Add(calendarEvery)
	expect("the hall opens after all", 2, true)
	hall, now = `{"hall":{"day":"2026-10-01","day_kind":"closed"}}`, now.Add(calendarEvery)
	expect("the hall closes for the rest of the day", 3, false)
	hall, now = "", now.Add(calendarEvery)
	expect("a hub that cannot say has said it", 4, false)
	today = day(t, "2026-10-10 09:00")
	expect("a Saturday of which nobody said anything", 5, false)
	hall = `{"hall":{"day":"2026-10-10"}}`
	expect("a hub that does not know sorts of days", 6, false)
	hall = `{"hall":{"day":"2026-10-10","day_kind":"make_up"}}`
	expect("it is worked", 7, true)
}

func TestTelevisions(t *testing.T) {
	for _, row := range []struct {
		what, script string
		wants        []bool
		told         string
	}{
		{"on: it is told whose picture to show", "echo 'Physical Address            : 2.0.0.0'", []bool{true}, "--image-view-on|--active-source phys-addr=2.0.0.0"},
		{"it has no address yet", "echo 'Physical Address            : f.f.f.f'", []bool{true}, "--image-view-on"},
		{"off", "", []bool{false}, "--standby"},
		{"once is enough: what somebody switched by hand stays", "", []bool{false, false, true, true}, "--standby|--image-view-on"},
		{"one that does not listen is no reason to stop", "exit 1", []bool{true, false}, "--image-view-on|--standby"},
	} {
		dir := t.TempDir()
		script := "#!/bin/sh\necho \"$*\" >>" + dir + "/told\n" + row.script + "\n"
		if err := errors.Join(os.WriteFile(filepath.Join(dir, "cec-ctl"), []byte(script), 0o700), os.WriteFile(filepath.Join(dir, "cec0"), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
		d := &display{cec: filepath.Join(dir, "cec[0-9]"), logger: slog.New(slog.DiscardHandler)}
		for _, on := range row.wants {
			d.televisions(t.Context(), on)
		}
		text, err := os.ReadFile(filepath.Join(dir, "told"))
		if err != nil {
			t.Fatal(err)
		}
		told := strings.ReplaceAll(string(text), "--device "+dir+"/cec0 --playback --to 0 ", "")
		if got := strings.ReplaceAll(strings.TrimSpace(told), "\n", "|"); got != row.told {
			t.Errorf("%s: it was told %s", row.what, got)
		}
	}
}
