// Command wiring makes, from a board file, what a technician needs to wire and
// boot a window computer: the wiring diagram and the circuits (SVG), and the lines of config.txt.
// They can't be wrong unless the board file is: the agent reads the same one.
//
//	go run ./firmware-config/wiring            writes them beside each board file
//	go run ./firmware-config/wiring MINE.yaml  writes those of a wiring of your own
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"hallkeeper/agent/board"
	"hallkeeper/bilingual"
	"hallkeeper/settings"
)

// boards is where the board files are shipped.
const boards = "firmware-config/boards"

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		var faults *settings.Faults
		if errors.As(err, &faults) {
			faults.Print(os.Stderr, "wiring")
		} else {
			bilingual.Print(os.Stderr, "wiring", err)
		}
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("wiring", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		_, _ = fmt.Fprintln(stderr, "用法 Usage: wiring [BOARD.yaml …]\n由接线文件生成接线图 BOARD.svg、各路接法 BOARD.circuits.svg 和启动设置 BOARD.config.txt\nmakes the diagram BOARD.svg, the circuits BOARD.circuits.svg and the boot settings BOARD.config.txt from each board file")
	}
	if err := fs.Parse(args); err != nil {
		return err
	}
	files := fs.Args()
	if len(files) == 0 {
		var err error
		if files, err = filepath.Glob(filepath.Join(boards, "*.yaml")); err != nil || len(files) == 0 {
			return bilingual.Errorf("%s 里没有接线文件：请在项目文件夹里运行，或指明一个", "there are no board files in %s: run it in the project's folder, or name one", boards)
		}
	}
	for _, path := range files {
		made, err := makeFiles(path)
		if err != nil {
			return err
		}
		for _, m := range made {
			if err := os.WriteFile(m.path, m.content, 0o644); err != nil {
				return err
			}
			if _, err := fmt.Fprintln(stdout, m.path); err != nil {
				return err
			}
		}
	}
	return nil
}

// file is one that is made.
type file struct {
	path    string
	content []byte
}

// makeFiles makes all files of a board file.
func makeFiles(path string) ([]file, error) {
	f, err := board.LoadFile(path)
	if err != nil {
		return nil, err
	}
	base := strings.TrimSuffix(path, filepath.Ext(path))
	w, err := wire(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return []file{{base + ".svg", draw(f.Name, w)}, {base + ".config.txt", bootLines(filepath.Base(path), f)}, {base + ".circuits.svg", circuits(f)}}, nil
}
