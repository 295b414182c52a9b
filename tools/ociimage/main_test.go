package main

import (
	"bytes"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func make1(t *testing.T, program string) (file string, bytes []byte) {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "hub")
	if err := os.WriteFile(binary, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, "image.tar")
	if err := run([]string{"-program", binary, "-arch", "arm64", "-version", "v1", "-out", file}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return file, text
}

func TestTheSameProgramGivesTheSameImage(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	_, one := make1(t, "the program")
	_, two := make1(t, "the program")
	if !bytes.Equal(one, two) {
		t.Error("the same program gave two images")
	}
	_, other := make1(t, "another program")
	if bytes.Equal(one, other) {
		t.Error("another program gave the same image")
	}
}

func TestTheImageIsLoadedUnderItsName(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	file, _ := make1(t, "the program")
	img, err := tarball.ImageFromPath(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Architecture != "arm64" || config.Config.User != "65532:65532" {
		t.Errorf("it is for %s and runs as %s", config.Architecture, config.Config.User)
	}
	if _, is := config.Config.Volumes["/data"]; !is {
		t.Error("the data is no volume")
	}
	files, err := content([]byte("x"), config.Created.Time)
	if err != nil {
		t.Fatal(err)
	}
	_, pem, _ := bytes.Cut(files, []byte("-----BEGIN CERTIFICATE-----"))
	if pool := x509.NewCertPool(); !pool.AppendCertsFromPEM(append([]byte("-----BEGIN CERTIFICATE-----"), pem...)) {
		t.Error("it trusts nobody")
	}
}

func TestWithoutATimeNothingIsMade(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "")
	if err := run([]string{"-program", "nothing", "-out", "nowhere"}); err == nil {
		t.Error("it made an image of an unknown time")
	}
}
