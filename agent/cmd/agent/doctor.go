package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"hallkeeper/agent"
	"hallkeeper/bilingual"
)

// runDoctor says in plain words what this window computer has and lacks.
func runDoctor(ctx context.Context, args []string, stdout io.Writer) error {
	watch := time.Duration(0)
	cfg, shown, err := load("doctor", args, stdout, func(fs *flag.FlagSet) {
		fs.DurationVar(&watch, "watch", 0, "显示按键和刷卡多长时间，如 30s / show presses and swipes for a `TIME`, e.g. 30s (the agent must not run)")
	})
	if shown || err != nil {
		return err
	}
	ill := 0
	for f := range agent.Examine(ctx, cfg, watch) {
		if _, err := fmt.Fprintf(stdout, "%s %s\n  %s\n", f.Mark, f.ZH, f.EN); err != nil {
			return err
		}
		if f.Mark == agent.Ill {
			ill++
		}
	}
	if ill > 0 {
		return bilingual.Errorf("有 %d 处要处理，做法写在每个 %s 旁边", "%d of these things need a hand; what to do stands beside each %s", ill, agent.Ill)
	}
	return nil
}
