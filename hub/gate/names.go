package gate

import (
	"net"
	"os"
	"slices"
	"strings"
)

// OwnNames are the names and addresses under which this machine is reached: its
// host name, that with .local as machines on the same network find it, and the
// addresses of its interfaces.
func OwnNames() []string {
	var names []string
	if host, err := os.Hostname(); err == nil && host != "" {
		names = append(names, host)
		if !strings.Contains(host, ".") {
			names = append(names, host+".local")
		}
	}
	if all, err := net.InterfaceAddrs(); err == nil {
		var at []string
		for _, a := range all {
			if n, ok := a.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() {
				at = append(at, n.IP.String())
			}
		}
		slices.Sort(at)
		names = append(names, at...)
	}
	return withLoopback(names)
}

// withLoopback adds what programs on this machine ask for.
func withLoopback(names []string) []string {
	all := slices.Clone(names)
	for _, n := range []string{"localhost", "127.0.0.1", "::1"} {
		if !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// Loopback tells whether a host of a listener's address is this machine's alone.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
