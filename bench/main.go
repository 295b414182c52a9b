// Command bench measures a hall on this machine and prints one table: ingest
// beside a plain broker, from the press to the screen, a thousand screens,
// replay and cold start, bytes an event, memory. It owns how these are measured.
// It asserts nothing: the figures are for people, and ratios of one run say more
// than numbers of two machines.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() { os.Exit(program()) }

func program() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	default:
		_, _ = fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		return 1
	}
}

// bench is one run.
type bench struct {
	bin    string
	folder string // of this run; removed at its end
	cache  string // of what is slow to make
	events int
	years  int
	span   time.Duration
	rounds int
	say    io.Writer
	rows   []row
}

// row is one line of the table.
type row struct{ part, what, figure, note string }

func (b *bench) add(part, what, figure, note string) {
	b.rows = append(b.rows, row{part, what, figure, note})
	_, _ = fmt.Fprintf(b.say, "  %s %s: %s %s\n", part, what, figure, note)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	b := &bench{say: stderr}
	only := fs.String("only", "abcdefghijqsw", "`PARTS` to measure: a ingest, b press to screen, c thousand screens, d replay and start, e bytes, f memory, g a window computer, h the daily check, i a year's indicators, j scores, q the line, s MQTT over TLS beside plain, w requests over TLS with a token; y, which takes an hour the first time, many years of a hall")
	fs.StringVar(&b.bin, "bin", "bin", "`FOLDER` of the programs")
	fs.StringVar(&b.cache, "cache", "build/bench", "`FOLDER` for the large log, kept for the next run")
	fs.IntVar(&b.events, "events", 4_000_000, "`N` events of the large log")
	fs.IntVar(&b.years, "years", 10, "`N` years of part y")
	fs.DurationVar(&b.span, "span", 6*time.Second, "`TIME` of each load")
	fs.IntVar(&b.rounds, "rounds", 2, "`N` rounds of hub and plain broker, in turn")
	year := fs.String("year", "", "recompute the year whose log is in `FOLDER`; part h starts itself with it")
	views := fs.String("indicators", "", "count the ratings of the year in the views `FILE`; part i starts itself with it")
	scores := fs.String("assess", "", "compute the scores of the year whose log is in `FOLDER`; part j starts itself with it")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *views != "" {
		m, err := indicators(*views)
		if err != nil {
			return err
		}
		return json.NewEncoder(stdout).Encode(m)
	}
	if *scores != "" {
		m, err := computeScores(*scores)
		if err != nil {
			return err
		}
		return json.NewEncoder(stdout).Encode(m)
	}
	if *year != "" {
		m, err := recompute(*year)
		if err != nil {
			return err
		}
		return json.NewEncoder(stdout).Encode(m)
	}
	folder, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	b.folder = folder
	defer func() { _ = os.RemoveAll(folder) }()
	if b.bin, err = filepath.Abs(b.bin); err != nil {
		return err
	}
	name, err := machine(folder)
	if err != nil {
		return err
	}
	disk, err := measureDisk(folder)
	if err != nil {
		return err
	}
	b.add("–", "the disk's fsync", fmt.Sprintf("%.0f a second", disk.rate), fmt.Sprintf("p50 %s, p99 %s (4 KiB, one after the other)", ms(disk.p50), ms(disk.p99)))
	for _, part := range []struct {
		name    string
		measure func(context.Context) error
	}{{"a", b.ingest}, {"b", b.press}, {"c", b.screens}, {"d", b.large}, {"g", b.window}, {"h", b.sheets}, {"i", b.ratings}, {"j", b.assess}, {"q", b.line}, {"s", b.secure}, {"w", b.web}, {"y", b.decade}} {
		wanted := strings.Contains(*only, part.name) || part.name == "d" && strings.Contains(*only, "e")
		if !wanted {
			continue
		}
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("part %s: %w", part.name, err)
		}
	}
	return b.print(stdout, name)
}

func (b *bench) print(w io.Writer, machine string) error {
	widths := [3]int{}
	for _, r := range b.rows {
		for i, s := range []string{r.part, r.what, r.figure} {
			widths[i] = max(widths[i], len([]rune(s)))
		}
	}
	if _, err := fmt.Fprintf(w, "\n%s, %s\n\n", machine, time.Now().Format("2006-01-02")); err != nil {
		return err
	}
	for _, r := range b.rows {
		if _, err := fmt.Fprintf(w, "| %-*s | %-*s | %*s | %s |\n", widths[0], r.part, widths[1], r.what, widths[2], r.figure, r.note); err != nil {
			return err
		}
	}
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
