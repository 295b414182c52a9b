package backup_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"hallkeeper/hub/backup"
	"hallkeeper/wire"
)

// month is a sealed segment, which never changes.
func month(n int) string {
	return fmt.Sprintf("%05d_2026-%02d.sealed", n, n) + strings.Repeat(" and all that came in", 50)
}

// hallOf is a log with so many sealed months and an open one.
func hallOf(t *testing.T, months int, made time.Time) backup.Source {
	t.Helper()
	keys := t.TempDir()
	if err := os.WriteFile(filepath.Join(keys, "card.key"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	return backup.Source{Header: backup.Header{Hall: "t", Made: made}, Folders: map[string]string{"keys": keys},
		Log: func(use func(string, int64, io.Reader) error) (wire.Position, error) {
			for n := 1; n <= months; n++ {
				name, text := fmt.Sprintf("%05d_2026-%02d.sealed", n, n), month(n)
				sum := sha256.Sum256([]byte(text))
				line := hex.EncodeToString(sum[:]) + "  " + name + "\n"
				if err := use(name+".sha256", int64(len(line)), strings.NewReader(line)); err != nil {
					return 0, err
				}
				if err := use(name, int64(len(text)), strings.NewReader(text)); err != nil {
					return 0, err
				}
			}
			return wire.Position(months * 10), use(fmt.Sprintf("%05d_2026-%02d.open", months+1, months+1), 4, strings.NewReader("open"))
		}}
}

func identity(t *testing.T) (*age.X25519Identity, []string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id, []string{id.Recipient().String()}
}

// places are the kinds of places, each with the folder in which its files are.
func places(t *testing.T, each func(t *testing.T, p backup.Place, dir string)) {
	t.Helper()
	t.Run("a folder", func(t *testing.T) {
		dir := t.TempDir()
		each(t, backup.Folder(dir), dir)
	})
	t.Run("SFTP", func(t *testing.T) {
		dir := t.TempDir()
		s := serveSFTP(t)
		p, err := backup.At(t.Context(), s.url(dir), s.access)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		each(t, p, dir)
	})
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		names = append(names, x.Name())
	}
	return names
}

func count(names []string, prefix string) (n int) {
	for _, x := range names {
		if strings.HasPrefix(x, prefix) {
			n++
		}
	}
	return n
}

func restored(p backup.Place, name string, id age.Identity, dir string) (backup.Manifest, error) {
	f, err := p.Open(name)
	if err != nil {
		return backup.Manifest{}, err
	}
	defer f.Close()
	_, m, err := backup.Read(f, p.Open, []age.Identity{id}, dir)
	return m, err
}

// A place gets each sealed month once, and every backup in it is whole.
func TestASecondBackupBringsOnlyWhatIsNew(t *testing.T) {
	places(t, func(t *testing.T, p backup.Place, dir string) {
		id, to := identity(t)
		at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		first, _, err := backup.Into(p, hallOf(t, 2, at), to)
		if err != nil {
			t.Fatal(err)
		}
		before := files(t, dir)
		second, _, err := backup.Into(p, hallOf(t, 3, at.Add(time.Hour)), to)
		if err != nil {
			t.Fatal(err)
		}
		after := files(t, dir)
		if count(before, "segment-") != 2 || count(after, "segment-") != 3 || count(after, "hall-t-") != 4 || len(after) != 7 {
			t.Errorf("the place has %v, then %v", before, after)
		}
		for name, months := range map[string]int{first: 2, second: 3} {
			to := t.TempDir()
			m, err := restored(p, name, id, to)
			if err != nil || int(m.Head) != months*10 {
				t.Fatalf("%s: %v, %v", name, m.Head, err)
			}
			for n := 1; n <= months; n++ {
				if text, err := os.ReadFile(filepath.Join(to, "log", fmt.Sprintf("%05d_2026-%02d.sealed", n, n))); err != nil || string(text) != month(n) {
					t.Errorf("%s: month %d is %.40s, %v", name, n, text, err)
				}
			}
			if all := files(t, filepath.Join(to, "log")); len(all) != 2*months+1 {
				t.Errorf("%s: the log has %v", name, all)
			}
		}
		if _, _, err := backup.Into(p, hallOf(t, 3, at), to); err == nil || !strings.Contains(err.Error(), "never replaces") {
			t.Errorf("over another backup: %v", err)
		}
		// Another key reads nothing that was encrypted before it.
		other, others := identity(t)
		third, _, err := backup.Into(p, hallOf(t, 3, at.Add(2*time.Hour)), others)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := restored(p, third, other, t.TempDir()); err != nil {
			t.Errorf("the new key opens not all of its backup: %v", err)
		}
		if _, err := restored(p, second, other, t.TempDir()); !errors.Is(err, backup.ErrIdentity) {
			t.Errorf("the new key with the old backup: %v", err)
		}
	})
}

// A part that is missing, altered, cut or another's is told, and so is a segment that is not what its checksum says.
func TestAPartThatIsNotWhatItWas(t *testing.T) {
	id, to := identity(t)
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for name, harm := range map[string]func(path string, text []byte) error{
		"the backup needs":        func(path string, _ []byte) error { return os.Remove(path) },
		"is damaged":              func(path string, text []byte) error { return os.WriteFile(path, text[:len(text)-5], 0o600) },
		"something in it":         func(path string, text []byte) error { text[len(text)-9] ^= 1; return os.WriteFile(path, text, 0o600) },
		"is not what was written": func(path string, _ []byte) error { return os.WriteFile(path, encrypted(t, id, "another month"), 0o600) },
		"encrypted for another": func(path string, _ []byte) error {
			other, _ := identity(t)
			return os.WriteFile(path, encrypted(t, other, month(1)), 0o600)
		},
	} {
		dir := t.TempDir()
		taken, _, err := backup.Into(backup.Folder(dir), hallOf(t, 1, at), to)
		if err != nil {
			t.Fatal(err)
		}
		parts, err := filepath.Glob(filepath.Join(dir, "segment-*"))
		if err != nil || len(parts) != 1 {
			t.Fatalf("%v, %v", parts, err)
		}
		text, err := os.ReadFile(parts[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := harm(parts[0], text); err != nil {
			t.Fatal(err)
		}
		if _, err := restored(backup.Folder(dir), taken, id, t.TempDir()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	lying := hallOf(t, 0, at)
	lying.Log = func(use func(string, int64, io.Reader) error) (wire.Position, error) {
		line := strings.Repeat("0", 64) + "  x\n"
		if err := use("00001_2026-01.sealed.sha256", int64(len(line)), strings.NewReader(line)); err != nil {
			return 0, err
		}
		return 1, use("00001_2026-01.sealed", 1, strings.NewReader("x"))
	}
	dir := t.TempDir()
	if _, _, err := backup.Into(backup.Folder(dir), lying, to); err == nil || !strings.Contains(err.Error(), "hub verify") {
		t.Errorf("a damaged log: %v", err)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("a damaged log: %v is left", left)
	}
	if _, _, err := backup.Into(backup.Folder(filepath.Join(dir, "away")), hallOf(t, 1, at), to); err == nil || !strings.Contains(err.Error(), "mounted") {
		t.Errorf("a disk that is away: %v", err)
	}
}

func encrypted(t *testing.T, id *age.X25519Identity, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := age.Encrypt(&b, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every backup of two days stays, then one a day, then none but the newest; a month goes with the last backup that needs it.
func TestOldBackupsGoAndWhatIsNeededStays(t *testing.T) {
	places(t, func(t *testing.T, p backup.Place, dir string) {
		id, to := identity(t)
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		take := func(hours, months int) string {
			t.Helper()
			name, _, err := backup.Into(p, hallOf(t, months, now.Add(-time.Duration(hours)*time.Hour)), to)
			if err != nil {
				t.Fatal(err)
			}
			return name
		}
		_, stay := take(24*40, 1), []string{}
		_, day := take(24*10+2, 2), take(24*10+1, 2) // of one day the last
		stay = append(stay, day, take(47, 3), take(46, 3), take(1, 3))
		gone, err := backup.Prune(p, "t", now, 30*24*time.Hour)
		if err != nil || len(gone) != 4 {
			t.Errorf("gone are %v, %v", gone, err)
		}
		left := files(t, dir)
		if count(left, "segment-") != 3 || count(left, "hall-t-") != 2*len(stay) {
			t.Errorf("left are %v", left)
		}
		for _, name := range stay {
			if _, err := restored(p, name, id, t.TempDir()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		// Long after, only the newest is there, with what it needs; another hall's is not touched, and nothing goes that might be needed.
		if err := os.Remove(filepath.Join(dir, strings.TrimSuffix(stay[3], ".age")+".parts")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Prune(p, "t", now.AddDate(1, 0, 0), 30*24*time.Hour); err != nil {
			t.Fatal(err)
		}
		if left = files(t, dir); !slices.Contains(left, stay[3]) || !slices.Contains(left, "notes.txt") || count(left, "hall-") != 1 || count(left, "segment-") != 3 {
			t.Errorf("long after there are %v", left)
		}
		if gone, err := backup.Prune(p, "another", now.AddDate(1, 0, 0), 24*time.Hour); err != nil || len(gone) != 0 {
			t.Errorf("for another hall go %v, %v", gone, err)
		}
	})
}

// served is a real SFTP server of the same library.
type served struct {
	addr   string
	access backup.Access
}

func (s *served) url(dir string) string { return "sftp://hub@" + s.addr + dir }

func newSSHKey(t *testing.T, path string) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func serveSFTP(t *testing.T) *served {
	t.Helper()
	dir := t.TempDir()
	s := &served{access: backup.Access{KeyFile: filepath.Join(dir, "hub"), KnownHosts: filepath.Join(dir, "known_hosts")}}
	mine, host := newSSHKey(t, s.access.KeyFile), newSSHKey(t, filepath.Join(dir, "host"))
	config := &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() != "hub" || !bytes.Equal(key.Marshal(), mine.PublicKey().Marshal()) {
			return nil, errors.New("who is that?")
		}
		return &ssh.Permissions{}, nil
	}}
	config.AddHostKey(host)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s.addr = l.Addr().String()
	if err := os.WriteFile(s.access.KnownHosts, []byte(knownhosts.Line([]string{s.addr}, host.PublicKey())+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serveOne(conn, config)
		}
	}()
	return s
}

func serveOne(conn net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, asked, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range asked {
				_ = r.Reply(r.Type == "subsystem" && string(r.Payload[4:]) == "sftp", nil)
			}
		}()
		server, err := sftp.NewServer(channel)
		if err != nil {
			return
		}
		go func() {
			_ = server.Serve()
			_ = channel.Close()
		}()
	}
}

// A server that shows another key, or does not know ours, gets nothing; and an address that cannot be one is told.
func TestServersThatAreNotUsed(t *testing.T) {
	s := serveSFTP(t)
	dir := t.TempDir()
	other := serveSFTP(t)
	for want, with := range map[string]backup.Access{
		"add it with ssh-keyscan": {KeyFile: s.access.KeyFile, KnownHosts: other.access.KnownHosts},
		"sign in at":              {KeyFile: other.access.KeyFile, KnownHosts: s.access.KnownHosts},
		"no private key":          {KeyFile: s.access.KnownHosts, KnownHosts: s.access.KnownHosts},
		"known hosts":             {KeyFile: s.access.KeyFile, KnownHosts: filepath.Join(dir, "none")},
		"read the key":            {KeyFile: filepath.Join(dir, "none"), KnownHosts: s.access.KnownHosts},
	} {
		if _, err := backup.At(t.Context(), s.url(dir), with); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, bad := range []string{"sftp://host/x", "sftp://hub@/x", "sftp://hub@host", "sftp://hub:word@host/x", "sftp://hub@host/x?y"} {
		if _, err := backup.At(context.Background(), bad, s.access); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
	p, err := backup.At(t.Context(), s.url(filepath.Join(dir, "away")), s.access)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Names(); err == nil {
		t.Error("a folder that is not there is listed")
	}
}
