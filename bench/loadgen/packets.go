package loadgen

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

// First bytes of MQTT control packets.
const (
	connect    = 0x10
	connack    = 0x20
	publish1   = 0x32
	puback     = 0x40
	subscribe1 = 0x82
	suback     = 0x90
)

// dial connects with a clean session and no keep-alive, over TLS where secure is not nil.
func dial(ctx context.Context, addr, id string, secure *tls.Config) (net.Conn, error) {
	d := &net.Dialer{Timeout: 10 * time.Second}
	var c net.Conn
	var err error
	if secure == nil {
		c, err = d.DialContext(ctx, "tcp", addr)
	} else {
		// Go begins with small records, for pages on slow lines. They would cut this generator's
		// large writes, of many events each, into work that no device makes.
		secure = secure.Clone()
		secure.DynamicRecordSizingDisabled = true
		c, err = (&tls.Dialer{NetDialer: d, Config: secure}).DialContext(ctx, "tcp", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("connect to the broker: %w", err)
	}
	body := append([]byte("\x00\x04MQTT\x04\x02\x00\x00"), text(id)...)
	answer, err := exchange(c, frame(connect, body), 4)
	if err == nil && (answer[0] != connack || answer[3] != 0) {
		err = fmt.Errorf("the broker refused the connection: %x", answer)
	}
	if err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("connect to the broker as %s: %w", id, err)
	}
	return c, nil
}

// exchange writes a packet and reads an answer of n bytes.
func exchange(c net.Conn, packet []byte, n int) ([]byte, error) {
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := c.Write(packet); err != nil {
		return nil, err
	}
	answer := make([]byte, n)
	if _, err := io.ReadFull(c, answer); err != nil {
		return nil, err
	}
	return answer, c.SetDeadline(time.Time{})
}

func text(s string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...)
}

func frame(first byte, body []byte) []byte {
	return append(binary.AppendUvarint([]byte{first}, uint64(len(body))), body...) // MQTT's lengths are uvarints
}

// split cuts one packet off b: its first byte and its body. n is 0 where b does
// not hold a whole one yet.
func split(b []byte) (first byte, body []byte, n int) {
	if len(b) < 2 {
		return 0, nil, 0
	}
	length, used := binary.Uvarint(b[1:])
	if used <= 0 || uint64(len(b)-1-used) < length {
		return 0, nil, 0
	}
	n = 1 + used + int(length)
	return b[0], b[1+used : n], n
}
