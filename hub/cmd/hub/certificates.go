package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"hallkeeper/bilingual"
	"hallkeeper/hub/app"
	"hallkeeper/hub/ca"
)

// runCertificates gives an external broker what it needs to know devices by their
// certificates. It reads the hall's authority in the data folder.
func runCertificates(ctx context.Context, args []string, stdout, _ io.Writer) error {
	if len(args) == 0 {
		return wrongUse("certificates 后面要写 issue-broker 或 crl", "certificates needs issue-broker or crl")
	}
	switch args[0] {
	case "issue-broker":
		return issueBroker(args[1:], stdout)
	case "crl":
		return printRevoked(ctx, args[1:], stdout)
	case "--help", "-h", "help":
		_, err := fmt.Fprintln(stdout, "用法 Usage: hub certificates issue-broker --name NAME --out DIR | crl > FILE    [--data DIR]")
		return err
	}
	return wrongUse("certificates 后面只能是 issue-broker 或 crl，而不是 %q", "certificates takes issue-broker or crl, got %q", args[0])
}

// issueBroker writes a key, a certificate and the authority's certificate into a folder.
func issueBroker(args []string, stdout io.Writer) error {
	var data *string
	var names []string
	var out string
	shown, err := flagSet("certificates issue-broker", stdout, args, func(fs *flag.FlagSet) {
		data = dataFlag(fs)
		fs.Func("name", "服务器的名称或地址，可重复 / `NAME` or address of the broker, like mqtt.local; may be repeated", func(s string) error { names = append(names, s); return nil })
		fs.StringVar(&out, "out", "", "写到这个文件夹 / `DIR` to write ca.pem, broker.pem and broker.key into")
	})
	if shown || err != nil {
		return err
	}
	if len(names) == 0 || out == "" {
		return wrongUse("certificates issue-broker 要写明 --name 名称 和 --out 文件夹", "certificates issue-broker needs --name NAME and --out DIR")
	}
	if err := app.Newer(*data); err != nil {
		return err
	}
	authority, err := ca.Existing(app.KeyDir(*data))
	if err != nil {
		return err
	}
	made, key, err := authority.Broker(names)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o750); err != nil {
		return bilingual.Errorf("建不了文件夹：%w", "make the folder: %w", err)
	}
	for _, f := range []struct {
		name string
		text []byte
		mode os.FileMode
	}{{"broker.key", key, 0o600}, {"broker.pem", made.PEM, 0o644}, {"ca.pem", authority.PEM(), 0o644}} {
		if err := writeAnew(filepath.Join(out, f.name), f.text, f.mode); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(stdout, "已写入 %s：ca.pem、broker.pem、broker.key，有效至 %[2]s\nwritten into %[1]s: ca.pem, broker.pem, broker.key, good until %[2]s\n", out, made.NotAfter.Local().Format(time.DateOnly))
	return err
}

// writeAnew writes a file whole, in place of an older one, with a mode that no moment exceeds.
func writeAnew(path string, text []byte, mode os.FileMode) error {
	tmp := path + ".new"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return bilingual.Errorf("写不了 %s：%w", "write %s: %w", filepath.Base(path), err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return bilingual.Errorf("写不了 %s：%w", "write %s: %w", filepath.Base(path), err)
	}
	return os.Rename(tmp, path)
}

// printRevoked prints the list of revoked certificates, as the running hub knows them.
func printRevoked(ctx context.Context, args []string, stdout io.Writer) error {
	var data *string
	shown, err := flagSet("certificates crl", stdout, args, func(fs *flag.FlagSet) { data = dataFlag(fs) })
	if shown || err != nil {
		return err
	}
	if err := app.Newer(*data); err != nil {
		return err
	}
	authority, err := ca.Existing(app.KeyDir(*data))
	if err != nil {
		return err
	}
	var known struct {
		Certificates []struct {
			Serial  string     `json:"serial"`
			Revoked *time.Time `json:"revoked"`
		} `json:"certificates"`
	}
	if err := operate(ctx, *data, http.MethodGet, "certificates", nil, &known); err != nil {
		return err
	}
	var revoked []ca.Revocation
	for _, c := range known.Certificates {
		if c.Revoked != nil {
			revoked = append(revoked, ca.Revocation{Serial: c.Serial, At: *c.Revoked})
		}
	}
	list, err := authority.RevocationList(revoked)
	if err != nil {
		return err
	}
	_, err = stdout.Write(list)
	return err
}
