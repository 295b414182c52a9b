// Package enrolment says which devices may connect: the codes by which they ask
// for a certificate, the certificates they were given, and those that are good no
// longer. It refuses to know a key: certificates are made by hub/ca, and one that
// no event tells of is nobody's, whoever signed it.
//
// It is pure: commands may refuse, Fold cannot fail.
package enrolment

import (
	"encoding/json"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

const (
	// CodeLasts is how long a code can be used.
	CodeLasts = 10 * time.Minute
	// Expiring is how long before its end a certificate that was not renewed is told.
	Expiring = 14 * 24 * time.Hour
	// remembered is how long after its end an offer is known, so that a code that comes too late is told from a wrong one.
	remembered = 30 * 24 * time.Hour
)

// Offer is one code, of which there is a digest.
type Offer struct {
	ID      string               `json:"id"`
	Device  string               `json:"device"`
	Kind    wire.CertificateKind `json:"kind"`
	Digest  string               `json:"digest"`
	Made    time.Time            `json:"made"`
	By      string               `json:"by,omitempty"`
	Expires time.Time            `json:"expires"`
	// Used is when the device asked with it, Withdrawn when it was taken back.
	Used      *time.Time `json:"used,omitempty"`
	Withdrawn *time.Time `json:"withdrawn,omitempty"`
}

// Open tells whether a device may still use it.
func (o *Offer) Open(now time.Time) bool {
	return o.Used == nil && o.Withdrawn == nil && now.Before(o.Expires)
}

// Certificate is what the hall knows of a certificate that it gave.
type Certificate struct {
	Serial      string               `json:"serial"`
	Device      string               `json:"device"`
	Kind        wire.CertificateKind `json:"kind"`
	Fingerprint string               `json:"fingerprint"`
	Issued      time.Time            `json:"issued"`
	NotAfter    time.Time            `json:"not_after"`
	// Enrolment is the offer that it was made for, Renews the serial of the one before it.
	Enrolment string                `json:"enrolment,omitempty"`
	Renews    string                `json:"renews,omitempty"`
	Revoked   *time.Time            `json:"revoked,omitempty"`
	Reason    wire.RevocationReason `json:"reason,omitempty"`
}

// Live tells whether it lets a device in.
func (c *Certificate) Live(now time.Time) bool { return c.Revoked == nil && now.Before(c.NotAfter) }

// Standing is how far a certificate can be relied on.
type Standing string

// The standings.
const (
	Good      Standing = "live"
	EndsSoon  Standing = "expiring" // and was not renewed
	IsExpired Standing = "expired"
	IsRevoked Standing = "revoked"
)

// State tells how it stands.
func (c *Certificate) State(now time.Time) Standing {
	switch {
	case c.Revoked != nil:
		return IsRevoked
	case !now.Before(c.NotAfter):
		return IsExpired
	case c.NotAfter.Sub(now) <= Expiring:
		return EndsSoon
	}
	return Good
}

// RenewFrom is from when on its device may ask for the next one: the last third of its time.
func (c *Certificate) RenewFrom() time.Time {
	return c.NotAfter.Add(-c.NotAfter.Sub(c.Issued) / 3)
}

// State is all offers and certificates. The zero value has none.
type State struct {
	Offers       hall.Table[Offer]
	Certificates hall.Table[Certificate] // by serial
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	return hall.Tables{"enrolment": &s.Offers, "certificate": &s.Certificates}
}

// Fold applies a record and tells whether anything has changed.
func (s *State) Fold(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindEnrolmentOffered:
		var d wire.EnrolmentOffered
		if read(r, &d) {
			for id, o := range s.Offers.Each() {
				if r.StoredAt.Sub(o.Expires) > remembered {
					s.Offers.Delete(id)
				}
			}
			o := Offer{ID: d.Enrolment, Device: d.Device, Kind: d.Kind, Digest: d.Digest, Made: r.StoredAt, Expires: d.Expires}
			if r.Actor != nil {
				o.By = r.Actor.ID
			}
			s.Offers.Set(d.Enrolment, o)
		}
	case wire.KindEnrolmentWithdrawn:
		var d wire.EnrolmentWithdrawn
		if read(r, &d) && s.Offers.Has(d.Enrolment) {
			s.Offers.Change(d.Enrolment, func(o *Offer) { o.Withdrawn = &r.StoredAt })
		}
	case wire.KindCertificateIssued:
		var d wire.CertificateIssued
		if read(r, &d) {
			s.Certificates.Set(d.Serial, Certificate{Serial: d.Serial, Device: d.Device, Kind: d.Kind, Fingerprint: d.Fingerprint,
				Issued: r.StoredAt, NotAfter: d.NotAfter, Enrolment: d.Enrolment, Renews: d.Renews})
			if s.Offers.Has(d.Enrolment) {
				s.Offers.Change(d.Enrolment, func(o *Offer) { o.Used = &r.StoredAt })
			}
		}
	case wire.KindCertificateRevoked:
		var d wire.CertificateRevoked
		if read(r, &d) && s.Certificates.Has(d.Serial) {
			s.Certificates.Change(d.Serial, func(c *Certificate) { c.Revoked, c.Reason = &r.StoredAt, d.Reason })
		}
	default:
		return false
	}
	return true
}

// Of gives what a device shows to be let in: the live certificate that ends last,
// or the one that ended last where none is live; ok is false where it never had one.
func (s *State) Of(device string, kind wire.CertificateKind, now time.Time) (best Certificate, ok bool) {
	for _, c := range s.Certificates.Each() {
		if c.Device != device || c.Kind != kind {
			continue
		}
		if !ok || better(&c, &best, now) {
			best, ok = c, true
		}
	}
	return best, ok
}

func better(a, b *Certificate, now time.Time) bool {
	if a.Live(now) != b.Live(now) {
		return a.Live(now)
	}
	if !a.Issued.Equal(b.Issued) {
		return a.Issued.After(b.Issued)
	}
	return a.Serial > b.Serial
}

// Shown is a certificate as a device shows it. Whoever fills it has verified the signature.
type Shown struct {
	Serial, Fingerprint string
	Kind                wire.CertificateKind
	Device              string
}

// Check refuses a certificate that lets nobody in. That the authority signed it is
// not enough: its fingerprint must be the one that the log has under its serial.
func (s *State) Check(x Shown, now time.Time) (Certificate, error) {
	c, ok := s.Certificates.Get(x.Serial)
	switch {
	case !ok || c.Fingerprint != x.Fingerprint || c.Kind != x.Kind || c.Device != x.Device:
		return c, forbid("certificate_not_ours", "本大厅没有签发过这张证书，请在控制台重新注册设备", "the hall has given no such certificate; enrol the device again on the console")
	case c.Revoked != nil:
		return c, forbid("certificate_revoked", "这张证书已撤销，请在控制台重新注册设备", "the certificate was revoked; enrol the device again on the console")
	case !now.Before(c.NotAfter):
		return c, forbid("certificate_expired", "这张证书已过期，请在控制台重新注册设备", "the certificate has expired; enrol the device again on the console")
	}
	return c, nil
}

func forbid(name, zh, en string) error {
	return &hall.Error{Code: hall.CodeForbidden, Name: name, ZH: zh, EN: en}
}

func read(r *wire.Record, into any) bool { return json.Unmarshal(r.Data, into) == nil }
