package broker

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// serverLog passes on what the MQTT server logs of weight. The server logs
// whole packets, in which card numbers stand, and warns at each connection of a
// device with a keep-alive of 5 s: both stay out.
type serverLog struct {
	next slog.Handler
	seen *seenMessages
}

type seenMessages struct {
	mu  sync.Mutex
	all map[string]*seldom
}

func newServerLog(logger *slog.Logger) *slog.Logger {
	return slog.New(serverLog{next: logger.Handler(), seen: &seenMessages{all: map[string]*seldom{}}})
}

// Enabled, Handle, WithAttrs and WithGroup make it a slog.Handler.
func (h serverLog) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.next.Enabled(ctx, level)
}

func (h serverLog) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "client keepalive is below") {
		return nil
	}
	h.seen.mu.Lock()
	s := h.seen.all[r.Message]
	if s == nil {
		s = &seldom{every: time.Second}
		h.seen.all[r.Message] = s
	}
	h.seen.mu.Unlock()
	skipped, ok := s.allow(r.Time)
	if !ok {
		return nil
	}
	clean := slog.NewRecord(r.Time, r.Level, "mqtt server: "+r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "pk" && a.Key != "packet" {
			clean.AddAttrs(a)
		}
		return true
	})
	if skipped > 0 {
		clean.AddAttrs(slog.Int("skipped", skipped))
	}
	return h.next.Handle(ctx, clean)
}

func (h serverLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return serverLog{next: h.next.WithAttrs(attrs), seen: h.seen}
}

func (h serverLog) WithGroup(name string) slog.Handler {
	return serverLog{next: h.next.WithGroup(name), seen: h.seen}
}
