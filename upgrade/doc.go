// Package upgrade keeps data folders as earlier programs have written them, and opens each with those of today. It
// owns testdata: one packed folder for each form of the data, made by the real programs of its time (upgrade/make),
// which is never made again and never altered; and beside it what it must give.
package upgrade

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"
)

// AboutName is the file of a fixture that says what it is.
const AboutName = "fixture.json"

// About says what a fixture is and what whoever opens it must find.
type About struct {
	// Program is the version that wrote it; Made is when.
	Program string    `json:"program"`
	Made    time.Time `json:"made"`
	// Account and Password are of an administrator; both are of this fixture alone.
	Account  string `json:"account"`
	Password string `json:"password"`
	// TLS is true where its devices are enrolled and connect by certificate.
	TLS bool `json:"tls"`
	// Presses are the levels that were pressed at window w01 while no hub ran, in order: they are in its agent's outbox.
	Presses []int `json:"presses"`
}

// Pack writes a folder into one file.
func Pack(dir string, to io.Writer) error {
	z, err := zstd.NewWriter(to, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return err
	}
	w := tar.NewWriter(z)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		return fmt.Errorf("pack %s: %w", dir, err)
	}
	return errors.Join(w.Close(), z.Close())
}

// Unpack writes a fixture's folder into dir, readable by its owner alone, as keys have to be.
func Unpack(from io.Reader, dir string) (about About, err error) {
	z, err := zstd.NewReader(from)
	if err != nil {
		return about, err
	}
	defer z.Close()
	r := tar.NewReader(z)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return about, err
		}
		if !filepath.IsLocal(h.Name) {
			return about, fmt.Errorf("the fixture holds %q", h.Name)
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.FileInfo().IsDir() {
			if err := os.MkdirAll(path, 0o700); err != nil {
				return about, err
			}
			continue
		}
		text, err := io.ReadAll(io.LimitReader(r, 64<<20))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o700)
		}
		if err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
		if err != nil {
			return about, err
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, AboutName))
	if err != nil {
		return about, err
	}
	err = json.Unmarshal(text, &about)
	return about, err
}
