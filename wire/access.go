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

// SessionOpened says that somebody has signed in. Session is a digest of what the browser keeps.
type SessionOpened struct {
	Session string    `json:"session"`
	Account string    `json:"account"`
	Expires time.Time `json:"expires"`
}

// SessionClosed says that somebody has signed out.
type SessionClosed struct {
	Session string `json:"session"`
}

// TokenCreated gives a program access. Digest is the hex SHA-256 of the token.
type TokenCreated struct {
	Token   string `json:"token"`
	Digest  string `json:"digest"`
	Role    Role   `json:"role"`
	Name    string `json:"name"`
	Expires string `json:"expires,omitempty"` // the last day on which it works
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
	}
}
