package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := program(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "rig:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	seed   uint64
	frames int
	kills  int
	hub    string
	build  string
	only   bool
	log    func(format string, args ...any)
}

func program(ctx context.Context, args []string) error {
	o := options{}
	flags := flag.NewFlagSet("rig", flag.ContinueOnError)
	flags.Uint64Var(&o.seed, "seed", 1, "decides how buttons bounce, how readers pulse and when the agent dies")
	flags.IntVar(&o.frames, "frames", 500, "how many cards are held to the reader")
	flags.IntVar(&o.kills, "kills", 20, "how often the agent is killed")
	flags.StringVar(&o.hub, "hub", filepath.Join("bin", "hub"), "the hub `program` of this computer")
	flags.StringVar(&o.build, "build", filepath.Join("build", "rig"), "`folder` for what is built or downloaded once")
	flags.BoolVar(&o.only, "build-only", false, "build the machine and end")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || o.frames < 1 || o.kills < 0 {
		return errors.New("only flags are taken, with numbers from 1 on: see --help")
	}
	began := time.Now()
	o.log = func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%6.1fs "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
	}
	return o.run(ctx)
}
