package main

import (
	"context"
	"fmt"
	"io"

	"hallkeeper/bilingual"
	"hallkeeper/hub/app"
)

// runDoctor looks at a hub from outside, running or not, and says in plain
// words what it sees. It changes nothing.
func runDoctor(ctx context.Context, args []string, stdout, _ io.Writer) error {
	var s settingFlags
	if shown, err := flagSet("doctor", stdout, args, s.define); shown || err != nil {
		return err
	}
	cfg := app.Defaults()
	cfg.Version = version
	if err := s.load(&cfg); err != nil {
		return err
	}
	if cfg.Hall.ID == app.Defaults().Hall.ID { // nobody said which hall; what is judged is the one that is there
		if id, err := app.HallOf(cfg.Data); err == nil {
			cfg.Hall.ID = id
		}
	}
	bad := 0
	for f := range app.Examine(ctx, cfg) {
		mark := map[app.Health]string{app.Well: "✓", app.Note: "△", app.Ill: "✕"}[f.Health]
		if _, err := fmt.Fprintf(stdout, "%s %s\n  %s\n", mark, f.ZH, f.EN); err != nil {
			return err
		}
		if f.Health == app.Ill {
			bad++
		}
	}
	if bad > 0 {
		return bilingual.Errorf("有 %[1]d 处问题，做法写在上面每个 ✕ 旁边", "%[2]s; what to do stands beside each ✕ above", bad, plural(bad))
	}
	return nil
}

func plural(n int) string {
	if n == 1 {
		return "one thing is wrong"
	}
	return fmt.Sprintf("%d things are wrong", n)
}
