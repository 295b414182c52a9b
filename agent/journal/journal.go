// Package journal writes a program's log lines as systemd's journal takes them:
// with the priority in front, and few of many that say the same, so that a
// broken wire can't fill an SD card. It owns the limit and the priority, and
// refuses to decide what is worth a line.
package journal

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// burst lines of one message are written in every window; the next line of it
	// after that says how many were left out.
	burst  = 20
	window = time.Minute
	// maxMessages bounds how many messages are told apart.
	maxMessages = 1000
)

// Handler limits how often one message is written. Messages are constant
// phrases, so that lines of one message say the same of different things.
type Handler struct {
	next slog.Handler
	*state
}

type state struct {
	out *prefixed
	now func() time.Time

	mu    sync.Mutex
	seen  map[string]*seen
	since time.Time
}

type seen struct{ written, skipped int }

// New makes a handler that writes to out: format is json or text. With
// priorities, as the journal reads them, each line begins with its own.
func New(out io.Writer, format string, level slog.Level, priorities bool) *Handler {
	s := &state{out: &prefixed{out: out, on: priorities}, now: time.Now, seen: map[string]*seen{}}
	opt := &slog.HandlerOptions{Level: level}
	if priorities && format != "json" { // the journal dates the lines itself
		opt.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
				return slog.Attr{}
			}
			return a
		}
	}
	var next slog.Handler = slog.NewTextHandler(s.out, opt)
	if format == "json" {
		next = slog.NewJSONHandler(s.out, opt)
	}
	return &Handler{next, s}
}

// Enabled implements slog.Handler.
func (h *Handler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{h.next.WithAttrs(attrs), h.state}
}

// WithGroup implements slog.Handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.next.WithGroup(name), h.state}
}

// Handle implements slog.Handler.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.out.level = r.Level
	if now := h.now(); now.Sub(h.since) >= window || now.Before(h.since) {
		h.since = now
		for message, s := range h.seen {
			if s.written = 0; s.skipped == 0 {
				delete(h.seen, message)
			}
		}
	}
	s := h.seen[r.Message]
	if s == nil {
		if len(h.seen) >= maxMessages {
			clear(h.seen)
		}
		s = &seen{}
		h.seen[r.Message] = s
	}
	if s.written++; s.written > burst {
		s.skipped++
		return nil
	}
	if s.skipped > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("skipped", s.skipped))
		s.skipped = 0
	}
	return h.next.Handle(ctx, r)
}

// prefixed writes lines with their priority in front, as sd-daemon(3) has them.
type prefixed struct {
	out   io.Writer
	on    bool
	level slog.Level
}

// Write implements io.Writer; slog's handlers give it whole lines.
func (p *prefixed) Write(line []byte) (int, error) {
	if !p.on {
		return p.out.Write(line)
	}
	priority := 7 // debug
	switch {
	case p.level >= slog.LevelError:
		priority = 3
	case p.level >= slog.LevelWarn:
		priority = 4
	case p.level >= slog.LevelInfo:
		priority = 6
	}
	n, err := p.out.Write(append(fmt.Appendf(nil, "<%d>", priority), line...))
	return max(0, n-3), err
}

// Listens tells whether a file is a stream to the journal, as systemd says in
// JOURNAL_STREAM (systemd.exec(5)).
func Listens(file *os.File) bool {
	var device, inode uint64
	if _, err := fmt.Sscanf(os.Getenv("JOURNAL_STREAM"), "%d:%d", &device, &inode); err != nil {
		return false
	}
	var stat unix.Stat_t
	return unix.Fstat(int(file.Fd()), &stat) == nil && uint64(stat.Dev) == device && stat.Ino == inode
}
