package enrolment

import (
	"slices"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Command is a command about who may connect.
type Command interface {
	DecideEnrolment(s *State, m hall.Moment) ([]hall.Draft, error)
}

// The commands of enrolment.
type (
	// MakeOffer lets a window computer ask for its certificate once. Digest is the hex SHA-256 of the code's secret.
	// Screens are certified where they are confirmed; see hub/screens.
	MakeOffer struct {
		Device string `json:"device"`
		Digest string `json:"-"`
	}
	// Withdraw takes an offer back.
	Withdraw wire.EnrolmentWithdrawn
	// Made is a certificate that is good once the event is stored.
	Made struct {
		Serial, Fingerprint string
		NotAfter            time.Time
	}
	// Enrol uses an offer. The device's older certificates end with it.
	Enrol struct {
		Digest string
		Made
	}
	// Renew gives a device its next certificate for the one that it has shown.
	Renew struct {
		Shown Shown
		Made
	}
	// Seen says that a certificate was used: the one that it renews ends.
	Seen struct{ Serial string }
	// Revoke ends a certificate, and with it the device's others: one that it has renewed unseen is as little to be trusted.
	Revoke struct {
		Serial string                `json:"serial"`
		Reason wire.RevocationReason `json:"reason"`
	}
)

// Reasons are those that people can give.
func Reasons() []wire.RevocationReason {
	return []wire.RevocationReason{wire.RevokedLost, wire.RevokedStolen, wire.RevokedSuspected, wire.RevokedRetired, wire.RevokedMistake}
}

// DecideEnrolment decides; see Command.
func (c MakeOffer) DecideEnrolment(s *State, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.ID("device", c.Device)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	drafts := s.withdrawOf(c.Device, m.Now)
	return append(drafts, hall.Draft{Kind: wire.KindEnrolmentOffered, Data: wire.EnrolmentOffered{
		Enrolment: m.ID, Device: c.Device, Kind: wire.CertificateAgent, Digest: c.Digest, Expires: m.Now.Add(CodeLasts)}}), nil
}

// withdrawOf takes back what a device could still use.
func (s *State) withdrawOf(device string, now time.Time) (drafts []hall.Draft) {
	for id, o := range s.Offers.All() {
		if o.Device == device && o.Open(now) {
			drafts = append(drafts, hall.Draft{Kind: wire.KindEnrolmentWithdrawn, Data: wire.EnrolmentWithdrawn{Enrolment: id}})
		}
	}
	return drafts
}

// DecideEnrolment decides; see Command.
func (c Withdraw) DecideEnrolment(s *State, m hall.Moment) ([]hall.Draft, error) {
	o, ok := s.Offers.Get(c.Enrolment)
	switch {
	case !ok:
		return nil, hall.Unknown("enrolment_unknown", "没有这个注册码", "there is no such enrolment code")
	case o.Used != nil:
		return nil, hall.Refuse("enrolment_used", "设备已用这个注册码完成注册；如不应注册，请撤销它的证书", "the device has used the code already; revoke its certificate if it should not have")
	case !o.Open(m.Now):
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindEnrolmentWithdrawn, Data: wire.EnrolmentWithdrawn(c)}}, nil
}

// ByDigest finds the offer of a code that can be used now.
func (s *State) ByDigest(digest string, now time.Time) (Offer, error) {
	for _, o := range s.Offers.Each() {
		if o.Digest != digest {
			continue
		}
		switch {
		case o.Used != nil:
			return o, hall.Refuse("enrolment_used", "这个注册码已经用过；如不是您使用的，请立即撤销该设备的证书", "the code was used already; if that was not you, revoke the device's certificate at once")
		case o.Withdrawn != nil:
			return o, hall.Refuse("enrolment_withdrawn", "这个注册码已收回，请使用控制台上的新注册码", "the code was taken back; use the newer one on the console")
		case !now.Before(o.Expires):
			return o, hall.Refuse("enrolment_expired", "这个注册码已过期，请在控制台重新生成", "the code has expired; make a new one on the console")
		}
		return o, nil
	}
	return Offer{}, forbid("enrolment_wrong", "注册码不正确", "the code is wrong")
}

// DecideEnrolment decides; see Command. Of two devices with one code the first one gets the certificate.
func (c Enrol) DecideEnrolment(s *State, m hall.Moment) ([]hall.Draft, error) {
	o, err := s.ByDigest(c.Digest, m.Now)
	if err != nil {
		return nil, err
	}
	drafts := s.revokeOf(o.Device, o.Kind, wire.RevokedReplaced, m.Now)
	return append(drafts, c.issued(wire.CertificateIssued{Device: o.Device, Kind: o.Kind, Enrolment: o.ID})), nil
}

func (c Made) issued(d wire.CertificateIssued) hall.Draft {
	d.Serial, d.Fingerprint, d.NotAfter = c.Serial, c.Fingerprint, c.NotAfter
	return hall.Draft{Kind: wire.KindCertificateIssued, Data: d}
}

// revokeOf ends what would let a device in.
func (s *State) revokeOf(device string, kind wire.CertificateKind, why wire.RevocationReason, now time.Time) (drafts []hall.Draft) {
	for _, c := range s.Certificates.All() {
		if c.Device == device && c.Kind == kind && c.Live(now) {
			drafts = append(drafts, revoke(&c, why))
		}
	}
	return drafts
}

func revoke(c *Certificate, why wire.RevocationReason) hall.Draft {
	return hall.Draft{Kind: wire.KindCertificateRevoked, Data: wire.CertificateRevoked{Device: c.Device, Serial: c.Serial, Reason: why}}
}

// DecideEnrolment decides; see Command. The certificate that was shown stays good
// until the new one is seen, since the answer may be lost on its way. An earlier
// answer that was lost is worth nothing from now on.
func (c Renew) DecideEnrolment(s *State, m hall.Moment) ([]hall.Draft, error) {
	old, err := s.Check(c.Shown, m.Now)
	if err != nil {
		return nil, err
	}
	if from := old.RenewFrom(); m.Now.Before(from) {
		day := from.In(m.Zone).Format(time.DateOnly)
		return nil, hall.Refuse("certificate_fresh", "证书还不到换新的时候，"+day+" 起可以换新", "it is too early to renew the certificate; it can be renewed from "+day+" on")
	}
	var drafts []hall.Draft
	for _, x := range s.Certificates.All() {
		if x.Renews == old.Serial && x.Live(m.Now) {
			drafts = append(drafts, revoke(&x, wire.RevokedReplaced))
		}
	}
	return append(drafts, c.issued(wire.CertificateIssued{Device: old.Device, Kind: old.Kind, Renews: old.Serial})), nil
}

// Renewed tells whether the certificate that this one renews is still to be ended.
func (s *State) Renewed(serial string, now time.Time) bool {
	c, ok := s.Certificates.Get(serial)
	if !ok || c.Renews == "" || !c.Live(now) {
		return false
	}
	old, ok := s.Certificates.Get(c.Renews)
	return ok && old.Live(now)
}

// DecideEnrolment decides; see Command.
func (c Seen) DecideEnrolment(s *State, m hall.Moment) ([]hall.Draft, error) {
	if !s.Renewed(c.Serial, m.Now) {
		return nil, nil
	}
	x, _ := s.Certificates.Get(c.Serial)
	old, _ := s.Certificates.Get(x.Renews)
	return []hall.Draft{revoke(&old, wire.RevokedRenewed)}, nil
}

// DecideEnrolment decides; see Command.
func (c Revoke) DecideEnrolment(s *State, m hall.Moment) ([]hall.Draft, error) {
	if !slices.Contains(Reasons(), c.Reason) {
		var bad hall.Checks
		bad.Choice("reason", string(c.Reason), names(Reasons())...)
		return nil, bad.Err()
	}
	x, ok := s.Certificates.Get(c.Serial)
	switch {
	case !ok:
		return nil, hall.Unknown("certificate_unknown", "本大厅没有签发过这张证书", "the hall has given no such certificate")
	case x.Revoked != nil:
		return nil, nil
	}
	if !x.Live(m.Now) {
		return []hall.Draft{revoke(&x, c.Reason)}, nil
	}
	return s.revokeOf(x.Device, x.Kind, c.Reason, m.Now), nil
}

func names(reasons []wire.RevocationReason) (all []string) {
	for _, r := range reasons {
		all = append(all, string(r))
	}
	return all
}

// Dismissed ends what a window computer has once it is no part of the hall.
func (s *State) Dismissed(device string, now time.Time) []hall.Draft {
	return append(s.withdrawOf(device, now), s.revokeOf(device, wire.CertificateAgent, wire.RevokedDismissed, now)...)
}
