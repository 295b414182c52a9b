package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"hallkeeper/bilingual"
)

// Place is where backups of halls lie beside each other, with the parts that they share. Create makes a
// file that is there whole and synced, or not at all; it replaces none.
type Place interface {
	Names() ([]string, error)
	Open(name string) (io.ReadCloser, error)
	Create(name string, write func(io.Writer) error) error
	Remove(name string) error
	Close() error
}

const (
	stamp    = "20060102T150405Z"
	backupX  = ".age"
	partsX   = ".parts"
	segmentX = "segment-"
)

func backupName() *regexp.Regexp {
	return regexp.MustCompile(`^hall-([A-Za-z0-9._-]+)-([0-9]{8}T[0-9]{6}Z)\.age$`)
}

func partName() *regexp.Regexp { return regexp.MustCompile(`^segment-[0-9a-f]{64}-[0-9a-f]{8}\.age$`) }

// PartName is the file of a sealed segment, by its checksum and by whom it is encrypted for: who gets a key later reads no older part.
func PartName(sum string, recipients []string) string {
	h := sha256.Sum256([]byte(strings.Join(slices.Sorted(slices.Values(recipients)), "\n")))
	return segmentX + sum + "-" + hex.EncodeToString(h[:4]) + backupX
}

// Taken is one backup in a place.
type Taken struct {
	Name string
	Hall string
	Made time.Time
}

// InPlace are the backups of a hall in a place, oldest first; of all halls where it is empty.
func InPlace(names []string, hall string) (all []Taken) {
	for _, name := range names {
		m := backupName().FindStringSubmatch(name)
		if m == nil {
			continue
		}
		made, err := time.Parse(stamp, m[2])
		if err == nil && (hall == "" || hall == m[1]) {
			all = append(all, Taken{name, m[1], made})
		}
	}
	slices.SortFunc(all, func(x, y Taken) int { return x.Made.Compare(y.Made) })
	return all
}

// Ours tells whether a file in a place is a backup's, by its name.
func Ours(name string) bool {
	return partName().MatchString(name) || backupName().MatchString(strings.TrimSuffix(name, partsX)+backupX) || backupName().MatchString(name)
}

// Shared is what lies beside a backup in clear, so that the hub, which cannot read backups, knows which parts are needed.
type Shared struct {
	Parts []string `json:"parts"`
}

// Into writes a backup into a place, with the parts that the place has not yet.
func Into(p Place, s Source, recipients []string) (name string, m Manifest, err error) {
	keys, err := Recipients(recipients)
	if err != nil {
		return "", m, err
	}
	names, err := p.Names()
	if err != nil {
		return "", m, err
	}
	there := map[string]bool{}
	for _, n := range names {
		there[n] = true
	}
	shared := Shared{Parts: []string{}}
	s.Parts = func(sum string, content io.Reader) (string, error) {
		part := PartName(sum, recipients)
		shared.Parts = append(shared.Parts, part)
		if there[part] {
			return part, nil
		}
		return part, p.Create(part, func(w io.Writer) error { return seal(w, keys, sum, content) })
	}
	name = "hall-" + s.Header.Hall + "-" + s.Header.Made.UTC().Format(stamp) + backupX
	if there[name] {
		return "", m, bilingual.Errorf("%s 已经存在；备份不会覆盖另一份：请等一秒再试", "%s is there already; a backup never replaces another: wait a second", name)
	}
	if err := p.Create(name, func(w io.Writer) (err error) {
		m, err = Write(w, s, keys)
		return err
	}); err != nil {
		return "", m, err
	}
	text, err := json.Marshal(shared)
	if err != nil {
		return "", m, err
	}
	return name, m, p.Create(strings.TrimSuffix(name, backupX)+partsX, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// seal encrypts a segment, which must be what its checksum says.
func seal(w io.Writer, keys []age.Recipient, sum string, content io.Reader) error {
	sealed, err := age.Encrypt(w, keys...)
	if err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(sealed, h), content); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != sum {
		return bilingual.New("日志的一个封存分段与校验和不符：请运行 hub verify，并保留现有的备份", "a sealed segment of the log is not what its checksum says: run hub verify, and keep the backups that there are")
	}
	return sealed.Close()
}

// wholeFor is for how long every backup is kept; after it, the last of each day.
const wholeFor = 48 * time.Hour

// Prune removes what is too old: backups of a hall that are older than keep, and of those older than two days all but the last of
// each day. The newest always stays. Parts that no backup of any hall needs go with them, unless one does not say what it needs.
func Prune(p Place, hall string, now time.Time, keep time.Duration) (gone []string, err error) {
	names, err := p.Names()
	if err != nil {
		return nil, err
	}
	mine := InPlace(names, hall)
	for i, x := range mine {
		old := now.Sub(x.Made)
		last := i == len(mine)-1
		if last || old <= wholeFor || old <= keep && mine[i+1].Made.Format(time.DateOnly) != x.Made.Format(time.DateOnly) {
			continue
		}
		for _, name := range []string{x.Name, strings.TrimSuffix(x.Name, backupX) + partsX} {
			if !slices.Contains(names, name) {
				continue
			}
			if err := p.Remove(name); err != nil {
				return gone, err
			}
			gone = append(gone, name)
		}
	}
	needed := map[string]bool{}
	for _, x := range InPlace(names, "") {
		if slices.Contains(gone, x.Name) {
			continue
		}
		s, err := sharedOf(p, x.Name)
		if err != nil {
			return gone, nil //nolint:nilerr // it was cut off before it said what it needs, so every part stays until it is too old itself
		}
		for _, part := range s.Parts {
			needed[part] = true
		}
	}
	for _, name := range names {
		if partName().MatchString(name) && !needed[name] {
			if err := p.Remove(name); err != nil {
				return gone, err
			}
			gone = append(gone, name)
		}
	}
	return gone, nil
}

func sharedOf(p Place, name string) (s Shared, err error) {
	f, err := p.Open(strings.TrimSuffix(name, backupX) + partsX)
	if err != nil {
		return s, err
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err := errors.Join(err, f.Close()); err != nil {
		return s, err
	}
	err = json.Unmarshal(text, &s)
	return s, err
}
