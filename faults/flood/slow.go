package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hallkeeper/faults/operator"
)

// dial opens a connection to the hub, over TLS where that is asked for.
func (h *hub) dial(ctx context.Context, secure bool) (net.Conn, error) {
	d := &net.Dialer{Timeout: patience}
	if secure {
		return (&tls.Dialer{NetDialer: d, Config: h.tls()}).DialContext(ctx, "tcp", strings.TrimPrefix(h.HTTPS, "https://"))
	}
	return d.DialContext(ctx, "tcp", strings.TrimPrefix(h.HTTP, "http://"))
}

// slowCallers dribble header lines, or a body, or say nothing, until the hub cuts them; others ask meanwhile.
func slowCallers(ctx context.Context, h *hub, n int, log func(string, ...any)) (s slowResult, err error) {
	if n == 0 {
		return s, nil
	}
	s.tried = n
	begins := []string{"", "GET / HTTP/1.1\r\nHost: hall\r\nX-", "POST /api/v1/session HTTP/1.1\r\nHost: hall\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"}
	var mu sync.Mutex
	var group sync.WaitGroup
	for i := range n {
		c, err := h.dial(ctx, i%2 == 0)
		if err != nil {
			return s, fmt.Errorf("slow caller %d: %w", i, err)
		}
		began := time.Now()
		group.Go(func() {
			defer func() { _ = c.Close() }()
			cut := dribble(c, begins[i/2%len(begins)])
			mu.Lock()
			defer mu.Unlock()
			if cut {
				s.cut++
				s.longest = max(s.longest, time.Since(began))
			}
		})
	}
	log("%d slow callers hold on", n)
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	client := h.client()
	defer client.CloseIdleConnections()
	for {
		select {
		case <-done:
			return s, nil
		default:
		}
		at := time.Now()
		if status, _, err := h.get(ctx, client, h.HTTPS+"/api/v1/live"); err != nil || status != http.StatusOK {
			return s, fmt.Errorf("somebody who asks while slow callers hold on: %d %w", status, err)
		}
		s.answer = max(s.answer, time.Since(at))
		time.Sleep(20 * time.Millisecond)
	}
}

// dribble gives a byte every tenth of a second, and tells whether the connection was cut.
func dribble(c net.Conn, begin string) bool {
	if _, err := io.WriteString(c, begin); err != nil {
		return true
	}
	over := make(chan struct{})
	go func() { // a cut shows in reading; TLS would hide it from a writer for a while
		_, _ = io.Copy(io.Discard, c)
		close(over)
	}()
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		select {
		case <-over:
			return true
		case <-t.C:
			if begin == "" {
				continue // whoever says nothing goes on saying nothing
			}
			if _, err := io.WriteString(c, "x"); err != nil {
				return true
			}
		}
	}
	return false
}

// bodies are sent until the hub refuses them: with their length, and in chunks without.
func bodies(ctx context.Context, h *hub, size int64, log func(string, ...any)) (g gigaResult, err error) {
	if size == 0 {
		return g, nil
	}
	g.size, g.most = size, h.memory()
	for _, path := range []string{"/api/v1/leaves", "/api/v1/roster/import", "/api/v1/session", "/lobby"} {
		for _, chunked := range []bool{false, true} {
			for _, secure := range []bool{false, true} {
				taken, status, err := body(ctx, h, path, size, chunked, secure)
				if err != nil {
					return g, fmt.Errorf("a body for %s: %w", path, err)
				}
				g.tried++
				if status >= http.StatusBadRequest && status < http.StatusInternalServerError {
					g.refused++
				} else {
					log("a body for %s (chunked %v, TLS %v) was answered with %d", path, chunked, secure, status)
				}
				g.taken, g.most = max(g.taken, taken), max(g.most, h.memory())
			}
		}
	}
	return g, nil
}

// body sends one as the operator, who may send most, and gives how much of it was taken and the answer.
func body(ctx context.Context, h *hub, path string, size int64, chunked, secure bool) (taken int64, status int, err error) {
	c, err := h.dial(ctx, secure)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = c.Close() }()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.HTTP+path, nil)
	if err != nil {
		return 0, 0, err
	}
	operator.Sign(r)
	head := "POST " + path + " HTTP/1.1\r\nHost: hall\r\nContent-Type: application/json\r\nAuthorization: " + r.Header.Get("Authorization") + "\r\n"
	if chunked {
		head += "Transfer-Encoding: chunked\r\n\r\n"
	} else {
		head += fmt.Sprintf("Content-Length: %d\r\n\r\n", size)
	}
	var sent atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := io.WriteString(c, head); err != nil {
			return
		}
		block := make([]byte, 64<<10)
		piece := block
		if chunked {
			piece = fmt.Appendf(nil, "%x\r\n%s\r\n", len(block), block)
		}
		for sent.Load() < size {
			if _, err := c.Write(piece); err != nil {
				return
			}
			sent.Add(int64(len(block)))
		}
	}()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	in := bufio.NewReader(c)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return sent.Load(), 0, err
	}
	_ = res.Body.Close()
	if _, err := io.Copy(io.Discard, in); errors.Is(err, os.ErrDeadlineExceeded) {
		return sent.Load(), 0, errors.New("the connection is kept")
	}
	_ = c.Close()
	<-done
	return sent.Load(), res.StatusCode, nil
}
