package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hallkeeper/settings"
)

func write(t *testing.T, text string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "screen.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTheBrowserFillsTheScreenWithThePage(t *testing.T) {
	for _, row := range []struct{ settings, address string }{
		{"hub: https://192.168.1.10\n", "https://192.168.1.10/lobby"},
		{"hub: https://hub.hall:8443/\npage: kiosk\n", "https://hub.hall:8443/kiosk"},
		{"hub: https://hub.hall\npage: board\nflags: [--disable-gpu]\n", "--disable-gpu https://hub.hall/board"},
		{"hub: https://hub.hall\npage: rating\nwindow: w01\n", "https://hub.hall/rate/w01"},
	} {
		var out bytes.Buffer
		if err := run(t.Context(), []string{"command", "--config", write(t, row.settings)}, &out, &out); err != nil {
			t.Errorf("%q: %v", row.settings, err)
		}
		line := strings.TrimSpace(out.String())
		for _, want := range []string{"chromium --kiosk ", " --autoplay-policy=no-user-gesture-required ", " --no-first-run ", " --hide-crash-restore-bubble ", "=Translate,"} {
			if !strings.Contains(line, want) {
				t.Errorf("%q lacks %q", line, want)
			}
		}
		if !strings.HasSuffix(line, " "+row.address) {
			t.Errorf("%q does not show %s", line, row.address)
		}
	}
}

func TestWrongSettingsAreAllTold(t *testing.T) {
	text := "hub: hub.hall\npage: rating\nauthority: /nowhere.crt\ntime_zone: Mars\nturn: 45\npatience: 0s\nflags: [disable-gpu]\nhours: [mon-fri 18:00-08:00]\nrestart: 3:30\n"
	err := run(t.Context(), []string{"command", "--config", write(t, text)}, &bytes.Buffer{}, &bytes.Buffer{})
	if err == nil {
		t.Fatal("they were taken")
	}
	for _, want := range []string{"hub: expected the hub's address", "window: expected", "authority: the file cannot be read", "time_zone: expected", "turn: expected", "patience: expected", "flags: expected", "expected days and times like", "expected a time like 03:30"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if got := exit(&bytes.Buffer{}, err); got != 2 {
		t.Errorf("exit status %d", got)
	}
}

func TestTheShippedSettingsAreRight(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"command", "--config", "screen.conf"}, &out, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(strings.TrimSpace(out.String()), " https://hub.hall/lobby") {
		t.Errorf("it shows %s", out.String())
	}
}

// The comments of the shipped settings are examples that work.
func TestTheExamplesInTheShippedSettingsAreRight(t *testing.T) {
	shipped, err := os.ReadFile("screen.conf")
	if err != nil {
		t.Fatal(err)
	}
	// An example is a comment without a space, which every explanation has.
	text := regexp.MustCompile(`(?m)^#((?:[a-z]| {2}).*)$`).ReplaceAllString(string(shipped), "$1")
	text = strings.Replace(text, "/etc/hallkeeper/hall-ca.crt", write(t, "PEM"), 1)
	cfg := defaults()
	if err := settings.Load(&cfg, write(t, text), nil); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(cfg.Hours) != 2 || cfg.Turn != 90 || cfg.Window != "w01" || !cfg.Clock.AssumeSynced || len(cfg.Flags) != 1 {
		t.Errorf("they are %+v", cfg)
	}
	preset := defaults()
	if cfg.Restart != preset.Restart || cfg.Zone != preset.Zone || cfg.CEC != preset.CEC || cfg.Away != preset.Away || cfg.Patience != preset.Patience {
		t.Errorf("what the comments show is not what is preset: %+v", cfg)
	}
}

func TestASessionNeedsItsService(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "")
	err := run(t.Context(), []string{"run", "--config", write(t, "hub: https://hub.hall\ndata: "+t.TempDir()+"\n")}, &bytes.Buffer{}, &bytes.Buffer{})
	if !errors.Is(err, errNoRuntime) || exit(&bytes.Buffer{}, err) != 1 {
		t.Errorf("it says %v", err)
	}
}

// day is a time in the hall's time zone.
func day(t *testing.T, text string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestTheScreenIsOnInItsHours(t *testing.T) {
	office, worked, market, weekend := "mon-fri 08:00-18:00", "workdays 08:00-18:00", "daily 06:30-24:00", "sat-sun 09:00-12:00"
	for _, row := range []struct {
		what, at string
		lines    []string
		on       bool
	}{
		{"without hours it is always on", "2026-11-29 03:00", nil, true},
		{"a day on which the hall works", "2026-10-10 10:00", []string{worked}, true}, // the Saturday after the National Day
		{"one on which it does not", "2026-10-01 10:00", []string{worked}, false},
		{"the evening of a day on which it works", "2026-10-10 18:00", []string{worked}, false},
		{"Monday morning before they open", "2026-11-23 07:59", []string{office}, false},
		{"as they open", "2026-11-23 08:00", []string{office}, true},
		{"the last minute", "2026-11-27 17:59", []string{office}, true},
		{"as they close", "2026-11-27 18:00", []string{office}, false},
		{"Saturday", "2026-11-28 10:00", []string{office}, false},
		{"Saturday with a line of its own", "2026-11-28 10:00", []string{office, weekend}, true},
		{"Sunday is in a stretch over the week's end", "2026-11-29 11:59", []string{weekend}, true},
		{"until midnight", "2026-11-29 23:59", []string{market}, true},
		{"after midnight", "2026-11-30 00:00", []string{market}, false},
	} {
		var all []hours
		for _, line := range row.lines {
			var h hours
			if err := h.UnmarshalText([]byte(line)); err != nil {
				t.Fatal(err)
			}
			all = append(all, h)
		}
		if got := lit(all, day(t, row.at), row.at[:10] == "2026-10-10"); got != row.on {
			t.Errorf("%s: on is %v", row.what, got)
		}
	}
	for _, wrong := range []string{"", "mon", "workdays", "workdays-fri 08:00-18:00", "mon 8-18", "mon 8:00-18:00", "mon 08:00-24:30", "mon 08:00", "funday 08:00-18:00", "mon-fri08:00-18:00", "mon 18:00-08:00", "mon 08:00-08:00"} {
		if err := (&hours{}).UnmarshalText([]byte(wrong)); !errors.Is(err, errHours) {
			t.Errorf("%q was taken: %v", wrong, err)
		}
	}
}

func TestTheBrowserIsStartedAnewOnceANight(t *testing.T) {
	for _, row := range []struct {
		what, since, now string
		at               minute
		due              bool
	}{
		{"before the time", "2026-11-23 08:00", "2026-11-24 03:29", at(3, 30), false},
		{"at the time", "2026-11-23 08:00", "2026-11-24 03:30", at(3, 30), true},
		{"once only", "2026-11-24 03:30", "2026-11-24 03:31", at(3, 30), false},
		{"a machine that slept over it", "2026-11-23 08:00", "2026-11-24 09:00", at(3, 30), true},
		{"one that was started after it", "2026-11-24 08:00", "2026-11-24 20:00", at(3, 30), false},
		{"shortly after midnight the last one counts", "2026-11-23 22:00", "2026-11-24 00:10", at(23, 0), true},
		{"never", "2026-11-01 08:00", "2026-11-24 03:30", minute{}, false},
	} {
		if got := row.at.due(day(t, row.since), day(t, row.now)); got != row.due {
			t.Errorf("%s: due is %v", row.what, got)
		}
	}
}

func TestWhatIsOnTheScreen(t *testing.T) {
	for _, row := range []struct {
		what  string
		facts facts
		want  scene
	}{
		{"at the start the hub is not there yet", facts{lit: true}, own},
		{"the hub is there", facts{lit: true, hub: true}, page},
		{"its page could not be opened a moment ago", facts{lit: true, hub: true, barred: true}, own},
		{"it is away for a moment: its page says so itself", facts{lit: true, loaded: true, missed: time.Second}, page},
		{"it is away for longer", facts{lit: true, loaded: true, missed: time.Minute}, own},
		{"a tablet keeps what people press meanwhile", facts{lit: true, loaded: true, missed: time.Hour, keeps: true}, page},
		{"a tablet that was started without the hub has nothing to keep", facts{lit: true, missed: time.Hour, keeps: true}, own},
		{"outside opening hours", facts{hub: true, loaded: true}, dark},
		{"outside opening hours, and the hub is away", facts{missed: time.Hour}, dark},
	} {
		if got := choose(row.facts, time.Minute); got != row.want {
			t.Errorf("%s: it shows %v", row.what, got)
		}
	}
}

func TestTheOwnPageSaysWhatItKnows(t *testing.T) {
	here := []string{"192.168.1.31"}
	for _, row := range []struct {
		what    string
		absence absence
		id      string
		want    string
	}{
		{"before the first answer", absence{hub: "https://hub.hall"}, "title_zh", "正在连接主机"},
		{"before the first answer nothing is missed", absence{hub: "https://hub.hall"}, "since_en", ""},
		{"after a minute", absence{known: true, missing: 61 * time.Second, at: day(t, "2026-11-23 08:12")}, "since_zh", "自 11月23日 08:12 起，已持续 1 分钟"},
		{"after a day, in English", absence{known: true, missing: 25*time.Hour + time.Minute, at: day(t, "2026-11-23 08:12")}, "since_en", "since 08:12 on 23 November, for 1 d 1 h"},
		{"without a clock only for how long", absence{known: true, missing: 3*time.Hour + 5*time.Minute}, "since_zh", "已持续 3 小时 5 分钟"},
		{"at once", absence{known: true}, "since_en", "for less than a minute"},
		{"a kiosk says where numbers are", absence{known: true, page: "kiosk"}, "do_zh", "请到咨询台领取纸质号；恢复后自动显示。"},
		{"a board needs nothing done", absence{known: true, page: "board"}, "do_en", "It comes back by itself; nothing has to be done here."},
		{"when it tries again", absence{known: true, next: 4600 * time.Millisecond}, "next", "5 秒后再试 next try in 5 s"},
		{"where it is", absence{known: true, here: here}, "here", "本机 This screen: 192.168.1.31"},
		{"it is nowhere", absence{known: true}, "here", "本机没有网络地址 This screen has no network address"},
		{"no cable", absence{known: true, why: because(errGone, nil)}, "why_en", "This screen is not on the network: check its cable or Wi-Fi."},
		{"no answer", absence{known: true, why: because(errUnwell, here)}, "why_en", "The hub does not answer: check its power and its cable."},
		{"a certificate of nobody", absence{known: true, why: because(refusal("net::ERR_CERT_AUTHORITY_INVALID"), here)}, "why_zh", "不信任主机的证书：请把主机的根证书写进 screen.conf 的 authority。"},
		{"a clock at the wrong year", absence{known: true, why: because(refusal("net::ERR_CERT_DATE_INVALID"), here)}, "why_zh", "证书的日期不对：多半是本机时钟未校准，请检查校时。"},
		{"something else", absence{known: true, why: because(refusal("net::ERR_EMPTY_RESPONSE"), here)}, "why_en", "The hub's page does not open: net::ERR_EMPTY_RESPONSE"},
	} {
		if got := row.absence.words()[row.id]; got != row.want {
			t.Errorf("%s: %s is %q, not %q", row.what, row.id, got, row.want)
		}
	}
}

func TestThePageHasAPlaceForEveryWord(t *testing.T) {
	for id := range (absence{}).words() {
		if !bytes.Contains(awayPage, []byte(`id="`+id+`"`)) {
			t.Errorf("there is no place for %s", id)
		}
	}
}
