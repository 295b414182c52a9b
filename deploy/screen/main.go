// Command hallkeeper-screen is what a lobby screen, a kiosk, a notice board or a
// rating tablet runs: one page in one browser that fills the screen, in a
// compositor of its own. It owns the browser's flags, its trust in the hub's
// certificates, its health, when the screen is on, and the page that is there
// while the hub is not. Everything else that is shown is the hub's page.
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
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // a Pi may have no zone files

	"github.com/coreos/go-systemd/v22/daemon"

	"hallkeeper/agent/clock"
	"hallkeeper/bilingual"
	"hallkeeper/format"
	"hallkeeper/settings"
)

// version is set by the build.
var version = "unversioned"

func main() { os.Exit(program()) }

func program() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return exit(os.Stderr, run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// usageError is a wrong command line: exit status 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// wrongUse is a wrong command line in both languages; see bilingual.Errorf.
func wrongUse(zh, en string, args ...any) error { return usageError{bilingual.Errorf(zh, en, args...)} }

func exit(stderr io.Writer, err error) int {
	var usage usageError
	var faults *settings.Faults
	var newer *format.Newer
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		bilingual.Print(stderr, "hallkeeper-screen", bilingual.Errorf("%w；hallkeeper-screen --help 列出所有命令", "%w; hallkeeper-screen --help lists what there is", err))
		return 2
	case errors.As(err, &faults):
		faults.Print(stderr, "hallkeeper-screen")
		return 2
	case errors.As(err, &newer):
		_, _ = fmt.Fprintf(stderr, "hallkeeper-screen: %v\n", newer)
		return format.ExitStatus
	}
	bilingual.Print(stderr, "hallkeeper-screen", err)
	return 1
}

const usage = `Hallkeeper 屏幕 / a screen of the hall

用法 Usage: hallkeeper-screen COMMAND --config FILE [--flags]

  run      全屏显示设置的页面，浏览器停了就重新启动 / show the page, filling the screen, and start its browser again whenever that fails
  command  只打印浏览器的命令，供查找故障 / print the browser's command line, to look for a fault with

hallkeeper-screen COMMAND --help 显示该命令的参数 / shows its flags. hallkeeper-screen --version
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return wrongUse("没有写命令", "which command?")
	}
	switch args[0] {
	case "--help", "-h", "help":
		_, err := io.WriteString(stdout, usage)
		return err
	case "--version", "version":
		_, err := fmt.Fprintf(stdout, "hallkeeper-screen %s\n", version)
		return err
	case "run", "command":
	default:
		return wrongUse("没有 %q 这个命令", "there is no command %q", args[0])
	}
	cfg, shown, err := load(args[0], args[1:], stdout)
	switch {
	case shown || err != nil:
		return err
	case args[0] == "command":
		_, err := fmt.Fprintln(stdout, "chromium", strings.Join(arguments(&cfg, cfg.address()), " "))
		return err
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	// The compositor takes the console from under us; what still asks for it must not be stopped.
	signal.Ignore(syscall.SIGTTIN, syscall.SIGTTOU)
	k := &keeper{cfg: cfg, pace: usualPace(), logger: logger, hub: newHub(cfg.origin(), askEvery), now: time.Now, synced: believes(&cfg, logger), tell: func(state string) {
		if _, err := daemon.SdNotify(false, state); err != nil {
			logger.Warn("systemd could not be told", "error", err)
		}
	}}
	return k.run(ctx)
}

// believes tells whether the clock is set. A screen whose clock is not set is never switched off by it.
func believes(cfg *config, logger *slog.Logger) func() bool {
	told := false
	return func() bool {
		if cfg.Clock.AssumeSynced {
			return true
		}
		synced, err := clock.KernelSynced()
		if err != nil && !told {
			told = true
			logger.Warn("it is not known whether the clock is set: the screen stays on at all hours", "error", err)
		}
		return synced
	}
}

func load(command string, args []string, stdout io.Writer) (cfg config, shown bool, err error) {
	fs := flag.NewFlagSet("hallkeeper-screen "+command, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	file := fs.String("config", "", "设置文件 / settings `FILE` (YAML)")
	var given []settings.Flag
	for _, f := range []struct{ name, help string }{
		{"hub", "主机地址 / the hub's `URL`, e.g. https://192.168.1.10"},
		{"page", "页面 / the `PAGE`: lobby, kiosk, board or rating"},
		{"window", "评价平板所在的窗口 / the `ID` of a rating tablet's window"},
	} {
		fs.Func(f.name, f.help, func(v string) error {
			given = append(given, settings.Flag{Name: "--" + f.name, Key: f.name, Value: v})
			return nil
		})
	}
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		if _, err := fmt.Fprintf(stdout, "用法 Usage: hallkeeper-screen %s --config FILE [--flags]\n\n", command); err != nil {
			return cfg, true, err
		}
		fs.SetOutput(stdout)
		fs.PrintDefaults()
		return cfg, true, nil
	case err != nil:
		return cfg, false, usageError{bilingual.Flags(err)}
	case fs.NArg() > 0:
		return cfg, false, wrongUse("%q 不是参数", "%q is not a flag", fs.Arg(0))
	}
	cfg = defaults()
	err = settings.Load(&cfg, *file, os.Environ(), given...)
	return cfg, false, err
}
