package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"time"

	"hallkeeper/hub/api"
	"hallkeeper/hub/broker"
	"hallkeeper/hub/enrolment"
	"hallkeeper/hub/gate"
	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// newEmbedded is the embedded broker, with its listener for enrolled devices where one is set.
func (a *App) newEmbedded(cfg broker.EmbeddedConfig) (broker.Broker, error) {
	if a.cfg.MQTTTLS != "" {
		cfg.Secure = &broker.Secure{Addr: a.cfg.MQTTTLS, Certificate: a.deviceCertificate(), Authorities: a.authority.Pool(),
			Device: a.deviceOf, Connected: a.certificateSeen, Denied: a.denied, Now: a.cfg.Now}
	}
	e, err := broker.NewEmbedded(cfg, a.ingest, a.logger.With("part", "broker"))
	if err != nil {
		return nil, err
	}
	return e, nil
}

// deviceCertificate is what the hub shows to devices, which know it by one name.
func (a *App) deviceCertificate() func() (*tls.Certificate, error) {
	if a.certificates == nil {
		names := gate.OwnNames()
		return func() (*tls.Certificate, error) { return a.authority.Server(names) }
	}
	get := a.certificates.Config().GetCertificate
	return func() (*tls.Certificate, error) { return get(&tls.ClientHelloInfo{ServerName: wire.HubName}) }
}

// deviceBroker is where an enrolled device's messages go, for one that reached the hub under a host's name.
func (a *App) deviceBroker(host string) string {
	if e, ok := a.broker.(*broker.Embedded); ok {
		if _, port, err := net.SplitHostPort(e.SecureAddr()); err == nil {
			return "tls://" + net.JoinHostPort(host, port)
		}
		return ""
	}
	u, err := url.Parse(a.cfg.MQTTURL)
	if err != nil || u.Scheme != "mqtts" && u.Scheme != "ssl" && u.Scheme != "tls" {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = "8883"
	}
	return "tls://" + net.JoinHostPort(u.Hostname(), port)
}

// EnrolmentCode makes the code with which a window computer asks for its certificate, once and within ten minutes.
func (a *App) EnrolmentCode(ctx context.Context, actor wire.Actor, device string) (string, error) {
	code, offer, err := api.NewOffer(a.authority, device)
	if err != nil {
		return "", err
	}
	if _, _, err = a.Do(ctx, actor, "", offer); err != nil {
		return "", err
	}
	return code.String(), nil
}

// Enrolled tells whether a window computer has a certificate that lets it in.
func (a *App) Enrolled(device string) bool { return a.views.passes.has(device, a.cfg.Now()) }

// Fingerprint is of the hall's authority; see gate.Fingerprint.
func (a *App) Fingerprint() string { return gate.Fingerprint(a.authority.Certificate()) }

var errNoAgent = &hall.Error{Code: hall.CodeForbidden, Name: "certificate_kind", ZH: "这不是窗口设备的证书", EN: "it is no window computer's certificate"}

// deviceOf says whose a certificate is; see broker.Secure.
func (a *App) deviceOf(c *x509.Certificate) (string, error) {
	x, err := api.ShownBy(c, a.cfg.Hall.ID)
	switch {
	case err != nil:
		return "", err
	case x.Kind != wire.CertificateAgent:
		return x.Device, errNoAgent
	}
	return x.Device, a.views.passes.check(x, a.cfg.Now())
}

// certificateSeen hands over to watchCertificates the certificates that end another.
func (a *App) certificateSeen(c *x509.Certificate) {
	serial := c.SerialNumber.Text(16)
	if !a.views.passes.renewed(serial, a.cfg.Now()) {
		return
	}
	select {
	case a.seen <- serial:
	default: // it is seen again with its next connection
		a.logger.Warn("too many renewed certificates were seen at once", "serial", serial)
	}
}

// denied counts what devices were refused, and shows a device that tries what is another's.
func (a *App) denied(d broker.Denial) {
	reason := d.What
	var why *hall.Error
	switch {
	case errors.As(d.Err, &why):
		reason = why.Name
	case d.Err != nil:
		reason = "handshake"
	}
	a.denials.WithLabelValues(reason).Inc()
	if d.Err != nil {
		a.logger.Debug("a device was not let in", "device", d.Device, "reason", reason, "error", d.Err)
	}
	// A certificate that has expired is nothing evil; a connection that ended early is nobody's.
	if d.Device != "" && reason != "certificate_expired" && reason != "handshake" {
		now := a.cfg.Now()
		a.show(func() { a.views.live.Misused(d.Device, reason, d.Detail, now) })
	}
}

// show puts on the screens what a connection's own goroutine has met, which does not wait for the views.
func (a *App) show(put func()) {
	select {
	case a.met <- put:
	default: // what is shown is shown once, however often it is met
	}
}

// showMet puts it there.
func (a *App) showMet(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case put := <-a.met:
			put()
		}
	}
}

// watchCertificates ends connections whose certificates are revoked or at their
// end, and certificates whose successors were used.
func (a *App) watchCertificates(ctx context.Context) error {
	e, ok := a.broker.(*broker.Embedded)
	if !ok {
		return nil
	}
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			e.Recheck()
		case <-a.revoked:
			e.Recheck()
		case serial := <-a.seen:
			actor := wire.Actor{Kind: wire.ActorSchedule, ID: "certificates"}
			if _, _, err := a.decide(ctx, actor, "", enrolment.Seen{Serial: serial}); err != nil && ctx.Err() == nil {
				a.logger.Error("the certificate that a device has renewed could not be ended; it is tried again when the device connects", "error", err)
			}
		}
	}
}

// recheck wakes watchCertificates for a batch that revokes something.
func (a *App) recheck(batch []wire.Record) {
	for i := range batch {
		if batch[i].Kind == wire.KindCertificateRevoked {
			select {
			case a.revoked <- struct{}{}:
			default: // one look sees all
			}
			return
		}
	}
}

// certificateOf is what screens are told of a device's certificate.
func certificateOf(s *enrolment.State, device string, now time.Time) *wire.LiveCertificate {
	c, ok := s.Of(device, wire.CertificateAgent, now)
	if !ok {
		return nil
	}
	return &wire.LiveCertificate{State: string(c.State(now)), Until: c.NotAfter}
}
