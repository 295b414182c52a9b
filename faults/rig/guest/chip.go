//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hallkeeper/faults/rig/link"
)

// chip is a GPIO chip of the kernel's simulator:
// https://docs.kernel.org/admin-guide/gpio/gpio-sim.html
type chip struct {
	pulls map[string]*os.File // by line: what a hand or reader does to it
	dir   string              // the lines' folder in sysfs
}

const (
	config = "/sys/kernel/config/gpio-sim/hall"
	// lines is how many a Pi's first chip has.
	lines = 54
)

func makeChip() (*chip, error) {
	bank := filepath.Join(config, "bank0")
	if err := os.MkdirAll(bank, 0o755); err != nil {
		return nil, err
	}
	// periph looks at chips whose label begins so first: they are a Pi's own.
	set := map[string]string{"num_lines": fmt.Sprint(lines), "label": "pinctrl-sim"}
	for name, value := range set {
		if err := os.WriteFile(filepath.Join(bank, name), []byte(value), 0); err != nil {
			return nil, err
		}
	}
	for i := range lines {
		line := filepath.Join(bank, fmt.Sprintf("line%d", i))
		if err := errors.Join(os.Mkdir(line, 0o755), os.WriteFile(filepath.Join(line, "name"), fmt.Appendf(nil, "GPIO%d", i), 0)); err != nil {
			return nil, err
		}
	}
	c := &chip{}
	if err := c.live(); err != nil {
		return nil, err
	}
	return c, nil
}

// live makes the chip appear, with all lines at rest: high.
func (c *chip) live() error {
	if err := os.WriteFile(filepath.Join(config, "live"), []byte("1"), 0); err != nil {
		return err
	}
	device, err := os.ReadFile(filepath.Join(config, "dev_name"))
	if err != nil {
		return err
	}
	name, err := os.ReadFile(filepath.Join(config, "bank0", "chip_name"))
	if err != nil {
		return err
	}
	c.dir = "/sys/devices/platform/" + strings.TrimSpace(string(device)) + "/" + strings.TrimSpace(string(name))
	c.pulls = map[string]*os.File{}
	for i := range lines {
		file, err := os.OpenFile(filepath.Join(c.dir, fmt.Sprintf("sim_gpio%d", i), "pull"), os.O_RDWR, 0)
		if err != nil {
			return err
		}
		c.pulls[fmt.Sprintf("GPIO%d", i)] = file
		if err := c.set(fmt.Sprintf("GPIO%d", i), true); err != nil {
			return err
		}
	}
	say("the chip is %s", filepath.Base(c.dir))
	return allow("/dev/"+filepath.Base(c.dir), gpioGroup)
}

// gone takes the chip away, while the agent has its lines open.
func (c *chip) gone() error {
	for _, file := range c.pulls {
		_ = file.Close()
	}
	c.pulls = nil
	return os.WriteFile(filepath.Join(config, "live"), []byte("0"), 0)
}

func (c *chip) set(line string, high bool) error {
	value := "pull-down"
	if high {
		value = "pull-up"
	}
	file := c.pulls[line]
	if file == nil {
		return fmt.Errorf("there is no line %s", line)
	}
	_, err := file.WriteAt([]byte(value), 0)
	return err
}

// play moves lines and tells how late the latest step was. Short waits spin: an
// emulated machine sleeps too long. After a late step the pace goes on from there.
func (c *chip) play(train []link.Level) (late time.Duration, err error) {
	at := time.Now()
	for _, l := range train {
		if behind := time.Since(at); behind > time.Millisecond {
			late, at = max(late, behind), at.Add(behind)
		}
		at = at.Add(time.Duration(l.AfterUS) * time.Microsecond)
		if wait := time.Until(at); wait > time.Millisecond {
			time.Sleep(wait - 500*time.Microsecond)
		}
		for time.Until(at) > 0 {
			continue
		}
		if err := c.set(l.Line, l.High); err != nil {
			return late, err
		}
	}
	return max(late, time.Since(at)), nil
}

// await waits until an output has a level; seen is false where it never had.
func (c *chip) await(line string, high bool, limit time.Duration) (seen bool) {
	want := "0"
	if high {
		want = "1"
	}
	path := filepath.Join(c.dir, "sim_gpio"+strings.TrimPrefix(line, "GPIO"), "value")
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if value, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(value)) == want {
			return true
		}
	}
	return false
}
