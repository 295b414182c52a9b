package api

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net/http"

	"hallkeeper/hub/access"
	"hallkeeper/hub/ca"
	"hallkeeper/hub/enrolment"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Authority is the hall's authority of certificates.
type Authority interface {
	// Issue makes a certificate for a key; it is good once the log knows it.
	Issue(key crypto.PublicKey, kind ca.Kind, name string) (ca.Issued, error)
	// Verify reads whose a certificate is that the authority made and that holds now.
	Verify(text []byte) (ca.Identity, *x509.Certificate, error)
	// PEM is the authority's own certificate, Pin what an enrolment code says of it.
	PEM() []byte
	Pin() [wire.PinSize]byte
}

var errHall = errors.New("the certificate is of another hall")

// ShownBy reads whose a certificate is. TLS has verified that the hall's authority signed it.
func ShownBy(c *x509.Certificate, hall string) (enrolment.Shown, error) {
	w, err := ca.Whose(c)
	if err == nil && w.Hall != hall {
		err = errHall
	}
	sum := sha256.Sum256(c.Raw)
	return enrolment.Shown{Serial: w.Serial, Fingerprint: hex.EncodeToString(sum[:]), Kind: wire.CertificateKind(w.Kind), Device: w.Name}, err
}

// shown is the certificate that a request's connection has; ok is false where it has none.
func (a *API) shown(r *http.Request) (x enrolment.Shown, ok bool, err error) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.PeerCertificates) == 0 {
		return x, false, nil
	}
	x, err = ShownBy(r.TLS.PeerCertificates[0], a.Hall)
	return x, true, err
}

// device says whose certificate a request's connection has, nobody's where it has
// none. One that is no good is refused, whatever else the request shows.
func (a *API) device(r *http.Request) (access.Identity, error) {
	x, ok, err := a.shown(r)
	if !ok {
		return access.Nobody(), nil
	}
	renewed := false
	if err == nil {
		a.Register.Read(func(v *register.View, _ *roster.State) {
			_, err = v.State.Enrolment.Check(x, a.Now())
			renewed = err == nil && v.State.Enrolment.Renewed(x.Serial, a.Now())
		})
	}
	if err != nil {
		f := problem("certificate_refused")
		if r := refusal(err); r != nil {
			f = r
		}
		a.metrics.refusals.WithLabelValues("certificate", f.name).Inc()
		a.Logger.WarnContext(r.Context(), "a certificate was refused", "device", x.Device, "serial", x.Serial, "address", address(r), "error", err)
		return access.Nobody(), f
	}
	i := access.Identity{Account: "device-" + x.Device, Role: wire.RoleDevice, Session: x.Serial[:16], Device: x.Device, Certificate: x.Serial}
	if x.Kind == wire.CertificateScreen {
		return a.screenIdentity(x.Device, x.Serial), nil
	}
	if renewed {
		if _, _, err := a.Commands.Do(r.Context(), i.Actor(), "", enrolment.Seen{Serial: x.Serial}); err != nil {
			a.Logger.WarnContext(r.Context(), "the certificate that a device has renewed could not be ended", "device", x.Device, "error", err)
		}
	}
	return i, nil
}
