// Command hallkeeper-screen is what a lobby screen, a kiosk, a notice board or a
// rating tablet runs: one page in one browser that fills the screen, in a
// compositor of its own. It owns the browser's flags and its trust in the hub's
// certificates; what is shown is the hub's page.
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
	"syscall"

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
type usageError struct{ msg string }

func (e usageError) Error() string { return e.msg }

func exit(stderr io.Writer, err error) int {
	var usage usageError
	var faults *settings.Faults
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		_, _ = fmt.Fprintf(stderr, "hallkeeper-screen: %v; hallkeeper-screen --help lists what there is\n", err)
		return 2
	case errors.As(err, &faults):
		_, _ = fmt.Fprintln(stderr, err)
		return 2
	}
	_, _ = fmt.Fprintf(stderr, "hallkeeper-screen: %v\n", err)
	return 1
}

const usage = `Hallkeeper 屏幕 / a screen of the hall

用法 Usage: hallkeeper-screen COMMAND --config FILE [--flags]

  run      全屏显示设置的页面，直到浏览器结束 / show the page, filling the screen, until the browser ends
  command  只打印要运行的命令 / print the command line that run starts

hallkeeper-screen COMMAND --help 显示该命令的参数 / shows its flags. hallkeeper-screen --version
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return usageError{"which command?"}
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
		return usageError{fmt.Sprintf("there is no command %q", args[0])}
	}
	cfg, shown, err := load(args[0], args[1:], stdout)
	switch {
	case shown || err != nil:
		return err
	case args[0] == "command":
		_, err := fmt.Fprintln(stdout, commandLine(cfg))
		return err
	}
	return show(ctx, cfg, slog.New(slog.NewTextHandler(stderr, nil)))
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
		return cfg, false, usageError{err.Error()}
	case fs.NArg() > 0:
		return cfg, false, usageError{fmt.Sprintf("%q is not a flag", fs.Arg(0))}
	}
	cfg = defaults()
	err = settings.Load(&cfg, *file, os.Environ(), given...)
	return cfg, false, err
}
