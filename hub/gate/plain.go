package gate

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// AuthorityPath is where everybody gets the certificate of the hall's authority.
const AuthorityPath = "/ca.crt"

// Plain is what plain HTTP is answered where it can be reached from other
// machines: programs on this one are served; others are sent to HTTPS, but for
// probes and the authority's certificate, which they need before that.
// port is HTTPS's; refuse answers what cannot be sent there.
func Plain(next http.Handler, port string, refuse Refuse) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz", "/readyz", AuthorityPath:
			next.ServeHTTP(w, r)
			return
		}
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && peer.Addr().Unmap().IsLoopback() {
			next.ServeHTTP(w, r)
			return
		}
		host := hostOf(r.Host)
		if host == "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
			// What was sent in clear was readable on the way: whoever did it is to notice.
			w.Header().Set("Connection", "close")
			refuse(w, r, http.StatusForbidden, "https_only")
			return
		}
		if port != "443" {
			host += ":" + port
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusPermanentRedirect) //nolint:gosec // to the host that was asked, and nothing caches it
	})
}

// hostOf is the host that was asked, without its port, as it stands in an address; empty where it is none.
func hostOf(given string) string {
	host := given
	if h, _, err := net.SplitHostPort(given); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.Is6() {
			return "[" + ip.String() + "]"
		}
		return ip.String()
	}
	for _, c := range host {
		if c != '-' && c != '.' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return ""
		}
	}
	return host
}
