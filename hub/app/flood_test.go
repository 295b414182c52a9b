package app_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// dial opens a connection to a hub's pages, over TLS where that is asked for.
func (h *hub) dial(secure bool) (net.Conn, error) {
	if !secure {
		return net.Dial("tcp", strings.TrimPrefix(h.addr.HTTP, "http://"))
	}
	return tls.Dial("tcp", strings.TrimPrefix(h.addr.HTTPS, "https://"), &tls.Config{RootCAs: h.pool, MinVersion: tls.VersionTLS13})
}

// cut waits until the hub has closed a connection.
func cut(c net.Conn) error {
	_ = c.SetReadDeadline(time.Now().Add(patience))
	_, err := io.Copy(io.Discard, c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return nil
}

func TestFiveHundredSlowCallersAreCutWhileOthersAreServed(t *testing.T) {
	h := start(t, overTLS(t.TempDir()))
	h.pool = h.hallPool()
	const slow = 500
	conns := make([]net.Conn, slow)
	var group sync.WaitGroup
	for i := range conns {
		c, err := h.dial(i%2 == 0)
		if err != nil {
			t.Fatal(err)
		}
		conns[i] = c
		group.Go(func() {
			if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: hall\r\n"); err != nil {
				return
			}
			for range 600 { // one byte after the other, as long as the hub lets it
				if _, err := io.WriteString(c, "X"); err != nil {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
	}
	client := trusting(h.pool, "")
	defer client.CloseIdleConnections()
	for i := range 50 {
		res, err := client.Get(h.addr.HTTPS + "/api/v1/live")
		if err != nil {
			t.Fatalf("request %d while %d dribble: %v", i, slow, err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	for i, c := range conns {
		if err := cut(c); err != nil {
			t.Fatalf("slow caller %d is never cut", i)
		}
		_ = c.Close()
	}
	group.Wait()
}

func TestCallersThatStopHalfwayAreCut(t *testing.T) {
	h := start(t, overTLS(t.TempDir()))
	h.pool = h.hallPool()
	post := "POST /api/v1/session HTTP/1.1\r\nHost: hall\r\nContent-Type: application/json\r\n"
	var group sync.WaitGroup
	for name, row := range map[string]struct {
		addr   string
		secure bool
		says   string
	}{
		"without a word":             {h.addr.HTTP, false, ""},
		"without a handshake":        {h.addr.HTTPS, false, ""},
		"after the handshake":        {h.addr.HTTPS, true, ""},
		"in the lines before a body": {h.addr.HTTP, false, post},
		"in a body":                  {h.addr.HTTP, false, post + "Content-Length: 1000\r\n\r\n{"},
		"in a body over TLS":         {h.addr.HTTPS, true, post + "Content-Length: 1000\r\n\r\n{"},
		"in a chunk":                 {h.addr.HTTP, false, post + "Transfer-Encoding: chunked\r\n\r\n100\r\n{"},
	} {
		c, err := net.Dial("tcp", row.addr[strings.LastIndex(row.addr, "/")+1:])
		if err == nil && row.secure {
			c = tls.Client(c, &tls.Config{RootCAs: h.pool, ServerName: "localhost", MinVersion: tls.VersionTLS13})
			err = c.(*tls.Conn).Handshake()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		group.Go(func() {
			if _, err := io.WriteString(c, row.says); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if err := cut(c); err != nil {
				t.Errorf("%s: never cut", name)
			}
		})
	}
	group.Wait()
}

// endless gives zeros and counts them.
type endless struct{ given atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.given.Add(int64(len(p)))
	return len(p), nil
}

func TestABodyOfAGigabyteIsRefusedEarly(t *testing.T) {
	h := start(t, overTLS(t.TempDir()))
	h.pool = h.hallPool()
	const giga, bearable = 1 << 30, 32 << 20 // buffers of both ends among it
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, path := range []string{"/api/v1/leaves", "/api/v1/roster/import", "/api/v1/photos", "/api/v1/session", "/lobby", "/nowhere"} {
		for _, chunked := range []bool{false, true} {
			for _, secure := range []bool{false, true} {
				c, err := h.dial(secure)
				if err != nil {
					t.Fatal(err)
				}
				head := "POST " + path + " HTTP/1.1\r\nHost: hall\r\nAuthorization: Bearer " + secret + "\r\nContent-Type: application/json\r\n"
				zeros := &endless{}
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					if chunked {
						_, _ = io.WriteString(c, head+"Transfer-Encoding: chunked\r\n\r\n")
						for block := make([]byte, 64<<10); zeros.given.Load() < giga; zeros.given.Add(int64(len(block))) {
							if _, err := fmt.Fprintf(c, "%x\r\n%s\r\n", len(block), block); err != nil {
								return
							}
						}
						return
					}
					_, _ = fmt.Fprintf(c, "%sContent-Length: %d\r\n\r\n", head, giga)
					_, _ = io.CopyN(onlyWriter{c}, zeros, giga)
				}()
				_ = c.SetReadDeadline(time.Now().Add(patience))
				res, err := http.ReadResponse(bufio.NewReader(c), nil)
				switch {
				case err != nil:
					t.Errorf("%s (chunked %v, TLS %v): %v", path, chunked, secure, err)
				case !chunked && res.StatusCode != http.StatusRequestEntityTooLarge:
					t.Errorf("%s (TLS %v): %s", path, secure, res.Status)
				case res.StatusCode < 400:
					t.Errorf("%s (chunked, TLS %v): %s", path, secure, res.Status)
				}
				if err := cut(c); err != nil {
					t.Errorf("%s: the connection is kept", path)
				}
				_ = c.Close()
				<-sent
				if n := zeros.given.Load(); n > bearable {
					t.Errorf("%s (chunked %v, TLS %v): %d MiB were taken", path, chunked, secure, n>>20)
				}
			}
		}
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 256<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	if h.get("/healthz", nil) != http.StatusOK {
		t.Error("the hub does not answer any more")
	}
}

// onlyWriter hides what a connection can do besides, so that what is sent is counted as it goes.
type onlyWriter struct{ io.Writer }

func TestOneAddressHoldsNoMoreConnectionsThanItsShare(t *testing.T) {
	at := outside(t)
	if at == "" {
		t.Log("this machine has no address but its loopback; hub/gate tests the bounds themselves")
		return
	}
	cfg := overTLS(t.TempDir())
	cfg.HTTPS = net.JoinHostPort(at, "0")
	h := start(t, cfg)
	h.pool = h.hallPool()
	const share, tries = 64, 100
	taken := 0
	for range tries {
		c, err := h.dial(true) // whoever is turned away sees no handshake
		if err != nil {
			continue
		}
		t.Cleanup(func() { _ = c.Close() })
		// A request is answered and the connection kept: one that says nothing is cut before a slow machine has made all of them.
		if _, err := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: hall\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
			t.Fatalf("a connection that was taken answers nothing: %v", err)
		}
		taken++
	}
	if taken != share {
		t.Errorf("%d of %d connections from one address were taken, want %d", taken, tries, share)
	}
	if h.get("/healthz", nil) != http.StatusOK {
		t.Error("this machine's own programs are not served")
	}
}

// answerPings reads what comes until the connection ends, as a browser does whose page says nothing.
func answerPings(c *websocket.Conn) {
	for {
		if _, _, err := c.NextReader(); err != nil {
			return
		}
	}
}

// Idle websockets take the places of strangers, and no more; who has signed in finds a place and sees what happens at once.
func TestStrangersSocketsLeaveRoomForTheHallsScreens(t *testing.T) {
	h := start(t, overTLS(t.TempDir()))
	h.pool = h.hallPool()
	const strangers, places = 2300, 1800
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: h.pool, MinVersion: tls.VersionTLS13, ClientSessionCache: tls.NewLRUClientSessionCache(64)}, HandshakeTimeout: patience, ReadBufferSize: 512, WriteBufferSize: 512}
	url := "wss" + strings.TrimPrefix(h.addr.HTTPS, "https") + "/ws/live"
	var mu sync.Mutex
	var held []*websocket.Conn
	refused := 0
	defer func() {
		for _, c := range held {
			_ = c.NetConn().(*tls.Conn).NetConn().Close()
		}
	}()
	var group sync.WaitGroup
	slots := make(chan struct{}, 32)
	for range strangers {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			c, res, err := dialer.Dial(url, nil)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				held = append(held, c)
				go answerPings(c)
			case res != nil && res.StatusCode == http.StatusServiceUnavailable:
				refused++
			default:
				t.Errorf("%v", err)
			}
		})
	}
	group.Wait()
	if len(held) != places || refused != strangers-places {
		t.Fatalf("%d strangers were taken and %d refused, want %d and %d", len(held), refused, places, strangers-places)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("both ends of %d sockets and the hub: heap %d MiB, stacks %d MiB", len(held), m.HeapInuse>>20, m.StackInuse>>20)
	lobby, _, err := dialer.Dial(url, http.Header{"Authorization": {"Bearer " + secret}})
	if err != nil {
		t.Fatalf("the lobby's screen is not taken: %v", err)
	}
	defer lobby.Close()
	_ = lobby.SetReadDeadline(time.Now().Add(patience))
	h.change("PUT", "windows/w1", map[string]any{"number": "01", "name": "综合"})
	for seen := false; !seen; {
		_, text, err := lobby.ReadMessage()
		if err != nil {
			t.Fatalf("the lobby's screen never sees the window: %v", err)
		}
		seen = strings.Contains(string(text), `"w1"`)
	}
	if h.get("/healthz", nil) != http.StatusOK {
		t.Error("the hub does not answer")
	}
}
