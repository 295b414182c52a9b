package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"

	"hallkeeper/wire"
)

// Renew gets the next certificate, for a new key, with the present one, and puts it in force.
func Renew(ctx context.Context, data string, present *Identity, clock Clock) (*Identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	d, err := begin(data, key)
	if err != nil {
		return nil, err
	}
	defer d.discard()
	request, err := requestFor(key)
	if err != nil {
		return nil, err
	}
	c := caller{addr: present.HTTPS, tls: present.TLS(clock)}
	answer, err := c.ask(ctx, "certificates/renew", wire.RenewRequest{Request: request})
	if err != nil {
		return nil, err
	}
	id, err := accept(answer, present.HTTPS, key, present.Authority)
	if err == nil && (id.Hall != present.Hall || id.Agent != present.Agent) {
		err = fmt.Errorf("it is for the device %s of the hall %s", id.Agent, id.Hall)
	}
	if err != nil {
		return nil, fmt.Errorf("the hub's answer is not used: %w", err)
	}
	return id, d.finish(id)
}
