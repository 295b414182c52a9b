package api

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/ca"
	"hallkeeper/hub/enrolment"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/screens"
	"hallkeeper/wire"
)

// screenDoor is what screens prove themselves with, in memory.
type screenDoor struct {
	asking     screens.Asking
	challenges screens.Challenges
	sessions   screens.Sessions
	// codes bounds how often somebody types a code.
	codes access.Limits
}

// What screens and the console say of screens. Keys and signatures are in base64:
// keys as DER of SubjectPublicKeyInfo, signatures as r and s of ECDSA P-256 with
// SHA-256 (IEEE P1363), as browsers make both.
type (
	// ScreenChallenge is what a screen signs next: once, within a minute.
	ScreenChallenge struct {
		Challenge string `json:"challenge"`
		Hall      string `json:"hall"`
	}
	screenAskBody struct {
		PublicKey string `json:"public_key"`
		Challenge string `json:"challenge"`
		// Proof is the key's signature of the challenge.
		Proof string `json:"proof"`
		// Page is the path of the page that asks.
		Page string `json:"page,omitempty"`
	}
	// ScreenAsked is how a screen's request stands: waiting, with the code to show, or confirmed.
	ScreenAsked struct {
		State string `json:"state"`
		// Request is under which the screen asks how it stands; only it knows that.
		Request string     `json:"request,omitempty"`
		Code    string     `json:"code,omitempty"`
		Expires *time.Time `json:"expires,omitempty"`
		// Left is for how many seconds the code works still: a screen's own clock may be wrong.
		Left int `json:"left,omitempty"`
		// ConsoleURL is where phones reach the console, without a slash at its end; empty where they don't.
		ConsoleURL  string `json:"console_url,omitempty"`
		Certificate string `json:"certificate,omitempty"`
	}
	screenSessionBody struct {
		Certificate string `json:"certificate"`
		Challenge   string `json:"challenge"`
		Signature   string `json:"signature"`
	}
	// ScreenSession is what a screen is, once it has proved it.
	ScreenSession struct {
		Screen  string         `json:"screen"`
		Name    string         `json:"name"`
		Use     wire.ScreenUse `json:"use"`
		Window  string         `json:"window,omitempty"`
		Printer string         `json:"printer,omitempty"`
		Expires time.Time      `json:"expires"`
		// Renew: it is time for its next certificate.
		Renew bool `json:"renew,omitempty"`
	}
	screenRenewBody struct {
		screenSessionBody
		// PublicKey is the next key, Proof its own signature of the challenge; the old key signs its digest too.
		PublicKey string `json:"public_key"`
		Proof     string `json:"proof"`
	}
	// ScreenRenewal is the next certificate of a screen.
	ScreenRenewal struct {
		Certificate string `json:"certificate"`
	}
	screenConfirmBody struct {
		// Code is what the screen shows; dashes, spaces and case do not matter.
		Code    string         `json:"code"`
		Name    string         `json:"name"`
		Use     wire.ScreenUse `json:"use"`
		Window  string         `json:"window,omitempty"`
		Printer string         `json:"printer,omitempty"`
	}
	// ScreenRow is one screen.
	ScreenRow struct {
		Screen      string         `json:"screen"`
		Name        string         `json:"name"`
		Use         wire.ScreenUse `json:"use"`
		Window      string         `json:"window,omitempty"`
		Printer     string         `json:"printer,omitempty"`
		Serial      string         `json:"serial"`
		Fingerprint string         `json:"fingerprint"`
		NotAfter    time.Time      `json:"not_after"`
		Confirmed   time.Time      `json:"confirmed"`
		By          string         `json:"by"`
		// Seen is the last day on which it proved itself, From where it was then.
		Seen string `json:"seen,omitempty"`
		From string `json:"from,omitempty"`
		// Removed is when its certificate was revoked, Reason why.
		Removed *time.Time            `json:"removed,omitempty"`
		Reason  wire.RevocationReason `json:"reason,omitempty"`
	}
	// ScreenList is all screens.
	ScreenList struct {
		Screens []ScreenRow `json:"screens"`
	}
	// ScreenMade is a new screen with the events that made it.
	ScreenMade struct {
		Screen string `json:"screen"`
		Events []Made `json:"events"`
	}
)

func (a *API) screenRoutes() []route {
	id := in("id", "屏幕编号", "the screen's id")
	confirm := a.change(access.Arrange, "POST", "screens", "确认屏幕上显示的代码", "confirm the code that a screen shows", screenConfirmBody{}, a.confirmScreen, []string{"screen_code", "too_many_tries"})
	confirm.answer, confirm.status = ScreenMade{}, http.StatusCreated
	challenge := own(access.Anybody, "POST", "screens/challenge", "取一个供屏幕签名的随机数", "a challenge for a screen to sign", nil, ScreenChallenge{}, a.challengeScreen, "screens_busy")
	proof := []string{"screen_challenge", "screen_signature", "screen_certificate", "screen_removed"}
	return []route{
		read(access.ReadAll, v1+"screens", "已登记的屏幕", "the enrolled screens", ScreenList{}, a.getScreens),
		confirm,
		a.change(access.Arrange, "POST", "screens/{id}/remove", "移除屏幕：证书立即失效", "remove a screen: its certificate ends at once", screens.Remove{},
			enter(func(r *http.Request, c *screens.Remove) { c.Screen = r.PathValue("id") }), []string{"screen_unknown"}, id),
		challenge,
		own(access.Anybody, "POST", "screens/ask", "新屏幕请求登记，得到要显示的代码", "a new screen asks to be enrolled and gets the code to show", screenAskBody{}, ScreenAsked{}, a.askScreen, "screens_busy", "screen_challenge", "screen_signature"),
		read(access.Anybody, v1+"screens/asked/{id}", "登记请求是否已确认", "whether a request was confirmed", ScreenAsked{}, a.getAsked, in("id", "请求编号，只有该屏幕知道", "the request's id, which only that screen knows")),
		own(access.Anybody, "POST", "screens/session", "屏幕证明自己，得到会话", "a screen proves itself and gets a session", screenSessionBody{}, ScreenSession{}, a.openScreenSession, proof...),
		own(access.Anybody, "POST", "screens/renew", "屏幕更换自己的证书", "a screen renews its certificate", screenRenewBody{}, ScreenRenewal{}, a.renewScreen, append(proof, "certificate_fresh", "screen_key_used")...),
	}
}

func (a *API) challengeScreen(w http.ResponseWriter, r *http.Request) error {
	text, err := a.screens.challenges.New(a.Now(), address(r), rand.Reader)
	if err != nil {
		return busy(err)
	}
	return sendJSON(w, r, ScreenChallenge{text, a.Hall})
}

func busy(err error) error {
	if errors.Is(err, screens.ErrBusy) {
		return problem("screens_busy")
	}
	return err
}

// askScreen gives a stranger a code to show. Whoever confirmed its key before need not do so again.
func (a *API) askScreen(w http.ResponseWriter, r *http.Request) error {
	var b screenAskBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	key, der, digest, err := screens.ReadKey(b.PublicKey)
	if err != nil {
		return wrong(field{"public_key", "key", text{"应为 base64 编码的 ECDSA P-256 公钥（SubjectPublicKeyInfo）", "must be an ECDSA P-256 key (SubjectPublicKeyInfo) in base64"}})
	}
	if len(b.Page) > 64 {
		return wrong(field{"page", "too_long", text{"最多 64 个字符", "may have 64 characters at most"}})
	}
	if !a.screens.challenges.Use(a.Now(), b.Challenge) {
		return problem("screen_challenge")
	}
	if !screens.Signed(key, screens.Message(screens.ForKey, a.Hall, b.Challenge), b.Proof) {
		return problem("screen_signature")
	}
	if known, ok := a.confirmed(digest); ok {
		return sendJSON(w, r, known)
	}
	x, err := a.screens.asking.Add(a.Now(), screens.Ask{Key: der, Digest: digest, Page: b.Page, Address: address(r)}, rand.Reader)
	if err != nil {
		return busy(err)
	}
	a.Logger.InfoContext(r.Context(), "a screen asks to be enrolled", "address", address(r), "page", b.Page)
	return sendJSON(w, r, a.waiting(x))
}

func (a *API) waiting(x screens.Ask) ScreenAsked {
	return ScreenAsked{State: "waiting", Request: x.ID, Code: x.Code, Expires: &x.Until, Left: int(x.Until.Sub(a.Now()).Seconds()), ConsoleURL: a.PublicURL}
}

// confirmed is the screen that has a key, where its certificate is good.
func (a *API) confirmed(digest string) (known ScreenAsked, ok bool) {
	a.Register.Read(func(v *register.View, _ *roster.State) {
		x, found := v.State.Screens.ByKey(digest)
		c, issued := v.State.Enrolment.Certificates.Get(x.Serial)
		if ok = found && issued && c.Live(a.Now()); ok {
			known = ScreenAsked{State: "confirmed", Certificate: x.Certificate}
		}
	})
	return known, ok
}

func (a *API) getAsked(w http.ResponseWriter, r *http.Request) error {
	x, ok := a.screens.asking.Get(a.Now(), r.PathValue("id"))
	if !ok {
		return hall.Unknown("screen_ask_over", "登记请求已过期，请重新请求", "the request is over; ask again")
	}
	if known, ok := a.confirmed(x.Digest); ok {
		return sendJSON(w, r, known)
	}
	return sendJSON(w, r, a.waiting(x))
}

// confirmScreen makes a screen of what shows the code that a person typed. Whoever guesses is slowed down.
func (a *API) confirmScreen(r *http.Request, body []byte) (order, error) {
	var b screenConfirmBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	i := who(r)
	keys := []string{"account/" + i.Account, "address/" + address(r)}
	if _, ok := a.screens.codes.Take(a.Now(), keys...); !ok {
		return order{}, problem("too_many_tries")
	}
	x, ok := a.screens.asking.Shown(a.Now(), b.Code)
	if !ok {
		return order{}, screens.NoCode()
	}
	a.screens.codes.Back(keys...)
	id, err := newScreen()
	if err != nil {
		return order{}, err
	}
	made, text, err := a.issueScreen(x.Key, id)
	if err != nil {
		return order{}, err
	}
	c := screens.Confirm{Made: made, ScreenConfirmed: wire.ScreenConfirmed{Screen: id, Name: b.Name, Use: b.Use, Window: b.Window, Printer: b.Printer,
		ScreenProof: wire.ScreenProof{Key: x.Digest, Serial: made.Serial, Certificate: text}}}
	return order{cmd: c, status: http.StatusCreated, kind: wire.KindScreenConfirmed, answer: func(done Changed) (any, error) {
		return ScreenMade{id, done.Events}, nil
	}}, nil
}

func newScreen() (string, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	return "screen-" + hex.EncodeToString(b[:]), nil
}

// issueScreen makes a certificate for a screen's key; it is good once the event is stored.
func (a *API) issueScreen(der []byte, id string) (made enrolment.Made, text string, err error) {
	key, err := screens.ParseKey(der)
	if err != nil {
		return made, "", err
	}
	x, err := a.Authority.Issue(key, ca.Screen, id)
	if err != nil {
		return made, "", err
	}
	return enrolment.Made{Serial: x.Serial, Fingerprint: x.Fingerprint, NotAfter: x.NotAfter}, string(x.PEM), nil
}

func (a *API) getScreens(w http.ResponseWriter, r *http.Request) error {
	list := ScreenList{Screens: []ScreenRow{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for id, x := range v.State.Screens.Screens.All() {
			c, _ := v.State.Enrolment.Certificates.Get(x.Serial)
			list.Screens = append(list.Screens, ScreenRow{Screen: id, Name: x.Name, Use: x.Use, Window: x.Window, Printer: x.Printer, Serial: x.Serial, Fingerprint: c.Fingerprint,
				NotAfter: c.NotAfter.In(a.Zone), Confirmed: x.Confirmed, By: x.By, Seen: string(x.Seen), From: a.place(x.From), Removed: c.Revoked, Reason: c.Reason})
		}
	})
	return sendJSON(w, r, list)
}
