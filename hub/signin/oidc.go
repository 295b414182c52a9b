package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Provider says which single sign-on there is.
type Provider struct {
	Issuer, ClientID, ClientSecret string
	// Name and NameEN are on the button.
	Name, NameEN string
	// Claim is what names a person for good: sub, or another that the issuer promises never to give twice.
	Claim string
	// Told hears whether it could be reached, when that was found out; nil where nobody listens.
	Told func(error)
}

// OIDC signs people in by a single sign-on: the code flow with PKCE, a state and a nonce. Its methods may be called from
// any goroutine.
type OIDC struct {
	Provider
	client *http.Client
	flows  once[flow]

	mu    sync.Mutex
	found *oidc.Provider
	tried time.Time
	why   error
	// asking: somebody asks the issuer just now.
	asking bool
}

type flow struct {
	nonce, verifier, redirect string
	// cookie is the digest of what the browser that began has; a link that somebody was sent begins in another.
	cookie string
	Wish
}

// Wish is what a flow is for: signing in where it is empty, else linking the account in its session.
type Wish struct{ Account, Session string }

const (
	flowLasts = 10 * time.Minute
	// again is after how long an issuer that was down is asked again, if nobody presses the button meanwhile.
	again    = 30 * time.Second
	patience = 8 * time.Second
)

// NewOIDC asks nobody for anything yet: an issuer that is down keeps no hub from starting.
func NewOIDC(p Provider) *OIDC {
	return &OIDC{Provider: p, client: &http.Client{Timeout: patience}, flows: once[flow]{lasts: flowLasts}}
}

// Down says why the single sign-on could not be reached when it was last asked; nil where it can be, or nobody has
// asked. It waits for nobody: it asks again behind the caller's back, from time to time.
func (o *OIDC) Down() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.found == nil && !o.asking && time.Since(o.tried) >= again {
		o.asking = true
		go func() {
			_, _ = o.discover(context.Background()) // the next who asks is told
			o.mu.Lock()
			defer o.mu.Unlock()
			o.asking = false
		}()
	}
	return o.why
}

func (o *OIDC) provider(ctx context.Context) (*oidc.Provider, error) {
	o.mu.Lock()
	p := o.found
	o.mu.Unlock()
	if p != nil {
		return p, nil
	}
	return o.discover(ctx)
}

// discover asks the issuer for its addresses and keys.
func (o *OIDC) discover(ctx context.Context) (*oidc.Provider, error) {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, o.client), patience)
	defer cancel()
	p, err := oidc.NewProvider(ctx, o.Issuer)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrDown, err)
	}
	if o.Told != nil {
		o.Told(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tried, o.why = time.Now(), err
	if err == nil {
		o.found = p
	}
	return p, err
}

func (o *OIDC) oauth(p *oidc.Provider, redirect string) *oauth2.Config {
	scopes := []string{oidc.ScopeOpenID}
	if o.Claim != "sub" {
		scopes = append(scopes, "profile")
	}
	return &oauth2.Config{ClientID: o.ClientID, ClientSecret: o.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: redirect, Scopes: scopes}
}

// Begin gives where the browser goes, and the secret that only it has.
func (o *OIDC) Begin(ctx context.Context, redirect string, wish Wish, now time.Time) (url, cookie string, err error) {
	p, err := o.provider(ctx)
	if err != nil {
		return "", "", err
	}
	state, cookie := fresh(), fresh()
	f := flow{nonce: fresh(), verifier: oauth2.GenerateVerifier(), redirect: redirect, cookie: digest([]byte(cookie)), Wish: wish}
	o.flows.put(state, f, now)
	return o.oauth(p, redirect).AuthCodeURL(state, oidc.Nonce(f.nonce), oauth2.S256ChallengeOption(f.verifier)), cookie, nil
}

// Finish gives whom the issuer means, and what the flow was for. Each state ends once.
func (o *OIDC) Finish(ctx context.Context, cookie, state, code string, now time.Time) (subject string, wish Wish, err error) {
	f, ok := o.flows.take(state, now)
	if !ok || subtle.ConstantTimeCompare([]byte(digest([]byte(cookie))), []byte(f.cookie)) != 1 {
		return "", Wish{}, ErrOver
	}
	if code == "" {
		return "", f.Wish, fmt.Errorf("%w: the issuer gave no code", ErrRefused)
	}
	p, err := o.provider(ctx)
	if err != nil {
		return "", f.Wish, err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, o.client), patience)
	defer cancel()
	token, err := o.oauth(p, f.redirect).Exchange(ctx, code, oauth2.VerifierOption(f.verifier))
	if err != nil {
		var answered *oauth2.RetrieveError
		if errors.As(err, &answered) {
			return "", f.Wish, fmt.Errorf("%w: the issuer refuses the code: %s", ErrRefused, answered.ErrorCode)
		}
		return "", f.Wish, fmt.Errorf("%w: %w", ErrDown, err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: o.ClientID, Now: func() time.Time { return now }}).Verify(ctx, raw)
	if err != nil {
		return "", f.Wish, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.nonce)) != 1 {
		return "", f.Wish, fmt.Errorf("%w: the nonce is another", ErrRefused)
	}
	subject, err = o.subject(id)
	return subject, f.Wish, err
}

func (o *OIDC) subject(id *oidc.IDToken) (string, error) {
	if o.Claim == "sub" {
		return id.Subject, nil
	}
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if s, ok := claims[o.Claim].(string); ok && s != "" {
		return s, nil
	}
	return "", fmt.Errorf("%w: the issuer does not say %s", ErrRefused, o.Claim)
}
