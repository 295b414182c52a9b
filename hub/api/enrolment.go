package api

import (
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/ca"
	"hallkeeper/hub/enrolment"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Tries of enrolment codes by anybody at all; a hall that is set up enrols its devices one after the other.
const (
	enrolsAtOnce = 100
	enrolEvery   = time.Second
)

// The bodies and answers of enrolment.
type (
	offerBody struct {
		// Device is the window computer's id: its certificate's name, and the agent of its topics.
		Device string `json:"device"`
	}
	// NewEnrolment is a code when it is made: it is shown this once.
	NewEnrolment struct {
		Enrolment string    `json:"enrolment"`
		Code      string    `json:"code"`
		Expires   time.Time `json:"expires"`
	}
	// EnrolmentRow is one code, without what it consists of.
	EnrolmentRow struct {
		ID      string    `json:"id"`
		Device  string    `json:"device"`
		Made    time.Time `json:"made"`
		By      string    `json:"by,omitempty"`
		Expires time.Time `json:"expires"`
		// State is open, used, withdrawn or expired.
		State string `json:"state"`
	}
	// EnrolmentList is the codes of the last weeks.
	EnrolmentList struct {
		Enrolments []EnrolmentRow `json:"enrolments"`
	}
	// CertificateRow is one certificate.
	CertificateRow struct {
		enrolment.Certificate
		// RenewFrom is from when on its device renews it.
		RenewFrom time.Time `json:"renew_from"`
		// State is live, expiring, expired or revoked.
		State string `json:"state"`
	}
	// CertificateList is all certificates that the hall has given.
	CertificateList struct {
		Certificates []CertificateRow `json:"certificates"`
	}
)

func (a *API) enrolmentRoutes() []route {
	id, serial := in("id", "注册码编号", "the code's id"), in("serial", "证书序列号（十六进制）", "the certificate's number in hex")
	return []route{
		own(access.Arrange, "POST", "enrolments", "生成窗口设备的注册码（只显示一次，10 分钟内一次有效；屏幕见 screens）", "make a window computer's enrolment code (for screens see screens); it is shown once and works once, within ten minutes", offerBody{}, NewEnrolment{}, a.offer).created(),
		read(access.ReadAll, v1+"enrolments", "设备注册码列表", "the enrolment codes", EnrolmentList{}, a.getEnrolments),
		a.change(access.Arrange, "DELETE", "enrolments/{id}", "收回注册码", "take an enrolment code back", nil, enter(func(r *http.Request, c *enrolment.Withdraw) { c.Enrolment = r.PathValue("id") }), []string{"enrolment_unknown", "enrolment_used"}, id),
		own(access.Anybody, "POST", "enrol", "设备用注册码领取证书（须直接用 HTTPS 连接主机）", "a device asks for its certificate with a code, over HTTPS from the hub itself", wire.EnrolRequest{}, wire.Enrolled{}, a.enrol,
			"enrolment_wrong", "enrolment_used", "enrolment_withdrawn", "enrolment_expired", "enrolment_plain", "too_many_tries").created(),
		read(access.ReadAll, v1+"certificates", "设备证书列表", "the devices' certificates", CertificateList{}, a.getCertificates),
		a.change(access.Arrange, "DELETE", "certificates/{serial}", "撤销设备的证书，立即断开其连接", "revoke a device's certificate; its connections end at once", nil, revokeCertificate, []string{"certificate_unknown"}, serial,
			query("reason", "原因：lost 丢失、stolen 被盗、suspected 可疑、retired 停用、mistake 误注册", "why: lost, stolen, suspected, retired or mistake")),
		own(access.Renew, "POST", "certificates/renew", "设备用现有证书换领新证书", "a device asks for its next certificate with the present one", wire.RenewRequest{}, wire.Enrolled{}, a.renew,
			"certificate_needed", "certificate_fresh", "certificate_not_ours", "certificate_revoked", "certificate_expired").created(),
	}
}

// NewOffer makes a device's code, and the command by which the hall knows it.
func NewOffer(authority Authority, device string) (wire.EnrolCode, enrolment.MakeOffer, error) {
	code := wire.EnrolCode{Pin: authority.Pin()}
	if _, err := rand.Read(code.Secret[:]); err != nil {
		return code, enrolment.MakeOffer{}, err
	}
	return code, enrolment.MakeOffer{Device: device, Digest: access.Digest(code.SecretText())}, nil
}

// offer makes a code and shows it once: the log has its digest only.
func (a *API) offer(w http.ResponseWriter, r *http.Request) error {
	var b offerBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	code, offer, err := NewOffer(a.Authority, b.Device)
	if err != nil {
		return err
	}
	i := who(r)
	made, _, err := a.Commands.Do(r.Context(), i.Actor(), "", offer)
	if err != nil {
		return err
	}
	var d wire.EnrolmentOffered
	if err := jsonInto(made[len(made)-1].Data, &d); err != nil {
		return err
	}
	body, err := encode(NewEnrolment{d.Enrolment, code.String(), d.Expires})
	if err != nil {
		return err
	}
	send(w, r, http.StatusCreated, "application/json", body)
	return nil
}

// enrol gives a device its certificate for a code. What is sent must reach the hub
// itself unread: a proxy could keep the certificate, though not the device's key.
func (a *API) enrol(w http.ResponseWriter, r *http.Request) error {
	var b wire.EnrolRequest
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	if r.TLS == nil && !fromHere(r) {
		return a.refusedCode(r, problem("enrolment_plain"))
	}
	from := "enrol/" + address(r)
	if err := a.guess(w, from); err != nil {
		return a.refusedCode(r, err)
	}
	if after, ok := a.tries.Take(a.Now(), "all"); !ok {
		w.Header().Set("Retry-After", retryAfter(after))
		return a.refusedCode(r, problem("too_many_tries"))
	}
	digest := access.Digest(strings.ToUpper(strings.TrimSpace(b.Secret)))
	var offer enrolment.Offer
	var err error
	a.Register.Read(func(v *register.View, _ *roster.State) { offer, err = v.State.Enrolment.ByDigest(digest, a.Now()) })
	if err != nil {
		return a.refusedCode(r, err)
	}
	made, err := a.certify(b.Request, offer.Kind, offer.Device)
	if err != nil {
		return err
	}
	actor := wire.Actor{Kind: wire.ActorDevice, ID: offer.Device}
	if _, _, err := a.Commands.Do(r.Context(), actor, "", enrolment.Enrol{Digest: digest, Made: made.of()}); err != nil {
		return a.refusedCode(r, err) // another device was faster with the same code
	}
	a.limits.Back(from)
	return a.enrolled(w, r, offer.Device, &made.Issued)
}

// refusedCode counts and logs what somebody tried with a code.
func (a *API) refusedCode(r *http.Request, err error) error {
	f := asFailure(err)
	if f.status < http.StatusInternalServerError {
		a.metrics.refusals.WithLabelValues("enrolment", f.name).Inc()
		a.Logger.WarnContext(r.Context(), "an enrolment was refused", "reason", f.name, "address", address(r))
	}
	return err
}

// signed is a certificate that nobody has been told of.
type signed struct{ ca.Issued }

func (s signed) of() enrolment.Made {
	return enrolment.Made{Serial: s.Serial, Fingerprint: s.Fingerprint, NotAfter: s.NotAfter}
}

// certify makes a certificate for the key of a PEM request.
func (a *API) certify(request string, kind wire.CertificateKind, name string) (signed, error) {
	key, err := ca.Request([]byte(request))
	var made ca.Issued
	if err == nil {
		made, err = a.Authority.Issue(key, ca.Kind(kind), name)
	}
	if errors.Is(err, ca.ErrRequest) {
		return signed{}, wrong(field{"request", "request", text{"应为 PKCS #10 证书请求（PEM），密钥为 ECDSA P-256", "must be a PKCS #10 request in PEM with a key ECDSA P-256"}})
	}
	return signed{made}, err
}

// enrolled answers with a certificate that is on disk.
func (a *API) enrolled(w http.ResponseWriter, r *http.Request, device string, made *ca.Issued) error {
	answer := wire.Enrolled{Hall: a.Hall, Agent: device, Certificate: string(made.PEM), Authority: string(a.Authority.PEM())}
	if a.DeviceBroker != nil {
		answer.MQTT = a.DeviceBroker(hostOf(r))
	}
	body, err := encode(answer)
	if err != nil {
		return err
	}
	send(w, r, http.StatusCreated, "application/json", body)
	return nil
}

// hostOf is the name under which a request has reached the hub.
func hostOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		return host
	}
	return strings.Trim(r.Host, "[]")
}

// renew gives a device its next certificate.
func (a *API) renew(w http.ResponseWriter, r *http.Request) error {
	var b wire.RenewRequest
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	x, ok, err := a.shown(r)
	if err != nil || !ok {
		return problem("certificate_needed")
	}
	now := a.Now()
	a.Register.Read(func(v *register.View, _ *roster.State) {
		_, err = enrolment.Renew{Shown: x}.DecideEnrolment(&v.State.Enrolment, hall.Moment{Now: now, Zone: a.Zone})
	})
	if err != nil {
		return err // nothing is signed for whom the committer would refuse
	}
	made, err := a.certify(b.Request, x.Kind, x.Device)
	if err != nil {
		return err
	}
	i := who(r)
	if _, _, err := a.Commands.Do(r.Context(), i.Actor(), "", enrolment.Renew{Shown: x, Made: made.of()}); err != nil {
		return err
	}
	return a.enrolled(w, r, x.Device, &made.Issued)
}

func revokeCertificate(r *http.Request, body []byte) (order, error) {
	if err := decode(body, &emptyBody{}); err != nil {
		return order{}, err
	}
	return order{cmd: enrolment.Revoke{Serial: r.PathValue("serial"), Reason: wire.RevocationReason(r.URL.Query().Get("reason"))},
		status: http.StatusOK, kind: wire.KindCertificateRevoked}, nil
}

func (a *API) getEnrolments(w http.ResponseWriter, r *http.Request) error {
	list, now := EnrolmentList{Enrolments: []EnrolmentRow{}}, a.Now()
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for _, o := range v.State.Enrolment.Offers.All() {
			row := EnrolmentRow{o.ID, o.Device, o.Made, o.By, o.Expires, "expired"}
			switch {
			case o.Used != nil:
				row.State = "used"
			case o.Withdrawn != nil:
				row.State = "withdrawn"
			case o.Open(now):
				row.State = "open"
			}
			list.Enrolments = append(list.Enrolments, row)
		}
	})
	return sendJSON(w, r, list)
}

func (a *API) getCertificates(w http.ResponseWriter, r *http.Request) error {
	list, now := CertificateList{Certificates: []CertificateRow{}}, a.Now()
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for _, c := range v.State.Enrolment.Certificates.All() {
			list.Certificates = append(list.Certificates, CertificateRow{c, c.RenewFrom(), string(c.State(now))})
		}
	})
	return sendJSON(w, r, list)
}
