package gate

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections keep nothing on the way.
type pipes struct{ conns chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { close(p.conns); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// connected serves h on one connection and gives the caller's end.
func connected(t *testing.T, h http.Handler) net.Conn {
	l := pipes{make(chan net.Conn, 1)}
	s := Server(h, NewLimits(0, 0, nil), func(w http.ResponseWriter, _ *http.Request, status int, code string) { http.Error(w, code, status) }, slog.New(slog.DiscardHandler))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	here, there := net.Pipe()
	l.conns <- there
	t.Cleanup(func() {
		_ = here.Close()
		_ = s.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the server ended with %v", err)
		}
	})
	return here
}

func TestAnAnswerThatNobodyTakesIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := make(chan error, 1)
		c := connected(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, err := w.Write(bytes.Repeat([]byte("x"), 1<<20))
			failed <- err
		}))
		began := time.Now()
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: hall\r\n\r\n")
		if err := <-failed; err == nil {
			t.Error("it was taken")
		}
		if took, bound := time.Since(began), grace+(1<<20)/slowest*time.Second; took > bound+time.Second {
			t.Errorf("cut after %v, want %v at most", took, bound)
		}
	})
}

// A slow line is no attack: 16 KiB a second bring a large table in.
func TestASlowUploadComesIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 4 << 20
		got := make(chan int, 1)
		c := connected(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			got <- len(b)
			time.Sleep(time.Minute) // what is done with it takes its time
			if r.Context().Err() != nil {
				t.Error("the request was given up while it was worked on")
			}
			_, _ = io.WriteString(w, "done")
		}))
		go func() {
			_, _ = io.WriteString(c, "PUT / HTTP/1.1\r\nHost: hall\r\nContent-Length: "+"4194304"+"\r\n\r\n")
			for range size / (16 << 10) {
				time.Sleep(time.Second)
				if _, err := c.Write(make([]byte, 16<<10)); err != nil {
					t.Error(err)
					return
				}
			}
		}()
		answer := make([]byte, 4096)
		n, err := c.Read(answer)
		if err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 200") || <-got != size {
			t.Errorf("%q, %v", answer[:n], err)
		}
	})
}

func TestABodySlowerThanBearableIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := make(chan error, 1)
		c := connected(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			failed <- err
		}))
		began := time.Now()
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_, _ = io.WriteString(c, "PUT / HTTP/1.1\r\nHost: hall\r\nTransfer-Encoding: chunked\r\n\r\n")
			for {
				if _, err := io.WriteString(c, "1\r\nx\r\n"); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		if err := <-failed; err == nil {
			t.Error("it was taken")
		}
		if took := time.Since(began); took > grace+2*time.Second {
			t.Errorf("cut after %v", took)
		}
		_ = c.Close()
		<-gone
	})
}
