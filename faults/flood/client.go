package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// opening is how many sockets of one process are being opened at a time.
	opening = 32
	// patience is how long anything may take on a busy machine.
	patience = 60 * time.Second
)

// clientOptions are of a process that holds sockets.
type clientOptions struct {
	url, ca string
	count   int
}

// held is what such a process says once all its sockets are open, and again after it has let go of them.
type held struct {
	Taken   int `json:"taken"`
	Refused int `json:"refused"`
	// Lost were neither, or ended while they were held.
	Lost  int    `json:"lost"`
	Error string `json:"error,omitempty"` // of one of them
}

// hold opens the sockets, says what came of it, and lets go once stdin ends.
func (o *clientOptions) hold(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	u, err := url.Parse(o.url)
	if err != nil {
		return err
	}
	dial := (&net.Dialer{Timeout: patience}).DialContext
	if o.ca != "" {
		pem, err := os.ReadFile(o.ca)
		if err != nil {
			return err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return errors.New("no certificate in " + o.ca)
		}
		dial = (&tls.Dialer{Config: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}}).DialContext
	}
	var h held
	var mu sync.Mutex
	var lost atomic.Int64
	var letGo atomic.Bool
	var conns []net.Conn
	var group sync.WaitGroup
	slots := make(chan struct{}, opening)
	for range o.count {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			conn, in, status, err := ask(ctx, dial, u.Host)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				h.Error = err.Error()
				h.Lost++
				return
			case status == http.StatusSwitchingProtocols:
				h.Taken++
				go func() {
					if _ = idle(conn, in); !letGo.Load() {
						lost.Add(1)
					}
				}()
			case status == http.StatusServiceUnavailable:
				h.Refused++
			default:
				h.Lost++
				h.Error = http.StatusText(status)
			}
			conns = append(conns, conn)
		})
	}
	group.Wait()
	if err := json.NewEncoder(stdout).Encode(h); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, stdin)
	letGo.Store(true)
	for _, c := range conns {
		if t, ok := c.(*tls.Conn); ok {
			c = t.NetConn() // as a computer that is switched off: without a word
		}
		_ = c.Close()
	}
	return json.NewEncoder(stdout).Encode(held{Lost: int(lost.Load())})
}

// ask asks for the live view's websocket, and keeps the connection whatever the answer is.
func ask(ctx context.Context, dial func(context.Context, string, string) (net.Conn, error), host string) (net.Conn, *bufio.Reader, int, error) {
	conn, err := dial(ctx, "tcp", host)
	if err != nil {
		return nil, nil, 0, err
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, err = fmt.Fprintf(conn, "GET /ws/live HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", host)
	if err != nil {
		return nil, nil, 0, errors.Join(err, conn.Close())
	}
	in := bufio.NewReaderSize(conn, 512)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil, nil, 0, errors.Join(err, conn.Close())
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	return conn, in, res.StatusCode, conn.SetDeadline(time.Time{})
}

// idle reads what comes and answers pings, as a browser does by itself.
func idle(conn net.Conn, in *bufio.Reader) error {
	var head [2]byte
	for {
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return err
		}
		length := uint64(head[1] & 0x7f)
		if more := map[uint64]int{126: 2, 127: 8}[length]; more > 0 {
			var b [8]byte
			if _, err := io.ReadFull(in, b[8-more:]); err != nil {
				return err
			}
			length = binary.BigEndian.Uint64(b[:])
		}
		if head[0]&0xf != 9 { // no ping
			if _, err := io.CopyN(io.Discard, in, int64(min(length, 1<<40))); err != nil {
				return err
			}
			continue
		}
		text := make([]byte, length&0x7f) // a ping's is at most 125 bytes
		if _, err := io.ReadFull(in, text); err != nil {
			return err
		}
		// A pong, masked by zeros.
		if _, err := conn.Write(append([]byte{0x8a, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)); err != nil {
			return err
		}
	}
}
