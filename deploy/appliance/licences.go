package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// licences gathers the texts that go along with the image: of the agent's modules, of
// gokrazy's, of Linux with where its source is, and of the Pi's firmware.
func (b *builder) licences(ctx context.Context) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(`Hallkeeper 窗口电脑一体镜像所含软件的许可 / Licences of what is in the appliance image of Hallkeeper.
代理（agent）采用 Apache-2.0；其余见下。 The agent is under Apache-2.0; all else follows.

`)
	said, err := b.do(ctx, b.source(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}",
		"github.com/gokrazy/gokrazy", "github.com/gokrazy/gokrazy/cmd/dhcp", "github.com/gokrazy/kernel.rpi", "github.com/gokrazy/firmware")
	if err != nil {
		return nil, err
	}
	modules := strings.Split(strings.TrimSpace(string(said)), "\n")
	slices.Sort(modules)
	for _, line := range slices.Compact(modules) {
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			continue
		}
		files, err := filepath.Glob(filepath.Join(f[2], "[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]*"))
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%s %s has no licence that could go along", f[0], f[1])
		}
		if strings.HasSuffix(f[0], "/kernel.rpi") {
			source, err := os.ReadFile(filepath.Join(f[2], "_build", "upstream-url.txt"))
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&out, "%s\nLinux（GPL-2.0）的源代码 / the source of Linux (GPL-2.0): %s\n补丁和配置 / patches and configuration: %s@%s, _build/\n\n", strings.Repeat("=", 78), bytes.TrimSpace(source), f[0], f[1])
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&out, "%s\n%s %s (%s)\n\n%s\n\n", strings.Repeat("=", 78), f[0], f[1], filepath.Base(file), bytes.TrimSpace(text))
		}
	}
	agent, err := b.do(ctx, b.root, "go", "run", "-C", "tools", "./licences", "-root", "..", "-program", "agent", "-texts")
	if err != nil {
		return nil, err
	}
	out.Write(agent)
	return out.Bytes(), nil
}
