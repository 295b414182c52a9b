package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/exec"
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

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := options{}
	flags := flag.NewFlagSet("kill", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Uint64Var(&o.seed, "seed", 1, "decides what is killed and cut")
	flags.IntVar(&o.kills, "kills", 50, "how many times a program is killed, for each broker")
	flags.DurationVar(&o.length, "for", 0, "go on for this `time` instead, e.g. 8h, divided among the brokers")
	flags.StringVar(&o.broker, "broker", "both", "embedded, mosquitto or both")
	flags.IntVar(&o.windows, "windows", 6, "windows with an agent and a person each, 1 to 50")
	flags.StringVar(&o.hub, "hub", "bin/hub", "the hub `program`")
	flags.StringVar(&o.agent, "agent", "bin/agent", "the agent `program`")
	flags.StringVar(&o.mosquitto, "mosquitto", "", "the Mosquitto `program`; found by itself in the usual places")
	flags.BoolVar(&o.prove, "prove", true, "prove that the campaign can fail, with a hub that answers before its commit")
	flags.IntVar(&o.proveKills, "prove-kills", 100, "kills within which that hub must be found out")
	flags.StringVar(&o.unsafeHub, "hub-unsafe", "", "that hub `program`; built with -tags unsafeack where not given")
	flags.BoolVar(&o.expectLoss, "expect-loss", false, "the hub is one that loses: fail where no loss is found")
	flags.StringVar(&o.work, "work", "", "`folder` for data and logs; a temporary one where not given")
	flags.BoolVar(&o.keep, "keep", false, "keep data and logs even where all is well")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return usageError{err}
	}
	if err := o.check(flags.NArg()); err != nil {
		return usageError{err}
	}
	if err := o.findPrograms(); err != nil {
		return err
	}
	began := time.Now()
	log := func(format string, args ...any) {
		fmt.Fprintf(stderr, "%6.1fs "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
	}
	results, err := o.runAll(ctx, log)
	printTable(stdout, results)
	for _, r := range results {
		for _, line := range r.verdict.details {
			if !r.clean() && !r.meantToLose {
				fmt.Fprintf(stdout, "%s: %s\n", r.name, line)
			}
		}
	}
	return err
}

func (o *options) check(rest int) error {
	switch {
	case rest > 0:
		return errors.New("only flags are taken, see --help")
	case o.broker != embedded && o.broker != mosquitto && o.broker != "both":
		return fmt.Errorf("--broker takes embedded, mosquitto or both, got %q", o.broker)
	case o.windows < 1 || o.windows > 50:
		return fmt.Errorf("--windows takes 1 to 50, got %d", o.windows)
	case o.kills < 0 || o.proveKills < 1:
		return errors.New("--kills and --prove-kills take positive numbers")
	}
	return nil
}

func (o *options) brokers() []string {
	if o.broker == "both" {
		return []string{embedded, mosquitto}
	}
	return []string{o.broker}
}

func (o *options) findPrograms() (err error) {
	if o.hub, err = absolute(o.hub); err != nil {
		return err
	}
	if o.agent, err = absolute(o.agent); err != nil {
		return err
	}
	if o.broker != embedded && o.mosquitto == "" {
		if o.mosquitto, err = findMosquitto(); err != nil {
			return err
		}
	}
	return nil
}

// findMosquitto also looks where Debian puts it, which is not on everybody's path.
func findMosquitto() (string, error) {
	for _, name := range []string{"mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no Mosquitto: apt install mosquitto, or use --broker embedded")
}

// runAll runs a campaign for each broker, then the proof.
func (o *options) runAll(ctx context.Context, log func(string, ...any)) (results []result, err error) {
	if o.expectLoss {
		return o.findLoss(ctx, log)
	}
	length := o.length / time.Duration(len(o.brokers()))
	for _, kind := range o.brokers() {
		one := *o
		one.length = length
		log("%s: the campaign begins with seed %d", kind, o.seed)
		r, err := runCampaign(ctx, one, kind, kind, o.seed, log)
		results = append(results, r)
		if err != nil {
			return results, err
		}
		if !r.clean() {
			return results, errFound
		}
	}
	if !o.prove {
		return results, nil
	}
	proof := *o
	if proof.hub, err = o.lossyHub(ctx, log); err != nil {
		return results, err
	}
	proved, err := proof.findLoss(ctx, log)
	return append(results, proved...), err
}

// lossyHub gives a hub that answers `stored` before its commit.
func (o *options) lossyHub(ctx context.Context, log func(string, ...any)) (string, error) {
	if o.unsafeHub != "" {
		return absolute(o.unsafeHub)
	}
	path, err := filepath.Abs(filepath.Join("bin", "hub-unsafeack"))
	if err != nil {
		return "", err
	}
	log("building a hub that answers before its commit")
	return path, runOnce(ctx, "go", "build", "-tags", "unsafeack", "-o", path, "./hub/cmd/hub")
}

// findLoss kills a hub that loses until the loss shows, in short campaigns.
func (o *options) findLoss(ctx context.Context, log func(string, ...any)) (results []result, err error) {
	const round = 20
	kind := o.brokers()[0]
	kills := 0
	for n := uint64(0); kills < o.proveKills; n++ {
		one := *o
		one.expectLoss, one.kills, one.length = true, min(round, o.proveKills-kills), 0
		log("%s: looking for the loss of a hub that answers before its commit", kind)
		r, err := runCampaign(ctx, one, kind, kind+", answers early", o.seed+n, log)
		r.meantToLose = true
		results = append(results, r)
		if err != nil {
			return results, err
		}
		if r.verdict.lost > 0 {
			return results, nil
		}
		kills += r.kills()
	}
	return results, fmt.Errorf("the campaign is blind: a hub that answers before its commit lost nothing in %d kills", kills)
}

func printTable(w io.Writer, results []result) {
	t := tabwriter.NewWriter(w, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "broker\tseed\tkills\thub\tagent\tbroker\tcuts\tacts\tkept\tstored\tlost\tdoubled\treordered\tgaps\tforeign\tdead letters\tsilent\tverify\tseconds\tresult\t")
	for _, r := range results {
		verify := "failed"
		if r.verified {
			verify = "ok"
		}
		v := r.verdict
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%.0f\t%s\t\n",
			r.name, r.seed, r.kills(), r.killed["hub"], r.killed["agent"], r.killed["broker"], r.cuts, r.made, r.kept, v.stored,
			v.lost, v.doubled, v.reordered, v.gaps, v.foreign, r.deadLetters, r.silent, verify, r.took.Seconds(), r.outcome())
	}
	t.Flush()
}

// outcome is the last word of a row.
func (r result) outcome() string {
	switch {
	case r.meantToLose && r.verdict.lost > 0:
		return "loss found, as it must be"
	case r.meantToLose:
		return "no loss yet"
	case r.clean():
		return "ok"
	}
	return "FAILED"
}
