package main

import (
	"context"
	"flag"
	"io"
	"log/slog"

	"hallkeeper/hub/app"
)

// runServe is the hub of a real hall.
func runServe(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var s settingFlags
	var ready string
	shown, err := flagSet("serve", stdout, args, func(fs *flag.FlagSet) {
		s.define(fs)
		fs.StringVar(&ready, "ready-file", "", "就绪后写入地址的文件 / `FILE` to write the addresses to once the hub serves")
	})
	if shown || err != nil {
		return err
	}
	cfg := app.Defaults()
	cfg.Version, cfg.ReadyFile = version, ready
	if err := s.load(&cfg); err != nil {
		return err
	}
	hub, err := app.New(cfg, newLogger(cfg, stderr))
	if err != nil {
		return err
	}
	return hub.Run(ctx)
}

func newLogger(cfg app.Config, w io.Writer) *slog.Logger {
	level := slog.LevelInfo
	_ = level.UnmarshalText([]byte(cfg.LogLevel)) // the settings were checked
	opt := &slog.HandlerOptions{Level: level}
	if cfg.Log == "json" {
		return slog.New(slog.NewJSONHandler(w, opt))
	}
	return slog.New(slog.NewTextHandler(w, opt))
}
