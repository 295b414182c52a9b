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
		held(t, file, b.String())
	}
}

// held compares the tables of a page with the program's, or writes them.
func held(t *testing.T, file, tables string) {
	t.Helper()
	path := "../../docs/" + file
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- tables -->\n", "<!-- /tables -->"
	before, rest, _ := strings.Cut(string(page), begin)
	_, after, found := strings.Cut(rest, end)
	want := before + begin + tables + end + after
	if *update && found {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(page) != want {
		t.Errorf("%s has other tables than the program: go test ./hub/personal -update", file)
	}
}

// The page on what is kept for how long has every class of records, with the keys that lapse in it.
func TestThePageHasWhatIsKept(t *testing.T) {
	days := map[string]personal.Retention{}
	for _, k := range personal.Kinds() {
		days[k.Kind] = k
	}
	for file, zh := range map[string]bool{"retention.md": false, "retention.zh-CN.md": true} {
		pick := func(a, b string) string {
			if zh {
				return a
			}
			return b
		}
		var b strings.Builder
		b.WriteString(pick("| 记录 | 事件 | 保存用途 | 其中的个人信息到期 | 依法至少 | 自 |", "| Records | Events | Kept for | What is personal in them ends | A law's least | From |") + "\n|---|---|---|---|---|---|\n")
		for _, r := range personal.AllRecords() {
			ends := ""
			for _, key := range r.Keys {
				ends += fmt.Sprintf(pick("`%s` %d 天；", "`%s` %d days; "), key, days[key].Days)
			}
			least := "–"
			if r.Least > 0 {
				least = fmt.Sprintf("%d, %s", r.Least, r.LeastReference)
			}
			fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s |\n", pick(r.ZH, r.EN), strings.Join(r.Kinds, "`, `"), r.Reference, strings.TrimRight(ends, "；; "), least, r.From)
		}
		held(t, file, b.String())
	}
}

// Each kind of event is of one class, each kind of key of one at least, and what a class is kept for is cited. No key ends before a
// law lets it.
func TestEveryKindHasItsTime(t *testing.T) {
	of, keys := map[string]string{}, map[string]bool{}
	kinds := map[string]personal.Retention{}
	for _, k := range personal.Kinds() {
		kinds[k.Kind] = k
		if k.Days < k.Keep {
			t.Errorf("%s is kept for %d days, a law demands %d", k.Kind, k.Days, k.Keep)
		}
	}
	for _, r := range personal.AllRecords() {
		if r.Reference == "" || r.From == "" || r.ZH == "" || r.EN == "" || (r.Least > 0) != (r.LeastReference != "") {
			t.Errorf("%s says too little: %+v", r.Class, r)
		}
		for _, k := range r.Kinds {
			if of[k] != "" {
				t.Errorf("%s is of %s and of %s", k, of[k], r.Class)
			}
			of[k] = r.Class
		}
		for _, k := range r.Keys {
			if _, there := kinds[k]; !there {
				t.Errorf("%s: there is no key of kind %s", r.Class, k)
			}
			keys[k] = true
		}
	}
	used := map[string]bool{}
	for _, k := range wire.Kinds() {
		domain, _, _ := strings.Cut(string(k.Kind), ".")
		used[domain] = true
		if of[domain] == "" {
			t.Errorf("%s has no time for which it is kept: put it into records.json", k.Kind)
		}
	}
	for k := range of {
		if !used[k] {
			t.Errorf("no event is a %s", k)
		}
	}
	for k := range kinds {
		if !keys[k] {
			t.Errorf("keys of kind %s are in no class of records", k)
		}
	}
}
