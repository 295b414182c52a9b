package ca

import (
	"crypto/x509"
	"fmt"
)

// Verify reads the PEM certificate of a device: whose it is, where this authority
// made it and it holds now. It does not know what was revoked.
func (a *Authority) Verify(text []byte) (Identity, *x509.Certificate, error) {
	c, err := parse(text)
	if err != nil {
		return Identity{}, nil, err
	}
	if _, err := c.Verify(x509.VerifyOptions{Roots: a.Pool(), CurrentTime: a.now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		return Identity{}, nil, fmt.Errorf("the certificate is not one of this hall's: %w", err)
	}
	who, err := Whose(c)
	if err == nil && who.Hall != a.hall {
		err = fmt.Errorf("the certificate is of the hall %q", who.Hall)
	}
	return who, c, err
}
