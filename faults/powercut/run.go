package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"
)

// usageError is a wrong use of the command line: exit status 2.
type usageError struct{ error }

func exitStatus(err error) int {
	var wrong usageError
	if errors.As(err, &wrong) {
		return 2
	}
	return 1
}

var errFound = errors.New("the campaign found what must not be: see the table")

// options are the flags.
type options struct {
	seed      uint64
	cuts      int
	hub       string
	prove     bool
	proveCuts int
	lossyHub  string
	kernelDeb string
	keep      bool
	work      string
	// build keeps what is built or downloaded once.
	build string
	log   func(format string, args ...any)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := options{}
	flags := flag.NewFlagSet("powercut", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Uint64Var(&o.seed, "seed", 1, "decides when the power goes and what the disk loses")
	flags.IntVar(&o.cuts, "cuts", 20, "how many times the power is cut")
	flags.StringVar(&o.hub, "hub", "", "the hub `program`, without shared libraries; built where not given")
	flags.BoolVar(&o.prove, "prove", true, "prove that the campaign can fail, with a hub that never syncs its log")
	flags.IntVar(&o.proveCuts, "prove-cuts", 8, "cuts within which that hub must be found out")
	flags.StringVar(&o.lossyHub, "hub-nosync", "", "that hub `program`; built with -tags nosync where not given")
	flags.StringVar(&o.kernelDeb, "kernel-deb", "", "Debian `package` to take the machine's kernel from; downloaded once with apt where not given")
	flags.StringVar(&o.build, "build", filepath.Join("build", "powercut"), "`folder` for what is built or downloaded once")
	flags.StringVar(&o.work, "work", "", "`folder` for disks and consoles; a temporary one where not given")
	flags.BoolVar(&o.keep, "keep", false, "keep disks and consoles even where all is well")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return usageError{err}
	}
	if err := o.check(flags.NArg()); err != nil {
		return usageError{err}
	}
	began := time.Now()
	o.log = func(format string, args ...any) {
		fmt.Fprintf(stderr, "%6.1fs "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
	}
	results, err := o.runAll(ctx)
	printTable(stdout, results)
	for _, r := range results {
		if r.clean() || r.meantToLose && r.foundLoss() {
			continue
		}
		for _, line := range r.verdict.details {
			fmt.Fprintf(stdout, "%s: %s\n", r.name, line)
		}
		if r.down != nil {
			fmt.Fprintf(stdout, "%s: %v\n", r.name, r.down)
		}
	}
	return err
}

func (o *options) check(rest int) error {
	switch {
	case rest > 0:
		return errors.New("only flags are taken, see --help")
	case o.cuts < 0 || o.proveCuts < 1:
		return errors.New("--cuts and --prove-cuts take positive numbers")
	}
	for _, hub := range []string{o.hub, o.lossyHub} {
		if hub == "" {
			continue
		}
		if err := checkStatic(hub); err != nil {
			return err
		}
	}
	return nil
}

// runAll runs the campaign, then the proof.
func (o *options) runAll(ctx context.Context) (results []result, err error) {
	if err := checkPrograms(); err != nil {
		return nil, err
	}
	if o.build, err = filepath.Abs(o.build); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.build, 0o755); err != nil {
		return nil, err
	}
	k, err := getKernel(ctx, filepath.Join(o.build, "kernel"), o.kernelDeb, o.log)
	if err != nil {
		return nil, err
	}
	if o.cuts > 0 {
		initramfs, err := o.initramfs(ctx, o.hub, "", "hub", k)
		if err != nil {
			return nil, err
		}
		o.log("the campaign begins with seed %d under Linux %s", o.seed, k.version)
		r, err := runCampaign(ctx, o, k, initramfs, "hub", o.seed, o.cuts, false)
		results = append(results, r)
		if err != nil {
			return results, err
		}
		if !r.clean() {
			return results, errFound
		}
		if r.kept == 0 {
			return results, errors.New("no event was ever acknowledged: the campaign has seen nothing")
		}
	}
	if !o.prove {
		return results, nil
	}
	proved, err := o.findLoss(ctx, k)
	return append(results, proved...), err
}

// findLoss cuts the power of a hub that never syncs until a loss shows. Where
// that hub does not even come up again, it begins anew: only acknowledged
// events that a running hub does not have are a proof.
func (o *options) findLoss(ctx context.Context, k kernel) (results []result, err error) {
	initramfs, err := o.initramfs(ctx, o.lossyHub, "nosync", "hub-nosync", k)
	if err != nil {
		return nil, err
	}
	o.log("looking for the loss of a hub that never syncs its log")
	cuts := 0
	for n := uint64(0); cuts < o.proveCuts; n++ {
		r, err := runCampaign(ctx, o, k, initramfs, "hub, never syncs", o.seed+n, o.proveCuts-cuts, true)
		results = append(results, r)
		if err != nil || r.foundLoss() {
			return results, err
		}
		if cuts += r.cuts; r.down != nil && r.cuts == 0 {
			return results, errors.New("the hub that never syncs did not come up at all")
		}
	}
	return results, fmt.Errorf("the campaign is blind: a hub that never syncs its log was not seen to lose anything in %d cuts", cuts)
}

func printTable(w io.Writer, results []result) {
	t := tabwriter.NewWriter(w, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "hub\tseed\tcuts\twrites\tflushes\tunflushed\tdropped\tfsck\tfsck -y\tsent\tkept\tstored\tlost\tdoubled\treordered\taltered\tchanged\tgaps\tforeign\tdead letters\trepairs\tverify\tseconds\tresult\t")
	for _, r := range results {
		verify := "failed"
		switch {
		case r.verified:
			verify = "ok"
		case !r.ended:
			verify = "not reached"
		}
		v := r.verdict
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%.0f\t%s\t\n",
			r.name, r.seed, r.cuts, r.writes, r.flushes, r.cached, r.dropped, r.fscks, r.fscksAll, r.made, r.kept, v.stored,
			v.lost, v.doubled, v.reordered, v.altered, v.changed, v.gaps, v.foreign, max(r.deadLetters, r.refused), v.repairs,
			verify, r.took.Seconds(), r.outcome())
	}
	t.Flush()
}

// outcome is the last word of a row.
func (r result) outcome() string {
	switch {
	case r.meantToLose && r.foundLoss():
		return "loss found, as it must be"
	case r.meantToLose && r.down != nil:
		return "did not come up"
	case r.meantToLose:
		return "no loss found"
	case r.clean():
		return "ok"
	}
	return "FAILED"
}
