// Command agent is the program of a window computer.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // a Pi may have no zone files

	"hallkeeper/agent"
	"hallkeeper/agent/journal"
	"hallkeeper/bilingual"
	"hallkeeper/format"
	"hallkeeper/settings"
)

// version is set by the build.
var version = "unversioned"

// A Pi Zero has 512 MB for everything: the heap stays small, at some cost of collecting.
const (
	heapLimit = 10 << 20
	heapGrows = 40 // percent between two collections
)

func main() { os.Exit(program()) }

func program() int {
	debug.SetGCPercent(heapGrows)
	debug.SetMemoryLimit(heapLimit)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return exit(os.Stderr, run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// usageError is a wrong command line: exit status 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// wrongUse is a wrong command line in both languages; see bilingual.Errorf.
func wrongUse(zh, en string, args ...any) error {
	return usageError{bilingual.Errorf(zh, en, args...)}
}

func exit(stderr io.Writer, err error) int {
	var usage usageError
	var faults *settings.Faults
	var newer *format.Newer
	switch {
	case err == nil, errors.Is(err, agent.ErrRestart): // systemd starts it again
		return 0
	case errors.As(err, &usage):
		bilingual.Print(stderr, "agent", bilingual.Errorf("%w；agent --help 列出所有命令", "%w; agent --help lists what there is", err))
		return 2
	case errors.As(err, &faults):
		faults.Print(stderr, "agent")
		return 2
	case errors.As(err, &newer):
		_, _ = fmt.Fprintf(stderr, "agent: %v\n", newer)
		return format.ExitStatus
	}
	bilingual.Print(stderr, "agent", err)
	return 1
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return wrongUse("没有写命令", "which command?")
	}
	switch args[0] {
	case "--help", "-h", "help":
		_, err := fmt.Fprint(stdout, `Hallkeeper 窗口代理 / the window computer's agent

用法 Usage: agent COMMAND --config FILE [--flags]

  run      运行 / work
  doctor   检查引脚、读卡器、时钟、待发箱、身份和连接 / look at pins, readers, clock, outbox, identity and connection
  enroll   用管理端给出的注册码加入大厅 / make this computer a device of the hall with a code from the console
  renew    现在就更新证书（平时会自动更新）/ have the certificate made anew now (it is done by itself in time)
  record   把按键和刷卡的原始信号录到文件 / write what buttons and readers do into a file
  replay   说出记录文件里发生了什么，或交给整个代理重放 / say what a recording holds, or play it to a whole agent
  appliance  一体镜像里唯一的程序：注册、对时、看护代理 / the only program of the appliance image: enrols, keeps the time, keeps the agent going

agent COMMAND --help 显示该命令的参数 / shows its flags. agent --version
`)
		return err
	case "--version", "version":
		_, err := fmt.Fprintf(stdout, "agent %s\n", version)
		return err
	case "run":
		return runAgent(ctx, args[1:], stdout, stderr)
	case "doctor":
		return runDoctor(ctx, args[1:], stdout)
	case "enroll":
		return runEnroll(ctx, args[1:], os.Stdin, stdout)
	case "renew":
		return runRenew(ctx, args[1:], stdout)
	case "record":
		return runRecord(ctx, args[1:], stdout, stderr)
	case "replay":
		return runReplay(ctx, args[1:], stdout, stderr)
	case "appliance":
		return runAppliance(ctx, args[1:], stdout)
	}
	return wrongUse("没有 %q 这个命令", "there is no command %q", args[0])
}

// load parses a command's flags and reads the settings; shown is true where help was given.
func load(command string, args []string, stdout io.Writer, more func(*flag.FlagSet)) (cfg agent.Config, shown bool, err error) {
	fs := flag.NewFlagSet("agent "+command, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	file := fs.String("config", "", "设置文件 / settings `FILE` (YAML)")
	var given []settings.Flag
	for _, f := range []struct{ name, key, help string }{
		{"agent", "agent", "设备名 / the device's `NAME`, e.g. w01"},
		{"hall", "hall", "大厅编号 / the hall's `ID`"},
		{"mqtt", "mqtt", "MQTT 服务器 / the broker's `URL`, e.g. tls://192.168.1.10:8883"},
		{"data", "data", "数据文件夹 / `DIR` of the outbox (default /var/lib/hallkeeper)"},
		{"board", "board", "接线文件，或 sim / `PATH` of the board file, or sim"},
		{"log", "log", "日志格式 / `FORMAT` of logs: text or json"},
		{"log-level", "log_level", "日志级别 / `LEVEL`: debug, info, warn or error"},
	} {
		fs.Func(f.name, f.help, func(v string) error {
			given = append(given, settings.Flag{Name: "--" + f.name, Key: f.key, Value: v})
			return nil
		})
	}
	if more != nil {
		more(fs)
	}
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		if _, err := fmt.Fprintf(stdout, "用法 Usage: agent %s --config FILE [--flags]\n\n", command); err != nil {
			return cfg, true, err
		}
		fs.SetOutput(stdout)
		fs.PrintDefaults()
		return cfg, true, nil
	case err != nil:
		return cfg, false, usageError{bilingual.Flags(err)}
	case fs.NArg() > 0:
		return cfg, false, wrongUse("多出了 %q，它不是参数", "%q is not a flag", fs.Arg(0))
	}
	cfg = agent.Defaults()
	err = settings.Load(&cfg, *file, os.Environ(), given...)
	cfg.Version = version
	return cfg, false, err
}

func runAgent(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	cfg, shown, err := load("run", args, stdout, nil)
	if shown || err != nil {
		return err
	}
	return agent.Run(ctx, cfg, newLogger(cfg, stderr))
}

// newLogger makes the logger that the settings ask for, and makes it the standard
// one: periph speaks through that.
func newLogger(cfg agent.Config, stderr io.Writer) *slog.Logger {
	toJournal := stderr == io.Writer(os.Stderr) && journal.Listens(os.Stderr)
	logger := slog.New(journal.New(stderr, cfg.Log, cfg.LogLevel, toJournal))
	slog.SetDefault(logger)
	return logger
}
