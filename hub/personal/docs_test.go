package personal_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"hallkeeper/hub/personal"
	"hallkeeper/wire"
)

var update = flag.Bool("update", false, "write the tables of docs/personal-data.md")

// The page for people has the tables of the program: who sees what, and what is kept for how long.
func TestThePageHasTheTables(t *testing.T) {
	roles := []wire.Role{wire.RoleAdministrator, wire.RoleSupervisor, wire.RoleLiaison, wire.RoleRepresentative, wire.RoleStaff, wire.RoleAuditor, personal.Self}
	for file, zh := range map[string]bool{"personal-data.md": false, "personal-data.zh-CN.md": true} {
		pick := func(a, b string) string {
			if zh {
				return a
			}
			return b
		}
		var b strings.Builder
		b.WriteString(pick("| 字段 | 管理员 | 督导 | 联络员 | 首席代表 | 窗口人员 | 审计员 | 本人 |", "| Field | administrator | supervisor | liaison | representative | staff | auditor | oneself |") + "\n|---|---|---|---|---|---|---|---|\n")
		words := map[personal.Sight]string{personal.Clear: pick("全部", "clear"), personal.Reasoned: pick("说明理由", "for a reason"), personal.Masked: pick("遮盖", "masked"),
			personal.Stripped: pick("不含号码", "no numbers"), personal.None: "–"}
		for _, f := range personal.Fields() {
			b.WriteString("| " + pick(f.ZH, f.EN))
			for _, r := range roles {
				b.WriteString(" | " + words[f.By(r)])
			}
			b.WriteString(" |\n")
		}
		b.WriteString("\n" + pick("| 类别 | 天数 | 起算 | 依据 | 依法至少 |", "| Kind | Days | From | By | A law's least |") + "\n|---|---|---|---|---|\n")
		for _, k := range personal.Kinds() {
			least := "–"
			if k.Keep > 0 {
				least = fmt.Sprintf("%d, %s", k.Keep, k.KeepReference)
			}
			fmt.Fprintf(&b, "| %s (`%s`) | %d | %s | %s | %s |\n", pick(k.ZH, k.EN), k.Kind, k.Days, pick(k.FromZH, k.FromEN), k.Reference, least)
		}
		path := "../../docs/" + file
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		const begin, end = "<!-- tables -->\n", "<!-- /tables -->"
		before, rest, _ := strings.Cut(string(page), begin)
		_, after, found := strings.Cut(rest, end)
		want := before + begin + b.String() + end + after
		if *update && found {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if string(page) != want {
			t.Errorf("%s has other tables than the program: go test ./hub/personal -update", file)
		}
	}
}
