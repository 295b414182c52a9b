package app

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// externalTLS lets the hub in at a broker that somebody else runs: it shows a
// certificate of the hall, and trusts the hall's authority beside the system's.
func (a *App) externalTLS() (*tls.Config, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read the system's authorities: %w", err)
	}
	roots.AddCert(a.authority.Certificate())
	show := func(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		cert, err := a.authority.Client()
		if err == nil && asked.SupportsCertificate(cert) != nil {
			cert = new(tls.Certificate) // it asks for those of other authorities
		}
		return cert, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, GetClientCertificate: show}, nil
}
