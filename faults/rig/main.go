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

// cannotHave is the exit status where the machine's packages cannot be had:
// nothing was tried, and nothing shown.
const cannotHave = 3

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := program(ctx, os.Args[1:])
	stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return
	case errors.Is(err, errUnavailable):
		fmt.Fprintln(os.Stderr, "rig:", err)
		os.Exit(cannotHave)
	}
	fmt.Fprintln(os.Stderr, "rig:", err)
	os.Exit(1)
}

// options are the flags.
type options struct {
	seed                                 uint64
	rounds, frames, replugs, kills, cuts int
	prove                                int
	hub                                  string
	build                                string
	only                                 bool
	log                                  func(format string, args ...any)
}

func program(ctx context.Context, args []string) error {
	o := options{}
	short := false
	flags := flag.NewFlagSet("rig", flag.ContinueOnError)
	flags.Uint64Var(&o.seed, "seed", 1, "decides how buttons bounce, how readers pulse and when agent and power die")
	flags.IntVar(&o.rounds, "rounds", 20, "how often every button is pressed")
	flags.IntVar(&o.frames, "frames", 500, "how many cards are held to the Wiegand reader, and a tenth of it to the one that types")
	flags.IntVar(&o.replugs, "replugs", 4, "how often the reader that types is unplugged")
	flags.IntVar(&o.kills, "kills", 10, "how often the agent is killed")
	flags.IntVar(&o.cuts, "cuts", 3, "how often the power goes")
	flags.IntVar(&o.prove, "prove-cuts", 4, "power cuts in which an agent that never syncs must be found out; 0 leaves that out")
	flags.BoolVar(&short, "short", false, "one boot: 5 rounds, 60 frames, 2 replugs, 2 kills, no power cut, no proof")
	flags.StringVar(&o.hub, "hub", filepath.Join("bin", "hub"), "the hub `program` of this computer")
	flags.StringVar(&o.build, "build", filepath.Join("build", "rig"), "`folder` for what is built or downloaded once")
	flags.BoolVar(&o.only, "build-only", false, "build the machine and end; exit status 3 where its packages cannot be had")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if short {
		o.rounds, o.frames, o.replugs, o.kills, o.cuts, o.prove = 5, 60, 2, 2, 0, 0
	}
	if flags.NArg() > 0 || o.rounds < 1 || o.frames < 1 || o.replugs < 0 || o.kills < 0 || o.cuts < 0 || o.prove < 0 {
		return errors.New("only flags are taken, with numbers from 0 on, rounds and frames from 1 on: see --help")
	}
	began := time.Now()
	o.log = func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%6.1fs "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
	}
	return o.run(ctx)
}
