package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// endsWithin is how long the browser may take to end.
const endsWithin = 5 * time.Second

// arguments are what the compositor is started with: the browser that fills the screen.
// Its flags leave nothing on the screen but the page: no bubble, no bar, no menu, no gesture.
func arguments(cfg config) []string {
	return []string{"-d", "--", "chromium",
		"--kiosk", "--autoplay-policy=no-user-gesture-required",
		"--ozone-platform=wayland",
		"--user-data-dir=" + filepath.Join(cfg.Data, "profile"),
		"--no-first-run", "--no-default-browser-check", "--noerrdialogs",
		"--disable-session-crashed-bubble", "--hide-crash-restore-bubble",
		"--disable-component-update", "--check-for-update-interval=31536000",
		"--disable-features=Translate,MediaRouter,OptimizationHints",
		"--disable-pinch", "--overscroll-history-navigation=0",
		"--password-store=basic",
		cfg.address()}
}

func commandLine(cfg config) string { return "cage " + strings.Join(arguments(cfg), " ") }

// environment is the session's: without a cursor, with a home that it can write.
func environment(cfg config) []string {
	env := append(os.Environ(), "HOME="+cfg.Data, "XDG_SESSION_TYPE=wayland")
	if cfg.Cursors != "" {
		env = append(env, "XCURSOR_PATH="+cfg.Cursors)
	}
	return env
}

// show runs the session until it or ctx ends. A browser that ends by itself has failed: systemd starts another.
func show(ctx context.Context, cfg config, logger *slog.Logger) error {
	if err := trust(ctx, cfg); err != nil {
		return err
	}
	session := exec.CommandContext(ctx, "cage", arguments(cfg)...) //nolint:gosec // the arguments are ours; the address is checked
	session.Env = environment(cfg)
	session.Stdout, session.Stderr = os.Stdout, os.Stderr
	session.Cancel = func() error { return session.Process.Signal(syscall.SIGTERM) }
	session.WaitDelay = endsWithin
	if err := session.Start(); err != nil {
		return fmt.Errorf("start the session, which the packages cage and chromium make: %w", err)
	}
	logger.Info("the screen shows its page", "address", cfg.address())
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady+"\nSTATUS="+cfg.address()); err != nil {
		logger.Warn("systemd could not be told", "error", err)
	}
	err := session.Wait()
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it was ended
	}
	if err == nil {
		err = errors.New("the browser has closed itself")
	}
	return fmt.Errorf("the session has ended: %w", err)
}

// nickname is the hall's authority among the certificates that the browser trusts.
const nickname = "hallkeeper"

// trust has the browser trust the hall's authority, and no other of that name: a hub that was made anew has another.
func trust(ctx context.Context, cfg config) error {
	if cfg.Authority == "" {
		return nil
	}
	store := filepath.Join(cfg.Data, ".pki", "nssdb")
	if err := os.MkdirAll(store, 0o700); err != nil {
		return fmt.Errorf("make the browser's list of certificates: %w", err)
	}
	certutil := func(args ...string) error {
		//nolint:gosec // the arguments are ours
		if out, err := exec.CommandContext(ctx, "certutil", append([]string{"-d", "sql:" + store}, args...)...).CombinedOutput(); err != nil {
			return fmt.Errorf("certutil (package libnss3-tools) %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
		}
		return nil
	}
	if _, err := os.Stat(filepath.Join(store, "cert9.db")); err != nil {
		if err := certutil("-N", "--empty-password"); err != nil {
			return err
		}
	}
	_ = certutil("-D", "-n", nickname) // there is none at the first start
	return certutil("-A", "-t", "C,,", "-n", nickname, "-i", cfg.Authority)
}
