package main

import (
	"fmt"
	"strings"

	"hallkeeper/agent/board"
)

// table lists the lines of a board in Markdown, as the handbook shows them: the pin that
// a technician counts to, what hangs on it, and how.
func table(f board.File) (string, error) {
	w, err := wire(f)
	if err != nil {
		return "", err
	}
	chinese := func(s string) string {
		out, _, _ := strings.Cut(s, " other side")
		out, _, _ = strings.Cut(out, " through")
		out, _, _ = strings.Cut(out, " relay module")
		out, _, _ = strings.Cut(out, " level shifter")
		return out
	}
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n| 针脚 | 引脚名 | 接什么 | 怎样接 |\n|---:|---|---|---|\n", f.Name)
	for _, t := range w.things {
		fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", t.pin, t.line, t.zh, chinese(t.how))
	}
	for _, usb := range w.usb {
		what, _, _ := strings.Cut(usb, " reader")
		fmt.Fprintf(&b, "| USB | – | %s | 不经过引脚 |\n", what)
	}
	return b.String(), nil
}
