package screens

import (
	"hallkeeper/hub/enrolment"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// World is what screens may know of the rest of the hall.
type World struct {
	Hall roster.Hall
	// Certificates are which of them are good.
	Certificates *enrolment.State
}

// Command is a command about screens.
type Command interface {
	DecideScreens(s *State, w World, m hall.Moment) ([]hall.Draft, error)
}

// Confirm makes a screen of whatever showed a code; the caller has found the code and made the certificate.
type Confirm struct {
	wire.ScreenConfirmed
	Made enrolment.Made `json:"-"`
}

// Renew gives a screen its next certificate; the caller has checked the signatures of the old key and of the new one.
type Renew struct {
	wire.ScreenRenewed
	Shown enrolment.Shown
	Made  enrolment.Made
}

// SignIn notes that a screen has proved itself.
type SignIn struct {
	Screen  string
	Serial  string
	Address string
}

// Remove makes a screen a stranger again: all its certificates end.
type Remove struct {
	Screen string                `json:"-"`
	Reason wire.RevocationReason `json:"reason"`
}

// AtWindow tells whether screens of a use belong to one window.
func AtWindow(u wire.ScreenUse) bool { return u == wire.UseRate || u == wire.UsePanel }

// DecideScreens decides; see Command. A key is one screen's only: a code that is
// confirmed twice, also by two people at once, makes one screen.
func (c Confirm) DecideScreens(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Words("name", &c.Name, 1, 40)
	bad.Choice("use", string(c.Use), string(wire.UseLobby), string(wire.UseBoard), string(wire.UseKiosk), string(wire.UseRate), string(wire.UsePanel))
	if AtWindow(c.Use) {
		_, known := w.Hall.Windows.Windows[c.Window]
		bad.Known("window", c.Window, known)
	} else {
		c.Window = ""
	}
	if c.Use != wire.UseKiosk {
		c.Printer = ""
	}
	if c.Printer != "" {
		bad.ID("printer", c.Printer)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if x, taken := s.ByKey(c.Key); taken && w.Live(&x, m) {
		return nil, NoCode()
	}
	return []hall.Draft{{Kind: wire.KindScreenConfirmed, Data: c.ScreenConfirmed}, {Kind: wire.KindCertificateIssued, Data: wire.CertificateIssued{
		Device: c.Screen, Kind: wire.CertificateScreen, Serial: c.Made.Serial, Fingerprint: c.Made.Fingerprint, NotAfter: c.Made.NotAfter}}}, nil
}

// Live tells whether a screen may prove itself with its last certificate.
func (w World) Live(x *Screen, m hall.Moment) bool {
	c, ok := w.Certificates.Certificates.Get(x.Serial)
	return ok && c.Live(m.Now)
}

// NoCode refuses a code that no screen shows.
func NoCode() error {
	return hall.Unknown("screen_code", "没有屏幕正在显示这个代码：请核对，代码十分钟内有效，只能用一次",
		"no screen shows this code: compare it; a code works once, within ten minutes")
}

// NoScreen refuses a screen that is none.
func NoScreen() error {
	return hall.Unknown("screen_unknown", "没有这块屏幕", "there is no such screen")
}

// DecideScreens decides; see Command.
func (c Renew) DecideScreens(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	if !s.Screens.Has(c.Screen) {
		return nil, NoScreen()
	}
	if _, taken := s.ByKey(c.Key); taken {
		return nil, hall.Refuse("screen_key_used", "更换证书时须用新的密钥", "a renewal needs a key that was not used before")
	}
	drafts, err := enrolment.Renew{Shown: c.Shown, Made: c.Made}.DecideEnrolment(w.Certificates, m)
	if err != nil {
		return nil, err
	}
	return append(drafts, hall.Draft{Kind: wire.KindScreenRenewed, Data: c.ScreenRenewed}), nil
}

// DecideScreens decides; see Command. The certificate before a renewed one ends once the new one is seen.
func (c SignIn) DecideScreens(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	x, ok := s.Screens.Get(c.Screen)
	if !ok {
		return nil, NoScreen()
	}
	drafts, err := enrolment.Seen{Serial: c.Serial}.DecideEnrolment(w.Certificates, m)
	if err != nil || x.Seen == m.Day && x.From == c.Address {
		return drafts, err
	}
	return append(drafts, hall.Draft{Kind: wire.KindScreenSignedIn, Data: wire.ScreenSignedIn{Screen: c.Screen, Serial: c.Serial, Day: string(m.Day), Address: c.Address}}), nil
}

// DecideScreens decides; see Command.
func (c Remove) DecideScreens(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	x, ok := s.Screens.Get(c.Screen)
	if !ok {
		return nil, NoScreen()
	}
	return enrolment.Revoke{Serial: x.Serial, Reason: c.Reason}.DecideEnrolment(w.Certificates, m)
}
