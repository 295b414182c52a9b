// Command tally counts tests. It owns the last line of `make test`: how many
// passed and how many failed, whatever ran them. It reads what `go test -json`,
// vitest or node's test runner print, passes on what a person needs and refuses
// a run in which no test ran at all.
//
//	go test -json ./... | tally -into FILE [-append]
//	tally -sum FILE…
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// errUsage marks a wrong call; the flag package has already said what is wrong.
var errUsage = errors.New("wrong usage")

// errFailed means that tests failed, or that none ran; the output says which.
var errFailed = errors.New("tests failed")

func main() {
	switch err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); {
	case err == nil:
	case errors.Is(err, errUsage):
		os.Exit(2)
	case errors.Is(err, errFailed):
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(1)
	}
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("tally", flag.ContinueOnError)
	flags.SetOutput(stderr)
	into := flags.String("into", "", "`file` for the counts")
	more := flags.Bool("append", false, "add to the file instead of replacing it")
	sum := flags.Bool("sum", false, "add up the named files and print the last line")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return errUsage
	}
	if *sum {
		return printSum(flags.Args(), stdout)
	}
	if *into == "" || flags.NArg() > 0 {
		flags.Usage()
		return errUsage
	}
	counts, err := count(stdin, stdout)
	if err != nil {
		return err
	}
	if err := save(*into, counts, *more); err != nil {
		return err
	}
	fmt.Fprintln(stdout, counts)
	if counts.failed > 0 || counts.passed == 0 {
		return errFailed
	}
	return nil
}

// counts are tests that have ended; skipped ones are in neither.
type counts struct{ passed, failed int }

func (c counts) String() string { return fmt.Sprintf("%d passed, %d failed", c.passed, c.failed) }

func save(name string, c counts, more bool) error {
	mode := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if more {
		mode = os.O_CREATE | os.O_WRONLY | os.O_APPEND
	}
	f, err := os.OpenFile(name, mode, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d %d\n", c.passed, c.failed)
	return errors.Join(err, f.Close())
}

func printSum(files []string, stdout io.Writer) error {
	var total counts
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			var c counts
			if _, err := fmt.Sscanf(line, "%d %d", &c.passed, &c.failed); err != nil {
				return fmt.Errorf("%s: expected two numbers a line: %w", name, err)
			}
			total.passed += c.passed
			total.failed += c.failed
		}
	}
	fmt.Fprintln(stdout, total)
	if total.failed > 0 || total.passed == 0 {
		return errFailed
	}
	return nil
}

// count reads one runner's whole output, line by line.
func count(in io.Reader, out io.Writer) (counts, error) {
	var total counts
	packages := newPackages(out)
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			if !packages.line(line, &total) {
				fmt.Fprintln(out, strings.TrimRight(line, "\r\n"))
				total = total.plus(foreign(line))
			}
		}
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

func (c counts) plus(d counts) counts {
	return counts{passed: c.passed + d.passed, failed: c.failed + d.failed}
}
