package assess_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"hallkeeper/hub/assess"
	"hallkeeper/policies"
)

func small(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "small.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTheSmallPolicyHolds(t *testing.T) {
	t.Parallel()
	p, err := assess.Load([]byte(small(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range p.Run() {
		for _, w := range r.Wrong {
			t.Errorf("%s: %s / %s", r.Case.EN, w.ZH, w.EN)
		}
	}
}

// Each row changes the small policy and names what must be said of it in each language, and in which line: that of
// the text marked by where (the changed text if empty).
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, old, new, where, zh, en string }{
		{"an unknown key is named with the nearest", "    when: minutes", "    whenn: minutes", "", "是否为 when", "no such key; is it when"},
		{"a key that is there twice", "    to: person\n    trigger: late", "    to: person\n    to: person\n    trigger: late", "", "重复", "twice"},
		{"a text where a number belongs", "{value: 5, from", "{value: five, from", "", "应为不超过 100000 的数", "a number"},
		{"a number where a text belongs", `version: "1.0.0"`, "version: 1.0", "", "请加引号", "put a text in quotes"},
		{"a list where a group belongs", "share: {cites: [第一条], reading: weight, percent: share, zh: 按权重计入, en: as a weight}", "share: [1]", "", "应为一组", "a group of key"},
		{"a group where a list belongs", "cites: [第二条], to: person", "cites: {a: b}, to: person", "", "应为列表", "must be a list"},
		{"a version that does not fit into an address", `version: "1.0.0"`, `version: "一版"`, "", "应为字母、数字", "letters, digits"},
		{"a department's score that is put together in another way", "window: mean,", "window: mean, department: sum,", "", "没有“sum”这个选项", "not one of mean, own"},
		{"a notice board that shows something else", "\ncases:", "\npublish: {people: all}\ncases:", "publish: {people: all}", "没有“all”这个选项", "not one of none, awarded, grade, points"},
		{"names that are neither shown nor not", "\ncases:", "\npublish: {names: maybe}\ncases:", "publish: {names: maybe}", "应为true 或 false", "true or false"},
		{"a date that is none", "from: 2026-07-01}", "from: 2026-02-30}", "", "应为日期", "a date like"},
		{"another version of the format", "policy: 1", "policy: 2", "", "第 1 版格式", "version 1 of the format"},
		{"a name in one language", "    en: late\n", "", "  - id: late\n", "必须填写", "is needed"},
		{"anchors and aliases", "to: person\n    trigger: late", "to: &a person\n    trigger: late", "", "锚点", "anchors and aliases"},
		{"a second document", "policy: 1", "policy: 1\n---\npolicy: 1", "", "一个文件只能有一项政策", "one file holds one policy"},

		{"an unknown parameter in a condition", "minutes >= late_from", "minutes >= late_form", "", "没有参数或输入“late_form”（触发事实：迟到），是否为 late_from", "there is no parameter or input late_form (the trigger is late); is it late_from"},
		{"an input of another trigger", "minutes >= late_from", "overdue >= late_from", "", "没有参数或输入“overdue”", "no parameter or input overdue"},
		{"a type error", "minutes >= late_from", `minutes >= "five"`, "", "类型不符：>= 不能用于数与文字", ">= is not for a number and text"},
		{"a whole number among numbers", "points: late_points", "points: late_points * 1", "", "请写小数点", "write the point"},
		{"a condition that is a number", "minutes >= late_from", "minutes", "", "结果应为是非，而这里是数", "must give yes or no"},
		{"what does not read", "minutes >= late_from", "minutes >=", "", "表达式写法有误", "does not read"},
		{"a number in a rule", "minutes >= late_from", "minutes >= 5.0", "", "请设为带日期和依据的参数", "must be a parameter"},
		{"units that cannot be compared", "minutes >= late_from", "minutes >= late_points", "", "单位不符：分钟与分", "min and points"},
		{"units that cannot be multiplied", "points: late_points", "points: late_points * minutes", "", "分乘以分钟没有意义", "points times min"},
		{"points in another unit", "points: late_points", "points: minutes", "", "结果的单位应为分，而这里是分钟", "must be in points, but is min"},
		{"a division by zero", "points: late_points", "points: late_points / 0.0", "", "除数为 0", "divided by zero"},
		{"a division by a parameter that is zero", "points: late_points", "points: late_points * base / lowest", "", "除数 lowest 自 2026-01-01 起为 0", "lowest, which is 0 from 2026-01-01 on"},
		{"a loop", "minutes >= late_from", "'[minutes].exists(x, x >= late_from)'", "", "没有参数或输入", "no parameter or input"},

		{"parameter values that overlap", "from: 2026-07-01}", "from: 2026-06-30}", "", "与上一个值重叠", "overlaps the value before it"},
		{"parameter values with a gap", "from: 2026-07-01}", "from: 2026-07-03}", "", "2026-07-01 至 2026-07-02 没有值", "nothing from 2026-07-01 until 2026-07-02"},
		{"a parameter that begins late", "{value: 5, from: 2026-01-01}", "{value: 5, from: 2026-01-02}", "", "施行之日 2026-01-01 至 2026-01-01 没有值", "has no value from 2026-01-01"},
		{"a parameter that ends early", "{value: 2, from: 2026-07-01}", "{value: 2, from: 2026-07-01, until: 2027-12-31}", "    values:\n", "2027-12-31 之后没有值", "no value after 2027-12-31"},
		{"a parameter named like an input", "name: late_from", "name: minutes", "", "已是输入的名称", "is the name of an input"},
		{"an unknown unit", "unit: min", "unit: minute", "", "没有“minute”这个选项", "not one of"},
		{"a parameter that is there twice", "name: lowest", "name: base", "", "重复", "twice"},
		{"a negative number", "{value: 5, from", "{value: -5, from", "", "不能为负数", "must not be negative"},
		{"a parameter in the wrong unit", "base: base", "base: late_from", "", "单位应为分，而 late_from 的单位是分钟", "must be in points, but late_from is in min"},
		{"a parameter that is not there", "percent: share", "percent: shares", "", "没有参数“shares”，是否为 share", "no parameter shares; is it share"},

		{"a rule without an article", "    cites: [第一条]\n    zh: 迟到\n", "    zh: 迟到\n", "  - id: late\n", "没有写明依据的条款", "cites no article"},
		{"an article that is not there", "    cites: [第一条]\n    zh: 迟到\n", "    cites: [第九条]\n    zh: 迟到\n", "", "articles 中没有“第九条”", "第九条 is not among the articles"},
		{"a rule without a case", "{rule: late, points: -2}, ", "", "  - id: late\n", "规则“late”没有用例", "the rule late has no case"},
		{"an unknown trigger", "trigger: late", "trigger: latte", "", "没有这种事实“latte”，是否为 late", "no kind of fact latte; is it late"},
		{"a rule for whom its trigger is not about", "trigger: late", "trigger: own_scoring", "    to: person\n    trigger: own_scoring", "不涉及 person", "own_scoring is not about a person"},
		{"a cap below the points", "values: [{value: 2, from: 2026-01-01}]}\n  - {name: pass_from", "values: [{value: 0.5, from: 2026-01-01}]}\n  - {name: pass_from", "    cap: bonus", "低于本规则的分值 praise_points", "below this rule's points (praise_points)"},
		{"a cap that is not there", "cap: bonus", "cap: bonuses", "", "没有封顶“bonuses”", "there is no cap bonuses"},
		{"a circle of caps", "per: month, zh: 每月加分封顶, en: most bonus of a month}", "per: month, zh: 甲, en: a, within: b}\n  - {id: b, points: bonus_most, per: month, zh: 乙, en: b, within: bonus}", "", "成了循环：bonus → b → bonus", "a circle: bonus → b → bonus"},
		{"a wider cap that is lower", "per: month, zh: 每月加分封顶, en: most bonus of a month}", "per: month, zh: 甲, en: a, within: b}\n  - {id: b, points: praise_points, per: year, zh: 乙, en: b}", "", "比本封顶低", "lower than this cap"},
		{"a wider cap that is shorter", "per: month, zh: 每月加分封顶, en: most bonus of a month}", "per: month, zh: 甲, en: a, within: b}\n  - {id: b, points: bonus_most, per: day, zh: 乙, en: b}", "", "比本封顶（month）短", "shorter than per month"},

		{"a trial without an end", ", until: 2027-12-31, trial", ", trial", "", "试行政策必须写明何时期满", "a trial must say when it ends"},
		{"a policy that ends before it begins", "until: 2027-12-31, trial", "until: 2025-12-31, trial", "", "早于起始日", "is before 2026-01-01"},
		{"grades upside down", "  - {id: pass, zh: 合格, en: pass, from: pass_from}", "  - {id: pass, zh: 合格, en: pass, from: pass_from}\n  - {id: top, zh: 优, en: top, from: base}", "  - {id: top", "应由高到低", "from the best to the worst"},
		{"no lowest grade", "  - {id: fail, zh: 不合格, en: fail}\n", "", "  - {id: pass, zh", "否则低分没有等次", "low scores have no grade"},
		{"another reading", "reading: weight", "reading: both", "", "没有“both”这个选项", "not one of weight, quota"},
		{"more than all", "{value: 15, from", "{value: 115, from", "share: {cites", "超过 100%", "more than 100 %"},
		{"a tie-break that is nothing", "by: late, better", "by: lateness, better", "", "不是 score、指标或规则", "not score, an indicator or a rule"},
		{"an award's grade that is not there", "grade: pass, ties", "grade: best, ties", "", "没有等次“best”", "there is no grade best"},
		{"an indicator of what is not counted", "/ pressed", "/ pushed", "", "没有参数或输入“pushed”", "no parameter or input pushed"},
		{"a case about a rule that is not there", "{rule: late, points: -2}", "{rule: latte, points: -2}, {rule: late, points: 0}", "", "没有规则“latte”", "there is no rule latte"},
		{"a case's fact without a field", "{kind: late, minutes: 4}", "{kind: late}", "", "必须填写", "is needed"},
		{"a case's fact with a field too many", "{kind: late, minutes: 4}", "{kind: late, minutes: 4, level: 1}", "", "没有这个键", "no such key"},
		{"a case before the policy", "day: 2026-06-30", "day: 2025-06-30", "", "早于政策施行之日", "when the policy begins"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			text := small(t)
			if strings.Count(text, row.old) == 0 {
				t.Fatalf("%q is not in the small policy", row.old)
			}
			text = strings.Replace(text, row.old, row.new, 1)
			where := row.where
			if where == "" {
				where = row.new
			}
			line, last := lineOf(text, where), 0
			if row.where == "" {
				last = strings.Count(row.new, "\n")
			}
			faults := faultsOf(t, text)
			for _, f := range faults {
				if f.Line >= line && f.Line <= line+last+1 && strings.Contains(f.ZH, row.zh) && strings.Contains(f.EN, row.en) {
					return
				}
			}
			t.Errorf("want line %d to %q and %q, got\n%v", line, row.zh, row.en, faults)
		})
	}
}

func lineOf(text, part string) int {
	before, _, _ := strings.Cut(text, part)
	return 1 + strings.Count(before, "\n")
}

// faultsOf also holds what is true of every fault: words in both languages, and a line of the file.
func faultsOf(t *testing.T, text string) []assess.Fault {
	t.Helper()
	_, err := assess.Load([]byte(text))
	var faults *assess.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("want faults, got %v", err)
	}
	for _, f := range faults.List {
		if strings.Contains(f.String(), "%!") {
			t.Errorf("badly made: %v", f)
		}
		if !strings.ContainsFunc(f.ZH, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || f.EN == "" {
			t.Errorf("not in both languages: %v", f)
		}
		if f.Line < 0 || f.Line > strings.Count(text, "\n")+1 {
			t.Errorf("line %d is not in the file: %v", f.Line, f)
		}
	}
	return faults.List
}

func TestWhatTheNoticeBoardShows(t *testing.T) {
	t.Parallel()
	if got := loadSmall(t).Publish; !reflect.DeepEqual(got, assess.Publish{People: assess.ShowAwarded, Windows: assess.ShowPoints, Departments: assess.ShowPoints, Names: true}) {
		t.Errorf("where nothing is said: %+v", got)
	}
	p := loadSmall(t, "\ncases:", "\npublish: {people: none, windows: grade, names: false, cites: [第二条]}\ncases:")
	if got := p.Publish; !reflect.DeepEqual(got, assess.Publish{People: assess.ShowNone, Windows: assess.ShowGrade, Departments: assess.ShowPoints, Cites: []string{"第二条"}}) {
		t.Errorf("got %+v", got)
	}
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("minutes >= late_from", "minutes >= late_form", "cap: bonus", "cap: none", "reading: weight", "reading: both",
		"from: 2026-07-01}", "from: 2026-07-02}", "{kind: late, minutes: 4}", "{kind: late, minutes: x}").Replace(small(t))
	faults := faultsOf(t, text)
	if len(faults) != 5 {
		t.Errorf("want the five that were made, got %d:\n%v", len(faults), faults)
	}
	for i := range faults[1:] {
		if faults[i].Line > faults[i+1].Line {
			t.Errorf("not in the file's order: %v", faults)
		}
	}
}

func TestAFaultWithinAnExpressionOfSeveralLinesNamesItsLine(t *testing.T) {
	t.Parallel()
	text := strings.Replace(small(t), "    when: minutes >= late_from\n", "    when: |\n      minutes >= late_from\n      && minutes < nonsense\n", 1)
	for _, f := range faultsOf(t, text) {
		if strings.Contains(f.EN, "nonsense") {
			if want := lineOf(text, "&& minutes"); f.Line != want {
				t.Errorf("want line %d, got %v", want, f)
			}
			return
		}
	}
	t.Error("the fault was not found")
}

func TestWhatIsNoPolicyAtAll(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing": "", "a comment": "# x\n", "no YAML": "a: [b", "a text": "hello", "a list": "- a\n- b\n", "null": "~\n", "tabs": "\ta: b\n",
		"too large": "# " + strings.Repeat("x", assess.Most), "bytes": "\x00\xff\xfe", "deep": strings.Repeat("[", 9000),
		"laughs": "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faultsOf(t, text)
		})
	}
}

func TestDocsShowTheSmallPolicy(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"policy.md", "policy.zh-CN.md"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), "```yaml\n"+small(t)+"```") {
			t.Errorf("docs/%s does not show hub/assess/testdata/small.yaml as it is", name)
		}
		for _, k := range assess.Kinds() {
			if !strings.Contains(string(b), "`"+k.ID+"`") {
				t.Errorf("docs/%s does not name the fact %s", name, k.ID)
			}
		}
	}
}

// FuzzLoad: whatever is in the file, it is refused with lines that exist, or it is a policy whose cases can be played.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(small(f)))
	f.Add(policies.Default())
	for i, line := range regexp.MustCompile(`\n`).Split(small(f), -1) {
		f.Add(fmt.Appendf(nil, "%s\n", strings.Join(strings.Split(small(f), "\n")[:i], "\n")+line[:len(line)/2]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := assess.Load(data)
		var faults *assess.Faults
		switch {
		case err == nil:
			for _, r := range p.Run() {
				if r.Score.Points < 0 {
					t.Errorf("a score of %v", r.Score.Points)
				}
			}
			p.Unruled()
		case !errors.As(err, &faults) || len(faults.List) == 0:
			t.Errorf("not a list of faults: %v", err)
		default:
			for _, fault := range faults.List {
				if strings.Contains(fault.ZH, "%!") || strings.Contains(fault.EN, "(EXTRA") {
					t.Errorf("badly made: %v", fault)
				}
			}
		}
	})
}
