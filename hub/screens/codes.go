package screens

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// CodeLasts is for how long a screen's code works.
const CodeLasts = 10 * time.Minute

const (
	codeLength = 8
	// letters have no look-alikes: no 0 O, 1 I L, 2 Z, 5 S, 8 B.
	letters = "34679ACDEFGHJKMNPQRTUVWXY"

	maxAsking     = 200 // codes at once
	maxAskingFrom = 8   // of one address
)

// ErrBusy means that too many ask at once; they may ask again later.
var ErrBusy = errors.New("too many screens ask at once")

// Ask is one screen that wants to be the hall's.
type Ask struct {
	// ID is known to the screen alone, Code is what it shows, as people type it.
	ID, Code string
	// Key is the public key (DER of SubjectPublicKeyInfo), Digest its hex SHA-256.
	Key    []byte
	Digest string
	// Page is the page that asked, Address where from.
	Page, Address string
	Until         time.Time
}

// Asking is the screens that show a code. The zero value has none.
type Asking struct {
	mu   sync.Mutex
	asks map[string]Ask // by ID
}

// Add lets a screen show a code. The same key has one code at a time, the last.
func (a *Asking) Add(now time.Time, x Ask, random io.Reader) (Ask, error) {
	id := make([]byte, 18)
	if _, err := io.ReadFull(random, id); err != nil {
		return Ask{}, fmt.Errorf("make an id: %w", err)
	}
	code, err := newCode(random)
	if err != nil {
		return Ask{}, err
	}
	x.ID, x.Code, x.Until = base64.RawURLEncoding.EncodeToString(id), code, now.Add(CodeLasts)
	x.Address = network(x.Address)
	a.mu.Lock()
	defer a.mu.Unlock()
	from := 0
	for id, old := range a.asks {
		switch {
		case !now.Before(old.Until) || old.Digest == x.Digest:
			delete(a.asks, id)
		case old.Code == x.Code: // one in 25 to the eighth
			return Ask{}, ErrBusy
		case old.Address == x.Address:
			from++
		}
	}
	if from >= maxAskingFrom || len(a.asks) >= maxAsking {
		return Ask{}, ErrBusy
	}
	if a.asks == nil {
		a.asks = map[string]Ask{}
	}
	a.asks[x.ID] = x
	return x, nil
}

// Shown finds the screen that shows a code, however a person typed it.
func (a *Asking) Shown(now time.Time, typed string) (Ask, bool) {
	code := plain(typed)
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range a.asks {
		if plain(x.Code) == code && now.Before(x.Until) {
			return x, true
		}
	}
	return Ask{}, false
}

// Get finds what a screen asked by its id.
func (a *Asking) Get(now time.Time, id string) (Ask, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	x, ok := a.asks[id]
	return x, ok && now.Before(x.Until)
}

func newCode(random io.Reader) (string, error) {
	var out strings.Builder
	var b [1]byte
	for n := 0; n < codeLength; {
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return "", fmt.Errorf("make a code: %w", err)
		}
		if int(b[0]) >= 256/len(letters)*len(letters) {
			continue // or some letters would come more often
		}
		if n == codeLength/2 {
			out.WriteByte('-')
		}
		out.WriteByte(letters[int(b[0])%len(letters)])
		n++
	}
	return out.String(), nil
}

// plain is a code without what people add or leave out.
func plain(typed string) string {
	return strings.NewReplacer("-", "", " ", "", "－", "", "—", "", "\t", "").Replace(strings.ToUpper(strings.TrimSpace(typed)))
}

// network is what counts as one address: of IPv6 a whole /64, in which one machine has as many as it likes.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	p, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}
