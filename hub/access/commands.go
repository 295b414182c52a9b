package access

import (
	"strings"
	"unicode/utf8"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Command is a command about who may act.
type Command interface {
	DecideAccess(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error)
}

// SetAccount adds an account or changes it.
type SetAccount struct {
	wire.AccountSet
	Name string `json:"name"`
	// Hash is the first password's, by Hash; empty leaves what there is.
	Hash string `json:"-"`
	// Temporary: the holder must choose another.
	Temporary bool `json:"-"`
}

// SetPassword gives an account a password.
type SetPassword struct {
	Account   string
	Hash      string
	Temporary bool
}

// DisableAccount ends an account.
type DisableAccount wire.AccountDisabled

// PersonKey is the name of the key that seals what is personal of an account.
func PersonKey(account string) string { return "account-" + account }

// DecideAccess decides; see Command.
func (c SetAccount) DecideAccess(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	CheckAccount(&bad, "id", c.Account)
	bad.Words("name", &c.Name, 1, 20)
	bad.Choice("role", string(c.Role), "administrator", "supervisor", "liaison", "representative", "staff", "auditor", "screen")
	if c.Staff != "" {
		bad.Known("staff", c.Staff, h.People.Staff.Has(c.Staff))
	}
	switch c.Role {
	case wire.RoleStaff, wire.RoleRepresentative:
		if c.Staff == "" {
			bad.Add("staff", "required", "请指明是哪位工作人员", "name the staff member")
		}
	case wire.RoleLiaison:
		bad.Known("department", c.Department, h.People.Departments.Has(c.Department))
	}
	old, known := s.Accounts.Get(c.Account)
	if (!known || old.Hash == nil) && c.Hash == "" {
		bad.Add("password", "required", "请设置初始密码", "set a first password")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if known && old.Role == wire.RoleAdministrator && c.Role != wire.RoleAdministrator && s.Administrators() == 1 {
		return nil, lastAdministrator()
	}
	var drafts []hall.Draft
	changed := !known || old.Role != c.Role || old.Staff != c.Staff || old.Department != c.Department || old.Disabled
	if !changed && m.Unseal != nil && old.Name != nil {
		changed = m.Unseal(old.Name)["name"] != c.Name
	}
	if changed {
		drafts = append(drafts, hall.Draft{Kind: wire.KindAccountSet, Data: c.AccountSet, Person: PersonKey(c.Account), Personal: map[string]string{"name": c.Name}})
	}
	if c.Hash != "" {
		drafts = append(drafts, password(c.Account, c.Hash, c.Temporary))
	}
	return drafts, nil
}

// CheckAccount checks the id of an account that is to be made.
func CheckAccount(bad *hall.Checks, name, id string) {
	bad.ID(name, id)
	if Reserved(id) {
		bad.Add(name, "reserved", "这个名称由系统使用，请另选一个", "is a name of the system's own; choose another")
	}
	if len(id) > 40 {
		bad.Add(name, "too_long", "最多 40 个字符", "may have 40 characters at most")
	}
}

func password(account, hash string, temporary bool) hall.Draft {
	return hall.Draft{Kind: wire.KindAccountPassword, Data: wire.AccountPassword{Account: account, Temporary: temporary},
		Person: PersonKey(account), Personal: map[string]string{"hash": hash}}
}

// DecideAccess decides; see Command.
func (c SetPassword) DecideAccess(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	if !s.Accounts.Has(c.Account) {
		return nil, unknownAccount(c.Account)
	}
	return []hall.Draft{password(c.Account, c.Hash, c.Temporary)}, nil
}

// DecideAccess decides; see Command. The last administrator stays.
func (c DisableAccount) DecideAccess(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	a, ok := s.Accounts.Get(c.Account)
	switch {
	case !ok:
		return nil, unknownAccount(c.Account)
	case a.Disabled:
		return nil, nil
	case a.Role == wire.RoleAdministrator && s.Administrators() == 1:
		return nil, lastAdministrator()
	}
	return []hall.Draft{{Kind: wire.KindAccountDisabled, Data: wire.AccountDisabled(c)}}, nil
}

func lastAdministrator() error {
	return hall.Refuse("last_administrator", "这是最后一个管理员账号，请先设置另一个管理员", "this is the last administrator; make another one first")
}

func unknownAccount(id string) error {
	return hall.Unknown("account_unknown", "没有账号“"+id[:min(len(id), 64)]+"”", "there is no account "+id[:min(len(id), 64)])
}

// CheckPassword refuses a password that is too easy to guess, for the account whose it is.
func CheckPassword(name, text, account string) error {
	var bad hall.Checks
	switch n := utf8.RuneCountInString(text); {
	case n < 10:
		bad.Add(name, "too_short", "密码至少 10 个字符", "a password has 10 characters at least")
	case n > 128:
		bad.Add(name, "too_long", "密码最多 128 个字符", "a password may have 128 characters")
	case account != "" && strings.Contains(strings.ToLower(text), strings.ToLower(account)):
		bad.Add(name, "guessable", "密码不能包含账号", "must not hold the account's name")
	case distinct(text) < 5:
		bad.Add(name, "guessable", "密码过于简单", "is too simple")
	}
	return bad.Err()
}

func distinct(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// SetUp makes the first administrator; there must be none.
type SetUp struct{ SetAccount }

// DecideAccess decides; see Command.
func (c SetUp) DecideAccess(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if s.Administrators() > 0 {
		return nil, hall.Refuse("set_up_already", "已有管理员，请直接登录", "there is an administrator already; sign in")
	}
	return c.SetAccount.DecideAccess(s, h, m)
}
