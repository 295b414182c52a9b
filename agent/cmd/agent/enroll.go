package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"hallkeeper/agent"
	"hallkeeper/agent/clock"
	"hallkeeper/agent/identity"
	"hallkeeper/agent/outbox"
	"hallkeeper/bilingual"
	"hallkeeper/wire"
)

// trustedClock judges certificates as a running agent does.
func trustedClock() identity.Clock {
	return identity.Clock{Now: time.Now, Trusted: func() bool {
		synced, err := clock.KernelSynced()
		return err == nil && synced
	}}
}

// runEnroll makes this computer a device of the hall.
func runEnroll(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	e := identity.Enrolment{Data: agent.Defaults().Data, Clock: trustedClock()}
	shown, err := flags("enroll --hub ADDRESS --code CODE", args, stdout, func(fs *flag.FlagSet) {
		fs.StringVar(&e.Hub, "hub", "", "主机地址 / the hub's `ADDRESS`, e.g. 192.168.1.10 or hub.local:8443")
		fs.StringVar(&e.Code, "code", "", "管理端给出的注册码，十分钟内有效；不给则会询问 / the console's `CODE`, good for ten minutes; asked for where it is not given")
		fs.StringVar(&e.Data, "data", e.Data, "数据文件夹 / `DIR` of the outbox and the identity")
		fs.BoolVar(&e.Replace, "force", false, "已注册的设备重新注册；旧身份保留到主机接受新的为止 / enrol a device that is enrolled already; the old identity is kept until the hub has taken the new one")
	})
	switch {
	case shown || err != nil:
		return err
	case e.Hub == "":
		return wrongUse("要写明 --hub 主机地址", "--hub ADDRESS is needed")
	case e.Code == "":
		if e.Code, err = ask(stdin, stdout); err != nil {
			return err
		}
	}
	before, beforeErr := identity.LoadHome(e.Data)
	id, err := identity.Enrol(ctx, e)
	var denied *identity.Denied
	switch {
	case errors.As(err, &denied) && denied.Status < 500 && denied.Status != 429:
		return bilingual.Errorf("%w；注册码只能用一次，十分钟内有效：请在管理端重新生成", "%w; a code works once and for ten minutes: have the console make a new one", err)
	case err != nil:
		return err
	}
	if _, err := fmt.Fprintf(stdout, "已注册为大厅 %s 的设备 %s，证书有效至 %s\nenrolled as the device %s of the hall %s until %s\n",
		id.Hall, id.Agent, until(id), id.Agent, id.Hall, until(id)); err != nil {
		return err
	}
	if id.MQTT == "" {
		if _, err := fmt.Fprint(stdout, "主机没有加密的 MQTT（主机设置 mqtt_tls）：请在设置里写明 mqtt\nthe hub has no MQTT over TLS (its setting mqtt_tls): write mqtt into the settings\n"); err != nil {
			return err
		}
	}
	if beforeErr == nil && (before.Hall != id.Hall || before.Agent != id.Agent) {
		return warnOutbox(e.Data, before, stdout)
	}
	return nil
}

func until(id *identity.Identity) string { return id.Leaf().NotAfter.Local().Format("2006-01-02") }

// warnOutbox says what becomes of what waits in the outbox of a device that got another name.
func warnOutbox(data string, before identity.Home, stdout io.Writer) error {
	s, err := outbox.Inspect(data)
	if err != nil || s.Pending == 0 {
		return nil //nolint:nilerr // there is no outbox, or the agent that runs has it and sends it itself
	}
	_, err = fmt.Fprintf(stdout, "注意：待发箱里有 %d 条是设备 %s 的，新主机会把它们列入死信\nnote: %d events in the outbox are of the device %s; the hub will put them among the dead letters\n",
		s.Pending, before.Agent, s.Pending, before.Agent)
	return err
}

func ask(stdin io.Reader, stdout io.Writer) (string, error) {
	if _, err := fmt.Fprint(stdout, "注册码 / code: "); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(io.LimitReader(stdin, 1024)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", bilingual.Errorf("读不到注册码：%w", "read the code: %w", err)
	}
	if _, err := wire.ParseEnrolCode(line); err != nil {
		return "", err
	}
	return line, nil
}

// runRenew has the certificate made anew before that is due.
func runRenew(ctx context.Context, args []string, stdout io.Writer) error {
	data := agent.Defaults().Data
	shown, err := flags("renew", args, stdout, func(fs *flag.FlagSet) {
		fs.StringVar(&data, "data", data, "数据文件夹 / `DIR` of the identity")
	})
	if shown || err != nil {
		return err
	}
	present, err := identity.Load(data)
	if err != nil {
		return err
	}
	id, err := identity.Renew(ctx, data, present, trustedClock())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "设备 %s 的证书已更新，有效至 %s\nthe certificate of the device %s was made anew and works until %s\n", id.Agent, until(id), id.Agent, until(id))
	return err
}

// flags parses a command line that reads no settings file; shown is true where help was given.
func flags(usage string, args []string, stdout io.Writer, add func(*flag.FlagSet)) (shown bool, err error) {
	fs := flag.NewFlagSet("agent", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	add(fs)
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		if _, err := fmt.Fprintf(stdout, "用法 Usage: agent %s [--flags]\n\n", usage); err != nil {
			return true, err
		}
		fs.SetOutput(stdout)
		fs.PrintDefaults()
		return true, nil
	case err != nil:
		return false, usageError{bilingual.Flags(err)}
	case fs.NArg() > 0:
		return false, wrongUse("多出了 %q，它不是参数", "%q is not a flag", fs.Arg(0))
	}
	return false, nil
}
