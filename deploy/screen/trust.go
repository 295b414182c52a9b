package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"hallkeeper/bilingual"
)

// nickname is the hall's authority among the certificates that the browser trusts.
const nickname = "hallkeeper"

// trust has the browser trust the hall's authority, and no other of that name: a hub that was made anew has another.
func trust(ctx context.Context, cfg *config) error {
	if cfg.Authority == "" {
		return nil
	}
	store := filepath.Join(cfg.Data, ".pki", "nssdb")
	if err := os.MkdirAll(store, 0o700); err != nil {
		return bilingual.Errorf("建不了浏览器的证书库：%w", "make the browser's list of certificates: %w", err)
	}
	certutil := func(args ...string) error {
		//nolint:gosec // the arguments are ours
		if out, err := exec.CommandContext(ctx, "certutil", append([]string{"-d", "sql:" + store}, args...)...).CombinedOutput(); err != nil {
			return bilingual.Errorf("certutil（软件包 libnss3-tools）%s：%w：%s", "certutil (package libnss3-tools) %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
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
