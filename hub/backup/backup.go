// Package backup writes a data folder into one encrypted file and reads it back.
//
// The file is a tar in one age file (age-encryption.org/v1): first backup.json, which says of
// which hall and when, then the log's segments, keys and pictures, at last manifest.json with
// the size and SHA-256 of each. What has no manifest at its end is no backup. Views are not in
// it: they follow from the log. It refuses to write anything that is not encrypted.
//
// In a place (a folder, or one reached by SFTP) a backup leaves out the sealed segments that the place has
// already, each in an age file of its own, and names them in its manifest.
package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"hallkeeper/bilingual"
	forms "hallkeeper/format"
	"hallkeeper/wire"
)

// Header is the first member of a backup.
type Header struct {
	Format  int       `json:"format"`
	Hall    string    `json:"hall"`
	Version string    `json:"version"`
	Made    time.Time `json:"made"`
}

// Manifest is the last member.
type Manifest struct {
	// Head is the position up to which the log goes.
	Head wire.Position `json:"head"`
	// Members are all files, in the order in which they stand.
	Members []Member `json:"members"`
}

// Member is one file.
type Member struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Part is the file of the place that holds it; empty where it stands in the backup itself.
	Part string `json:"part,omitempty"`
}

const (
	format = 1
	// formatParts may have members that stand in parts.
	formatParts  = 2
	headerName   = "backup.json"
	manifestName = "manifest.json"
)

// Source is what a backup is made of. Log gives the log's files at one position; Folders are
// copied after it, by their names in the backup: keys that seal what the log has must not be older than the log.
type Source struct {
	Header  Header
	Log     func(use func(name string, size int64, content io.Reader) error) (wire.Position, error)
	Folders map[string]string
	// Parts, where set, keeps sealed segments apart. It gives the name of the part, which it makes where there is none.
	Parts func(sum string, content io.Reader) (part string, err error)
}

// ErrNoRecipient means that nobody could read the backup, or everybody.
var ErrNoRecipient = bilingual.New("备份都要加密：请写明加密给谁（age1… 公钥）", "a backup is encrypted for somebody: name a recipient (age1…)")

// Recipients reads public keys of age, each on a line or an argument of its own.
func Recipients(lines []string) ([]age.Recipient, error) {
	all, err := age.ParseRecipients(strings.NewReader(strings.Join(lines, "\n")))
	if len(strings.TrimSpace(strings.Join(lines, ""))) == 0 || err == nil && len(all) == 0 {
		return nil, ErrNoRecipient
	}
	if err != nil {
		return nil, bilingual.Errorf("加密给谁应写 age 公钥，如 age1…：%w", "a recipient must be a public key of age like age1…: %w", err)
	}
	return all, nil
}

// Write writes a backup. Where it fails, what was written is no backup.
func Write(w io.Writer, s Source, recipients []age.Recipient) (Manifest, error) {
	var m Manifest
	if len(recipients) == 0 {
		return m, ErrNoRecipient
	}
	sealed, err := age.Encrypt(w, recipients...)
	if err != nil {
		return m, fmt.Errorf("begin the encrypted file: %w", err)
	}
	t := tar.NewWriter(sealed)
	if s.Header.Format = format; s.Parts != nil {
		s.Header.Format = formatParts
	}
	if err := addJSON(t, headerName, s.Header, s.Header.Made); err != nil {
		return m, err
	}
	add := func(name string, size int64, content io.Reader) error {
		member, err := addFile(t, name, size, content, s.Header.Made)
		m.Members = append(m.Members, member)
		return err
	}
	if m.Head, err = s.Log(s.log(&m, add)); err != nil {
		return m, err
	}
	for _, name := range []string{"keys", "photos"} {
		if dir := s.Folders[name]; dir != "" {
			if err := addFolder(name, dir, add); err != nil {
				return m, err
			}
		}
	}
	if err := addJSON(t, manifestName, m, s.Header.Made); err != nil {
		return m, err
	}
	return m, errors.Join(t.Close(), sealed.Close())
}

// log gives what takes the log's files.
func (s *Source) log(m *Manifest, add func(string, int64, io.Reader) error) func(string, int64, io.Reader) error {
	sum := "" // of the sealed segment that comes next
	return func(name string, size int64, content io.Reader) error {
		switch {
		case s.Parts != nil && strings.HasSuffix(name, ".sha256"):
			text, err := io.ReadAll(content)
			if err != nil {
				return err
			}
			sum, _, _ = strings.Cut(string(text), " ")
			content = bytes.NewReader(text)
		case s.Parts != nil && strings.HasSuffix(name, ".sealed"):
			part, err := s.Parts(sum, content)
			m.Members = append(m.Members, Member{Name: "log/" + name, Size: size, SHA256: sum, Part: part})
			return err
		}
		return add("log/"+name, size, content)
	}
}

func addJSON(t *tar.Writer, name string, v any, at time.Time) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = addFile(t, name, int64(len(text)), strings.NewReader(string(text)), at)
	return err
}

func addFile(t *tar.Writer, name string, size int64, content io.Reader, at time.Time) (Member, error) {
	m := Member{Name: name, Size: size}
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: at, Format: tar.FormatPAX}); err != nil {
		return m, fmt.Errorf("write %s: %w", name, err)
	}
	h := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(t, h), content, size); err != nil {
		return m, fmt.Errorf("write %s: %w", name, err)
	}
	m.SHA256 = hex.EncodeToString(h.Sum(nil))
	return m, nil
}

// addFolder adds the files of a folder. One that goes away meanwhile was a key that was forgotten, or a
// file on its way to its name.
func addFolder(name, dir string, add func(string, int64, io.Reader) error) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case !d.Type().IsRegular() || strings.HasPrefix(d.Name(), "."):
			return nil
		}
		text, err := os.ReadFile(path) //nolint:gosec // the hub's own folder, in which nobody else can write
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rest, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return add(name+"/"+filepath.ToSlash(rest), int64(len(text)), strings.NewReader(string(text)))
	})
}

// memberName are the names that a backup may hold; no other leaves the folder that it is read into.
func memberName() *regexp.Regexp {
	return regexp.MustCompile(`^(log/[0-9]{5,}_[0-9]{4}-[0-9]{2}\.(open|sealed|sealed\.sha256)|keys/([A-Za-z0-9_-][A-Za-z0-9._-]*/)?[A-Za-z0-9_-][A-Za-z0-9._-]*|photos/[0-9a-f]{64})$`)
}

// Errors that people are told in other words.
var (
	// ErrIdentity means that the key is not one of those that the backup is for.
	ErrIdentity = bilingual.New("这把私钥打不开这份备份：它是加密给另一把钥匙的，请换成与备份时的收件公钥（backup.recipients）配对的私钥",
		"this key does not open the backup: it was encrypted for another. Give the secret key that belongs to one of the recipients of then (backup.recipients)")
	// ErrDamaged means that the file is cut short, or something in it was altered.
	ErrDamaged = bilingual.New("备份已损坏：不完整，或内容被改动过，请重新复制或换一份", "the backup is damaged: it is cut short, or something in it was altered. Copy it again, or take another one")
	// ErrForeign means that the key opens the file, and no backup is in it.
	ErrForeign = bilingual.New("这个文件能用此私钥打开，但里面不是大厅的备份，请换成 hub backup 写的文件", "the key opens this file, and what is in it is no backup of a hall: name a file that hub backup has written")
)

func decrypt(r io.Reader, identities []age.Identity) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	if err := kind(in); err != nil {
		return nil, err
	}
	plain, err := age.Decrypt(in, identities...)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none):
		return nil, ErrIdentity
	case err != nil:
		return nil, fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	return plain, nil
}

// Read reads a backup into an empty folder and checks every file in it; open gives the parts that it names, and is nil where
// there are none. Where it fails the folder is to be thrown away.
func Read(r io.Reader, open func(part string) (io.ReadCloser, error), identities []age.Identity, dir string) (Header, Manifest, error) {
	h, m, err := readOne(r, identities, dir)
	if err != nil {
		return h, m, err
	}
	for _, x := range m.Members {
		if x.Part == "" {
			continue
		}
		if !memberName().MatchString(x.Name) || !partName().MatchString(x.Part) {
			return h, m, bilingual.Errorf("备份里写着 %.80q 在 %.80q 里，不是大厅的文件：它不是由本程序写的，不能恢复", "the backup names %.80q in %.80q, which is no file of a hall: it was not made by this program", x.Name, x.Part)
		}
		if open == nil {
			return h, m, bilingual.Errorf("备份还需要同一文件夹里的 %s：请指明备份所在的文件夹里的文件", "the backup needs %s, which lies beside it: name the backup in its place", x.Part)
		}
		if err := readPart(x, open, identities, dir); err != nil {
			return h, m, err
		}
	}
	return h, m, nil
}

func readPart(x Member, open func(string) (io.ReadCloser, error), identities []age.Identity, dir string) error {
	f, err := open(x.Part)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return bilingual.Errorf("备份还需要 %[1]s，它不在旁边：请把原备份位置的全部文件复制到一起再试，或换一份备份", "the backup needs %[1]s, which is not beside it: copy all files of the place it is from together and try again, or take another backup (%[2]w)", x.Part, err)
		}
		return bilingual.Errorf("备份需要的 %s 读不了：%w", "the backup needs %s: %w", x.Part, err)
	}
	defer func() { _ = f.Close() }()
	plain, err := decrypt(f, identities)
	if err != nil {
		return fmt.Errorf("%s: %w", x.Part, err)
	}
	in := &reading{r: plain}
	got, err := keep(in, filepath.Join(dir, filepath.FromSlash(x.Name)), x.Name)
	if err != nil {
		if in.failed != nil {
			return fmt.Errorf("%s: %w (%w)", x.Part, ErrDamaged, err)
		}
		return err
	}
	if got.Part = x.Part; got != x {
		return fmt.Errorf("%s: %w (%s is not what was written)", x.Part, ErrDamaged, x.Name)
	}
	return nil
}

func readOne(r io.Reader, identities []age.Identity, dir string) (Header, Manifest, error) {
	var h Header
	var m Manifest
	plain, err := decrypt(r, identities)
	if err != nil {
		return h, m, err
	}
	in := &reading{r: plain}
	t := tar.NewReader(in)
	var got []Member
	for n := 0; ; n++ {
		x, err := t.Next()
		if n == 0 && in.failed == nil && (err != nil || x.Name != headerName) {
			return h, m, ErrForeign
		}
		if err != nil {
			return h, m, fmt.Errorf("%w (%w)", ErrDamaged, err)
		}
		switch {
		case n == 0:
			if err := readJSON(t, x.Name, headerName, &h); err != nil {
				return h, m, err
			}
			if h.Format != format && h.Format != formatParts {
				return h, m, &forms.Newer{Program: h.Version, What: fmt.Sprintf("the backup has format %d, this program reads %d and %d", h.Format, format, formatParts)}
			}
			continue
		case x.Name == manifestName:
			if err := readJSON(t, x.Name, manifestName, &m); err != nil {
				return h, m, err
			}
			if _, err := io.Copy(io.Discard, in); err != nil {
				return h, m, fmt.Errorf("%w (%w)", ErrDamaged, err)
			}
			return h, m, same(slices.DeleteFunc(slices.Clone(m.Members), func(x Member) bool { return x.Part != "" }), got)
		}
		if !memberName().MatchString(x.Name) || x.Typeflag != tar.TypeReg {
			return h, m, bilingual.Errorf("备份里有 %.80q，不是大厅的文件：它不是由本程序写的，不能恢复", "the backup holds %.80q, which is no file of a hall: it was not made by this program", x.Name)
		}
		member, err := keep(t, filepath.Join(dir, filepath.FromSlash(x.Name)), x.Name)
		if err != nil {
			if in.failed != nil {
				return h, m, fmt.Errorf("%w (%w)", ErrDamaged, err)
			}
			return h, m, err
		}
		got = append(got, member)
	}
}

// reading tells a fault of what is read from one of what is written.
type reading struct {
	r      io.Reader
	failed error
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.failed = err
	}
	return n, err
}

func readJSON(t io.Reader, name, want string, into any) error {
	text, err := io.ReadAll(io.LimitReader(t, 256<<20))
	if err == nil && name != want {
		err = fmt.Errorf("it begins with %.80q", name)
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	return nil
}

func keep(content io.Reader, path, name string) (Member, error) {
	m := Member{Name: name}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return m, fmt.Errorf("write %s: %w", name, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return m, fmt.Errorf("write %s: %w", name, err)
	}
	h := sha256.New()
	m.Size, err = io.Copy(io.MultiWriter(f, h), content)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return m, fmt.Errorf("write %s: %w", name, err)
	}
	m.SHA256 = hex.EncodeToString(h.Sum(nil))
	return m, nil
}

func same(want, got []Member) error {
	if len(want) != len(got) {
		return fmt.Errorf("%w (it should hold %d files and holds %d)", ErrDamaged, len(want), len(got))
	}
	for i := range want {
		if want[i] != got[i] {
			return fmt.Errorf("%w (%s is not what was written)", ErrDamaged, want[i].Name)
		}
	}
	return nil
}
