package webhook

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const secret = "a-secret-of-thirty-two-characters"

func TestAMessageIsSignedAndSentOnce(t *testing.T) {
	verifier, err := standardwebhooks.NewWebhookRaw([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	status, got := http.StatusNoContent, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || string(body) != `{"a":1}` {
			t.Errorf("%s %s %q %v", r.Method, r.Header, body, err)
		}
		if err := verifier.Verify(body, r.Header); err != nil {
			t.Error(err)
		}
		if err := verifier.Verify(append(body, ' '), r.Header); err == nil {
			t.Error("another body has the same signature")
		}
		got++
		w.Header().Set("Location", other.URL)
		w.WriteHeader(status)
	}))
	defer server.Close()
	h, err := New(server.URL+"/token-in-the-path", []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	send := func() (string, bool) { return h.Send(t.Context(), "m1", time.Now(), []byte(`{"a":1}`)) }
	if answer, ok := send(); !ok || answer != "204 No Content" {
		t.Errorf("%q %v", answer, ok)
	}
	for _, status = range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusInternalServerError, http.StatusGone} {
		if answer, ok := send(); ok || !strings.Contains(answer, http.StatusText(status)) {
			t.Errorf("%d: %q %v", status, answer, ok)
		}
	}
	if got != 5 || elsewhere != 0 {
		t.Errorf("%d requests, %d of them led elsewhere", got, elsewhere)
	}
	server.Close()
	if answer, ok := send(); ok || answer == "" || strings.Contains(answer, "token-in-the-path") {
		t.Errorf("a server that is gone: %q %v", answer, ok)
	}
}

func TestWhereNothingIsSent(t *testing.T) {
	for _, address := range []string{"", "alerts", "http://192.0.2.1/x", "http://example.com", "ftp://127.0.0.1/x", "https://user:pass@example.com/", "https://example.com/#x", "file:///etc/passwd"} {
		if _, err := New(address, []byte(secret)); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
	for _, address := range []string{"https://alerts.example.gov.cn/hall?key=1", "http://127.0.0.1:9000/x", "http://localhost/x", "http://[::1]/x"} {
		if _, err := New(address, []byte(secret)); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := New("https://example.com", []byte("short")); err == nil {
		t.Error("a short secret is taken")
	}
}
