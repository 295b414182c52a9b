// Package reporttest makes fictional periods for tests of documents: halls of any size,
// whose names belong to nobody.
package reporttest

import (
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/report"
)

// Policy is the policy of the periods here.
const Policy = "wuzhengbanfa-2020-63@1.0.0"

// Fonts are those of Debian's fonts-noto-cjk, which the tests need (scripts/needs.sh test).
func Fonts(t testing.TB) *report.Fonts {
	t.Helper()
	open := func(name string) io.ReaderAt {
		f, err := os.Open("/usr/share/fonts/opentype/noto/" + name)
		if err != nil {
			t.Fatalf("%v: scripts/needs.sh test installs it", err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	fonts, err := report.NewFonts(report.FontFiles{Song: open("NotoSerifCJK-Regular.ttc"), SongBold: open("NotoSerifCJK-Bold.ttc"), Hei: open("NotoSansCJK-Regular.ttc")})
	if err != nil {
		t.Fatal(err)
	}
	return fonts
}

// Zone is that of the hall.
func Zone() *time.Location { return time.FixedZone("CST", 8*3600) }

func departments() []string {
	return []string{"乌审旗住房和城乡建设局（演示）", "演示市场监督管理局", "演示税务局", "演示自然资源局", "演示公安局户政大队", "演示民政局",
		"演示人力资源和社会保障局", "演示医疗保障局"}
}

// person is a name that says that it is nobody's.
func person(i int) string {
	if i == 1 {
		return "演示员䶮㛃𬱖" // characters that few fonts have
	}
	const digits = "甲乙丙丁戊己庚辛壬癸"
	r := []rune(digits)
	return "演示员" + string(r[i/100%10]) + string(r[i/10%10]) + string(r[i%10])
}

func w(zh, en string) assess.Words { return assess.Words{ZH: zh, EN: en} }

// Month is a published month of so many people.
func Month(staff int) report.Input {
	in := base("2026-11", staff)
	o := in.Outcome
	rules := []struct {
		rule, kind string
		points     float64
		article    string
	}{{"late", "late", -1, "63号 第八条"}, {"off_post", "off_post", -3, "63号 第五条"}, {"commended", "commended", 1, "63号 第八条"},
		{"sent_on_without_notice", "sent_away", -2, "63号 第十条(四)"}}
	for i := range o.People {
		p := &o.People[i]
		for n := range i % 4 {
			r := rules[(i+n)%len(rules)]
			day := fmt.Sprintf("2026-11-%02d", 2+(i*3+n)%27)
			f := assess.Scored{Fact: fmt.Sprintf("f-%s-%d", p.ID, n), Kind: r.kind, Day: hall.Date(day), To: assess.ToPerson, Subject: p.ID, Rule: r.rule,
				Articles: []string{r.article}, Policy: Policy, Points: r.points, Counted: r.points, Parameters: []string{"late_minor_points=1 points@2020-08-01"},
				Events: []string{fmt.Sprintf("0193a0c0-0000-7000-8000-%012x", i*4+n)}}
			if n == 2 && r.points > 0 {
				f.Counted, f.Caps = 0, []string{"bonus"}
			}
			p.Findings = append(p.Findings, f)
			if f.Counted < 0 {
				p.Off -= f.Counted
			} else {
				p.Bonus += f.Counted
			}
		}
		p.Points = p.Base - p.Off + p.Bonus
	}
	o.Windows[0].Findings = []assess.Scored{{Fact: "x1", Kind: "exchange_missing", Day: "2026-11-30", To: assess.ToWindow, Subject: o.Windows[0].ID, Rule: "exchange_missing",
		Articles: []string{"63号 第七条"}, Policy: Policy, Points: -2, Counted: -2, Events: []string{"0193a0c0-0000-7000-8000-0000000fffff"}}}
	if len(o.Windows) > 1 {
		o.Windows[1].Findings = []assess.Scored{{Fact: "x2", Kind: "report_late", Day: "2026-11-21", To: assess.ToWindow, Subject: o.Windows[1].ID, Rule: "report_late",
			Articles: []string{"63号 第十条(二)"}, Policy: Policy, Points: -2, Counted: -2}}
	}
	settle(o)
	in.Appeals = []report.Appeal{{ID: "ap1", Rule: "late", To: assess.ToPerson, Subject: o.People[0].ID, State: "granted", At: december(2), DecidedAt: december(4), By: "demo", DecidedBy: "demo2"},
		{ID: "ap2", Rule: "off_post", To: assess.ToPerson, Subject: o.People[len(o.People)-1].ID, State: "waiting", At: december(3), By: "demo"}}
	return in
}

// Corrected is a month's second revision.
func Corrected(staff int) report.Input {
	in := Month(staff)
	in.Revision, in.Reason = 2, "读卡器故障期间的迟到记录撤销"
	before, after := 97.0, 98.0
	in.Changes = []assess.Change{{To: assess.ToPerson, ID: in.Outcome.People[0].ID, From: &before, Until: &after,
		Gone: []assess.Scored{{Rule: "late", Day: "2026-11-05", Counted: -1}}, Why: []assess.Words{w("申诉成立", "the appeal was granted")}}}
	return in
}

// Quarter is a published quarter.
func Quarter(staff int) report.Input {
	in := base("2026-Q4", staff)
	parts(in.Outcome, 3)
	return in
}

// Year is a published year, with awards.
func Year(staff int) report.Input {
	in := base("2026", staff)
	o := in.Outcome
	parts(o, 2)
	for i := range o.People {
		weighed := o.People[i].Points * 0.15
		o.People[i].Weighed = &weighed
	}
	o.Share = &assess.Shared{Reading: assess.ReadWeight, Percent: 15, Cites: []string{"63号 第十四条"}, Words: w("得分按 15% 计入年度考核", "the score counts 15 % of the annual assessment")}
	for _, x := range []struct {
		id    string
		to    assess.To
		all   []assess.Result
		cites string
	}{{"excellent_window", assess.ToWindow, o.Windows, "63号 第十五条"}, {"advanced_individual", assess.ToPerson, o.People, "63号 第十五条"}} {
		a := assess.Awarded{Award: x.id, To: x.to, Cites: []string{x.cites}, Assessed: len(x.all), Places: len(x.all) * 15 / 100}
		for i, r := range x.all {
			c := assess.Candidate{ID: r.ID, Points: r.Points, Won: i < a.Places, Ties: []float64{1, 0.5}}
			if !c.Won {
				c.Why = []string{"places", "barred", "grade"}[i%3]
			}
			a.Candidates = append(a.Candidates, c)
		}
		o.Awards = append(o.Awards, a)
	}
	return in
}

// Leaver is an evaluation of who leaves.
func Leaver() report.Input {
	in := base("2026-11", 3)
	in.Outcome = nil
	in.Number, in.To = "", nil
	in.Evaluation = &report.Evaluation{Staff: "s001", Department: "d01", Window: "w01", Post: "综合受理岗", From: "2024-03-04", Until: "2026-11-30",
		Text:     "该同志在进驻期间服从管理，熟悉窗口业务，能够落实首问负责、一次性告知和限时办结等制度。\n在帮办代办和联审联办工作中主动与派驻单位沟通，交接工作完整。",
		SignedBy: "演示局长", SignedOn: "2026-12-01",
		Periods:  []report.EvaluationPeriod{{Period: "2026-09", Days: 22, Off: 1, Points: 99, Grade: "pass", Rank: 3, Among: 40, Policy: Policy}, {Period: "2026-10", Days: 18, Bonus: 1, Points: 101, Grade: "pass", Rank: 1, Among: 41, Policy: Policy}},
		Findings: []assess.Scored{{Rule: "late", Counted: -1, Day: "2026-09-03"}, {Rule: "commended", Counted: 1, Day: "2026-10-20"}}}
	return in
}

// december is a day of the month after.
func december(day int) time.Time { return time.Date(2026, 12, day, 10, 30, 0, 0, Zone()) }

func base(p assess.Period, staff int) report.Input {
	deps := min(len(departments()), max(staff/4, 1))
	windows := max(staff/3, 1)
	in := report.Input{
		Hall: "演示政务服务大厅", Bureau: "演示旗政务服务局", Number: "演政务发〔2026〕12号", To: []string{"各派驻单位"}, CopyTo: []string{"演示旗委组织部", "演示旗人力资源和社会保障局"},
		Revision: 1, Published: december(15), Digest: "3f1c0a5be1d7f6b2c0b3a6d9e8f7a1b2c3d4e5f60718293a4b5c6d7e8f901234",
		Verify: "https://hall.example.cn/verify/" + string(p) + "/1", Zone: Zone(),
		Checkpoint: &report.Checkpoint{Size: 1048576, Root: "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=", Signer: "hallkeeper/demo+5c6d7e8f"},
		Names:      report.Names{Person: map[string]string{}, Window: map[string]string{}, Department: map[string]string{}},
		Rules: map[string]assess.Words{"late": w("迟到", "late"), "off_post": w("离岗", "off post"), "commended": w("受到表扬", "commended"),
			"sent_on_without_notice": w("未一次性书面告知所需材料致使申请人在服务窗口与派驻单位之间往返两次以上且未在规定期限内补办告知手续", "a citizen was sent to and fro between window and department without one written notice of all that is needed"),
			"exchange_missing":       w("当月未与局开展业务交流", "month without an exchange meeting"), "report_late": w("报表资料逾期", "report filed late")},
		Grades: map[string]assess.Words{"pass": w("合格", "pass"), "basic": w("基本合格", "basic"), "fail": w("不合格", "fail")},
		Awards: map[string]assess.Words{"excellent_window": w("年度优秀窗口", "excellent windows"), "advanced_individual": w("年度先进个人", "advanced individuals")},
		Indicators: map[string]report.Indicator{
			"good_rate":   {Words: w("好评率", "good rate"), Formula: "(level_5 + level_4 + level_3) / pressed", Above: []string{"level_5", "level_4", "level_3"}, Below: []string{"pressed"}},
			"active_rate": {Words: w("主动评价率", "active rate"), Formula: "pressed / rateable", Above: []string{"pressed"}, Below: []string{"rateable"}}},
		Counts: map[string]assess.Words{"level_5": w("非常满意数", "very satisfied"), "level_4": w("满意数", "satisfied"), "level_3": w("基本满意数", "fairly satisfied"), "pressed": w("已评数", "ratings received"), "rateable": w("应评数", "rateable visits")},
	}
	from, until := p.Days()
	o := &assess.Outcome{Period: p, Workdays: 21, Policies: []assess.Applied{{Policy: Policy, From: from, Until: until, Standing: assess.Extended, Document: "乌政办函〔2022〕18号"}},
		Counts: map[string]float64{"level_5": 5210, "level_4": 801, "level_3": 77, "pressed": 6120, "rateable": 8040}}
	o.Indicators = map[string]float64{"good_rate": 6088.0 / 6120, "active_rate": 6120.0 / 8040}
	for i := range deps {
		id := fmt.Sprintf("d%02d", i+1)
		in.Names.Department[id] = departments()[i]
		o.Departments = append(o.Departments, assess.Result{To: assess.ToDepartment, ID: id, Days: 21, Base: 100, Points: 100})
	}
	for i := range windows {
		id := fmt.Sprintf("w%03d", i+1)
		in.Names.Window[id] = fmt.Sprintf("%03d 综合受理窗口", i+1)
		o.Windows = append(o.Windows, assess.Result{To: assess.ToWindow, ID: id, Department: fmt.Sprintf("d%02d", i%deps+1), Days: 21, Base: 100, Points: 100})
	}
	for i := range staff {
		id := fmt.Sprintf("s%03d", i+1)
		in.Names.Person[id] = person(i)
		win := i % windows
		o.People = append(o.People, assess.Result{To: assess.ToPerson, ID: id, Department: fmt.Sprintf("d%02d", win%deps+1), Window: fmt.Sprintf("w%03d", win+1), Days: 21, Base: 100, Points: 100})
	}
	in.Names.Window["w01"] = "01 综合受理窗口"
	in.Outcome = o
	settle(o)
	before := report.Earlier{Period: map[bool]assess.Period{true: "2026-10", false: "2026-Q3"}[p.Kind() == assess.PerMonth], Points: map[string]float64{}}
	for _, r := range o.People {
		before.Points["person:"+r.ID] = 98.5
	}
	for _, r := range o.Windows {
		before.Points["window:"+r.ID] = 98.25
	}
	in.Earlier = []report.Earlier{before}
	return in
}

// parts gives results the means of so many parts.
func parts(o *assess.Outcome, n int) {
	for _, all := range [][]assess.Result{o.People, o.Windows, o.Departments} {
		for i := range all {
			sum := 0.0
			for k, p := range o.Period.Parts()[:n] {
				x := 100 - float64((i*7+k*3)%23)/2
				all[i].Parts = append(all[i].Parts, assess.Part{ID: string(p), Points: x, Days: 1})
				sum += x
			}
			all[i].Points = float64(int(sum/float64(n)*100+0.5)) / 100
			all[i].Base = all[i].Points
		}
	}
	settle(o)
}

// settle gives grades and ranks, and windows and departments the means of what is in them.
func settle(o *assess.Outcome) {
	group := func(whole, members []assess.Result, of func(*assess.Result) string) {
		for i := range whole {
			sum, n := 0.0, 0
			var list []assess.Part
			for k := range members {
				if of(&members[k]) == whole[i].ID {
					sum, n = sum+members[k].Points, n+1
					list = append(list, assess.Part{ID: members[k].ID, Points: members[k].Points, Days: members[k].Days})
				}
			}
			if n > 0 && o.Period.Kind() == assess.PerMonth {
				x := &whole[i]
				x.Parts, x.Base, x.Off = list, float64(int(sum/float64(n)*100+0.5))/100, 0
				for _, f := range x.Findings {
					x.Off -= f.Counted
				}
				x.Points = x.Base - x.Off
			}
		}
	}
	group(o.Windows, o.People, func(r *assess.Result) string { return r.Window })
	group(o.Departments, o.Windows, func(r *assess.Result) string { return r.Department })
	for _, all := range [][]assess.Result{o.People, o.Windows, o.Departments} {
		for i := range all {
			all[i].Rank = 1
			for k := range all {
				if all[k].Points > all[i].Points {
					all[i].Rank++
				}
			}
			switch {
			case all[i].Points >= 80:
				all[i].Grade = "pass"
			case all[i].Points >= 60:
				all[i].Grade = "basic"
			default:
				all[i].Grade = "fail"
			}
		}
	}
}
