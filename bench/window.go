package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"hallkeeper/agent/board/simlink"
	"hallkeeper/simulator/pulse"
	"hallkeeper/wire"
)

const (
	// frameGap is the silence after which a reader's frame is complete.
	frameGap = 45 * time.Millisecond
	acts     = 100
	// apart is more than a deletion waits for an event to share its fsync with:
	// so every event costs what it does at a quiet window.
	apart = 700 * time.Millisecond
)

// desk is one window with a real agent on simulated pins, a hub behind it.
type desk struct {
	agent  *child
	hand   *simlink.Client
	green  chan time.Time // when it lit
	stored chan time.Time // when the hub had said so
	number uint32
	chance *rand.Rand
}

// window measures what one window computer does and uses.
func (b *bench) window(ctx context.Context) error {
	h, err := b.startHub(ctx, filepath.Join(b.folder, "window"))
	if err != nil {
		return err
	}
	defer h.stop()
	d, err := b.sit(ctx, h)
	if err != nil {
		return err
	}
	defer d.agent.stop()
	defer func() { _ = d.hand.Close() }()
	for _, act := range []struct {
		name, note string
		do         func(context.Context) (time.Time, error)
	}{
		{"press", "after debounce", d.press},
		{"swipe", "after the frame's silence", d.swipe},
	} {
		var lamp, stored []time.Duration
		for range acts {
			at, err := act.do(ctx)
			if err != nil {
				return err
			}
			lit, err := next(ctx, d.green)
			if err != nil {
				return fmt.Errorf("%s: the lamp stays dark: %w", act.name, err)
			}
			there, err := next(ctx, d.stored)
			if err != nil {
				return fmt.Errorf("%s: the hub stores nothing: %w", act.name, err)
			}
			lamp, stored = append(lamp, lit.Sub(at)), append(stored, there.Sub(at))
			time.Sleep(300 * time.Millisecond) // until the lamp is dark
		}
		p50, p99, most := quantiles(lamp)
		b.add("g", act.name+" → outbox fsync → lamp", "p50 "+ms(p50), fmt.Sprintf("p99 %s, max %s, %d times, %s", ms(p99), ms(most), acts, act.note))
		p50, p99, most = quantiles(stored)
		b.add("g", act.name+" → stored by the hub", "p50 "+ms(p50), fmt.Sprintf("p99 %s, max %s, until a subscriber has the answer", ms(p99), ms(most)))
	}
	return b.wear(ctx, d)
}

// sit starts the agent and a subscriber to the hub's answers.
func (b *bench) sit(ctx context.Context, h *hub) (*desk, error) {
	d := &desk{green: make(chan time.Time, 1024), stored: make(chan time.Time, 1024), chance: rand.New(rand.NewPCG(1, 2))}
	client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + h.mqtt()).SetClientID("bench").SetAutoReconnect(false))
	if t := client.Connect(); t.Wait() && t.Error() != nil {
		return nil, t.Error()
	}
	topics := wire.Topics{Hall: "hall"}
	var last uint64
	if t := client.Subscribe(topics.Agent("w01", wire.LeafStored), 0, func(_ mqtt.Client, m mqtt.Message) {
		var answer wire.Stored
		if now := time.Now(); json.Unmarshal(m.Payload(), &answer) == nil && answer.Seq > last {
			last = answer.Seq
			d.stored <- now
		}
	}); t.Wait() && t.Error() != nil {
		return nil, t.Error()
	}
	config, socket := filepath.Join(b.folder, "w01.yaml"), filepath.Join(b.folder, "w01.sock")
	text := fmt.Sprintf("agent: w01\nhall: hall\nmqtt: %s\ndata: %s\nboard: sim\nsim_socket: %s\nlog_level: warn\nclock: {assume_synced: true}\n",
		h.MQTT, filepath.Join(b.folder, "w01"), socket)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	var err error
	if d.agent, err = start(ctx, filepath.Join(b.bin, "agent"), "run", "--config", config); err != nil {
		return nil, err
	}
	if err := d.agent.until(ctx, "the agent's pins", func() bool { d.hand, err = simlink.Dial(ctx, socket); return err == nil }); err != nil {
		return nil, err
	}
	go func() {
		for o := range d.hand.Outputs() {
			if o.Line == "lamp_green" && o.High {
				d.green <- time.Now()
			}
		}
	}()
	if _, err := next(ctx, d.stored); err != nil { // its start
		return nil, err
	}
	return d, nil
}

// next waits for a moment.
func next(ctx context.Context, moments <-chan time.Time) (time.Time, error) {
	select {
	case at := <-moments:
		return at, nil
	case <-time.After(10 * time.Second):
		return time.Time{}, errors.New("in vain")
	case <-ctx.Done():
		return time.Time{}, context.Cause(ctx)
	}
}

// press presses a button and gives when the press counts.
func (d *desk) press(ctx context.Context) (time.Time, error) {
	began := time.Now()
	err := d.hand.Play(ctx, []simlink.Level{{Line: "rating5"}, {AfterUS: 20_000, Line: "rating5", High: true}})
	return began.Add(debounce), err
}

// swipe holds the next card to the reader and gives when its frame is complete.
func (d *desk) swipe(ctx context.Context) (time.Time, error) {
	d.number++
	train, err := pulse.Wiegand(d.chance, 34, d.number)
	if err == nil {
		err = d.hand.Play(ctx, train)
	}
	return time.Now().Add(frameGap), err
}

// wear measures what the agent uses at rest, and what an event costs its disk.
func (b *bench) wear(ctx context.Context, d *desk) error {
	pid := d.agent.cmd.Process.Pid
	span := 5 * b.span
	before, err := cpuOf(pid)
	if err != nil {
		return err
	}
	time.Sleep(span)
	after, err := cpuOf(pid)
	if err != nil {
		return err
	}
	b.add("g", "agent at rest, processor", fmt.Sprintf("%.2f %%", 100*(after-before).Seconds()/span.Seconds()), fmt.Sprintf("of one core, over %v, connected (target 1 %%)", span))
	b.add("g", "agent at rest, memory", fmt.Sprintf("%.1f MiB", d.agent.rss()), "resident (target 20 MB)")
	for _, pace := range []struct {
		name, note string
		times, at  int // rounds, and presses at once in each
		wait       time.Duration
	}{
		{"bytes written an event, at a quiet window", "its own fsync; its deletion shares that of the next", 30, 1, apart},
		{"bytes written an event, five at once", "what comes together shares an fsync", 30, 5, apart},
	} {
		from, err := writtenBy(pid)
		if err != nil {
			return err
		}
		for range pace.times {
			var down, up []simlink.Level
			for i := range pace.at {
				line := fmt.Sprint("rating", i+1)
				down, up = append(down, simlink.Level{Line: line}), append(up, simlink.Level{Line: line, High: true})
			}
			up[0].AfterUS = 30_000
			if err := d.hand.Play(ctx, append(down, up...)); err != nil {
				return err
			}
			time.Sleep(pace.wait)
		}
		to, err := writtenBy(pid)
		if err != nil {
			return err
		}
		n := pace.times * pace.at
		b.add("g", pace.name, fmt.Sprintf("%d", (to-from)/int64(n)), fmt.Sprintf("%d events, pages as the kernel counts them for the agent; %s", n, pace.note))
	}
	return nil
}

// cpuOf is the processor time that a process has used: the sum of its threads'
// run time as the scheduler counts it, in /proc/PID/task/*/schedstat.
func cpuOf(pid int) (time.Duration, error) {
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(paths) == 0 {
		return 0, fmt.Errorf("the kernel does not tell the run time of process %d", pid)
	}
	var sum time.Duration
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		ns, err := strconv.ParseInt(strings.Fields(string(text) + " ")[0], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

// writtenBy is what a process has sent to the disk, in bytes: write_bytes of /proc/PID/io.
func writtenBy(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "write_bytes: "); ok {
			return strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
		}
	}
	return 0, errors.New("the kernel does not tell what a process writes")
}
