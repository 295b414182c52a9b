package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"hallkeeper/agent"
	"hallkeeper/agent/board"
	"hallkeeper/bilingual"
)

// runRecord writes down what buttons and readers do.
func runRecord(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	var out string
	var span time.Duration
	cfg, shown, err := load("record", args, stdout, func(fs *flag.FlagSet) {
		fs.StringVar(&out, "out", "", "写到这个新文件 / the new `FILE` to write (card numbers can be read from it: keep it as such)")
		fs.DurationVar(&span, "for", 0, "录多久，如 60s；不给则到 Ctrl-C / for how long, a `TIME` like 60s; until Ctrl-C without (the agent must not run)")
	})
	if shown || err != nil {
		return err
	}
	if out == "" {
		return wrongUse("要写明 --out 文件", "--out FILE is needed")
	}
	file, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return bilingual.Errorf("%s 已经存在，请用 --out 另取名称", "%s is there already; choose another --out", out)
	}
	if err != nil {
		return bilingual.Errorf("建不了记录文件：%w", "make the recording: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if span > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, span)
		defer cancel()
	}
	if _, err := fmt.Fprintf(stderr, "正在记录到 %s，按 Ctrl-C 结束；里面能读出卡号，请妥善保管\nrecording into %s until Ctrl-C; card numbers can be read from it, keep it safe\n", out, out); err != nil {
		return err
	}
	for h, err := range agent.Record(ctx, cfg, file) {
		if err != nil {
			return err
		}
		if err := printHappening(stdout, h); err != nil {
			return err
		}
	}
	return file.Sync()
}

func printHappening(to io.Writer, h agent.Happening) error {
	_, err := fmt.Fprintf(to, "%10.3f s  %s %s\n              %s\n", h.At.Seconds(), h.Mark, h.ZH, h.EN)
	return err
}

// runReplay says what a recording holds; with settings it lets a whole agent live it again.
func runReplay(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var path string
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		path, args = args[0], args[1:]
	}
	if len(args) == 0 && path != "" {
		return explain(ctx, path, stdout)
	}
	settings := args
	if path != "" {
		settings = append([]string{"--board", board.Playback + path}, args...)
	}
	cfg, shown, err := load("replay RECORDING", settings, stdout, nil)
	switch {
	case shown:
		_, err := fmt.Fprint(stdout, "\n只给记录文件时，说出其中发生了什么，不连接主机；给了设置时，整个代理按原来的快慢重放，主机会存下这些事件。\n"+
			"With the recording alone it says what happened, without a hub; with settings a whole agent plays it at its pace, and the hub stores what it makes.\n")
		return err
	case path == "":
		return wrongUse("要写明哪个记录文件：agent replay 记录文件 [--config 文件]", "which recording? agent replay RECORDING [--config FILE]")
	case err != nil:
		return err
	}
	err = agent.Run(ctx, cfg, newLogger(cfg, stderr))
	if errors.Is(err, board.ErrPlayed) {
		_, err = fmt.Fprintln(stdout, "记录已重放完 / the recording has been played")
	}
	return err
}

func explain(ctx context.Context, path string, stdout io.Writer) error {
	head, happened, err := agent.Replay(ctx, path)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(stdout, "%s，设备 %s，接线 %s，程序 %s\n  of %s by the device %s, wired as %s, program %s\n", head.At.Local().Format("2006-01-02 15:04:05"),
		head.Agent, head.Board.Name, head.Version, head.At.Local().Format("2006-01-02 15:04:05"), head.Agent, head.Board.Name, head.Version); err != nil {
		return err
	}
	for _, h := range happened {
		if err := printHappening(stdout, h); err != nil {
			return err
		}
	}
	if len(happened) == 0 {
		_, err = fmt.Fprint(stdout, "什么也没发生\n  nothing happened\n")
	}
	return err
}
