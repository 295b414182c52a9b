package enrolment_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"hallkeeper/hub/enrolment"
	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

const day = 24 * time.Hour

// hallOf is a hall whose commands are decided and folded one after the other.
type hallOf struct {
	t    *testing.T
	s    enrolment.State
	now  time.Time
	made int
}

func newHall(t *testing.T) *hallOf {
	return &hallOf{t: t, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
}

// do carries a command out and gives the kinds of what it made.
func (h *hallOf) do(c enrolment.Command) (kinds []wire.Kind, refused string) {
	h.t.Helper()
	h.made++
	drafts, err := c.DecideEnrolment(&h.s, hall.Moment{Now: h.now, Zone: time.UTC, ID: fmt.Sprint("e", h.made)})
	var e *hall.Error
	if errors.As(err, &e) {
		if e.ZH == "" || e.EN == "" {
			h.t.Errorf("%s is not told in both languages", e.Name)
		}
		return nil, e.Name
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return h.fold(drafts), ""
}

func (h *hallOf) fold(drafts []hall.Draft) (kinds []wire.Kind) {
	for _, x := range drafts {
		data, err := json.Marshal(x.Data)
		if err != nil {
			h.t.Fatal(err)
		}
		if !h.s.Fold(&wire.Record{StoredAt: h.now, Event: wire.Event{Kind: x.Kind, Data: data, Actor: &wire.Actor{ID: "zhang"}}}) {
			h.t.Errorf("%s changes nothing", x.Kind)
		}
		kinds = append(kinds, x.Kind)
	}
	return kinds
}

func (h *hallOf) offer(device, digest string) {
	h.t.Helper()
	if _, refused := h.do(enrolment.MakeOffer{Device: device, Digest: digest}); refused != "" {
		h.t.Fatal(refused)
	}
}

func (h *hallOf) made180(serial string) enrolment.Made {
	return enrolment.Made{Serial: serial, Fingerprint: "f" + serial, NotAfter: h.now.Add(180 * day)}
}

func (h *hallOf) enrol(digest, serial string) string {
	_, refused := h.do(enrolment.Enrol{Digest: digest, Made: h.made180(serial)})
	return refused
}

func shown(serial, device string) enrolment.Shown {
	return enrolment.Shown{Serial: serial, Fingerprint: "f" + serial, Kind: wire.CertificateAgent, Device: device}
}

func (h *hallOf) good(serial, device string) string {
	_, err := h.s.Check(shown(serial, device), h.now)
	var e *hall.Error
	if errors.As(err, &e) {
		return e.Name
	}
	return "good"
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %v, expected %v", what, got, want)
	}
}

func TestACodeWorksOnceWithinTenMinutes(t *testing.T) {
	h := newHall(t)
	h.offer("w01", "one")
	want(t, "a code that nobody made", h.enrol("guess", "s0"), "enrolment_wrong")
	want(t, "in time", h.enrol("one", "s1"), "")
	want(t, "again", h.enrol("one", "s2"), "enrolment_used")
	want(t, "its certificate", h.good("s1", "w01"), "good")
	want(t, "the other's", h.good("s2", "w01"), "certificate_not_ours")
	h.offer("w02", "two")
	h.now = h.now.Add(enrolment.CodeLasts)
	want(t, "too late", h.enrol("two", "s3"), "enrolment_expired")
	h.now = h.now.Add(60 * day)
	h.offer("w02", "three") // what ended long ago is forgotten
	want(t, "two months later", h.enrol("two", "s3"), "enrolment_wrong")
}

func TestANewerCodeTakesTheOlderBack(t *testing.T) {
	h := newHall(t)
	h.offer("w01", "one")
	h.offer("w02", "other")
	h.offer("w01", "two")
	want(t, "the older", h.enrol("one", "s1"), "enrolment_withdrawn")
	want(t, "another device's", h.enrol("other", "s2"), "")
	want(t, "the newer", h.enrol("two", "s3"), "")
}

func TestWithdrawing(t *testing.T) {
	h := newHall(t)
	h.offer("w01", "one") // e1
	kinds, _ := h.do(enrolment.Withdraw{Enrolment: "e1"})
	want(t, "a code", kinds, []wire.Kind{wire.KindEnrolmentWithdrawn})
	want(t, "it is used", h.enrol("one", "s1"), "enrolment_withdrawn")
	kinds, refused := h.do(enrolment.Withdraw{Enrolment: "e1"})
	want(t, "again", fmt.Sprint(len(kinds), refused), "0")
	_, refused = h.do(enrolment.Withdraw{Enrolment: "none"})
	want(t, "one that is none", refused, "enrolment_unknown")
	h.offer("w01", "two")
	used := fmt.Sprint("e", h.made)
	h.enrol("two", "s2")
	_, refused = h.do(enrolment.Withdraw{Enrolment: used})
	want(t, "one that was used", refused, "enrolment_used")
}

func TestADeviceThatIsEnrolledAgainHasOneCertificate(t *testing.T) {
	h := newHall(t)
	h.offer("w01", "one")
	h.enrol("one", "s1")
	h.offer("w01", "two")
	want(t, "the older while the code is open", h.good("s1", "w01"), "good")
	kinds, _ := h.do(enrolment.Enrol{Digest: "two", Made: h.made180("s2")})
	want(t, "events of one commit", kinds, []wire.Kind{wire.KindCertificateRevoked, wire.KindCertificateIssued})
	want(t, "the older", h.good("s1", "w01"), "certificate_revoked")
	want(t, "the newer", h.good("s2", "w01"), "good")
}

func TestNamesThatNoDeviceCanHave(t *testing.T) {
	h := newHall(t)
	for _, name := range []string{"", "w/1", "w#", "w+", "窗口", "a b"} {
		if _, refused := h.do(enrolment.MakeOffer{Device: name}); refused != "fields_invalid" {
			t.Errorf("%q was taken: %q", name, refused)
		}
	}
}

// That the authority signed a certificate is not enough: whoever has stolen its key could
// make one with a serial that the log knows.
func TestACertificateMustBeTheOneThatTheLogKnows(t *testing.T) {
	h := newHall(t)
	h.offer("w01", "one")
	h.enrol("one", "s1")
	for name, x := range map[string]enrolment.Shown{
		"another serial":      {"s9", "fs1", wire.CertificateAgent, "w01"},
		"another fingerprint": {"s1", "forged", wire.CertificateAgent, "w01"},
		"another device":      {"s1", "fs1", wire.CertificateAgent, "w02"},
		"another kind":        {"s1", "fs1", wire.CertificateScreen, "w01"},
	} {
		if _, err := h.s.Check(x, h.now); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	h.now = h.now.Add(180 * day)
	want(t, "at its end", h.good("s1", "w01"), "certificate_expired")
}

func TestRenewal(t *testing.T) {
	h := newHall(t)
	h.offer("w01", "one")
	h.enrol("one", "s1")
	renew := func(with, next string) string {
		_, refused := h.do(enrolment.Renew{Shown: shown(with, "w01"), Made: h.made180(next)})
		return refused
	}
	h.now = h.now.Add(120*day - time.Second)
	want(t, "before the last third", renew("s1", "s2"), "certificate_fresh")
	h.now = h.now.Add(time.Second)
	want(t, "in it", renew("s1", "s2"), "")
	want(t, "the older until the newer is seen", h.good("s1", "w01"), "good")
	want(t, "again, since the answer was lost", renew("s1", "s3"), "")
	want(t, "what was lost", h.good("s2", "w01"), "certificate_revoked")
	want(t, "the newest", h.good("s3", "w01"), "good")
	kinds, _ := h.do(enrolment.Seen{Serial: "s1"})
	want(t, "the older is seen", kinds, []wire.Kind(nil))
	kinds, _ = h.do(enrolment.Seen{Serial: "s3"})
	want(t, "the newest is seen", kinds, []wire.Kind{wire.KindCertificateRevoked})
	want(t, "the older then", h.good("s1", "w01"), "certificate_revoked")
	want(t, "with the older", renew("s1", "s4"), "certificate_revoked")
	kinds, _ = h.do(enrolment.Seen{Serial: "s3"})
	want(t, "the newest is seen again", kinds, []wire.Kind(nil))
	if c, ok := h.s.Of("w01", wire.CertificateAgent, h.now); !ok || c.Serial != "s3" || c.State(h.now) != enrolment.Good {
		t.Errorf("the device's certificate is %+v", c)
	}
	h.now = h.now.Add(170 * day)
	if c, _ := h.s.Of("w01", wire.CertificateAgent, h.now); c.State(h.now) != enrolment.EndsSoon {
		t.Errorf("ten days before its end: %+v", c)
	}
}

// Whoever has stolen a device may have renewed its certificate already.
func TestRevokingEndsAllThatTheDeviceHas(t *testing.T) {
	h := newHall(t)
	h.offer("w01", "one")
	h.enrol("one", "s1")
	h.now = h.now.Add(150 * day)
	h.do(enrolment.Renew{Shown: shown("s1", "w01"), Made: h.made180("s2")})
	h.offer("w02", "two")
	h.enrol("two", "other")
	_, refused := h.do(enrolment.Revoke{Serial: "s1", Reason: wire.RevokedRenewed})
	want(t, "a reason that is not people's", refused, "fields_invalid")
	_, refused = h.do(enrolment.Revoke{Serial: "none", Reason: wire.RevokedLost})
	want(t, "one that is none", refused, "certificate_unknown")
	h.do(enrolment.Revoke{Serial: "s1", Reason: wire.RevokedStolen})
	want(t, "all three", []string{h.good("s1", "w01"), h.good("s2", "w01"), h.good("other", "w02")}, "[certificate_revoked certificate_revoked good]")
	kinds, _ := h.do(enrolment.Revoke{Serial: "s1", Reason: wire.RevokedStolen})
	want(t, "again", kinds, []wire.Kind(nil))
}

func TestADeviceThatIsDismissedIsLetInNoMore(t *testing.T) {
	h := newHall(t)
	h.offer("w01", "one")
	h.enrol("one", "s1")
	h.offer("w01", "two")
	want(t, "events", h.fold(h.s.Dismissed("w01", h.now)), []wire.Kind{wire.KindEnrolmentWithdrawn, wire.KindCertificateRevoked})
	want(t, "its certificate", h.good("s1", "w01"), "certificate_revoked")
	want(t, "its code", h.enrol("two", "s2"), "enrolment_withdrawn")
}
