package signin

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Site is the hub as a browser sees it: the name that passkeys belong to and the origins that may ask for them.
type Site struct {
	RP      string
	Origins []string
}

// Where no passkey can be.
var (
	// ErrNoName: a browser has none at an address that is no name.
	ErrNoName = errors.New("passkeys need an address with a name")
	// ErrOtherName: the name is none of the hub's. Whoever leads a name of their own to the hub gets no passkeys there.
	ErrOtherName = errors.New("the name is none of the hub's")
)

// SiteOf is the site of a request's host, which must be one of the hub's names, or this machine's own.
func SiteOf(host string, names []string) (s Site, err error) {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil || protocol.ValidateRPID(name) != nil {
		return Site{}, ErrNoName
	}
	s = Site{RP: name, Origins: []string{"https://" + host}}
	if name == "localhost" || strings.HasSuffix(name, ".localhost") { // browsers trust it without TLS
		s.Origins = append(s.Origins, "http://"+host)
		return s, nil
	}
	if !slices.Contains(names, name) {
		return Site{}, ErrOtherName
	}
	return s, nil
}

// Names are those of a hub's names and addresses at which there can be passkeys from other machines.
func Names(all []string) (names []string) {
	for _, n := range all {
		n = strings.ToLower(strings.TrimSuffix(n, "."))
		if _, err := netip.ParseAddr(n); err != nil && n != "localhost" && protocol.ValidateRPID(n) == nil && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// ceremonyLasts is how long somebody may take at their authenticator.
const ceremonyLasts = 5 * time.Minute

// Passkeys runs the ceremonies of passkeys. The zero value has none open; its methods may be called from any goroutine.
type Passkeys struct {
	open once[ceremony]
}

// NewPasskeys has no ceremony open.
func NewPasskeys() *Passkeys { return &Passkeys{open: once[ceremony]{lasts: ceremonyLasts}} }

type ceremony struct {
	session webauthn.SessionData
	// account and holder are whose passkey is being made, and in which session; empty for signing in.
	account, holder string
	site            Site
}

// Begun is what a browser is given to begin with.
type Begun struct {
	Ceremony string `json:"ceremony"`
	// Options are PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON.
	Options json.RawMessage `json:"options"`
}

// Key is a passkey as it is kept.
type Key struct {
	// ID is the hex SHA-256 of the credential's id.
	ID string
	// Credential is what is needed to check it, Count of its signatures.
	Credential string
	Count      uint32
}

type holder struct {
	account, name string
	keys          []webauthn.Credential
}

// WebAuthnID is opaque: an authenticator shows it to nobody, and it tells no name.
func (h holder) WebAuthnID() []byte {
	sum := sha256.Sum256([]byte("hallkeeper account " + h.account))
	return sum[:]
}

func (h holder) WebAuthnName() string                       { return h.account }
func (h holder) WebAuthnDisplayName() string                { return h.name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

func (s Site) party() (*webauthn.WebAuthn, error) {
	required := true
	return webauthn.New(&webauthn.Config{RPID: s.RP, RPDisplayName: "Hallkeeper " + s.RP, RPOrigins: s.Origins, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: &required,
			UserVerification: protocol.VerificationRequired}})
}

// BeginAdding begins to make a passkey for an account, in the session that asks. Known are the credentials that it has.
func (p *Passkeys) BeginAdding(site Site, account, name, session string, known []string, now time.Time) (Begun, error) {
	party, err := site.party()
	if err != nil {
		return Begun{}, err
	}
	h := holder{account: account, name: name}
	var have []protocol.CredentialDescriptor
	for _, text := range known {
		var c webauthn.Credential
		if json.Unmarshal([]byte(text), &c) == nil {
			have = append(have, c.Descriptor())
		}
	}
	options, data, err := party.BeginRegistration(h, webauthn.WithExclusions(have))
	if err != nil {
		return Begun{}, fmt.Errorf("begin to make a passkey: %w", err)
	}
	return p.begun(options.Response, ceremony{session: *data, account: account, holder: session, site: site}, now)
}

func (p *Passkeys) begun(options any, c ceremony, now time.Time) (Begun, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return Begun{}, err
	}
	b := Begun{Ceremony: fresh(), Options: text}
	p.open.put(b.Ceremony, c, now)
	return b, nil
}

// Add checks what an authenticator has made for an account.
func (p *Passkeys) Add(site Site, account, session, name string, response []byte, now time.Time) (Key, error) {
	c, ok := p.open.take(name, now)
	if !ok || c.account == "" || c.account != account || c.holder != session || c.site.RP != site.RP {
		return Key{}, ErrOver
	}
	party, err := c.site.party()
	if err != nil {
		return Key{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return Key{}, refused(err)
	}
	made, err := party.CreateCredential(holder{account: account}, c.session, parsed)
	if err != nil {
		return Key{}, refused(err)
	}
	made.Attestation = webauthn.CredentialAttestation{} // says what the authenticator is, which nobody asked
	text, err := json.Marshal(made)
	return Key{ID: digest(made.ID), Credential: string(text), Count: made.Authenticator.SignCount}, err
}

// BeginSignIn begins to sign somebody in, whoever it is.
func (p *Passkeys) BeginSignIn(site Site, now time.Time) (Begun, error) {
	party, err := site.party()
	if err != nil {
		return Begun{}, err
	}
	options, data, err := party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Begun{}, fmt.Errorf("begin to sign in with a passkey: %w", err)
	}
	return p.begun(options.Response, ceremony{session: *data, site: site}, now)
}

// SignIn checks what an authenticator has signed. find gives the account and the credential of a key at a site by its
// id. The count that was signed is the caller's to compare with the one before.
func (p *Passkeys) SignIn(site Site, name string, response []byte, now time.Time, find func(id, rp string) (account, credential string, ok bool)) (account string, key Key, err error) {
	c, ok := p.open.take(name, now)
	if !ok || c.account != "" || c.site.RP != site.RP {
		return "", Key{}, ErrOver
	}
	party, err := c.site.party()
	if err != nil {
		return "", Key{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return "", Key{}, refused(err)
	}
	_, _, err = party.ValidatePasskeyLogin(func(id, _ []byte) (webauthn.User, error) {
		key.ID = digest(id)
		var text string
		if account, text, ok = find(key.ID, c.site.RP); !ok {
			return nil, errors.New("no account has this passkey")
		}
		var x webauthn.Credential
		if err := json.Unmarshal([]byte(text), &x); err != nil {
			return nil, err
		}
		return holder{account: account, keys: []webauthn.Credential{x}}, nil
	}, c.session, parsed)
	if err != nil {
		return "", Key{}, refused(err)
	}
	key.Count = parsed.Response.AuthenticatorData.Counter
	return account, key, nil
}

// refused keeps the library's words for the log.
func refused(err error) error {
	var e *protocol.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%w: %s %s", ErrRefused, e.Details, e.DevInfo)
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}
