package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// large measures what grows with the log: replay, cold start, bytes an event.
func (b *bench) large(ctx context.Context) error {
	small, err := b.filled(ctx, b.events/4)
	if err != nil {
		return err
	}
	data, err := b.filled(ctx, b.events)
	if err != nil {
		return err
	}
	bytes, segments, err := bytesPerEvent(filepath.Join(data, "log"))
	if err != nil {
		return err
	}
	b.add("e", "bytes an event", fmt.Sprintf("%.1f", bytes), fmt.Sprintf("%d sealed segments, index, tree and marks included, the demo's mix (target 120)", segments))
	took, err := b.replay(ctx, data)
	if err != nil {
		return err
	}
	b.add("d", fmt.Sprintf("replay of %s events", count(b.events)), fmt.Sprintf("%.0f events/s", float64(b.events)/took.Seconds()), fmt.Sprintf("%.1f s in all", took.Seconds()))
	if _, err := b.replay(ctx, small); err != nil {
		return err
	}
	var times [2]time.Duration
	memory := 0.0
	for i, folder := range []string{small, data} {
		for range b.rounds { // the last one counts: the first also begins a new month
			dropCaches()
			h, err := b.startHub(ctx, folder)
			if err != nil {
				return err
			}
			times[i], memory = h.took, h.rss()
			h.stop()
		}
	}
	b.add("d", fmt.Sprintf("cold start over %s events", count(b.events)), ms(times[1]), "from exec until it serves, views up to date, page cache dropped where the system allows it")
	b.add("f", fmt.Sprintf("hub's memory over %s events", count(b.events)), fmt.Sprintf("%.0f MiB", memory), "after a cold start")
	// Two points make a line; ten times the events lie on it as far as they are alike.
	per := float64(times[1]-times[0]) / float64(b.events-b.events/4)
	far := time.Duration(float64(times[1]) + max(per, 0)*9*float64(b.events))
	b.add("d", fmt.Sprintf("cold start over %s events", count(10*b.events)), ms(far), fmt.Sprintf("extrapolated from %s and %s", count(b.events/4), count(b.events)))
	return nil
}

// filled is a data folder with a log of n events, made once.
func (b *bench) filled(ctx context.Context, n int) (string, error) {
	data := filepath.Join(b.cache, fmt.Sprintf("log-%d", n))
	if _, err := os.Stat(filepath.Join(data, "whole")); err == nil {
		return keyed(data)
	}
	if err := os.RemoveAll(data); err != nil {
		return "", err
	}
	_, _ = fmt.Fprintf(b.say, "  filling a log with %s events, once\n", count(n))
	took, err := history(ctx, filepath.Join(data, "log"), n)
	if err != nil {
		return "", err
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	_, _ = fmt.Fprintf(b.say, "  filled in %s\n", took.Round(time.Second))
	if err := os.WriteFile(filepath.Join(data, "whole"), nil, 0o600); err != nil {
		return "", err
	}
	return keyed(data)
}

// replay makes the views anew and reads how long the program says it took.
func (b *bench) replay(ctx context.Context, data string) (time.Duration, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(b.bin, "hub"), "replay", "--data", data, "--log-level", "warn").Output()
	if err != nil {
		return 0, fmt.Errorf("replay: %w", err)
	}
	m := regexp.MustCompile(`records in ([0-9.]+) s`).FindSubmatch(out)
	if m == nil {
		return 0, errors.New("replay says no time")
	}
	seconds, err := strconv.ParseFloat(string(m[1]), 64)
	return time.Duration(seconds * float64(time.Second)), err
}

// dropCaches makes the next start read from the disk; only root may.
func dropCaches() { _ = os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0o600) }

func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
