// Command gen writes the TypeScript form of package wire. It owns the mapping
// from Go's JSON to TypeScript and refuses what it has no honest type for: it
// never writes "any". The output is committed beside its source, and -check
// fails where the two have drifted apart.
//
//	go run ./wire/gen -out web-kiosk/src/wire.gen.ts [-in wire] [-check]
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// errUsage marks a wrong call (exit status 2); the flag package has already said what is wrong.
var errUsage = errors.New("wrong usage")

// errDrift is what -check reports.
var errDrift = errors.New("the TypeScript types do not match package wire: run make gen and commit the result")

func main() {
	err := run(os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("gen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	in := flags.String("in", "wire", "`folder` of package wire")
	out := flags.String("out", "", "TypeScript `file` to write; empty prints it")
	check := flags.Bool("check", false, "write nothing, fail if the file differs")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return errUsage
	}
	if flags.NArg() > 0 || (*check && *out == "") {
		flags.Usage()
		return errUsage
	}

	contract, err := read(*in)
	if err != nil {
		return fmt.Errorf("reading %s: %w", *in, err)
	}
	text, err := typescript(contract)
	if err != nil {
		return fmt.Errorf("writing TypeScript: %w", err)
	}
	switch {
	case *out == "":
		_, err = stdout.Write(text)
		return err
	case *check:
		have, err := os.ReadFile(*out)
		if err != nil {
			return fmt.Errorf("%w (%w)", errDrift, err)
		}
		if !bytes.Equal(have, text) {
			return errDrift
		}
		return nil
	default:
		return replace(*out, text)
	}
}

// replace writes the file in one step, so that a build running beside never reads half of it.
func replace(name string, text []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(name), ".gen-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	if _, err := temp.Write(text); err != nil {
		return errors.Join(err, temp.Close())
	}
	if err := errors.Join(temp.Chmod(0o644), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), name)
}
