package gate

import (
	"net"
	"net/http"
	"net/netip"
	"testing"
)

// caller is one end of a connection that says where it is from.
type caller struct {
	net.Conn
	from net.Addr
}

func (c caller) RemoteAddr() net.Addr { return c.from }

func from(t *testing.T, at string) net.Conn {
	t.Helper()
	here, there := net.Pipe()
	t.Cleanup(func() { _, _ = here.Close(), there.Close() })
	return caller{here, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(at))}
}

func TestOneAddressTakesNoMoreThanItsShare(t *testing.T) {
	l := NewLimits(100, 2, nil)
	for _, row := range []struct {
		at   string
		fine bool
	}{
		{"192.168.1.20:1", true}, {"192.168.1.20:2", true}, {"192.168.1.20:3", false}, {"[::ffff:192.168.1.20]:4", false},
		{"192.168.1.21:1", true},
		{"[2001:db8:1:2::1]:1", true}, {"[2001:db8:1:2::2]:1", true}, {"[2001:db8:1:2:3::3]:1", false}, {"[2001:db8:1:3::1]:1", true},
		{"127.0.0.1:1", true}, {"127.0.0.1:2", true}, {"127.0.0.1:3", true}, {"[::1]:1", true}, {"[::1]:2", true}, {"[::1]:3", true},
	} {
		if c := l.enter(from(t, row.at)); (c != nil) != row.fine {
			t.Errorf("%s: taken is %v, want %v", row.at, c != nil, row.fine)
		}
	}
}

func TestAPlaceIsFreeAgainWhenAConnectionEnds(t *testing.T) {
	l := NewLimits(10, 1, nil)
	c := l.enter(from(t, "192.168.1.20:1"))
	if l.enter(from(t, "192.168.1.20:2")) != nil {
		t.Fatal("a second one is taken")
	}
	_ = c.Close()
	_ = c.Close() // ends once
	if l.Open() != 0 || l.enter(from(t, "192.168.1.20:3")) == nil {
		t.Errorf("%d are open after the end", l.Open())
	}
}

func TestWhoeverWaitsLongestMakesRoom(t *testing.T) {
	l := NewLimits(2, 10, nil)
	first, second := l.enter(from(t, "192.168.1.20:1")), l.enter(from(t, "192.168.1.21:1"))
	if l.enter(from(t, "192.168.1.22:1")) != nil {
		t.Fatal("one too many is taken while all are busy")
	}
	l.Track(second, http.StateIdle)
	l.Track(first, http.StateIdle)
	l.Track(second, http.StateActive) // asks again, and then waits for less long
	l.Track(second, http.StateIdle)
	third := l.enter(from(t, "192.168.1.22:1"))
	if third == nil || !first.closed || second.closed || l.Open() != 2 {
		t.Fatalf("the first was closed: %v, the second: %v, %d open", first.closed, second.closed, l.Open())
	}
	l.Track(second, http.StateHijacked) // a websocket never makes room
	if l.enter(from(t, "192.168.1.23:1")) != nil {
		t.Error("a websocket made room")
	}
}
