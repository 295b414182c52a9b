package identity

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hallkeeper/hub/ca"
)

func TestAnIdentityThatIsNotWholeIsRefused(t *testing.T) {
	h, data := newHub(t, nil), t.TempDir()
	h.enrolled(data)
	whole := map[string][]byte{}
	for _, name := range []string{keyFile, certFile, caFile, homeFile} {
		raw, err := os.ReadFile(filepath.Join(Dir(data), name))
		if err != nil {
			t.Fatal(err)
		}
		whole[name] = raw
	}
	write := func(name string, raw []byte) func() error {
		return func() error { return os.WriteFile(filepath.Join(Dir(data), name), raw, 0o600) }
	}
	cases := map[string]struct {
		spoil func() error
		says  string
	}{
		"a key that others can read":    {func() error { return os.Chmod(filepath.Join(Dir(data), keyFile), 0o640) }, "chmod 600"},
		"a folder that others can read": {func() error { return os.Chmod(Dir(data), 0o755) }, "chmod 700"},
		"another key's certificate":     {write(certFile, []byte(otherKey(t, h.authority, ca.Agent, "w01"))), "another key"},
		"two certificates":              {write(certFile, append(append([]byte{}, whole[certFile]...), whole[caFile]...)), "cert.pem does not read"},
		"another hall in hub.json":      {write(homeFile, []byte(`{"hall":"else","agent":"w01","https":"h:1"}`)), "not for the device w01 of the hall else"},
		"no names in hub.json":          {write(homeFile, []byte(`{}`)), "hub.json does not read"},
	}
	for name, raw := range whole {
		cases[name+" missing"] = struct {
			spoil func() error
			says  string
		}{func() error { return os.Remove(filepath.Join(Dir(data), name)) }, name + " is missing: get a new code"}
		cases[name+" half written"] = struct {
			spoil func() error
			says  string
		}{write(name, raw[:len(raw)/2]), name + " does not read"}
		cases[name+" empty"] = struct {
			spoil func() error
			says  string
		}{write(name, nil), name + " does not read: get a new code"}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() {
				_ = os.Chmod(Dir(data), 0o700)
				_ = os.Chmod(filepath.Join(Dir(data), keyFile), 0o600)
				for name, raw := range whole {
					if err := write(name, raw)(); err != nil {
						t.Error(err)
					}
				}
			})
			if err := c.spoil(); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(data); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := Load(data); err != nil {
		t.Errorf("put right again: %v", err)
	}
	if _, err := Load(t.TempDir()); !errors.Is(err, ErrNone) {
		t.Errorf("none: %v", err)
	}
}

// copyDir copies an identity's files.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(to, 0o700), os.Chmod(filepath.Join(to, keyFile), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// The folders as a power cut may leave them, step by step: there is always a whole
// identity, and the next change begins from it.
func TestAPowerCutAtAnyStep(t *testing.T) {
	h := newHub(t, nil)
	first, second := t.TempDir(), t.TempDir()
	old, fresh := h.enrolled(first), h.enrolled(second)
	for name, c := range map[string]struct {
		folders map[string]string // folder → what it holds
		want    *Identity
	}{
		"while the first is written":     {map[string]string{folderTmp: "half"}, nil},
		"the first is whole":             {map[string]string{folderNew: "fresh"}, fresh},
		"while the next is written":      {map[string]string{folder: "old", folderTmp: "half"}, old},
		"the next is whole":              {map[string]string{folder: "old", folderNew: "fresh"}, old},
		"the old one is aside":           {map[string]string{folderOld: "old", folderNew: "fresh"}, fresh},
		"the next is in force":           {map[string]string{folder: "fresh", folderOld: "old"}, fresh},
		"an older one was being removed": {map[string]string{folder: "old", folderNew: "fresh", folderOld: "half"}, old},
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			for folder, holds := range c.folders {
				switch holds {
				case "old":
					copyDir(t, Dir(first), filepath.Join(data, folder))
				case "fresh":
					copyDir(t, Dir(second), filepath.Join(data, folder))
				case "half":
					if err := os.MkdirAll(filepath.Join(data, folder), 0o700); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(data, folder, keyFile), []byte("-----BEGIN"), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			id, err := Load(data)
			if c.want == nil {
				if !errors.Is(err, ErrNone) {
					t.Errorf("%v", err)
				}
			} else if err != nil || !id.Leaf().Equal(c.want.Leaf()) {
				t.Fatalf("%+v, %v", id, err)
			}
			e := h.enrolment(data)
			e.Replace = true
			next, err := Enrol(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			id, err = Load(data)
			if err != nil || !id.Leaf().Equal(next.Leaf()) {
				t.Errorf("after that: %v", err)
			}
			kept, err := load(filepath.Join(data, folderOld))
			if c.want != nil && (err != nil || !kept.Leaf().Equal(c.want.Leaf())) {
				t.Errorf("the one before is not kept: %v", err)
			}
			for _, name := range []string{folderTmp, folderNew} {
				if _, err := os.Stat(filepath.Join(data, name)); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s is left: %v", name, err)
				}
			}
		})
	}
}
