package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hallkeeper/agent/board"
)

// bootLines gives the lines for the end of config.txt:
// https://www.raspberrypi.com/documentation/computers/config_txt.html
func bootLines(source string, f board.File) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# 附加到 /boot/firmware/config.txt 末尾（Raspberry Pi OS Bookworm 及以后）。
# Append to /boot/firmware/config.txt (Raspberry Pi OS Bookworm and newer).
# 由 %[1]s 生成，请勿手改：go run ./firmware-config/wiring
# Made from %[1]s, not to be edited: go run ./firmware-config/wiring

[all]
# 上电到程序启动之间，引脚先处于不误动作的状态。程序启动后自己再设一次。
# From power-on until the agent runs, lines are where nothing happens by mistake. The agent sets them once more.
`, source)
	groups := map[string][]int{}
	add := func(setting string, lines ...string) {
		for _, line := range lines {
			n, err := strconv.Atoi(strings.TrimPrefix(line, "GPIO"))
			if err == nil { // wire has refused all others
				groups[setting] = append(groups[setting], n)
			}
		}
	}
	pull := map[board.Bias]string{"up": "ip,pu", "down": "ip,pd", "none": "ip,np"}
	for _, one := range f.Buttons {
		add(pull[one.Bias], one.Pin)
	}
	for _, one := range f.Readers {
		if one.Kind == board.WiegandLines {
			add(pull[one.Bias], one.D0, one.D1)
		}
	}
	for _, one := range f.Outputs {
		off := "dl"
		if one.Active == "low" {
			off = "dh"
		}
		add("op,"+off, one.Pin)
	}
	used := map[int]bool{}
	for _, setting := range slices.Sorted(maps.Keys(groups)) {
		slices.Sort(groups[setting])
		var list []string
		for _, n := range groups[setting] {
			list = append(list, strconv.Itoa(n))
			used[n] = true
		}
		fmt.Fprintf(&b, "gpio=%s=%s\n", strings.Join(list, ","), setting)
	}
	b.WriteString("\n# 这些引脚不留给别的用途。 Keeps these lines from other uses.\n")
	for _, other := range []struct {
		line string
		uses []int
	}{
		{"dtparam=audio=off", []int{12, 13, 18, 19, 40, 41}},
		{"dtparam=i2s=off", []int{18, 19, 20, 21}},
		{"dtparam=i2c_arm=off", []int{2, 3}},
		{"dtparam=spi=off", []int{7, 8, 9, 10, 11}},
		{"enable_uart=0", []int{14, 15}},
	} {
		if slices.ContainsFunc(other.uses, func(n int) bool { return used[n] }) {
			b.WriteString(other.line + "\n")
		}
	}
	b.WriteString(`
# 程序或内核僵死时自动重启；systemd 的部分在 systemd/watchdog.conf。
# Starts the computer again when it hangs; systemd's part is systemd/watchdog.conf.
dtparam=watchdog=on
`)
	return b.Bytes()
}
