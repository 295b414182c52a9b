package wire

import "time"

// Kinds of who may act (账号, 会话, 令牌). Only the hub makes them. A password's
// hash travels sealed in Personal under "account-" and the name; of sessions and
// tokens the log gets digests.
const (
	KindAccountSet      Kind = "account.set"
	KindAccountPassword Kind = "account.password"
	KindAccountDisabled Kind = "account.disabled"
	KindSessionOpened   Kind = "session.opened"
	KindSessionClosed   Kind = "session.closed"
	KindTokenCreated    Kind = "token.created"
	KindTokenRevoked    Kind = "token.revoked"

	KindSessionMisused  Kind = "session.misused"
	KindTokenUsed       Kind = "token.used"
	KindTokenRefused    Kind = "token.refused"
	KindPasskeyAdded    Kind = "passkey.added"
	KindPasskeyUsed     Kind = "passkey.used"
	KindPasskeyCloned   Kind = "passkey.cloned"
	KindPasskeyRemoved  Kind = "passkey.removed"
	KindPasskeyRenamed  Kind = "passkey.renamed"
	KindAccountLinked   Kind = "account.linked"
	KindAccountUnlinked Kind = "account.unlinked"
)

// Role is what an account, a token or a screen may do; see hub/access.
type Role string

// The roles of 63号 第四条, and two that are nobody's office.
const (
	RoleAdministrator  Role = "administrator"  // 政务服务局管理员
	RoleSupervisor     Role = "supervisor"     // 大厅督导
	RoleLiaison        Role = "liaison"        // 派驻单位联络员
	RoleRepresentative Role = "representative" // 首席代表
	RoleStaff          Role = "staff"          // 窗口工作人员
	RoleAuditor        Role = "auditor"        // 审计员
	RoleScreen         Role = "screen"         // 屏幕
	RoleDevice         Role = "device"         // 设备证书；没有账号
	RolePublic         Role = "public"         // whoever has not signed in
)

// AccountSet adds an account or changes what it may do. Sealed: name.
type AccountSet struct {
	Account string `json:"account"`
	Role    Role   `json:"role"`
	// Staff is the staff member who signs in with it; needed for representative and staff.
	Staff string `json:"staff,omitempty"`
	// Department is the one that a liaison sees.
	Department string `json:"department,omitempty"`
}

// AccountPassword gives an account a new password and ends its sessions. Sealed: hash.
type AccountPassword struct {
	Account string `json:"account"`
	// Temporary passwords must be changed at the first sign-in.
	Temporary bool `json:"temporary,omitempty"`
}

// AccountDisabled ends an account and its sessions.
type AccountDisabled struct {
	Account string `json:"account"`
}

// The ways to sign in, and why a session was closed.
const (
	MethodPassword = "password"
	MethodPasskey  = "passkey"
	MethodOIDC     = "oidc" // by a single sign-on
	MethodSetup    = "setup"

	ClosedIdle  = "idle"  // not used for too long
	ClosedEnded = "ended" // by its holder from another session, or by an administrator
)

// SessionOpened says that somebody has signed in. Session is a digest of what the browser keeps. Sealed: agent,
// the browser in a few words.
type SessionOpened struct {
	Session string    `json:"session"`
	Account string    `json:"account"`
	Expires time.Time `json:"expires"`
	// Address is where it was opened from; a session that is bound works from there only.
	Address string `json:"address,omitempty"`
	Method  string `json:"method,omitempty"`
}

// SessionClosed says that a session is over. Why is empty where its holder has signed out.
type SessionClosed struct {
	Session string `json:"session"`
	Why     string `json:"why,omitempty"`
}

// SessionMisused says that a session was used from another address than it was opened from, and is over.
type SessionMisused struct {
	Session string `json:"session"`
	Address string `json:"address"`
}

// TokenCreated gives a program access. Digest is the hex SHA-256 of the token.
type TokenCreated struct {
	Token   string `json:"token"`
	Digest  string `json:"digest"`
	Role    Role   `json:"role"`
	Name    string `json:"name"`
	Expires string `json:"expires,omitempty"` // the last day on which it works
	// Addresses are where it works from, like 10.0.3.0/24; everywhere where there are none.
	Addresses []string `json:"addresses,omitempty"`
}

// TokenUsed says that a token was used on a day, once a day: from where it came first.
type TokenUsed struct {
	Token   string `json:"token"`
	Day     string `json:"day"`
	Address string `json:"address"`
}

// TokenRefused says that a token was used from where it does not work, once a day and address.
type TokenRefused struct {
	Token   string `json:"token"`
	Day     string `json:"day"`
	Address string `json:"address"`
}

// PasskeyAdded lets somebody sign in with a passkey. Passkey is the hex SHA-256 of the credential's id, RP the
// name of the hub that it works at. Sealed: name, credential.
type PasskeyAdded struct {
	Passkey string `json:"passkey"`
	Account string `json:"account"`
	RP      string `json:"rp"`
	// Count is of its signatures; 0 where it does not count.
	Count uint32 `json:"count,omitempty"`
}

// PasskeyUsed says that somebody has signed in with a passkey. Count is of its signatures; 0 where it does not count.
type PasskeyUsed struct {
	Passkey string `json:"passkey"`
	Count   uint32 `json:"count"`
}

// PasskeyCloned says that a passkey's count went back: there are two of it, and it works no more.
type PasskeyCloned struct {
	Passkey string `json:"passkey"`
	Count   uint32 `json:"count"`
}

// PasskeyRemoved ends a passkey.
type PasskeyRemoved struct {
	Passkey string `json:"passkey"`
}

// PasskeyRenamed gives a passkey another name. Sealed: name.
type PasskeyRenamed struct {
	Passkey string `json:"passkey"`
	Account string `json:"account"`
}

// AccountLinked lets somebody sign in by a single sign-on. Subject is the hub's keyed hash of who the issuer says
// they are.
type AccountLinked struct {
	Account string `json:"account"`
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// AccountUnlinked ends that.
type AccountUnlinked struct {
	Account string `json:"account"`
	Issuer  string `json:"issuer"`
}

// TokenRevoked ends a token.
type TokenRevoked struct {
	Token string `json:"token"`
}

func accessKinds() []KindInfo {
	return []KindInfo{
		{KindAccountSet, 1, true, AccountSet{}}, {KindAccountPassword, 1, true, AccountPassword{}}, {KindAccountDisabled, 1, true, AccountDisabled{}},
		{KindSessionOpened, 1, true, SessionOpened{}}, {KindSessionClosed, 1, true, SessionClosed{}},
		{KindTokenCreated, 1, true, TokenCreated{}}, {KindTokenRevoked, 1, true, TokenRevoked{}},
		{KindSessionMisused, 1, true, SessionMisused{}}, {KindTokenUsed, 1, true, TokenUsed{}}, {KindTokenRefused, 1, true, TokenRefused{}},
		{KindPasskeyAdded, 1, true, PasskeyAdded{}}, {KindPasskeyUsed, 1, true, PasskeyUsed{}}, {KindPasskeyCloned, 1, true, PasskeyCloned{}},
		{KindPasskeyRemoved, 1, true, PasskeyRemoved{}}, {KindPasskeyRenamed, 1, true, PasskeyRenamed{}}, {KindAccountLinked, 1, true, AccountLinked{}}, {KindAccountUnlinked, 1, true, AccountUnlinked{}},
	}
}
