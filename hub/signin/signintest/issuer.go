package signintest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Issuer is a small single sign-on that is real where it counts: discovery, keys, codes that work once and need their
// PKCE verifier, and tokens signed with RS256.
type Issuer struct {
	URL, ClientID, ClientSecret string
	// Subject is who sits at the browser, Claims what else the token says; they may replace what is right.
	Subject string
	Claims  map[string]any
	// Key signs; a test may put another in its place.
	Key *rsa.PrivateKey
	Now func() time.Time

	t      testing.TB
	server *httptest.Server
	mu     sync.Mutex
	codes  map[string]url.Values
	known  *rsa.PublicKey
}

// NewIssuer serves until the test ends.
func NewIssuer(t testing.TB, now func() time.Time) *Issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{ClientID: "hallkeeper", ClientSecret: "a secret of the client", Subject: "subject-1", Key: key, known: &key.PublicKey, Now: now, t: t, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /keys", i.keys)
	mux.HandleFunc("POST /token", i.token)
	i.server = httptest.NewServer(mux)
	i.URL = i.server.URL
	t.Cleanup(i.server.Close)
	return i
}

// Stop takes it from the network.
func (i *Issuer) Stop() { i.server.Close() }

func (i *Issuer) say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		i.t.Error(err)
	}
}

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	i.say(w, 200, map[string]any{"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"}})
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	i.say(w, 200, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.known, KeyID: "k1", Algorithm: "RS256", Use: "sig"}}})
}

// Approve is the person who signs in at the issuer: it takes where the browser was sent and gives where it is sent back.
func (i *Issuer) Approve(sent string) string {
	i.t.Helper()
	u, err := url.Parse(sent)
	if err != nil {
		i.t.Fatal(err)
	}
	q := u.Query()
	if q.Get("response_type") != "code" || q.Get("client_id") != i.ClientID || q.Get("code_challenge_method") != "S256" || q.Get("state") == "" || q.Get("nonce") == "" {
		i.t.Fatalf("the browser is sent to %s", sent)
	}
	code := fmt.Sprintf("code-%d", time.Now().UnixNano())
	i.mu.Lock()
	i.codes[code] = q
	i.mu.Unlock()
	return q.Get("redirect_uri") + "?" + url.Values{"code": {code}, "state": {q.Get("state")}, "session_state": {"x"}}.Encode()
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	i.mu.Lock()
	asked, known := i.codes[r.FormValue("code")]
	delete(i.codes, r.FormValue("code"))
	i.mu.Unlock()
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	switch {
	case !ok || id != i.ClientID || secret != url.QueryEscape(i.ClientSecret):
		i.say(w, 401, map[string]string{"error": "invalid_client"})
		return
	case !known || enc.EncodeToString(sum[:]) != asked.Get("code_challenge") || r.FormValue("redirect_uri") != asked.Get("redirect_uri"):
		i.say(w, 400, map[string]string{"error": "invalid_grant"})
		return
	}
	now := i.Now()
	claims := map[string]any{"iss": i.URL, "sub": i.Subject, "aud": i.ClientID, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "nonce": asked.Get("nonce")}
	for k, v := range i.Claims {
		claims[k] = v
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		i.t.Error(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: i.Key}, (&jose.SignerOptions{}).WithHeader("kid", "k1"))
	if err != nil {
		i.t.Error(err)
		return
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		i.t.Error(err)
		return
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		i.t.Error(err)
	}
	i.say(w, 200, map[string]any{"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": compact})
}
