package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "handbook:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("handbook", flag.ContinueOnError)
	fs.SetOutput(stderr)
	root := fs.String("root", "..", "the `FOLDER` of the repository")
	out := fs.String("out", "../web-kiosk/dist", "the `FOLDER` of the built pages: help.html is read there, help/ is written")
	if err := fs.Parse(args); err != nil {
		return err
	}
	template, err := os.ReadFile(filepath.Join(*out, "help.html"))
	if err != nil {
		return fmt.Errorf("the page that the handbook is set in is not built (make web): %w", err)
	}
	files, err := build(os.DirFS(*root), string(template))
	if err != nil {
		return err
	}
	// What an earlier run made and this one does not is gone afterwards.
	folder := filepath.Join(*out, "help")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	size := 0
	for name, content := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // pages for everybody, as Vite writes them
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil { //nolint:gosec // likewise
			return err
		}
		size += len(content)
	}
	_, err = fmt.Fprintf(stdout, "handbook: %d files, %d KB\n", len(files), size/1024)
	return err
}
