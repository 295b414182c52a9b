package personal

import "hallkeeper/wire"

// Sight is how much of a field somebody sees.
type Sight string

// The sights, from most to least.
const (
	// Clear is the whole, since the work can't be done without it.
	Clear Sight = "clear"
	// Reasoned is masked, and whole for whoever gives a reason, which the log keeps.
	Reasoned Sight = "reason"
	// Masked is never whole.
	Masked Sight = "masked"
	// Stripped is without a digit of any number, for the person whom a text is about.
	Stripped Sight = "bare"
	// None is not at all.
	None Sight = "none"
)

// Self is the staff member whom something is about, in place of their role.
const Self wire.Role = "self"

// Field is one kind of personal field.
type Field struct {
	// Kind is that of the keys that it is sealed under; Name the field's name there, * for every other.
	Kind, Name string
	ZH, EN     string
	// Hidden is how it is masked.
	Hidden func(string) string
	// Sights are who sees how much; a role that is not in it sees nothing.
	Sights map[wire.Role]Sight
}

// Fields is the one table of who sees what. What a role may see at all is for the API's
// permissions and scopes (a liaison's own department, a representative's own window); this
// says how much of it.
func Fields() []Field {
	const (
		adm, sup, lia = wire.RoleAdministrator, wire.RoleSupervisor, wire.RoleLiaison
		rep, sta, aud = wire.RoleRepresentative, wire.RoleStaff, wire.RoleAuditor
	)
	type by = map[wire.Role]Sight
	whole := func(s string) string { return s }
	return []Field{
		{"staff", "name", "工作人员姓名（名册、检查表、考核、代岗）", "names of staff: rosters, check sheets, results, who covers", whole,
			by{adm: Clear, sup: Clear, lia: Clear, rep: Clear, sta: Clear, aud: Clear, Self: Clear}},
		{"staff", "born", "工作人员出生日期", "dates of birth of staff", Born, by{adm: Reasoned, sup: Reasoned, Self: Clear}},
		{"staff", "phone", "工作人员电话", "telephones of staff", Phone, by{adm: Reasoned, sup: Reasoned, Self: Clear}},
		{"staff", "*", "请假、补卡、申诉、检查、评语等文字", "words of leave, appeals, inspections and evaluations", Words,
			by{adm: Masked, sup: Masked, lia: Masked, rep: Masked, aud: Masked, Self: Masked}},
		{"account", "name", "账号的姓名", "names of accounts", whole, by{adm: Clear, sup: Clear, aud: Clear, Self: Clear}},
		{"account", "*", "委托事由", "reasons of delegations", Words, by{adm: Masked, sup: Masked, aud: Masked, Self: Masked}},
		{"address", "*", "登录和办理时的网络地址", "network addresses of sessions and of who acted", whole, by{adm: Clear, aud: Clear, Self: Clear}},
		{"case", "phone", "差评、投诉：群众电话", "cases: the citizen's number", Phone,
			by{adm: Reasoned, sup: Reasoned, aud: Reasoned, lia: Masked, rep: Masked, sta: Masked, Self: None}},
		{"case", "*", "差评、投诉：群众的话和处理文字", "cases: what the citizen said and what was written about it", Words,
			by{adm: Reasoned, sup: Reasoned, aud: Reasoned, lia: Masked, rep: Masked, sta: Masked, Self: Stripped}},
		{"appointment", "name", "预约人姓名", "the name of who booked", Name, by{adm: Reasoned, sup: Reasoned, rep: Masked, sta: Masked}},
		{"window", "*", "窗口事由、一次性告知、办件说明", "a window's reasons: pauses, notices, remarks on matters", Words,
			by{adm: Reasoned, sup: Reasoned, aud: Reasoned, lia: Masked, rep: Masked, sta: Masked}},
		{"department", "address", "派驻单位收件邮箱", "a department's mail address", Mail, by{adm: Reasoned, sup: Reasoned}},
		{"department", "*", "派驻单位申诉文字", "words of a department's appeals", Words, by{adm: Masked, sup: Masked, lia: Masked, aud: Masked}},
		{"copy", "address", "抄送邮件的收件地址", "where a copy was sent", Mail, by{adm: Masked, sup: Masked}},
		{"duty", "*", "窗口和单位事项的文字", "words of duties", Words, by{adm: Masked, sup: Masked, lia: Masked, rep: Masked, sta: Masked, aud: Masked}},
		{"finding", "*", "未指明个人的检查记录文字", "words of findings about nobody in particular", Words, by{adm: Masked, sup: Masked, lia: Masked, rep: Masked, aud: Masked}},
		{"period", "*", "更正公示结果的理由", "why a published result was revised", Words, by{adm: Masked, sup: Masked, lia: Masked, rep: Masked, sta: Masked, aud: Masked}},
		{"proposal", "*", "两人办理：提议和不予确认的理由", "what takes two people: why it was proposed or declined", Words, by{adm: Masked, sup: Masked, aud: Masked}},
		{"swaps", "*", "疑似代打卡的判断理由", "why a doubt about swapped cards was settled so", Words, by{adm: Masked, sup: Masked, aud: Masked}},
		{"rating", "phone", "评价时留下的电话（只随差评件显示）", "numbers left with a rating; shown with the case alone", Phone, by{}},
		{"rating", "*", "评价时留下的文字（只随差评件显示）", "words left with a rating; shown with the case alone", Words, by{}},
		{"line", "*", "队伍保留过夜的理由（不显示）", "why a line was kept overnight; not shown", Words, by{}},
		{"deadletter", "*", "死信处理的附注（不显示）", "notes on dead letters; not shown", Words, by{}},
		{"photo", "*", "检查时拍的照片", "pictures of inspections", whole, by{adm: Clear, sup: Clear, aud: Clear, Self: Clear}},
		{"trouble", "*", "确认机器问题时写的附注", "notes on troubles with the machines", Words, by{adm: Masked, sup: Masked, aud: Masked}},
		{"forgetting", "*", "删除申请的理由", "why somebody asked to be forgotten", Words, by{adm: Masked, aud: Masked}},
	}
}

// FieldOf is the row of a field that is sealed under a key of a kind; ok is false where there is none,
// and then nobody sees it.
func FieldOf(kind, name string) (f Field, ok bool) {
	for _, x := range Fields() {
		if x.Kind == kind && (x.Name == name || x.Name == "*") {
			return x, true
		}
	}
	return Field{}, false
}

// By is how much of a field a role sees.
func (f *Field) By(role wire.Role) Sight {
	if s, ok := f.Sights[role]; ok {
		return s
	}
	return None
}

// Shown is a value as far as anybody sees it who gives no reason.
func Shown(kind, name, value string) string {
	f, ok := FieldOf(kind, name)
	if !ok || kind == "account" && name == "hash" {
		return ""
	}
	return f.Hidden(value)
}

// Kept gives what a form means that was filled with what is shown: where somebody sends a masked
// value back, the old one stays.
func Kept(kind, name, sent, old string) string {
	if old != "" && sent != old && sent == Shown(kind, name, old) {
		return old
	}
	return sent
}
