package signal

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/lamps.md and docs/lamps.zh-CN.md")

// staffCard is the page for staff in one language.
func staffCard(zh bool) string {
	var b strings.Builder
	if zh {
		b.WriteString("# 窗口指示灯和蜂鸣器\n\n[English](lamps.md)\n\n按下或刷卡后 0.1 秒内，窗口自己的灯先回答，不等网络。由程序里的同一张表生成（`go test ./agent/signal -update`）。\n\n" +
			"| 看到和听到 | 含义 | 怎么办 |\n|---|---|---|\n")
	} else {
		b.WriteString("# Lamps and buzzer of a window\n\n[中文](lamps.zh-CN.md)\n\nWithin 0.1 s of a press or swipe the window's own lamp answers, without waiting for the network. Made from the program's own table (`go test ./agent/signal -update`).\n\n" +
			"| What you see and hear | What it means | What to do |\n|---|---|---|\n")
	}
	for _, row := range Table() {
		lookZh, lookEn := row.Look()
		if zh {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", lookZh, row.Zh, row.DoZh)
		} else {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", lookEn, row.En, row.DoEn)
		}
	}
	if zh {
		b.WriteString("\n先绿后红：记下了，但大厅主机不在线。连续快按几下，绿灯也逐下亮起。\n")
	} else {
		b.WriteString("\nGreen and then red: kept, but the hall's computer is away. Of several fast presses each has its own green.\n")
	}
	return b.String()
}

func TestStaffReadWhatTheLampsDo(t *testing.T) {
	for path, zh := range map[string]bool{"../../docs/lamps.md": false, "../../docs/lamps.zh-CN.md": true} {
		want := staffCard(zh)
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(path)
		if err != nil || string(have) != want {
			t.Errorf("%s is not the table: go test ./agent/signal -update (%v)", path, err)
		}
	}
	looks := map[string]string{}
	for _, row := range Table() {
		zh, en := row.Look()
		if other, taken := looks[zh]; taken {
			t.Errorf("%s and %s look alike: %s", row.Pattern, other, en)
		}
		looks[zh] = row.Pattern
		if row.DoZh == "" || row.DoEn == "" {
			t.Errorf("nobody is told what to do at %s", row.Pattern)
		}
	}
}
