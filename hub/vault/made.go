package vault

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"hallkeeper/format"
)

// formatVersion is raised when an older program could misread the keys.
const (
	formatFile    = "format.json"
	formatVersion = 1
)

// written says in which form the keys are and which the data was made with; a folder without it is of the first form.
type written struct {
	Format  int    `json:"format"`
	Program string `json:"program"`
	// Keys are prints of the keys by their files. A program of before they were noted leaves them out.
	Keys map[string]string `json:"keys,omitempty"`
	// Renewed are files that were made anew and of which the log does not know yet.
	Renewed []string `json:"renewed,omitempty"`
}

func readWritten(dir string) (w written, err error) {
	text, err := os.ReadFile(filepath.Join(dir, formatFile))
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &w)
	}
	if err != nil {
		return w, fmt.Errorf("read the form of the keys (restore %s from a backup, or remove it where no newer hub was ever here): %w", formatFile, err)
	}
	return w, nil
}

// Newer refuses the keys of a newer program.
func Newer(dir string) error {
	w, err := readWritten(dir)
	if err != nil {
		return err
	}
	if w.Format > formatVersion {
		return &format.Newer{Program: w.Program, What: fmt.Sprintf("the keys have format %d, this program reads %d", w.Format, formatVersion)}
	}
	return nil
}

// Remember notes keys that data is made with from now on, where they are not noted yet.
func Remember(dir, program string, files ...string) error {
	return remember(dir, program, false, files...)
}

func remember(dir, program string, anew bool, files ...string) error {
	return change(dir, program, func(w *written) error {
		if w.Keys == nil {
			w.Keys = map[string]string{}
		}
		for _, file := range files {
			if w.Keys[file] != "" && !anew {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				return fmt.Errorf("note the keys: %w", err)
			}
			w.Keys[file] = printOf(file, text)
			if anew {
				w.renewed(file)
			}
		}
		return nil
	})
}

// renewed notes that a key has taken the place of another.
func (w *written) renewed(file string) {
	if !slices.Contains(w.Renewed, file) {
		w.Renewed = append(w.Renewed, file)
	}
}

// noteRenewal notes it before it happens: a power cut between the two must not lose it.
func noteRenewal(dir, program, file string) error {
	return change(dir, program, func(w *written) error { w.renewed(file); return nil })
}

// Renewed are the keys that were made anew since the hub last told it to the log.
func Renewed(dir string) ([]string, error) {
	w, err := readWritten(dir)
	return w.Renewed, err
}

// RenewalTold forgets what Renewed gave, once the log has it.
func RenewalTold(dir, program string) error {
	return change(dir, program, func(w *written) error { w.Renewed = nil; return nil })
}

// change writes the form anew, whole or not at all, where how has changed it.
func change(dir, program string, how func(w *written) error) error {
	was, err := readWritten(dir)
	if err != nil {
		return err
	}
	w := was
	w.Keys, w.Renewed = maps.Clone(was.Keys), slices.Clone(was.Renewed)
	if err := how(&w); err != nil {
		return err
	}
	if was.Format > 0 && maps.Equal(w.Keys, was.Keys) && slices.Equal(w.Renewed, was.Renewed) {
		return nil
	}
	w.Format, w.Program = formatVersion, program
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return fmt.Errorf("note the keys: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, formatFile))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("note the keys: %w", err)
	}
	return syncDir(dir)
}

// printOf tells a key from another and gives nothing of it away: keys have at least 256 bits of chance.
func printOf(file string, text []byte) string {
	sum := sha256.Sum256([]byte("hallkeeper key\n" + file + "\n" + strings.TrimSpace(string(text))))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// Key is a file of keys of which data has one for good.
type Key struct {
	// File is its name in the folder of keys.
	File string
	// ZH and EN say what is lost with it.
	ZH, EN string
	// Anew is true where going on with another is sound for who bears the loss.
	Anew bool
	// first is true of those that every form of the data has.
	first bool
	reads func(text []byte) bool
}

// Keys are those files, in the order in which their loss is told. Those of people are beside them, one each.
func Keys() []Key {
	signed := [2]string{"以往的签名检查点不能由它续签，本大厅的记录不能再证明没有被改动", "what was signed cannot be gone on with, and nobody can prove any more that this hall's records are unaltered"}
	authority := [2]string{"窗口电脑和屏幕都不再认得本主机，须逐台重新注册，各电脑须重新信任证书机构", "no window computer and no screen knows this hub any more: each must be enrolled again, and PCs must trust the new authority"}
	return []Key{
		{"checkpoint.key", signed[0], signed[1], false, true, func(b []byte) bool { _, err := note.NewSigner(strings.TrimSpace(string(b))); return err == nil }},
		{publicFile, signed[0], signed[1], false, true, func(b []byte) bool { _, err := note.NewVerifier(strings.TrimSpace(string(b))); return err == nil }},
		{"card.key", "所有卡都不再认得，须逐张重新登记，在那之前的打卡不算任何人的", "no card is known any more: each must be registered again, and until then its swipes are nobody's", true, true, symmetricReads},
		{"ca.key", authority[0], authority[1], true, false, pemReads},
		{"ca.pem", authority[0], authority[1], true, false, pemReads},
		{"citizen.key", "按证件号和电话找不到以往的办件，再来的群众算作第一次来", "no matter is found by an ID or telephone number of before, and citizens who come again count as new", true, false, symmetricReads},
		{"subject.key", "用统一身份认证登录的人都不再认得，须逐个重新关联", "nobody who signs in by the single sign-on is known any more: each account must be linked again", true, false, symmetricReads},
		{"ticket.key", "已经打印的号票上的码失效：未办完的须重新取号", "the codes on printed tickets are void: who still waits takes another", true, false, symmetricReads},
		{"place.key", "本月的同一网络地址前后看起来不同", "one network address looks like two within this month", true, false, symmetricReads},
	}
}

func symmetricReads(b []byte) bool {
	raw, err := hex.DecodeString(strings.TrimSpace(string(b)))
	return err == nil && len(raw) == 32
}

func pemReads(b []byte) bool { block, _ := pem.Decode(b); return block != nil }

// Harm is what is wrong with a key.
type Harm string

// The harms.
const (
	Missing Harm = "missing"
	Damaged Harm = "damaged"
	// Foreign is a whole key, and another than the data was made with.
	Foreign Harm = "foreign"
)

// Fault is a key that is not as the data needs it.
type Fault struct {
	Key
	Harm Harm
}

// Lost compares the keys in dir with those that its data, which has records, was made with. used is asked where an
// older program has not noted them: it gives the files that something in the records needs.
func Lost(dir string, used func() (map[string]bool, error)) (lost []Fault, err error) {
	w, err := readWritten(dir)
	if err != nil {
		return nil, err
	}
	var needed map[string]bool
	for _, k := range Keys() {
		text, err := os.ReadFile(filepath.Join(dir, k.File))
		noted := w.Keys[k.File]
		switch {
		case k.File == publicFile && derived(dir, noted) && (err == nil && !k.reads(text) || errors.Is(err, fs.ErrNotExist)):
			// It is made anew from checkpoint.key when the hub starts.
		case err == nil && !k.reads(text):
			lost = append(lost, Fault{k, Damaged})
		case err == nil && noted != "" && noted != printOf(k.File, text):
			lost = append(lost, Fault{k, Foreign})
		case err == nil:
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("read a key (run this as the user who runs the hub): %w", err)
		case noted != "", k.first, w.Format > 0 && w.Keys == nil && !strings.HasPrefix(k.File, "ca."): // the form came when all but the authority's were there
			lost = append(lost, Fault{k, Missing})
		case w.Keys == nil:
			if needed == nil {
				if needed, err = used(); err != nil {
					return nil, err
				}
			}
			if needed[k.File] || half(dir, k.File) {
				lost = append(lost, Fault{k, Missing})
			}
		}
	}
	return lost, nil
}

// derived tells whether checkpoint.key gives the public key that is noted, or any where none is.
func derived(dir, noted string) bool {
	secret, err := os.ReadFile(filepath.Join(dir, "checkpoint.key"))
	if err != nil {
		return false
	}
	public, err := publicOf(string(secret))
	return err == nil && (noted == "" || noted == printOf(publicFile, []byte(public)))
}

// half tells whether the other half of the authority is there.
func half(dir, file string) bool {
	other := map[string]string{"ca.key": "ca.pem", "ca.pem": "ca.key"}[file]
	if other == "" {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, other))
	return err == nil
}

// LostPeople gives those of the keys of people that are neither there nor destroyed, in order.
func LostPeople(dir string, people []string) ([]string, error) {
	there := map[string]bool{}
	all, err := os.ReadDir(filepath.Join(dir, "people"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for the keys of people: %w", err)
	}
	for _, f := range all {
		name := f.Name()
		if name, found := strings.CutSuffix(name, ".key.forgotten"); found {
			there[name] = true
		}
		if name, found := strings.CutSuffix(name, ".key"); found {
			if info, err := f.Info(); err == nil && info.Size() >= 64 {
				there[name] = true
			}
		}
	}
	var lost []string
	for _, p := range people {
		if !there[p] {
			lost = append(lost, p)
		}
	}
	slices.Sort(lost)
	return lost, nil
}

// Renew makes a key anew that is no pair; what was under the old one is lost.
func Renew(dir, program, file string) error {
	if err := errors.Join(noteRenewal(dir, program, file), Discard(dir, file)); err != nil {
		return err
	}
	v := Unsealer(dir)
	if _, err := v.symmetric(file); err != nil {
		return err
	}
	return remember(dir, program, true, file)
}

// RenewPerson makes the key of a person anew where it is lost.
func RenewPerson(dir, program, person string) error {
	file, err := personFile(person)
	if err != nil {
		return err
	}
	if err := noteRenewal(dir, program, file); err != nil {
		return err
	}
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "people"), 0o700), Discard(dir, file)); err != nil {
		return err
	}
	_, err = Unsealer(dir).symmetric(file)
	return err
}

// Discard destroys a key; its note stays until another takes its place, so that it is missed meanwhile.
func Discard(dir, file string) error {
	path := filepath.Join(dir, file)
	if err := writeOver(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("destroy a key: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("destroy a key: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// RememberAnew notes keys that have taken the place of others.
func RememberAnew(dir, program string, files ...string) error {
	return remember(dir, program, true, files...)
}
