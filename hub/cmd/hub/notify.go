package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"hallkeeper/bilingual"
	"hallkeeper/hub/app"
)

// runNotifyTest sends a test message to those who are told of troubles, whether the hub runs or not.
func runNotifyTest(ctx context.Context, args []string, stdout, _ io.Writer) error {
	var s settingFlags
	if shown, err := flagSet("notify-test", stdout, args, s.define); shown || err != nil {
		return err
	}
	cfg := app.Defaults()
	if err := s.load(&cfg); err != nil {
		return err
	}
	answers, err := app.TestMessage(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	failed := false
	for _, x := range answers {
		mark, zh, en := "✓", "已收下", "taken"
		if !x.OK {
			failed, mark, zh, en = true, "✕", "没有收下", "not taken"
		}
		if _, err := fmt.Fprintf(stdout, "%s %s %s：%s / %s: %s\n", mark, x.Channel, x.To, zh, en, x.Answer); err != nil {
			return err
		}
	}
	if failed {
		return bilingual.New("有测试消息没有送达，服务器的答复见上", "a test message did not arrive; what the server answered stands above")
	}
	return nil
}
