package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata"

	"hallkeeper/bilingual"
	"hallkeeper/simulator"
	"hallkeeper/simulator/day"
	"hallkeeper/wire"
)

const usage = `simulator 模拟一个大厅的工作日:员工刷卡、群众办事与评价。
simulator plays a hall's working day: staff swipe in, citizens are served and rate.

  simulator run    play at agents on simulated pins, and tell past days to the hub
  simulator plan   print what people do on a day
  simulator events print days as events, one JSON object a line

simulator COMMAND --help lists the flags of a command.
`

// usageError is a wrong use of the command line: exit status 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func wrongUse(zh, en string, args ...any) error {
	return usageError{bilingual.Errorf("%w；用法见 simulator --help", "%w; see simulator --help", bilingual.Errorf(zh, en, args...))}
}

func exitStatus(err error) int {
	var wrong usageError
	if errors.As(err, &wrong) {
		return 2
	}
	return 1
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return wrongUse("没有写命令：run、plan 或 events", "which command: run, plan or events")
	}
	switch args[0] {
	case "-h", "-help", "--help", "help":
		_, err := io.WriteString(stdout, usage)
		return err
	case "-version", "--version", "version":
		_, err := fmt.Fprintln(stdout, "simulator", version)
		return err
	case "run", "plan", "events":
	default:
		return wrongUse("没有 %q 这个命令", "there is no command %q", args[0])
	}
	o := options{zone: "Asia/Shanghai"}
	flags := o.flags(args[0])
	flags.SetOutput(io.Discard)
	switch err := flags.Parse(args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stdout)
		fmt.Fprintf(stdout, "simulator %s [flags]\n", args[0])
		flags.PrintDefaults()
		return nil
	case err != nil:
		return wrongUse("%w", "%w", bilingual.Flags(err))
	case flags.NArg() > 0:
		return wrongUse("多出了 %q，不知做什么用", "nothing is known to do with %q", flags.Arg(0))
	}
	zone, err := time.LoadLocation(o.zone)
	if err != nil {
		return wrongUse("--zone 不对：%w", "--zone: %w", err)
	}
	switch args[0] {
	case "run":
		return o.run(ctx, zone, stderr)
	default:
		return o.print(ctx, args[0], zone, stdout)
	}
}

// options are the flags of all commands.
type options struct {
	hall, zone, sockets, mqtt, hub, state, log string
	windows, citizens                          int
	only                                       windowList
	seed                                       uint64
	speed                                      float64
	history                                    days
	from, to                                   string
}

func (o *options) flags(command string) *flag.FlagSet {
	f := flag.NewFlagSet(command, flag.ContinueOnError)
	f.IntVar(&o.windows, "windows", 12, "how many windows, named w01, w02, …; 1 to 99")
	f.Uint64Var(&o.seed, "seed", 1, "decides all that is left to chance")
	f.IntVar(&o.citizens, "citizens", 0, "citizens a window and day on average; 0 is the usual number")
	f.StringVar(&o.zone, "zone", o.zone, "the hall's time `zone`")
	switch command {
	case "run":
		f.StringVar(&o.hall, "hall", "hall", "the hall's `id` in topics")
		f.StringVar(&o.sockets, "sockets", "", "`folder` of the agents' simulated boards, w01.sock and so on; none plays the past alone")
		f.Var(&o.only, "window", "`WINDOW[:AGENT]=SOCKET`, instead of --windows and --sockets; may be repeated")
		f.Float64Var(&o.speed, "speed", 60, "minutes of the schedule in a real minute; the clock stays as it is")
		f.Var(&o.history, "history", "tell so many past `days` to the hub, e.g. 90d; needs --mqtt and --state")
		f.StringVar(&o.mqtt, "mqtt", "", "the broker's `address`, e.g. tcp://127.0.0.1:1883")
		f.StringVar(&o.state, "state", "", "`file` beside the hub's data that remembers which past was told")
		f.StringVar(&o.hub, "hub", "", "the hub's web `address`, where staff look whether they count as there")
		f.StringVar(&o.log, "log", "info", "least `level` to log: debug, info, warn or error")
	default:
		f.StringVar(&o.from, "from", "", "first `day`, yyyy-mm-dd")
		f.StringVar(&o.to, "to", "", "the `day` after the last; none means the first day alone")
	}
	return f
}

func (o *options) names() ([]string, error) {
	if o.windows < 1 || o.windows > 99 {
		return nil, wrongUse("--windows 应为 1 到 99，而不是 %d", "--windows: %d is not within 1 and 99", o.windows)
	}
	names := make([]string, o.windows)
	for i := range names {
		names[i] = fmt.Sprintf("w%02d", i+1)
	}
	return names, nil
}

func (o *options) run(ctx context.Context, zone *time.Location, stderr io.Writer) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.log)); err != nil {
		return wrongUse("--log 不对：%w", "--log: %w", err)
	}
	windows := []simulator.Window(o.only)
	if len(windows) == 0 {
		names, err := o.names()
		if err != nil {
			return err
		}
		for _, name := range names {
			w := simulator.Window{ID: name}
			if o.sockets != "" {
				w.Socket = filepath.Join(o.sockets, name+".sock")
			}
			windows = append(windows, w)
		}
	}
	s, err := simulator.New(simulator.Config{
		Hall: o.hall, Windows: windows, Seed: o.seed, Speed: o.speed, Zone: zone, Citizens: o.citizens,
		HistoryDays: int(o.history), MQTTURL: o.mqtt, StateFile: o.state, HubURL: o.hub,
		Log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		return usageError{bilingual.Errorf("参数不能这样用：%[1]s", "%[1]s", strings.ReplaceAll(err.Error(), "\n", "; "))}
	}
	return s.Run(ctx)
}

func (o *options) print(ctx context.Context, command string, zone *time.Location, stdout io.Writer) error {
	names, err := o.names()
	if err != nil {
		return err
	}
	from := day.DateOf(time.Now(), zone)
	if o.from != "" {
		if from, err = day.ParseDate(o.from); err != nil {
			return wrongUse("--from 不对：%w", "--from: %w", err)
		}
	}
	to := from.Add(1)
	if o.to != "" {
		if to, err = day.ParseDate(o.to); err != nil {
			return wrongUse("--to 不对：%w", "--to: %w", err)
		}
	}
	cfg := day.Config{Windows: names, Citizens: o.citizens, Zone: zone}
	if command == "events" {
		return printEvents(ctx, stdout, cfg, o.seed, from, to)
	}
	for date := from; date.Before(to) && ctx.Err() == nil; date = date.Add(1) {
		for _, act := range day.Plan(cfg, o.seed, date) {
			if _, err := fmt.Fprintln(stdout, date, act); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

func printEvents(ctx context.Context, stdout io.Writer, cfg day.Config, seed uint64, from, to day.Date) error {
	out := json.NewEncoder(stdout)
	for e := range day.Events(cfg, seed, from, to) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := out.Encode(e); err != nil {
			return err
		}
	}
	return nil
}

// days is a number of days, written 90d or 90.
type days int

func (d *days) String() string { return strconv.Itoa(int(*d)) + "d" }

// Set reads the flag's value.
func (d *days) Set(text string) error {
	n, err := strconv.Atoi(strings.TrimSuffix(text, "d"))
	if err != nil || n < 0 {
		return fmt.Errorf("want a number of days like 90d, got %q", text)
	}
	*d = days(n)
	return nil
}

// windowList reads --window.
type windowList []simulator.Window

func (l *windowList) String() string { return fmt.Sprint(len(*l)) }

// Set reads one value of the flag.
func (l *windowList) Set(text string) error {
	who, socket, found := strings.Cut(text, "=")
	id, agent, named := strings.Cut(who, ":")
	if !named {
		agent = id
	}
	if !found || socket == "" || wire.CheckName(id) != nil || wire.CheckName(agent) != nil {
		return fmt.Errorf("want WINDOW[:AGENT]=SOCKET, got %q", text)
	}
	*l = append(*l, simulator.Window{ID: id, Agent: agent, Socket: socket})
	return nil
}
