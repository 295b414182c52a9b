package broker

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"hallkeeper/wire"
)

// settling is a Sink that acknowledges at once.
type settling struct{ delivered atomic.Int64 }

func (s *settling) Connected()                       {}
func (s *settling) Status(string, []byte, time.Time) {}
func (s *settling) Deliver(d Delivery) {
	s.delivered.Add(1)
	d.Settle(Acknowledge)
}

// packet is a control packet of at most 127 bytes; text is a string as MQTT writes it.
func packet(first byte, body ...byte) []byte { return append([]byte{first, byte(len(body))}, body...) }

func text(s string) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...) }

func connect(version byte, id string) []byte {
	body := append(text("MQTT"), version, 2, 0, 30)
	if version == mqtt5 {
		body = append(body, 0)
	}
	return packet(0x10, append(body, text(id)...)...)
}

// FuzzPackets sends any bytes to the embedded broker's socket: the connection ends,
// and another one is served as before.
func FuzzPackets(f *testing.F) {
	topics := wire.Topics{Hall: "h1"}
	events, status := topics.Agent("w01", wire.LeafEvents), topics.Agent("w01", wire.LeafStatus)
	publish := func(qos byte, topic, more string) []byte {
		body := text(topic)
		if qos > 0 {
			body = append(body, 0, 7)
		}
		return packet(0x30|qos<<1, append(body, more...)...)
	}
	join := func(all ...[]byte) (whole []byte) {
		for _, p := range all {
			whole = append(whole, p...)
		}
		return whole
	}
	subscribe := packet(0x82, append(append([]byte{0, 1}, text("hall/v1/h1/#")...), 1)...)
	f.Add([]byte{})
	f.Add(join(connect(4, "w01"), publish(1, events, `{"id":"1"}`), packet(0xc0), packet(0xe0)))
	f.Add(join(connect(4, "w01"), publish(2, events, `[`), packet(0x62, 0, 7), publish(0, status, `{`), subscribe, packet(0xa2, append([]byte{0, 2}, text("a/+")...)...)))
	f.Add(join(connect(5, "w01"), packet(0x32, append(append(text(events), 0, 9, 5, 0x23, 0, 1, 0x01, 1), '{')...), packet(0xe0, 0x04, 0)))
	f.Add(join(connect(5, ""), packet(0x82, append(append([]byte{0, 1, 0}, text("$share/g/hall/#")...), 0x2e)...), packet(0xf0, 0x18, 0)))
	f.Add(append(packet(0x10, append(append(text("MQTT"), 4, 0x2e, 0, 1), join(text("w01"), text(status), text("{}"))...)...), 0x30, 0xff, 0xff, 0xff, 0x7f))
	f.Add([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))

	dir, err := os.MkdirTemp("", "fuzz")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = os.RemoveAll(dir) })
	sink := &settling{}
	e, err := NewEmbedded(EmbeddedConfig{Addr: "127.0.0.1:0", Topics: topics}, sink, slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	_ = e.plain.net.Close()
	// A Unix socket, since a million connections would use up the ports of TCP.
	if e.plain.net, err = net.Listen("unix", filepath.Join(dir, "s")); err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	f.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			f.Error(err)
		}
	})
	dial := func(t testing.TB) *net.UnixConn {
		c, err := net.Dial("unix", e.plain.net.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(8 * time.Second))
		return c.(*net.UnixConn)
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		c := dial(t)
		defer func() { _ = c.Close() }()
		read := make(chan error, 1)
		go func() {
			_, err := io.Copy(io.Discard, c)
			read <- err
		}()
		_, _ = c.Write(bytes) // it may be cut off in the middle
		_ = c.CloseWrite()
		if err := <-read; errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("the connection stays open after %x", bytes)
		}
		before := sink.delivered.Load()
		steady := dial(t)
		defer func() { _ = steady.Close() }()
		answer := make([]byte, 8)
		_, err := steady.Write(join(connect(4, "steady-019ab3c1"), publish(1, events, `{}`)))
		if err == nil {
			_, err = io.ReadFull(steady, answer)
		}
		if err != nil || answer[3] != 0 || answer[4] != 0x40 || sink.delivered.Load() == before {
			t.Fatalf("after %x the next device is answered %x, %v", bytes, answer, err)
		}
	})
}
