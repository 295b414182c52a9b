package uplink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// dial opens a connection to the broker that ends as conn does.
func dial(broker *url.URL, options mqtt.ClientOptions) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	var dialer interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	} = &net.Dialer{}
	if Encrypted(broker.String()) {
		dialer = &tls.Dialer{Config: options.TLSConfig}
	}
	c, err := dialer.DialContext(ctx, "tcp", broker.Host)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", broker.Host, err)
	}
	return conn{c}, nil
}

// conn is a connection that the other side has read to its end before it is closed.
// To close one into which the broker still writes resets it, and then the broker
// throws away what it has not read yet: the word that the device goes on purpose.
type conn struct{ net.Conn }

// Close waits for the other side's end, at most for lingers.
func (c conn) Close() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if ok && half.CloseWrite() == nil && c.SetReadDeadline(time.Now().Add(lingers)) == nil {
		_, _ = io.Copy(io.Discard, c.Conn) // whether it ends well or not, this is the end
	}
	if err := c.Conn.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
