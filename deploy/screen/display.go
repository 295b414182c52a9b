package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// display switches what people look at: the signal to the screen, and by HDMI-CEC a television.
type display struct {
	sway     *compositor
	cec      string // a pattern of devices
	logger   *slog.Logger
	stubborn bool // it has been told that a screen stays on
	// touched is the screen that touches are of.
	touched string
	// told is what televisions were told last; what somebody switches by hand stays as it is until that changes.
	told, on bool
}

// cecWithin is how long a television may take to take a word.
const cecWithin = 10 * time.Second

// turn switches everything on or off. A screen that stays on shows black, which is not worth a restart.
func (d *display) turn(ctx context.Context, on bool) error {
	if on {
		d.televisions(ctx, on)
	}
	err := d.signal(ctx, on)
	if !on {
		d.televisions(ctx, on)
	}
	return err
}

// signal sees to it that the screens get a signal, or none: a screen that is plugged in anew would.
func (d *display) signal(ctx context.Context, on bool) error {
	all, err := d.sway.outputs(ctx)
	if err != nil {
		return err
	}
	for _, o := range all {
		// Without a word of which screen they are of, touches would not turn with the picture.
		if o.Active && d.touched != o.Name {
			if _, err := d.sway.ask(ctx, "input", "type:touch", "map_to_output", o.Name); err != nil {
				return err
			}
			d.touched = o.Name
		}
		if !o.Active || o.lit() == on {
			continue
		}
		state := "off"
		if on {
			state = "on"
		}
		if _, err := d.sway.ask(ctx, "output", o.Name, "dpms", state); err != nil {
			return err
		}
	}
	if all, err = d.sway.outputs(ctx); err != nil {
		return err
	}
	for _, o := range all {
		if o.Active && o.lit() && !on && !d.stubborn {
			d.stubborn = true
			d.logger.Warn("the screen's signal cannot be switched off; it shows black", "screen", o.Name)
		}
	}
	return nil
}

// physical is where on the television's sockets this machine is, as cec-ctl says.
var physical = regexp.MustCompile(`Physical Address\s*:\s*([0-9a-f]\.[0-9a-f]\.[0-9a-f]\.[0-9a-f])`)

// televisions tells those that listen. One that does not is no reason to show nothing.
func (d *display) televisions(ctx context.Context, on bool) {
	devices, err := filepath.Glob(d.cec)
	if d.cec == "" || err != nil || d.told && d.on == on {
		return
	}
	d.told, d.on = true, on
	for _, device := range devices {
		if err := television(ctx, device, on); err != nil {
			d.logger.Warn("a television cannot be switched", "device", device, "on", on, "error", err)
		}
	}
}

func television(ctx context.Context, device string, on bool) error {
	if !on {
		_, err := cecCtl(ctx, device, "--standby")
		return err
	}
	said, err := cecCtl(ctx, device, "--image-view-on")
	if at := physical.FindStringSubmatch(said); err == nil && at != nil && at[1] != "f.f.f.f" {
		_, err = cecCtl(ctx, device, "--active-source", "phys-addr="+at[1])
	}
	return err
}

var errCEC = errors.New("cec-ctl (package v4l-utils) failed")

func cecCtl(ctx context.Context, device string, message ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, cecWithin)
	defer cancel()
	//nolint:gosec // the device is from a pattern of the settings
	out, err := exec.CommandContext(ctx, "cec-ctl", append([]string{"--device", device, "--playback", "--to", "0"}, message...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %w: %s", errCEC, err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}
