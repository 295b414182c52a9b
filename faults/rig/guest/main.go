//go:build linux

// Command guest is the first program of the rig's machine: it loads the kernel's
// modules, makes a GPIO chip of gpio-sim with a Raspberry Pi's names and a card
// reader of uinput, mounts the disk, takes the network up, keeps the agent running
// as systemd would, and does what the host orders: it moves lines, types, watches
// the lamp, takes the chip or the reader away, kills the agent.
//
// It judges nothing: what has to be in the hub's log is the host's business.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"hallkeeper/faults/rig/link"
)

const (
	gateway  = "10.0.2.2"
	settings = "/agent.yaml"
	data     = "/data"
	green    = "GPIO20"
)

func main() {
	say("started")
	if err := run(); err != nil {
		say("failed: %v", err)
	}
	say("done")
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func say(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stdout, "rig: "+format+"\n", args...)
}

func run() error {
	set, err := prepare()
	if err != nil {
		return err
	}
	chip, err := makeChip()
	if err != nil {
		return fmt.Errorf("make the GPIO chip: %w", err)
	}
	r := &reader{}
	if err := r.plug(); err != nil {
		return fmt.Errorf("make the reader: %w", err)
	}
	text := fmt.Sprintf("agent: w01\nhall: rig\nmqtt: tcp://%s:%d\ndata: %s\nboard: /board.yaml\nlog: text\n", gateway, set.Hub, data)
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil {
		return err
	}
	a := &agent{}
	go a.keep()
	listener, err := net.Listen("tcp4", fmt.Sprintf(":%d", set.Control))
	if err != nil {
		return err
	}
	say("ready")
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var o link.Order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return fmt.Errorf("read an order: %w", err)
		}
		answer, err := obey(chip, r, a, &o)
		if err != nil {
			answer.Error = err.Error()
		}
		if err := json.NewEncoder(conn).Encode(answer); err != nil {
			return err
		}
		if o.Do == link.Stop { // the answer must be out before the power is off
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			_, _ = conn.Read(make([]byte, 1))
			return nil
		}
	}
	return fmt.Errorf("the host has gone: %w", errors.Join(lines.Err(), errors.New("no more orders")))
}

func obey(c *chip, r *reader, a *agent, o *link.Order) (answer link.Answer, err error) {
	switch o.Do {
	case link.Play:
		late, err := c.play(o.Train)
		answer.LateUS = late.Microseconds()
		return answer, err
	case link.Type:
		return answer, r.write(o.Text)
	case link.Plug:
		if o.On {
			return answer, r.plug()
		}
		return answer, r.unplug()
	case link.Taken:
		answer.Seen, err = taken()
		return answer, err
	case link.Chip:
		if o.On {
			return answer, c.live()
		}
		return answer, c.gone()
	case link.Kill:
		return answer, a.kill(unix.SIGKILL)
	case link.Freeze:
		if o.On {
			return answer, a.kill(unix.SIGSTOP)
		}
		return answer, a.kill(unix.SIGCONT)
	case link.Burst:
		return answer, burst(c, r, o.Acts, time.Duration(o.WaitMS)*time.Millisecond)
	case link.Doctor:
		answer.Text, err = doctor()
		return answer, err
	case link.Clock:
		return answer, setClock(time.UnixMilli(o.UnixMS))
	case link.Green:
		answer.Seen = c.await(green, o.On, time.Duration(o.WaitMS)*time.Millisecond)
		return answer, nil
	case link.Usage:
		return a.usage()
	case link.Stop:
		return answer, a.stop()
	}
	return answer, fmt.Errorf("there is no order %q", o.Do)
}

// burst does one act after the other, each when the lamp has confirmed the one
// before it and is dark again, or has stayed dark for limit.
func burst(c *chip, r *reader, acts []link.Act, limit time.Duration) error {
	for _, act := range acts {
		c.await(green, false, limit)
		say("begun %d", act.ID)
		if act.Text != "" {
			if err := r.write(act.Text); err != nil {
				return err
			}
		} else if _, err := c.play(act.Train); err != nil {
			return err
		}
		if c.await(green, true, limit) {
			say("lit %d", act.ID)
		}
	}
	return nil
}
