package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "flood:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	hub     string
	sockets int
	slow    int
	giga    int64
	memory  float64
	keep    bool
	// client is of the processes that the campaign starts itself: they hold the sockets.
	client clientOptions
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var o options
	fs := flag.NewFlagSet("flood", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.hub, "hub", "bin/hub", "the hub `program`")
	fs.IntVar(&o.sockets, "sockets", 10_000, "`N` idle websockets, once over plain HTTP and once over TLS")
	fs.IntVar(&o.slow, "slow", 500, "`N` callers that dribble, half of them over TLS; 0 leaves them out")
	fs.Int64Var(&o.giga, "body", 1<<30, "`BYTES` of a body that nobody may send; 0 leaves them out")
	fs.Float64Var(&o.memory, "memory", 1024, "`MIB` that the hub may have during the flood")
	fs.BoolVar(&o.keep, "keep", false, "keep the hub's data even where all is well")
	fs.StringVar(&o.client.url, "client", "", "hold sockets at `URL` until stdin ends; the campaign starts itself with it")
	fs.StringVar(&o.client.ca, "ca", "", "the authority's certificate in `FILE`; of -client")
	fs.IntVar(&o.client.count, "count", 0, "`N` sockets; of -client")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if o.client.url != "" {
		return o.client.hold(ctx, stdin, stdout)
	}
	if o.sockets < 1 || o.slow < 0 || o.giga < 0 {
		return errors.New("--sockets takes a number above 0, --slow and --body none below")
	}
	began := time.Now()
	log := func(format string, args ...any) {
		fmt.Fprintf(stderr, "%6.1fs "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
	}
	r, err := o.campaign(ctx, log)
	if err != nil {
		return err
	}
	if err := r.print(stdout); err != nil {
		return err
	}
	if faults := r.faults(o.memory); len(faults) > 0 {
		for _, f := range faults {
			fmt.Fprintln(stdout, f)
		}
		return errors.New("the hub did not stand the flood")
	}
	return nil
}

func (r *result) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "flood\ttried\ttaken\trefused\tlost\topened in\tmemory before\tat most\tlongest silence\tchange shown\tscreen back\tsign-in\t")
	for _, f := range r.floods {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%.1f s\t%.0f MiB\t%.0f MiB\t%.1f s\t%.2f s\t%.2f s\t%.2f s\t\n", f.name, f.tried, f.taken, f.refused, f.lost,
			f.opened.Seconds(), f.before, f.most, f.silence.Seconds(), f.shown.Seconds(), f.back.Seconds(), f.signIn.Seconds())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.slow.tried > 0 {
		fmt.Fprintf(w, "slow callers: %d, all cut after %.1f s at most; meanwhile an answer took %.2f s at most\n", r.slow.cut, r.slow.longest.Seconds(), r.slow.answer.Seconds())
	}
	if r.giga.tried > 0 {
		fmt.Fprintf(w, "bodies of %d MiB: %d, refused %d; at most %.1f MiB of one were taken, the hub grew to %.0f MiB\n", r.giga.size>>20, r.giga.tried, r.giga.refused, float64(r.giga.taken)/(1<<20), r.giga.most)
	}
	_, err := fmt.Fprintf(w, "given back: files %d before and %d after, goroutines %.0f and %.0f, screens %.0f and %.0f; memory at the end %.0f MiB\n",
		r.before.files, r.after.files, r.before.goroutines, r.after.goroutines, r.before.screens, r.after.screens, r.after.memory)
	return err
}
