package wire

import "time"

// Kinds of who may connect (设备注册, 证书). Only the hub makes them. A certificate
// is good only where the log knows it: one that was made with a stolen key of the
// authority is nobody's.
const (
	KindEnrolmentOffered   Kind = "enrolment.offered"
	KindEnrolmentWithdrawn Kind = "enrolment.withdrawn"
	KindCertificateIssued  Kind = "certificate.issued"
	KindCertificateRevoked Kind = "certificate.revoked"
)

// CertificateKind is what a certificate is for.
type CertificateKind string

// The kinds of certificates that devices are given.
const (
	CertificateAgent  CertificateKind = "agent"  // a window computer
	CertificateScreen CertificateKind = "screen" // a screen
)

// EnrolmentOffered says that a device may ask for its certificate once, until
// Expires, with a secret that the log has the hex SHA-256 of. Older offers for the
// same device end with it.
type EnrolmentOffered struct {
	Enrolment string          `json:"enrolment"`
	Device    string          `json:"device"`
	Kind      CertificateKind `json:"kind"`
	Digest    string          `json:"digest"`
	Expires   time.Time       `json:"expires"`
}

// EnrolmentWithdrawn takes an offer back before it was used.
type EnrolmentWithdrawn struct {
	Enrolment string `json:"enrolment"`
}

// CertificateIssued gives a device its certificate. Either Enrolment or Renews is there.
type CertificateIssued struct {
	Device string          `json:"device"`
	Kind   CertificateKind `json:"kind"`
	// Serial is the certificate's number in hex, Fingerprint the hex SHA-256 of it.
	Serial      string    `json:"serial"`
	Fingerprint string    `json:"fingerprint"`
	NotAfter    time.Time `json:"not_after"`
	// Enrolment is the offer that it was made for.
	Enrolment string `json:"enrolment,omitempty"`
	// Renews is the serial of the certificate with which the device asked for this one.
	Renews string `json:"renews,omitempty"`
}

// RevocationReason says why a certificate is good no longer.
type RevocationReason string

// The reasons; the first five are people's.
const (
	RevokedLost      RevocationReason = "lost"      // the device is gone
	RevokedStolen    RevocationReason = "stolen"    // it, its card or its key was taken
	RevokedSuspected RevocationReason = "suspected" // it did what it should not
	RevokedRetired   RevocationReason = "retired"   // it is used no more
	RevokedMistake   RevocationReason = "mistake"   // it was enrolled by mistake
	RevokedReplaced  RevocationReason = "replaced"  // the device was enrolled again
	RevokedRenewed   RevocationReason = "renewed"   // the device uses its next one
	RevokedDismissed RevocationReason = "dismissed" // the device is no part of the hall any more
)

// CertificateRevoked ends a certificate.
type CertificateRevoked struct {
	Device string           `json:"device"`
	Serial string           `json:"serial"`
	Reason RevocationReason `json:"reason"`
}

func enrolmentKinds() []KindInfo {
	return []KindInfo{
		{KindEnrolmentOffered, 1, true, EnrolmentOffered{}}, {KindEnrolmentWithdrawn, 1, true, EnrolmentWithdrawn{}},
		{KindCertificateIssued, 1, true, CertificateIssued{}}, {KindCertificateRevoked, 1, true, CertificateRevoked{}},
	}
}
