package access

import (
	"slices"
	"strings"
	"time"

	"hallkeeper/wire"
)

// Permission is what a route asks of whoever uses it.
type Permission string

// The permissions. Which roles have each is in May, and nowhere else.
const (
	Anybody   Permission = "anybody"   // the live view, pages, signing in
	SignedIn  Permission = "signed_in" // one's own session and password
	Self      Permission = "self"      // one's own days, leave and make-up requests; those of others where Decide is had too
	ReadHall  Permission = "read_hall" // rosters and check sheets, as far as one's department or window goes
	ReadAll   Permission = "read_all"  // all of that, and the requests
	Recommend Permission = "recommend" // a department's side of 63号 第十二条
	Arrange   Permission = "arrange"   // master data, devices, shifts, closures
	Decide    Permission = "decide"    // requests, doubts and suspicions; closing and publishing days
	Inspect   Permission = "inspect"   // findings
	Take      Permission = "take"      // tickets, for oneself at the kiosk or for others
	Watch     Permission = "watch"     // reading the line, appointments and matters, as far as one's own goes
	Serve     Permission = "serve"     // call and serve at a window
	Rate      Permission = "rate"      // the rating tablet of a window; nobody who works there may
	Renew     Permission = "renew"     // a device's own certificate, and nothing else
	Govern    Permission = "govern"    // accounts, tokens, parameters, calendars
	Audit     Permission = "audit"     // the log itself
)

// Roles are all roles, from most to least.
func Roles() []wire.Role {
	return []wire.Role{wire.RoleAdministrator, wire.RoleSupervisor, wire.RoleLiaison, wire.RoleRepresentative, wire.RoleStaff,
		wire.RoleAuditor, wire.RoleScreen, wire.RoleDevice, wire.RolePublic}
}

// May tells whether a role has a permission (63号 第四条: the bureau manages the
// daily work, the dispatching department the business).
func May(role wire.Role, p Permission) bool {
	const (
		adm, sup, lia = wire.RoleAdministrator, wire.RoleSupervisor, wire.RoleLiaison
		rep, sta, aud = wire.RoleRepresentative, wire.RoleStaff, wire.RoleAuditor
	)
	switch p {
	case Anybody:
		return true
	case SignedIn:
		return role != wire.RolePublic && role != wire.RoleScreen && role != wire.RoleDevice
	case Self:
		return slices.Contains([]wire.Role{adm, sup, lia, rep, sta}, role)
	case ReadHall:
		return slices.Contains([]wire.Role{adm, sup, aud, lia, rep}, role)
	case ReadAll:
		return slices.Contains([]wire.Role{adm, sup, aud}, role)
	case Recommend:
		return slices.Contains([]wire.Role{adm, sup, lia}, role)
	case Arrange, Decide, Inspect:
		return role == adm || role == sup
	case Take:
		return slices.Contains([]wire.Role{adm, sup, rep, sta, wire.RoleScreen}, role)
	case Watch:
		return slices.Contains([]wire.Role{adm, sup, rep, sta, aud}, role)
	case Serve:
		return slices.Contains([]wire.Role{adm, sup, rep, sta}, role)
	case Rate:
		return role == wire.RoleScreen
	case Renew:
		return role == wire.RoleDevice
	case Govern:
		return role == adm
	case Audit:
		return role == adm || role == aud
	}
	return false
}

// Identity is who makes a request.
type Identity struct {
	Account string
	Role    wire.Role
	// Acting are the roles of supervisors for whom the account acts today.
	Acting     []wire.Role
	Staff      string
	Department string
	// Session is a short digest for the log, Digest the whole of it; empty for programs.
	Session, Digest string
	Expires         time.Time
	// Opened is when the session was opened, and Method how.
	Opened time.Time
	Method string
	// From is the address that the session was opened from.
	From      string
	Warning   *Misuse
	Temporary bool
	// Place is the network address that the request came from.
	Place string
	// Use and Window are of an enrolled screen; empty for accounts and tokens of the role screen.
	Use    wire.ScreenUse
	Window string
	// Operator is true for a program on the hub's machine that could read the data folder's secret.
	Operator bool
	// Device is whose certificate it was, Certificate its serial; empty for people and programs.
	Device, Certificate string
}

// Nobody is whoever has not signed in.
func Nobody() Identity { return Identity{Role: wire.RolePublic} }

// May tells whether somebody has a permission, by their role or for somebody who is away.
func (i *Identity) May(p Permission) bool {
	if i.Use != "" {
		return UseMay(i.Use, p)
	}
	if May(i.Role, p) {
		return true
	}
	return slices.ContainsFunc(i.Acting, func(r wire.Role) bool { return May(r, p) })
}

// Person tells whether a person has signed in: a token and the operator's secret are programs'.
func (i *Identity) Person() bool { return i.Digest != "" }

// PublicActor is how the log names whoever has not signed in, OperatorActor a program that knows the data folder's secret.
const (
	PublicActor   = "public"
	OperatorActor = "operator"
	tokenActor    = "token-"
	deviceActor   = "device-"
)

// Reserved tells whether an account's id would be taken for something else in the log.
func Reserved(id string) bool {
	return id == PublicActor || id == OperatorActor || strings.HasPrefix(id, tokenActor) || strings.HasPrefix(id, deviceActor)
}

// Actor is how the log names them.
func (i *Identity) Actor() wire.Actor {
	if i.Device != "" {
		return wire.Actor{Kind: wire.ActorDevice, ID: i.Device, Session: i.Session, From: i.Place}
	}
	if i.Account == "" {
		return wire.Actor{Kind: wire.ActorPerson, ID: PublicActor, From: i.Place}
	}
	return wire.Actor{Kind: wire.ActorPerson, ID: i.Account, Session: i.Session, From: i.Place}
}

// BySession finds who has a session; ok is false where it is over.
func (s *State) BySession(secret string, now time.Time) (Identity, bool) {
	digest := Digest(secret)
	x, ok := s.Sessions.Get(digest)
	if !ok || !now.Before(x.Expires) {
		return Nobody(), false
	}
	a, ok := s.Accounts.Get(x.Account)
	if !ok || a.Disabled {
		return Nobody(), false
	}
	return Identity{Account: a.ID, Role: a.Role, Staff: a.Staff, Department: a.Department, Session: ShortDigest(digest), Digest: digest,
		Expires: x.Expires, Opened: x.Opened, Method: x.Method, From: x.Address, Warning: x.Warning, Temporary: a.Temporary}, true
}

// Permissions are all permissions, in the order of their words above.
func Permissions() []Permission {
	return []Permission{Anybody, SignedIn, Self, ReadHall, ReadAll, Recommend, Arrange, Decide, Inspect, Take, Watch, Serve, Rate, Renew, Govern, Audit}
}
