package gate

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestWhatPlainHTTPIsAnswered(t *testing.T) {
	served := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	refuse := func(w http.ResponseWriter, _ *http.Request, status int, code string) { http.Error(w, code, status) }
	const here, there = "127.0.0.1:5000", "192.168.1.20:5000"
	for _, row := range []struct {
		name, peer, method, host, path, port string
		status                               int
		location                             string
	}{
		{"a program on this machine", here, "POST", "127.0.0.1:8080", "/api/v1/session", "443", 204, ""},
		{"another machine's page", there, "GET", "hall.local:8080", "/lobby?x=1", "443", 308, "https://hall.local/lobby?x=1"},
		{"with HTTPS on another port", there, "HEAD", "hall.local", "/", "8443", 308, "https://hall.local:8443/"},
		{"by address", there, "GET", "192.168.1.10:80", "/", "443", 308, "https://192.168.1.10/"},
		{"by an address of IPv6", there, "GET", "[fd00::1]:80", "/", "8443", 308, "https://[fd00::1]:8443/"},
		{"a password in clear", there, "POST", "hall.local", "/api/v1/session", "443", 403, ""},
		{"a host that is none", there, "GET", "evil/..@x", "/", "443", 403, ""},
		{"no host", there, "GET", "", "/", "443", 403, ""},
		{"a path that looks like a host", there, "GET", "hall.local", "//evil.example/x", "443", 308, "https://hall.local//evil.example/x"},
		{"a probe", there, "GET", "hall.local", "/healthz", "443", 204, ""},
		{"the authority's certificate", there, "GET", "hall.local", "/ca.crt", "443", 204, ""},
		{"a peer that cannot be read", "@", "GET", "hall.local", "/", "443", 308, "https://hall.local/"},
	} {
		r := httptest.NewRequest(row.method, "/", nil)
		r.RemoteAddr, r.Host, r.URL.Path, r.RequestURI = row.peer, row.host, row.path, row.path
		if row.path == "/lobby?x=1" {
			r.URL.Path, r.URL.RawQuery = "/lobby", "x=1"
		}
		w := httptest.NewRecorder()
		Plain(served, row.port, refuse).ServeHTTP(w, r)
		if w.Code != row.status || w.Header().Get("Location") != row.location {
			t.Errorf("%s: %d to %q, want %d to %q", row.name, w.Code, w.Header().Get("Location"), row.status, row.location)
		}
	}
}
