// Command bench measures a hall on this machine and prints one table: ingest
// beside a plain broker, from the press to the screen, a thousand screens,
// replay and cold start, bytes an event, memory. It owns how these are measured.
// It asserts nothing: the figures are for people, and ratios of one run say more
// than numbers of two machines.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
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
	case ctx.Err() != nil:
		_, _ = fmt.Fprintln(os.Stderr, "bench: stopped")
		return 1
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
	span   time.Duration
	runs   int
	// publishers are the numbers of agents of the loads.
	publishers []int

	table table
}

// Parts of the table; f, memory, is measured along with the others.
const (
	ingest  = "a"
	press   = "b"
	screens = "c"
	growth  = "d"
	size    = "e"
	memory  = "f"
	all     = ingest + press + screens + growth + size + memory
)

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	b := &bench{table: table{progress: stderr}}
	only, err := b.flags(args, stderr)
	if err != nil {
		return err
	}
	if b.folder, err = os.MkdirTemp("", "bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.folder) }()
	if b.bin, err = filepath.Abs(b.bin); err != nil {
		return err
	}
	name, err := machine(b.folder)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		names   string // any of them asks for it
		measure func(context.Context) error
	}{{ingest, b.ingest}, {press + memory, b.press}, {screens, b.screens}, {size, b.size}, {growth, b.growth}} {
		if !strings.ContainsAny(only, part.names) {
			continue
		}
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("part %s: %w", part.names[:1], err)
		}
	}
	return b.table.print(stdout, fmt.Sprintf("%s; %s; median (lowest – highest) of %d runs", name, time.Now().Format(time.DateOnly), b.runs))
}

func (b *bench) flags(args []string, stderr io.Writer) (only string, err error) {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&only, "only", all, "`PARTS` to measure, like a,b: a ingest, b press to screen, c a thousand screens, d replay and start, e bytes, f memory")
	quick := fs.Bool("quick", false, "a short form: one run of two seconds, a log of 400,000 events; other flags still count")
	fs.StringVar(&b.bin, "bin", "bin", "`FOLDER` of the programs, which make build fills")
	fs.StringVar(&b.cache, "cache", "build/bench", "`FOLDER` for the large logs, kept for the next time")
	fs.IntVar(&b.events, "events", 4_000_000, "`N` events of the large log")
	fs.DurationVar(&b.span, "span", 5*time.Second, "`TIME` of each load")
	fs.IntVar(&b.runs, "runs", 3, "`N` runs of each measurement")
	publishers := fs.String("publishers", "1,50,500", "`NUMBERS` of agents of the loads")
	if err := fs.Parse(args); err != nil {
		return "", err
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, value := range map[string]string{"events": "400000", "span": "2s", "runs": "1"} {
		if *quick && !given[name] {
			_ = fs.Set(name, value)
		}
	}
	for text := range strings.SplitSeq(*publishers, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			return "", fmt.Errorf("-publishers takes numbers like 1,50,500, got %q", text)
		}
		b.publishers = append(b.publishers, n)
	}
	if only = strings.ReplaceAll(only, ",", ""); only == "" || strings.Trim(only, all) != "" {
		return "", fmt.Errorf("-only takes letters of %s, got %q", all, only)
	}
	if b.runs < 1 || b.events < 1000 || b.span < time.Second/10 || fs.NArg() > 0 {
		return "", errors.New("-runs begins at 1, -events at 1000, -span at 100ms, and there is nothing but flags")
	}
	return only, nil
}
