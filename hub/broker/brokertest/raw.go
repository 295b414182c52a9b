package brokertest

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"
)

// Raw speaks MQTT byte by byte, for what no client library does.
type Raw struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

// Packet is a control packet: its first byte and what follows its length.
type Packet struct {
	First byte
	Body  []byte
}

// DialRaw opens a socket and sends nothing.
func DialRaw(t testing.TB, addr string) *Raw {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &Raw{t: t, conn: c, in: bufio.NewReader(c)}
}

// Write sends bytes.
func (r *Raw) Write(p ...byte) {
	r.t.Helper()
	if err := r.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.conn.Write(p); err != nil {
		r.t.Fatalf("write: %v", err)
	}
}

// Close cuts the connection.
func (r *Raw) Close() { _ = r.conn.Close() }

// Read waits for the next packet; ok is false where the connection was cut.
func (r *Raw) Read() (p Packet, ok bool) { return r.ReadWithin(patience) }

// ReadWithin is Read with a limit of its own; a timeout gives ok false too.
func (r *Raw) ReadWithin(limit time.Duration) (p Packet, ok bool) {
	r.t.Helper()
	if err := r.conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		r.t.Fatal(err)
	}
	first, err := r.in.ReadByte()
	if err != nil {
		return Packet{}, false
	}
	length, shift := 0, 0
	for {
		b, err := r.in.ReadByte()
		if err != nil {
			return Packet{}, false
		}
		length |= int(b&0x7f) << shift
		if shift += 7; b < 0x80 {
			break
		}
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r.in, body); err != nil {
		return Packet{}, false
	}
	return Packet{first, body}, true
}

// Expect waits for a packet of the given first byte and gives its body.
func (r *Raw) Expect(first byte) []byte {
	r.t.Helper()
	p, ok := r.Read()
	if !ok || p.First != first {
		r.t.Fatalf("expected a packet %#x, got %#x %x (open %v)", first, p.First, p.Body, ok)
	}
	return p.Body
}

// RawConnect is a CONNECT packet: version 4 is MQTT 3.1.1, 5 is 5. A will with
// an empty topic is none.
func RawConnect(version byte, id, user, willTopic, will string) []byte {
	text := func(dst []byte, s string) []byte {
		return append(append(dst, byte(len(s)>>8), byte(len(s))), s...)
	}
	flags := byte(2) // clean
	if willTopic != "" {
		flags |= 4 | 1<<3 | 32
	}
	if user != "" {
		flags |= 128
	}
	body := append(text(nil, "MQTT"), version, flags, 0, 30)
	if version == 5 {
		body = append(body, 0)
	}
	body = text(body, id)
	if willTopic != "" {
		if version == 5 {
			body = append(body, 0)
		}
		body = text(text(body, willTopic), will)
	}
	if user != "" {
		body = text(body, user)
	}
	return packet(0x10, body)
}

// RawPublish is a PUBLISH packet; at QoS 0 id is left out.
func RawPublish(version, qos byte, dup bool, topic string, id uint16, payload string) []byte {
	body := append([]byte{byte(len(topic) >> 8), byte(len(topic))}, topic...)
	if qos > 0 {
		body = append(body, byte(id>>8), byte(id))
	}
	if version == 5 {
		body = append(body, 0)
	}
	first := 0x30 | qos<<1
	if dup {
		first |= 8
	}
	return packet(first, append(body, payload...))
}

// RawSubscribe is a SUBSCRIBE packet of MQTT 3.1.1 at QoS 1.
func RawSubscribe(id uint16, filter string) []byte {
	body := append([]byte{byte(id >> 8), byte(id), byte(len(filter) >> 8), byte(len(filter))}, filter...)
	return packet(0x82, append(body, 1))
}

func packet(first byte, body []byte) []byte {
	out := []byte{first}
	n := len(body)
	for ; n >= 0x80; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(append(out, byte(n)), body...)
}
