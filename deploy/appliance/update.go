package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base32"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gokrazy/updater"
)

// The files of one computer's access, which go on its card into the folder hallkeeper.
const (
	passwordFile = "update.txt"
	certFile     = "update.crt"
	keyFile      = "update.key"
)

// serverName is what a computer's certificate is for: its address may change.
const serverName = "hallkeeper-window.invalid"

// runAccess makes what one computer takes updates by. Without it, it takes none.
func runAccess(args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("appliance access FOLDER", flag.ContinueOnError)
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() != 1 {
		return errors.New("which folder? One for each computer, e.g. appliance access keys/w01")
	}
	dir := fs.Arg(0)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	// A Pi that does not know the time yet takes updates as well: no dates are looked at.
	template := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: filepath.Base(dir)}, DNSNames: []string{serverName},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true}
	leaf, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	secret := make([]byte, 15)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("make a new folder: %w", err)
	}
	for name, text := range map[string][]byte{
		passwordFile: []byte(base32.StdEncoding.EncodeToString(secret) + "\n"),
		certFile:     pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf}),
		keyFile:      pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(stdout, "把 %[1]s 里的三个文件复制到存储卡第一个分区的 hallkeeper 文件夹，电脑第二次开机后可以更新；这个文件夹请保管好\n"+
		"copy the three files of %[1]s into the folder hallkeeper on the card's first partition: from its second start on the computer takes updates; keep that folder safe\n", dir)
	return err
}

// computer is one that takes updates.
type computer struct {
	base     string
	password string
	client   *http.Client
}

// reach reads a computer's access.
func reach(address, dir string) (*computer, error) {
	password, err := os.ReadFile(filepath.Join(dir, passwordFile))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, certFile))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", filepath.Join(dir, certFile))
	}
	c := &computer{base: "https://" + address + "/", password: strings.TrimSpace(string(password))}
	c.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: serverName, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}}
	return c, nil
}

// Do implements updater.HTTPDoer.
func (c *computer) Do(r *http.Request) (*http.Response, error) {
	r.SetBasicAuth("gokrazy", c.password)
	return c.client.Do(r)
}

// state is what a computer says of itself.
type state struct {
	BuildTimestamp string
}

func (c *computer) state(ctx context.Context) (s state, err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base, nil)
	if err != nil {
		return s, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	res, err := c.Do(req)
	if err != nil {
		return s, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return s, fmt.Errorf("it answers %s", res.Status)
	}
	err = json.NewDecoder(io.LimitReader(res.Body, 16*mib)).Decode(&s)
	return s, err
}

func runUpdate(ctx context.Context, args []string, stdout io.Writer) error {
	var address, dir string
	patience := 10 * time.Minute
	fs := flag.NewFlagSet("appliance update --address ADDRESS --access FOLDER FILE.root", flag.ContinueOnError)
	fs.StringVar(&address, "address", "", "电脑的地址 / the computer's `ADDRESS`, port 443 where none is given")
	fs.StringVar(&dir, "access", "", "appliance access 生成的文件夹 / the `FOLDER` that appliance access made for it")
	fs.DurationVar(&patience, "wait", patience, "重启后最多等多久 / how long it may take to come back")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if address == "" || dir == "" || fs.NArg() != 1 {
		return errors.New("expected --address ADDRESS --access FOLDER FILE.root")
	}
	c, err := reach(address, dir)
	if err != nil {
		return err
	}
	file, err := os.Open(fs.Arg(0))
	if err != nil {
		return err
	}
	defer file.Close()
	return c.update(ctx, file, patience, stdout)
}

// update writes the half of the card that is not in use, and only once all of it is
// there lets the computer start from it. Cut off before, nothing has changed. The
// first partition, which has no second half, is left alone.
func (c *computer) update(ctx context.Context, root io.Reader, patience time.Duration, stdout io.Writer) error {
	before, err := c.state(ctx)
	if err != nil {
		return fmt.Errorf("the computer at %s does not answer: %w", c.base, err)
	}
	in := bufio.NewReaderSize(root, mib)
	if head, err := in.Peek(4); err != nil || string(head) != "hsqs" {
		return errors.New("this is no root file system: give the file that ends in .root")
	}
	target, err := updater.NewTarget(ctx, c.base, c)
	if err != nil {
		return err
	}
	if err := target.StreamTo(ctx, "root", in); err != nil {
		return fmt.Errorf("the new half could not be written whole; the computer goes on with the old one: %w", err)
	}
	if err := target.Switch(ctx); err != nil {
		return fmt.Errorf("it was not switched over; the computer goes on with the old half: %w", err)
	}
	if _, err := fmt.Fprintln(stdout, "已写完，正在重启 / written whole, it starts again"); err != nil {
		return err
	}
	if err := target.Reboot(ctx); err != nil {
		return fmt.Errorf("it does not start again by itself; switch it off and on: %w", err)
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	again := time.NewTicker(2 * time.Second)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return fmt.Errorf("it has not come back within %v: put its card into a reader and let it start from the old half with `appliance back`", patience)
		case <-again.C:
		}
		if now, err := c.state(ctx); err == nil && now.BuildTimestamp != before.BuildTimestamp {
			_, err = fmt.Fprintf(stdout, "已更新 / updated: %s → %s\n", before.BuildTimestamp, now.BuildTimestamp)
			return err
		}
	}
}
