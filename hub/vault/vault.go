// Package vault keeps the hub's secrets in data/keys: the key that card numbers
// are hashed with, the key that signs checkpoints, and one key a person for
// what the log holds sealed. It owns those files and the only code that uses
// them. It refuses to read a key that others on the machine could read too, and
// it never writes a key over an existing one.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"

	"hallkeeper/bilingual"
	"hallkeeper/wire"
)

// ErrForgotten means that a person's key was destroyed: what it sealed cannot
// be read by anyone any more.
var ErrForgotten = errors.New("the key of this person was destroyed")

// Vault holds the keys of one hall. Its methods may be called from any goroutine.
type Vault struct {
	dir  string
	card []byte
	// citizen is of its own: who holds the key of cards can tell no citizen.
	citizen []byte
	// ticket tells the holder of a ticket from whoever knows its id.
	ticket []byte
	// subject hides whom a single sign-on means.
	subject []byte
	// place makes the nonces of network addresses.
	place  []byte
	signer note.Signer
	public string

	mu     sync.Mutex
	people map[string]cipher.AEAD
}

// Open reads the keys in dir and makes those that are not there yet, which is for a caller that knows by Lost that none
// is missing. name is
// the hall's name on checkpoints, e.g. "hallkeeper/demo", program the version of the one that opens them.
func Open(dir, name, program string) (*Vault, error) {
	if err := Newer(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "people"), 0o700); err != nil {
		return nil, fmt.Errorf("make the key folder: %w", err)
	}
	v := &Vault{dir: dir, people: map[string]cipher.AEAD{}}
	var err error
	if v.card, err = v.symmetric("card.key"); err != nil {
		return nil, err
	}
	if v.ticket, err = v.symmetric("ticket.key"); err != nil {
		return nil, err
	}
	if v.citizen, err = v.symmetric("citizen.key"); err != nil {
		return nil, err
	}
	if v.subject, err = v.symmetric("subject.key"); err != nil {
		return nil, err
	}
	if v.place, err = v.symmetric("place.key"); err != nil {
		return nil, err
	}
	if err := v.openSigner(name); err != nil {
		return nil, err
	}
	if err := Remember(dir, program, "card.key", "ticket.key", "citizen.key", "subject.key", "place.key", "checkpoint.key", publicFile); err != nil {
		return nil, err
	}
	return v, nil
}

func (v *Vault) openSigner(name string) error {
	secret, err := v.read("checkpoint.key")
	if errors.Is(err, fs.ErrNotExist) {
		skey, _, gerr := note.GenerateKey(rand.Reader, name)
		if gerr != nil {
			return fmt.Errorf("make the checkpoint key: %w", gerr)
		}
		// The public half that a start before its first record may have left behind is of no use; it is made from the key below.
		if err = Discard(v.dir, publicFile); err == nil {
			err = v.write("checkpoint.key", skey+"\n")
		}
		secret = skey
	}
	if err != nil {
		return err
	}
	if v.signer, err = note.NewSigner(secret); err != nil {
		return fmt.Errorf("checkpoint.key does not read: restore it from a backup: %w", err)
	}
	if v.public, err = publicKey(v.dir); err != nil {
		return err
	}
	if there, err := os.ReadFile(filepath.Join(v.dir, publicFile)); err == nil && strings.TrimSpace(string(there)) == v.public {
		return nil
	}
	if err := Discard(v.dir, publicFile); err != nil {
		return err
	}
	return v.write(publicFile, v.public+"\n")
}

// publicFile has the checkpoints' public key, for those who check them.
const publicFile = "checkpoint.pub"

// publicKey is the checkpoints' public key of a folder: that of its file or, where it is missing or damaged, the one that
// belongs to checkpoint.key.
func publicKey(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, publicFile))
	if public := strings.TrimSpace(string(b)); err == nil {
		if _, err = note.NewVerifier(public); err == nil {
			return public, nil
		}
	}
	if _, missing := os.Stat(filepath.Join(dir, "checkpoint.key")); missing != nil {
		return "", bilingual.Errorf("读不了签名检查点的公钥，请从备份取回 checkpoint.pub：%w", "read the checkpoints' public key, restore checkpoint.pub from a backup: %w", err)
	}
	secret, serr := Unsealer(dir).read("checkpoint.key")
	if serr != nil {
		return "", bilingual.Errorf("读不了签名检查点的公钥，也不能由 checkpoint.key 推出：%w；%w", "read the checkpoints' public key, or make it from checkpoint.key: %w; %w", err, serr)
	}
	return publicOf(secret)
}

// publicOf is the public half of a signing key in sumdb/note's form, PRIVATE+KEY+name+hash+base64 of 1 and the seed.
func publicOf(secret string) (string, error) {
	parts := strings.SplitN(strings.TrimSpace(secret), "+", 5)
	if len(parts) < 5 {
		return "", bilingual.New("checkpoint.key 不是签名密钥：请从备份取回", "checkpoint.key is no signing key: restore it from a backup")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return "", bilingual.New("checkpoint.key 读不出来：请从备份取回", "checkpoint.key does not read: restore it from a backup")
	}
	public, _ := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(parts[2], public)
}

// CardToken is what the log keeps of a card number: a keyed hash that only this
// hub can make, "h1:" and 22 base64url characters (128 bits of HMAC-SHA256).
func (v *Vault) CardToken(number string) string { return "h1:" + keyed(v.card, number) }

// CitizenToken is what the log keeps of a citizen's ID or phone number, under a
// key that serves nothing else. Where citizen.key is destroyed, no hash that was
// made with it can be linked to anybody or to a later one.
func (v *Vault) CitizenToken(number string) string { return "c1:" + keyed(v.citizen, number) }

// SubjectToken is what the log keeps of whom an issuer of a single sign-on means, which may be an ID number.
func (v *Vault) SubjectToken(issuer, subject string) string {
	return "o1:" + keyed(v.subject, issuer+"\n"+subject)
}

// TicketCode is what only the holder of a ticket has beside its id: it is on the
// paper and on the kiosk, and no screen of those who serve shows it.
func (v *Vault) TicketCode(ticket string) string { return keyed(v.ticket, ticket)[:12] }

func keyed(key []byte, text string) string {
	m := hmac.New(sha256.New, key)
	_, _ = m.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:16])
}

// SignCheckpoint signs a checkpoint's text, which must end with a line break.
func (v *Vault) SignCheckpoint(text string) (string, error) {
	msg, err := note.Sign(&note.Note{Text: text}, v.signer)
	return string(msg), err
}

// VerifierKey is the public key that checks checkpoints, in sumdb/note's form.
func (v *Vault) VerifierKey() string { return v.public }

// Unsealer reads what is sealed under the keys in dir; it makes no keys and signs nothing.
func Unsealer(dir string) *Vault { return &Vault{dir: dir, people: map[string]cipher.AEAD{}} }

// Verifier reads the public key of a data folder without opening its vault.
func Verifier(dir string) (note.Verifier, error) {
	public, err := publicKey(dir)
	if err != nil {
		return nil, err
	}
	return note.NewVerifier(public)
}

// Seal encrypts fields under a person's key, making the key where there is
// none. The key is on disk before Seal returns.
func (v *Vault) Seal(person string, fields map[string]string) (wire.Sealed, error) {
	aead, err := v.key(person, true)
	if err != nil {
		return wire.Sealed{}, err
	}
	plain, err := json.Marshal(fields)
	if err != nil {
		return wire.Sealed{}, err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return wire.Sealed{}, err
	}
	return wire.Sealed{Person: person, Box: aead.Seal(nonce, nonce, plain, []byte(person))}, nil
}

// Unseal gives the fields back, or ErrForgotten.
func (v *Vault) Unseal(s wire.Sealed) (map[string]string, error) {
	aead, err := v.key(s.Person, false)
	if err != nil {
		return nil, err
	}
	n := aead.NonceSize()
	if len(s.Box) < n {
		return nil, errors.New("the sealed part is cut short")
	}
	plain, err := aead.Open(nil, s.Box[:n], s.Box[n:], []byte(s.Person))
	if err != nil {
		return nil, fmt.Errorf("the sealed part does not fit this person's key: %w", err)
	}
	var fields map[string]string
	if err := json.Unmarshal(plain, &fields); err != nil {
		return nil, fmt.Errorf("the sealed part does not read: %w", err)
	}
	return fields, nil
}

// Forget destroys a person's key. What was sealed under it stays in the log,
// unreadable, and the log's tree stays valid. A person forgotten once cannot be
// sealed to again under the same id. The key is written over before it is unlinked,
// which reaches the old bytes only where the file system and the disk write in place.
func (v *Vault) Forget(person string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	name, err := personFile(person)
	if err != nil {
		return err
	}
	delete(v.people, person)
	path := filepath.Join(v.dir, name)
	if err := os.WriteFile(path+".forgotten", nil, 0o600); err != nil {
		return fmt.Errorf("remember that the key is destroyed: %w", err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("remember that the key is destroyed: %w", err)
	}
	if err := writeOver(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("destroy the key: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("destroy the key: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// Has tells whether the key of a person is on the disk.
func (v *Vault) Has(person string) bool {
	name, err := personFile(person)
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(v.dir, name))
	return err == nil
}

func writeOver(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt([]byte(strings.Repeat("0", int(st.Size()))), 0)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func (v *Vault) key(person string, create bool) (cipher.AEAD, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if aead := v.people[person]; aead != nil {
		return aead, nil
	}
	name, err := personFile(person)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(v.dir, name+".forgotten")); err == nil {
		return nil, ErrForgotten
	}
	if _, err := os.Stat(filepath.Join(v.dir, name)); !create && errors.Is(err, fs.ErrNotExist) {
		return nil, ErrForgotten
	}
	raw, err := v.symmetric(name)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err == nil {
		v.people[person] = aead
	}
	return aead, err
}

func personFile(person string) (string, error) {
	if err := wire.CheckName(person); err != nil {
		return "", fmt.Errorf("a person's id: %w", err)
	}
	return filepath.Join("people", person+".key"), nil
}

// symmetric reads a key of 32 bytes in hex, or makes it.
func (v *Vault) symmetric(name string) ([]byte, error) {
	text, err := v.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		raw := make([]byte, 32)
		if _, err := rand.Read(raw); err != nil {
			return nil, err
		}
		return raw, v.write(name, hex.EncodeToString(raw)+"\n")
	}
	if err != nil {
		return nil, err
	}
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != 32 {
		return nil, fmt.Errorf("%s must be 64 hex digits: restore it from a backup", name)
	}
	return raw, nil
}

func (v *Vault) read(name string) (string, error) {
	path := filepath.Join(v.dir, name)
	st, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read a key: %w", err)
	}
	if st.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s can be read by others: run chmod 600 on it, and think about who has seen it", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read a key: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// write makes a key file that is whole or not there.
func (v *Vault) write(name, text string) error {
	path := filepath.Join(v.dir, name)
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("write a key: %w", err)
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Link(f.Name(), path) // fails where the key exists
	}
	_ = os.Remove(f.Name())
	if err != nil {
		return fmt.Errorf("write a key: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}
