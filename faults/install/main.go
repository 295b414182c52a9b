// Command install tries the Debian packages as a technician and the years will:
// in a small Debian of its own it installs them, starts them under a real
// systemd without network and without a set clock, enrols a window, hangs the
// hub, interrupts an upgrade, removes, purges and installs again, and looks each
// time at what the hall has recorded.
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

// cannotHave is the exit status where the Debian cannot be had or no systemd can
// run in it: nothing was tried, and nothing shown.
const cannotHave = 3

var errUnavailable = errors.New("the packages were not tried")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := program(ctx, os.Args[1:])
	stop()
	// make hides the exit status: whoever calls it finds here why nothing was tried.
	notRun := filepath.Join("build", "install", "not-run")
	_ = os.Remove(notRun)
	if errors.Is(err, errUnavailable) {
		_ = os.MkdirAll(filepath.Dir(notRun), 0o755)
		_ = os.WriteFile(notRun, []byte(err.Error()+"\n"), 0o644)
	}
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return
	case errors.Is(err, errUnavailable):
		fmt.Fprintln(os.Stderr, "install:", err)
		os.Exit(cannotHave)
	}
	fmt.Fprintln(os.Stderr, "install:", err)
	os.Exit(1)
}

// options are the flags.
type options struct {
	packages, build, image string
	short                  bool
	log                    func(format string, args ...any)
}

func program(ctx context.Context, args []string) error {
	began := time.Now()
	o := options{log: func(format string, args ...any) {
		_, _ = fmt.Fprintf(os.Stdout, "%6.1f s  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}}
	flags := flag.NewFlagSet("install", flag.ContinueOnError)
	flags.StringVar(&o.packages, "packages", filepath.Join("build", "packages"), "the `folder` of the packages of this computer's processor")
	flags.StringVar(&o.build, "build", filepath.Join("build", "install"), "`folder` for the Debian that is fetched once")
	flags.StringVar(&o.image, "images", filepath.Join("build", "oci"), "the `folder` of the hub's image of this computer's processor")
	flags.BoolVar(&o.short, "short", false, "look only whether what the screen's package needs can be had, without fetching a browser")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is not a flag", flags.Arg(0))
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: only root can install packages and start a systemd", errUnavailable)
	}
	base, err := debian(ctx, o)
	if err != nil {
		return err
	}
	run, err := newTrial(ctx, o, base)
	if err != nil {
		return err
	}
	defer run.end()
	if err := run.steps(); err != nil {
		run.explain()
		return err
	}
	o.log("all of it went well")
	return nil
}
