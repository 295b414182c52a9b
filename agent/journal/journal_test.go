package journal

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

func TestLinesHaveTheirPriority(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(New(&out, "text", slog.LevelDebug, true)).With("part", "uplink")
	logger.Debug("d")
	logger.Info("i", "n", 1)
	logger.Warn("w")
	logger.WithGroup("g").Error("e", "time", "mine")
	want := "<7>msg=d part=uplink\n<6>msg=i part=uplink n=1\n<4>msg=w part=uplink\n<3>msg=e part=uplink g.time=mine\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
	out.Reset()
	slog.New(New(&out, "json", slog.LevelInfo, true)).Info("i")
	if s := out.String(); !strings.HasPrefix(s, `<6>{"time":"`) || !strings.Contains(s, `"level":"INFO","msg":"i"}`) {
		t.Errorf("as JSON %q", s)
	}
	out.Reset()
	slog.New(New(&out, "text", slog.LevelInfo, false)).Info("i")
	if s := out.String(); !strings.HasPrefix(s, "time=") || !strings.Contains(s, "level=INFO msg=i") {
		t.Errorf("without a journal %q", s)
	}
}

func TestManyLinesOfOneMessageAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logger := slog.New(New(&out, "text", slog.LevelInfo, true))
		lines := func() int { return strings.Count(out.String(), "\n") }
		for i := range 10_000 {
			logger.Warn("a reader chatters", "n", i)
		}
		if lines() != burst {
			t.Errorf("%d lines of 10,000 are written, want %d", lines(), burst)
		}
		logger.Error("something else") // is not held up by that
		if lines() != burst+1 {
			t.Error("another message is held up")
		}
		time.Sleep(window)
		logger.Warn("a reader chatters")
		if s := out.String(); lines() != burst+2 || !strings.HasSuffix(s, fmt.Sprintf("msg=\"a reader chatters\" skipped=%d\n", 10_000-burst)) {
			t.Errorf("after a minute it says\n%s", s[max(0, len(s)-200):])
		}
		logger.Warn("a reader chatters")
		if s := out.String(); strings.HasSuffix(s, "skipped=0\n") || lines() != burst+3 {
			t.Errorf("and then\n%s", s[max(0, len(s)-200):])
		}
		for i := range 10 * maxMessages { // nothing grows for ever
			r := slog.NewRecord(time.Now(), slog.LevelInfo, fmt.Sprint("message ", i), 0)
			if err := logger.Handler().Handle(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestTheJournalIsKnownByItsStream(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var stat unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &stat); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]bool{fmt.Sprintf("%d:%d", stat.Dev, stat.Ino): true, fmt.Sprintf("%d:%d", stat.Dev, stat.Ino+1): false, "": false, "x": false} {
		t.Setenv("JOURNAL_STREAM", value)
		if got := Listens(file); got != want {
			t.Errorf("JOURNAL_STREAM=%q: %v", value, got)
		}
	}
}
