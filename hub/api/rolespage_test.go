package api

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"hallkeeper/hub/access"
)

// rolesPage is docs/roles.md or its Chinese pair: made of the table of roles and of the routes, by go test ./hub/api -run RolesPage -update.
func rolesPage(zh bool) string {
	say := func(z, e string) string {
		if zh {
			return z
		}
		return e
	}
	in := func(w access.Words) string { return say(w.ZH, w.EN) }
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# %s\n", say("角色与权限", "Roles and permissions"))
	line("%s\n", say("[English](roles.md)", "[中文](roles.zh-CN.md)"))
	line("%s\n", say("本页由 `hub/access` 的角色表和接口的路由表生成（`go test ./hub/api -run RolesPage -update`），与二者不一致时测试不通过。条款指 63号（乌政办发〔2020〕63号）。",
		"This page is made of the table of roles in `hub/access` and of the API's routes (`go test ./hub/api -run RolesPage -update`); a test fails where it differs. Articles are those of 63号 (乌政办发〔2020〕63号)."))
	line("%s\n", say("控制台的菜单取自会话的权限（`GET /api/v1/session`），接口的检查取自同一张表；每个路由逐一以每个角色试过（[对照表](../hub/api/testdata/roles.txt)）。",
		"The console's menus come from the session's permissions (`GET /api/v1/session`), the API's checks from the same table; every route is tried as every role ([the golden table](../hub/api/testdata/roles.txt))."))
	line("## %s\n", say("角色", "Roles"))
	line("| %s | `role` | 63号 | %s |\n|---|---|---|---|", say("角色", "Role"), say("做什么", "What it does"))
	for _, o := range access.Offices() {
		line("| %s | `%s` | %s | %s |", in(o.Name), o.Role, strings.Join(o.Cites, "、"), in(o.Does))
	}
	line("\n## %s\n", say("权限", "Permissions"))
	b.WriteString("| " + say("权限", "Permission") + " |")
	for _, o := range access.Offices() {
		b.WriteString(" " + string(o.Role) + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(access.Offices())) + "\n")
	for _, p := range access.Permissions() {
		fmt.Fprintf(&b, "| `%s` %s |", p, in(p.Means()))
		for _, o := range access.Offices() {
			mark := " |"
			if access.May(o.Role, p) {
				mark = " ✓ |"
			}
			b.WriteString(mark)
		}
		b.WriteString("\n")
	}
	line("\n%s\n", say("一次会话还可以代行一位外出督导的权限，到委托的最后一天为止；日志写明实际操作的人。", "A session may act for a supervisor who is away as well, until the delegation's last day; the log names who really acted."))
	line("## %s", say("各权限的路由", "Routes by permission"))
	for _, p := range access.Permissions() {
		rows := ""
		for _, r := range (&API{Deps: Deps{ChangesPerSecond: 1}}).table() {
			if r.may == p {
				rows += fmt.Sprintf("| `%s %s` | %s |\n", r.method, r.path, say(r.summary.zh, r.summary.en))
			}
		}
		if rows != "" {
			line("\n### `%s`\n\n| %s | %s |\n|---|---|\n%s", p, say("路由", "Route"), say("作用", "What for"), strings.TrimSuffix(rows, "\n"))
		}
	}
	return b.String()
}

func TestTheRolesPageIsTheTable(t *testing.T) {
	for path, zh := range map[string]bool{"../../docs/roles.md": false, "../../docs/roles.zh-CN.md": true} {
		want := rolesPage(zh)
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s is not what the tables say (%v); run go test ./hub/api -run RolesPage -update", path, err)
		}
	}
}

// Every role has its office, every permission its words, in both languages.
func TestEveryRoleHasAnOffice(t *testing.T) {
	offices := access.Offices()
	if len(offices) != len(access.Roles()) {
		t.Fatalf("%d offices, %d roles", len(offices), len(access.Roles()))
	}
	for i, role := range access.Roles() {
		if o := offices[i]; o.Role != role || o.Name.ZH == "" || o.Name.EN == "" || o.Does.ZH == "" || o.Does.EN == "" || len(o.Cites) == 0 {
			t.Errorf("%s: %+v", role, o)
		}
	}
	for _, p := range access.Permissions() {
		if w := p.Means(); w.ZH == "" || w.EN == "" {
			t.Errorf("%s has no words", p)
		}
		if access.May("device", p) != (p == access.Anybody || p == access.Renew) {
			t.Errorf("a device may not %s", p)
		}
	}
}
