package access

import "hallkeeper/wire"

// Words are the same thing in both languages.
type Words struct{ ZH, EN string }

// Office is what a role is called, what it does and by which articles of 63号.
// docs/roles.md and /docs are made of it.
type Office struct {
	Role  wire.Role
	Name  Words
	Cites []string
	Does  Words
}

// Offices are all roles, in the order of Roles.
func Offices() []Office {
	return []Office{
		{wire.RoleAdministrator, Words{"管理员（旗政务服务局）", "bureau administrator"}, []string{"第四条", "第八条", "第十四条"},
			Words{"管理大厅的日常工作，设置账号、令牌、参数和节假日，提出和确认考核政策", "manages the hall's daily work, sets accounts, tokens, parameters and holidays, proposes and confirms assessment policies"}},
		{wire.RoleSupervisor, Words{"大厅督导", "hall supervisor"}, []string{"第四条", "第八条", "第十三条", "第十五条"},
			Words{"日检查、月统计、季通报、年考核；审批申请；确认他人提出的剔除评价、撤下公示和考核政策", "checks days, counts months, quarters and years, decides on requests; confirms what others propose: excluding a rating, taking results off the board, a policy"}},
		{wire.RoleLiaison, Words{"派驻单位联络员", "department liaison"}, []string{"第四条", "第九条", "第十二条"},
			Words{"推荐和调换本单位人员，办理本单位的差评和报送；看不到其他单位", "recommends and changes people of the own department, answers its cases and reports; sees no other department"}},
		{wire.RoleRepresentative, Words{"首席代表", "chief representative"}, []string{"第七条", "第十二条"},
			Words{"负责本窗口，查看本窗口人员，在窗口叫号办理", "answers for the own window, sees its people, calls and serves there"}},
		{wire.RoleStaff, Words{"窗口工作人员", "window staff"}, []string{"第五条", "第十条"},
			Words{"在窗口叫号办理；查看本人的考勤和考核，请假、补卡、答复和申诉", "calls and serves at the window; sees the own days and scores, asks for leave and make-up punches, replies and appeals"}},
		{wire.RoleAuditor, Words{"审计员", "auditor"}, []string{"第十条（四）"},
			Words{"查看一切，包括日志和谁做了什么，不能改动任何东西", "sees everything, the log and who did what included, and changes nothing"}},
		{wire.RoleScreen, Words{"屏幕", "screen"}, []string{"第八条", "第十条（三）"},
			Words{"取号机、评价器和大厅屏：只有公开的内容、取号和评价", "kiosk, rating tablet and lobby screen: what is public, taking tickets and rating"}},
		{wire.RoleDevice, Words{"设备（窗口电脑）", "device (a window's computer)"}, []string{"第八条"},
			Words{"凭设备证书收发自己的 MQTT 主题，续签自己的证书；在接口上没有其他权限", "by its certificate sends and hears its own MQTT topics and renews that certificate; it has no other right at the API"}},
		{wire.RolePublic, Words{"未登录者", "whoever has not signed in"}, []string{"第八条"},
			Words{"公示栏、大厅现况、凭号票查看和评价", "the notice board, the live view, a ticket by its code and rating it"}},
	}
}

// OfficeOf is the office of a role.
func OfficeOf(role wire.Role) (o Office) {
	for _, o = range Offices() {
		if o.Role == role {
			return o
		}
	}
	return Office{Role: role, Name: Words{string(role), string(role)}}
}

// Means says what a permission lets somebody do.
func (p Permission) Means() Words {
	return map[Permission]Words{
		Anybody: {"无须登录：大厅现况、公示栏、页面、登录", "nobody needs to sign in: the live view, the notice board, pages, signing in"}, SignedIn: {"自己的会话和密码", "one's own session and password"},
		Self: {"本人的考勤、请假、补卡和答复", "one's own days, leave, make-up punches and replies"}, ReadHall: {"花名册、检查表和考核，限本单位或本窗口", "rosters, check sheets and scores, of one's department or window"},
		ReadAll: {"全大厅的这些内容和各种申请", "all of that for the whole hall, and the requests"}, Recommend: {"派驻单位的一方：推荐、调换、撤出", "a department's side: recommendations, changes, withdrawals"},
		Arrange: {"主数据、设备、班次、停止服务", "master data, devices, shifts, closures"}, Decide: {"审批、认定、检查和公布；确认须两人办理的事", "decisions, checking and publishing; confirming what takes two people"},
		Inspect: {"巡查发现", "findings of inspections"}, Take: {"取号", "taking tickets"}, Watch: {"查看排队、预约和办件，限与自己有关的", "reading the line, appointments and matters, as far as they are one's own"}, Serve: {"在窗口叫号办理", "calling and serving at a window"}, Rate: {"窗口的评价器", "a window's rating tablet"},
		Renew: {"续签自己的设备证书", "renewing one's own device certificate"}, Govern: {"账号、令牌、参数、节假日；提出考核政策", "accounts, tokens, parameters, holidays; proposing policies"}, Audit: {"日志和审计", "the log and the audit"},
	}[p]
}
