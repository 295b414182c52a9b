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
		fmt.Fprintln(os.Stderr, "appliance:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	image, next string
	tool, hub   string
	version     string
	short       bool
	log         func(format string, args ...any)
}

func program(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("appliance", flag.ContinueOnError)
	flags.StringVar(&o.image, "image", "", "the image `file`")
	flags.StringVar(&o.next, "next", "", "the root `file` of another version, which an update brings")
	flags.StringVar(&o.version, "next-version", "", "that version's `name`")
	flags.StringVar(&o.tool, "tool", filepath.Join("build", "image", "appliance"), "the image's own `program` of deploy/appliance")
	flags.StringVar(&o.hub, "hub", filepath.Join("bin", "hub"), "the hub `program` of this computer")
	flags.BoolVar(&o.short, "short", false, "one start: it says what is missing")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.image == "" || !o.short && (o.next == "" || o.version == "") || flags.NArg() > 0 {
		return errors.New("only flags are taken, with -image, -next and -next-version: see --help")
	}
	began := time.Now()
	o.log = func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%6.1fs "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
	}
	return o.run(ctx)
}
