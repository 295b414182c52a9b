package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
)

// builder makes the words of a document.
type builder struct {
	Input
	lang Lang
}

func (b *builder) say(zh, en string) string { return words(b.lang, zh, en) }

// sayf has the same arguments in both languages.
func (b *builder) sayf(zh, en string, args ...any) string {
	return fmt.Sprintf(words(b.lang, zh, en), args...)
}

func named(all map[string]string, id string) string { return cmp.Or(all[id], id) }

func (b *builder) person(id string) string     { return named(b.Names.Person, id) }
func (b *builder) window(id string) string     { return named(b.Names.Window, id) }
func (b *builder) department(id string) string { return named(b.Names.Department, id) }

func (b *builder) subject(to assess.To, id string) string {
	switch to {
	case assess.ToPerson:
		return b.person(id)
	case assess.ToWindow:
		return b.window(id)
	}
	return b.department(id)
}

func (b *builder) word(all map[string]assess.Words, id string) string {
	return cmp.Or(b.lang.of(all[id]), id)
}

func (b *builder) grade(id string) string {
	if id == "" {
		return "—"
	}
	return b.word(b.Grades, id)
}

// points writes a score: at most two digits after the point, none that say nothing.
func points(x float64) string {
	s := strconv.FormatFloat(x, 'f', 2, 64)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// score always has two digits, so that columns stand under each other.
func score(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) }

func signed(x float64) string {
	switch {
	case x > 0:
		return "+" + points(x)
	case x < 0:
		return "−" + points(-x)
	}
	return "0"
}

// date writes a day as documents have it (GB/T 9704-2012, 7.3.5.4: Arabic digits, no leading zeros).
func (b *builder) date(d hall.Date) string {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return string(d)
	}
	return t.Format(b.say("2006年1月2日", "2 January 2006"))
}

func (b *builder) day(t time.Time) hall.Date {
	if t.IsZero() {
		return ""
	}
	return hall.Date(t.In(b.Zone).Format(time.DateOnly))
}

func (b *builder) period(p assess.Period) string {
	switch p.Kind() {
	case assess.PerMonth:
		t, err := time.Parse("2006-01", string(p))
		if err == nil {
			return t.Format(b.say("2006年1月", "January 2006"))
		}
	case assess.PerQuarter:
		n := int(p[6] - '1')
		return b.say(p.Year()+"年第"+[...]string{"一", "二", "三", "四"}[n&3]+"季度", fmt.Sprintf("Q%d %s", n+1, p.Year()))
	case assess.PerYear:
		return b.say(p.Year()+"年度", p.Year())
	}
	return string(p)
}

// numeral is a Chinese number below 100.
func numeral(n int) string {
	const digits = "〇一二三四五六七八九"
	digit := func(n int) string { return string([]rune(digits)[n]) }
	switch {
	case n < 10:
		return digit(n)
	case n < 20:
		return strings.TrimSuffix("十"+digit(n%10), "〇")
	}
	return strings.TrimSuffix(digit(n/10)+"十"+digit(n%10), "〇")
}

// title is the document's, on one line.
func (b *builder) title() string { return strings.Join(b.titleLines(), b.say("", " ")) }

// titleLines are its lines: a long title breaks where its sense does (GB/T 9704-2012, 7.3.1).
func (b *builder) titleLines() []string {
	whole := b.wholeTitle()
	if b.Evaluation != nil || b.lang == EN {
		return []string{whole}
	}
	if before, after, ok := strings.Cut(whole, "窗口和"); ok && strings.HasPrefix(whole, "关于") {
		return []string{before, "窗口和" + after}
	}
	return []string{whole}
}

func (b *builder) wholeTitle() string {
	if e := b.Evaluation; e != nil {
		return b.say("关于"+b.person(e.Staff)+"同志工作表现的评价", "Evaluation of the performance of "+b.person(e.Staff))
	}
	p := b.period(b.Outcome.Period)
	switch b.Outcome.Period.Kind() {
	case assess.PerQuarter:
		return b.say("关于"+p+"窗口和进驻工作人员考核情况的通报", "Bulletin on the assessment of windows and seconded staff, "+p)
	case assess.PerYear:
		return b.say("关于"+p+"窗口和进驻工作人员考核结果的通报", "Annual assessment of windows and seconded staff, "+p)
	}
	return b.say(p+"窗口和进驻工作人员考核统计", "Statistics of the assessment of windows and seconded staff, "+p)
}

func (b *builder) organ() string { return cmp.Or(b.Bureau, b.Hall) }

// letter makes the whole document.
func (b *builder) letter() *letter {
	d := &letter{lang: b.lang, head: b.organ() + b.say("文件", ""), number: b.Number, sign: b.organ(), proof: b.proof()}
	day := b.day(b.Published)
	if b.Evaluation != nil && b.Evaluation.SignedOn != "" {
		day = b.Evaluation.SignedOn
	}
	d.date = b.date(day)
	var marks []string
	switch {
	case b.Outcome != nil && b.Evaluation == nil && b.Revision == 0:
		marks = append(marks, b.say("未公布", "not published"))
		d.date = b.say("    年  月  日", "date:            ")
	case day == "":
		d.date = b.say("    年  月  日", "date:            ")
	}
	if b.Revision > 1 {
		marks = append(marks, b.sayf("更正（第%d版）", "corrected (revision %d)", b.Revision))
	}
	if b.Number == "" {
		marks = append(marks, b.say("拟稿", "draft"))
	}
	d.mark = strings.Join(marks, b.say("　", ", "))
	d.title = b.titleLines()
	switch {
	case b.Evaluation == nil && len(b.To) == 0:
		d.to = b.say("各派驻单位：", "To the dispatching departments:")
	case len(b.To) > 0:
		d.to = strings.Join(b.To, b.say("、", ", ")) + b.say("：", ":")
	}
	if b.Evaluation != nil {
		b.evaluation(d)
	} else {
		b.body(d)
	}
	d.meta = meta{title: b.title(), author: b.organ(), subject: b.Hall, lang: b.say("zh-CN", "en"), at: b.Published.In(b.Zone), stamp: b.stamp()}
	if b.Published.IsZero() {
		d.meta.at = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if len(b.CopyTo) > 0 {
		d.copies = b.say("抄送：", "Copies: ") + strings.Join(b.CopyTo, b.say("，", ", ")) + b.say("。", ".")
	}
	if b.Number != "" && day != "" {
		d.printer, d.printed = b.organ(), b.date(day)+b.say("印发", "")
	}
	return d
}

// sections numbers headings.
type sections struct {
	*builder
	d      *letter
	n, sub int
	tables int
}

func (s *sections) heading(zh, en string) {
	s.n, s.sub = s.n+1, 0
	s.d.blocks = append(s.d.blocks, heading{1, s.say(numeral(s.n)+"、"+zh, strconv.Itoa(s.n)+". "+en)})
}

func (s *sections) under(zh, en string) {
	s.sub++
	s.d.blocks = append(s.d.blocks, heading{2, s.say("（"+numeral(s.sub)+"）"+zh, fmt.Sprintf("(%d) %s", s.sub, en))})
}

func (s *sections) para(text string) { s.d.blocks = append(s.d.blocks, para{text: text}) }

func (s *sections) table(zh, en string, columns []column, rows [][]string) {
	s.tables++
	s.d.blocks = append(s.d.blocks, table{title: s.say(fmt.Sprintf("表%d  %s", s.tables, zh), fmt.Sprintf("Table %d  %s", s.tables, en)), columns: columns, rows: rows})
}

func (b *builder) body(d *letter) {
	s := &sections{builder: b, d: d}
	if b.Revision > 1 {
		s.corrections()
	}
	s.grounds()
	s.whole()
	s.results()
	s.findings()
	s.missing()
	s.appeals()
	s.awards()
	switch s.Outcome.Period.Kind() {
	case assess.PerMonth:
		s.para(s.say("按照63号第八条，以上结果在政务服务大厅公示栏公示，并抄送至派驻单位。", "By 63号 第八条, these results are displayed on the hall's notice board and copied to the departments."))
	default:
		s.para(s.say("特此通报。", "This is made known herewith."))
	}
}

// grounds says by which policy, and of whom.
// policy is a policy's name with its id and version.
func (s *sections) policy(key string) string {
	name, known := s.Policies[key]
	if !known {
		return key
	}
	return s.sayf("《%s》（%s）", "%s (%s)", s.say(name.ZH, name.EN), key)
}

func (s *sections) grounds() {
	o := s.Outcome
	s.heading("考核依据和范围", "Grounds and scope")
	from, until := o.Period.Days()
	for _, p := range o.Policies {
		text := s.sayf("%s至%s适用考核政策%s", "From %s until %s the policy %s applies", s.date(p.From), s.date(p.Until), s.policy(p.Policy))
		switch {
		case p.Standing == assess.Extended && p.Document != "":
			text += s.sayf("（试行期满，依据%s延续执行）", " (its trial is over; it goes on by %s)", p.Document)
		case p.Standing == assess.Extended:
			text += s.say("（试行期满，按已登记的延期决定执行）", " (its trial is over; it goes on by a recorded decision)")
		case p.Standing == assess.Lapsed:
			text += s.say("（已过试行期且未登记延续决定）", " (its trial is over and no decision to go on is recorded)")
		}
		s.para(text + s.say("。", "."))
	}
	scope := s.sayf("考核期为%s至%s，共%d个工作日，", "The period is %s until %s, with %d working days; ", s.date(from), s.date(until), o.Workdays)
	if s.Department != "" {
		scope += s.sayf("本件只列%s的窗口%d个、进驻工作人员%d人。", "this copy lists the windows (%[2]d) and seconded staff (%[3]d) of %[1]s only.", s.department(s.Department), len(o.Windows), len(o.People))
	} else {
		scope += s.sayf("考核派驻单位%d个、窗口%d个、进驻工作人员%d人。", "%d departments, %d windows and %d seconded staff are assessed.", len(o.Departments), len(o.Windows), len(o.People))
	}
	s.para(scope)
}

// mean is 0 of nothing.
func mean(all []assess.Result) (m float64) {
	for _, r := range all {
		m += r.Points
	}
	return m / float64(max(len(all), 1))
}

// gradesOf counts grades, in the order of the best that is there.
func (s *sections) gradesOf(all []assess.Result) string {
	counts, best := map[string]int{}, map[string]float64{}
	for _, r := range all {
		counts[r.Grade]++
		best[r.Grade] = max(best[r.Grade], r.Points)
	}
	ids := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(cmp.Compare(best[b], best[a]), cmp.Compare(a, b)) })
	var parts []string
	for _, id := range ids {
		parts = append(parts, s.sayf("%s%d", "%s %d", s.grade(id), counts[id]))
	}
	return strings.Join(parts, s.say("、", ", "))
}

func kinds() []assess.To { return []assess.To{assess.ToPerson, assess.ToWindow, assess.ToDepartment} }

func (b *builder) kind(to assess.To) string {
	switch to {
	case assess.ToPerson:
		return b.say("进驻工作人员", "seconded staff")
	case assess.ToWindow:
		return b.say("服务窗口", "windows")
	}
	return b.say("派驻单位", "departments")
}

// whole is the hall as a whole: means, grades, indicators.
func (s *sections) whole() {
	o := s.Outcome
	s.heading("总体情况", "The whole")
	columns := []column{{s.say("对象", "Of"), 2.4, left}, {s.say("数量", "No."), 1, right}, {s.say("平均分", "Mean"), 1.1, right}}
	last := len(s.Earlier) - 1
	if last >= 0 {
		columns = append(columns, column{s.period(s.Earlier[last].Period) + s.say("平均分", ", mean"), 1.6, right}, column{s.say("增减", "Change"), 1.3, right})
	}
	columns = append(columns, column{s.say("等次分布", "Grades"), 3.4, left})
	var rows [][]string
	for _, to := range kinds() {
		all := o.Of(to)
		if len(all) == 0 {
			continue
		}
		m := mean(all)
		row := []string{s.kind(to), strconv.Itoa(len(all)), score(m)}
		if last >= 0 {
			before, n := 0.0, 0
			for key, x := range sortedPoints(s.Earlier[last].Points) {
				if strings.HasPrefix(key, string(to)+":") {
					before, n = before+x, n+1
				}
			}
			if n > 0 {
				before /= float64(n)
				row = append(row, score(before), signed(round2(m-before)))
			} else {
				row = append(row, "—", "—")
			}
		}
		rows = append(rows, append(row, s.gradesOf(all)))
	}
	s.table("考核总体情况", "The whole", columns, rows)
	if len(o.Indicators) > 0 {
		s.indicators()
	}
}

func round2(x float64) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', 2, 64), 64)
	if err != nil {
		return x
	}
	return y
}

// sortedPoints goes through points in the order of their keys: sums must not depend on a map's order.
func sortedPoints(m map[string]float64) func(func(string, float64) bool) {
	return func(yield func(string, float64) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

func percent(x float64) string { return strconv.FormatFloat(x*100, 'f', 2, 64) + "%" }

// fraction says what an indicator was made of, as far as it is known.
func (b *builder) fraction(id string) string {
	i := b.Indicators[id]
	if len(i.Above) == 0 || len(i.Below) == 0 {
		return i.Formula
	}
	sum := func(ids []string) string {
		n := 0.0
		var names []string
		for _, id := range ids {
			n += b.Outcome.Counts[id]
			names = append(names, b.word(b.Counts, id))
		}
		text := strings.Join(names, "+")
		if len(names) > 1 {
			text = b.say("（"+text+"）", "("+text+")")
		}
		return text + " " + points(n)
	}
	return sum(i.Above) + " ÷ " + sum(i.Below)
}

func (s *sections) indicators() {
	var rows [][]string
	for _, id := range slices.Sorted(maps.Keys(s.Outcome.Indicators)) {
		rows = append(rows, []string{cmp.Or(s.lang.of(s.Input.Indicators[id].Words), id), percent(s.Outcome.Indicators[id]), s.fraction(id)})
	}
	s.table("评价指标", "Indicators", []column{{s.say("指标", "Indicator"), 2.2, left}, {s.say("数值", "Value"), 1.1, right}, {s.say("算式", "Made of"), 5, left}}, rows)
}

// results are the three lists of scores.
func (s *sections) results() {
	o := s.Outcome
	s.heading("考核结果", "Results")
	for _, to := range []assess.To{assess.ToWindow, assess.ToPerson, assess.ToDepartment} {
		all := ranked(o.Of(to))
		if len(all) == 0 {
			continue
		}
		titleZH, titleEN := "服务窗口", "Windows"
		switch to {
		case assess.ToPerson:
			titleZH, titleEN = "进驻工作人员", "Seconded staff"
		case assess.ToDepartment:
			titleZH, titleEN = "派驻单位", "Departments"
		}
		s.under(titleZH, titleEN)
		if same := sameBase(all); to == assess.ToPerson && same != "" && len(s.parts()) == 0 {
			s.para(s.sayf("基础分均为%s分。", "Everybody begins with %s points.", same))
		}
		columns, rows := s.resultTable(to, all)
		s.table(titleZH+"考核得分", titleEN+": scores", columns, rows)
	}
}

// parts are the periods that results are the mean of; empty in a month.
func (b *builder) parts() []assess.Period { return b.Outcome.Period.Parts() }

func (b *builder) short(p assess.Period) string {
	if p.Kind() == assess.PerMonth {
		return b.say(strings.TrimLeft(string(p[5:]), "0")+"月", string(p[5:]))
	}
	return b.say([...]string{"一", "二", "三", "四"}[int(p[6]-'1')&3]+"季度", string(p[5:]))
}

// sameBase is what all people begin with; empty where they differ, and for windows and departments.
func sameBase(all []assess.Result) string {
	for _, r := range all {
		if r.To != assess.ToPerson || r.Base != all[0].Base {
			return ""
		}
	}
	return points(all[0].Base)
}

func (s *sections) resultTable(to assess.To, all []assess.Result) ([]column, [][]string) {
	columns := []column{{s.say("名次", "Rank"), 0.8, centre}}
	switch to {
	case assess.ToPerson:
		columns = append(columns, column{s.say("姓名", "Name"), 1.95, left}, column{s.say("窗口", "Window"), 2.35, left})
	case assess.ToWindow:
		columns = append(columns, column{s.say("窗口", "Window"), 2.4, left})
	default:
		columns = append(columns, column{s.say("派驻单位", "Department"), 4.6, left})
	}
	if to != assess.ToDepartment && s.Department == "" {
		columns = append(columns, column{s.say("派驻单位", "Department"), 2.6, left})
	}
	parts := s.parts()
	base := len(parts) == 0 && sameBase(all) == ""
	if base {
		columns = append(columns, column{s.say("基础分", "Base"), 1.2, right})
	}
	if len(parts) == 0 {
		columns = append(columns, column{s.say("扣分", "Off"), 1, right}, column{s.say("加分", "Bonus"), 1, right})
	}
	for _, p := range parts {
		columns = append(columns, column{s.short(p), 1.15, right})
	}
	columns = append(columns, column{s.say("得分", "Score"), 1.25, right}, column{s.say("等次", "Grade"), 1.1, centre})
	weighed := slices.ContainsFunc(all, func(r assess.Result) bool { return r.Weighed != nil })
	if weighed {
		columns = append(columns, column{s.say("折算分", "Weighed"), 1.15, right})
	}
	var rows [][]string
	for _, r := range all {
		row := []string{strconv.Itoa(r.Rank), s.subject(to, r.ID)}
		if to == assess.ToPerson {
			row = append(row, s.window(r.Window))
		}
		if to != assess.ToDepartment && s.Department == "" {
			row = append(row, s.department(r.Department))
		}
		if len(parts) == 0 {
			if base {
				row = append(row, score(r.Base))
			}
			row = append(row, points(r.Off), points(r.Bonus))
		}
		for _, p := range parts {
			i := slices.IndexFunc(r.Parts, func(x assess.Part) bool { return x.ID == string(p) })
			if i < 0 {
				row = append(row, "—")
			} else {
				row = append(row, score(r.Parts[i].Points))
			}
		}
		row = append(row, score(r.Points), s.grade(r.Grade))
		if weighed {
			if r.Weighed != nil {
				row = append(row, score(*r.Weighed))
			} else {
				row = append(row, "—")
			}
		}
		rows = append(rows, row)
	}
	return columns, rows
}

// found are all findings of an outcome, in order, also those that nobody could be charged with.
func found(o *assess.Outcome) (all []assess.Scored) {
	for _, to := range kinds() {
		for _, r := range o.Of(to) {
			all = append(all, r.Findings...)
		}
	}
	all = append(all, o.Unresolved...)
	slices.SortStableFunc(all, func(a, b assess.Scored) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Fact, b.Fact), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject))
	})
	return all
}

func (b *builder) counted(f *assess.Scored) string {
	if f.Fault != nil {
		return b.say("待核", "to be checked")
	}
	return signed(f.Counted)
}

func (s *sections) findings() {
	if s.Outcome.Period.Kind() != assess.PerMonth {
		return
	}
	s.heading("扣分和加分", "Points taken off and given")
	all := found(s.Outcome)
	if len(all) == 0 {
		s.para(s.say("本期没有扣分或加分事项。", "Nothing took points off or gave any."))
		return
	}
	var rows [][]string
	for i := range all {
		f := &all[i]
		value := s.counted(f)
		if f.Counted != f.Points && f.Fault == nil {
			value += s.sayf("（应计%s，已达上限）", " (%s before caps)", signed(f.Points))
		}
		rows = append(rows, []string{string(f.Day[5:]), s.subject(f.To, f.Subject), s.word(s.Rules, f.Rule), strings.Join(f.Articles, s.say("、", ", ")), value})
	}
	s.table("扣分和加分事项", "What took points off and gave some", []column{{s.say("日期", "Day"), 1, centre}, {s.say("对象", "Of"), 2.2, left}, {s.say("事项", "Rule"), 3.6, left},
		{s.say("依据", "Article"), 2.1, left}, {s.say("计分", "Points"), 1.3, right}}, rows)
}

// lacks are the findings that are listed by themselves: 63号 第七条、第十条(二)、第十条(五)、第十条(一).
type lack struct {
	zh, en string
	kinds  []string
}

func lacks() []lack {
	return []lack{
		{"未开展业务交流", "Windows without an exchange meeting", []string{"exchange_missing"}},
		{"交办任务、报表资料逾期", "Tasks and reports overdue", []string{"task_late", "report_late"}},
		{"进驻事项未在大厅办理", "Listed items handled elsewhere", []string{"item_elsewhere", "unlisted_item"}},
	}
}

func (l lack) of(o *assess.Outcome) []assess.Scored {
	return keep(found(o), func(f assess.Scored) bool {
		return slices.Contains(l.kinds, f.Kind) || slices.Contains(l.kinds, f.Rule)
	})
}

func (s *sections) missing() {
	if s.Outcome.Period.Kind() != assess.PerMonth {
		return
	}
	begun := false
	for _, l := range lacks() {
		all := l.of(s.Outcome)
		if len(all) == 0 {
			continue
		}
		if !begun {
			s.heading("职责履行情况", "Duties not done")
			begun = true
		}
		s.under(l.zh, l.en)
		var names []string
		for i := range all {
			f := &all[i]
			name := s.subject(f.To, f.Subject)
			if l.kinds[0] != "exchange_missing" {
				name = s.sayf("%s（%s，%s）", "%s (%s, %s)", name, s.word(s.Rules, f.Rule), s.date(f.Day))
			}
			names = append(names, name)
		}
		s.para(strings.Join(names, s.say("；", "; ")) + s.say("。", "."))
	}
}

func (b *builder) appealState(state string) string {
	switch state {
	case "waiting":
		return b.say("待复核", "waiting")
	case "granted":
		return b.say("成立", "granted")
	case "refused":
		return b.say("不成立", "refused")
	}
	return state
}

func (s *sections) appeals() {
	if len(s.Appeals) == 0 {
		return
	}
	s.heading("申诉复核", "Appeals")
	var rows [][]string
	for _, a := range s.Appeals {
		rows = append(rows, []string{string(s.day(a.At)), s.subject(a.To, a.Subject), s.word(s.Rules, a.Rule), s.appealState(a.State), cmp.Or(string(s.day(a.DecidedAt)), "—")})
	}
	s.table("申诉复核情况", "Appeals", []column{{s.say("申诉日期", "Made on"), 1.5, centre}, {s.say("对象", "Of"), 2.2, left}, {s.say("事项", "Rule"), 3, left},
		{s.say("复核结果", "Result"), 1.3, centre}, {s.say("复核日期", "Decided on"), 1.5, centre}}, rows)
}

func (b *builder) why(c *assess.Candidate) string {
	switch c.Why {
	case "barred":
		if c.Rule != "" {
			return b.sayf("有取消评选资格的事项（%s）", "barred by a finding (%s)", b.word(b.Rules, c.Rule))
		}
		return b.say("有取消评选资格的事项", "barred by a finding")
	case "tied":
		return b.say("与他人完全并列而名额不足，由局决定", "equal to others in everything; the bureau decides")
	case "grade":
		return b.say("等次未达到要求", "grade too low")
	case "days":
		return b.say("考核时间不足", "too few days")
	case "places":
		if c.Tie != "" {
			return b.sayf("名额已满（同分比较：%s）", "no place left (tie: %s)", b.tie(c.Tie))
		}
		return b.say("名额已满", "no place left")
	}
	return b.say("入选", "chosen")
}

// tie is what a tie-break compares.
func (b *builder) tie(id string) string {
	if id == "score" {
		return b.say("得分", "score")
	}
	if x, ok := b.Indicators[id]; ok {
		return b.lang.of(x.Words)
	}
	return b.word(b.Rules, id)
}

// awards are a year's (63号 第十五条), and how the share of 第十四条 was read.
func (s *sections) awards() {
	if len(s.Outcome.Awards) > 0 {
		s.heading("评选结果", "Awards")
	}
	for i := range s.Outcome.Awards {
		a := &s.Outcome.Awards[i]
		s.under(s.word(s.Awards, a.Award), s.word(s.Awards, a.Award))
		var won []string
		var near [][]string
		for n := range a.Candidates {
			c := &a.Candidates[n]
			if c.Won {
				won = append(won, s.subject(a.To, c.ID))
			} else if len(near) < 10 && c.Why != "days" {
				near = append(near, []string{s.subject(a.To, c.ID), score(c.Points), s.why(c)})
			}
		}
		text := s.sayf("参加评选%d个，名额%d个（依据%s）。", "%d were assessed for %d places (by %s). ", a.Assessed, a.Places, strings.Join(a.Cites, s.say("、", ", ")))
		if len(won) > 0 {
			text += s.say("入选：", "Chosen: ") + strings.Join(won, s.say("、", ", ")) + s.say("。", ".")
		} else if s.Department != "" {
			text += s.say("本单位没有入选的。", "None of this department was chosen.")
		} else {
			text += s.say("没有入选的。", "Nobody was chosen.")
		}
		s.para(text)
		if len(near) > 0 {
			s.table("未入选的前列对象", "The next ones, which were not chosen", []column{{s.say("对象", "Of"), 3, left}, {s.say("得分", "Score"), 1.2, right}, {s.say("原因", "Why"), 4, left}}, near)
		}
	}
	if sh := s.Outcome.Share; sh != nil {
		s.heading("考核比例", "The share that is reported")
		var reading string
		if sh.Reading == assess.ReadQuota {
			reading = s.sayf("按%s，考核比例%s%%解释为评优名额，可评优秀%d人。", "By %s, the share of %s %% is read as a quota: %d can be rated excellent.", strings.Join(sh.Cites, s.say("、", ", ")), points(sh.Percent), sh.Excellent)
		} else {
			reading = s.sayf("按%s，考核比例%s%%解释为权重，折算分为得分乘以该比例。", "By %s, the share of %s %% is read as a weight: the weighed score is the score times the share.", strings.Join(sh.Cites, s.say("、", ", ")), points(sh.Percent))
		}
		if text := s.lang.of(sh.Words); text != "" {
			reading += s.say("所采用的解释："+text+"。", " The reading in force: "+text+".")
		}
		s.para(reading)
	}
}

// corrections are the differences to the revision before.
func (s *sections) corrections() {
	s.heading("更正说明", "Corrections")
	text := s.sayf("本件为第%d版，替代第%d版。", "This is revision %d and replaces revision %d.", s.Revision, s.Revision-1)
	if s.Reason != "" {
		text += s.say("更正原因：", " Reason: ") + strings.TrimRight(s.Reason, "。.") + s.say("。", ".")
	}
	if len(s.Changes) == 0 {
		s.para(text + s.say("得分没有变化。", " No score has changed."))
		return
	}
	s.para(text + s.say("与上一版的差别如下。", " It differs as follows."))
	s.table("更正前后对照", "Before and after", []column{{s.say("对象", "Of"), 2.2, left}, {s.say("更正前", "Before"), 1.8, right}, {s.say("更正后", "After"), 1.8, right}, {s.say("原因", "Why"), 4.4, left}}, s.changeRows())
}

func (b *builder) changeRows() (rows [][]string) {
	value := func(x *float64, grade string) string {
		if x == nil {
			return "—"
		}
		if grade == "" {
			return score(*x)
		}
		return score(*x) + b.say("（"+b.grade(grade)+"）", " ("+b.grade(grade)+")")
	}
	for i := range b.Changes {
		c := &b.Changes[i]
		var why []string
		for k := range c.Gone {
			why = append(why, b.sayf("原计%s %s（%s）", "was %s %s (%s)", b.word(b.Rules, c.Gone[k].Rule), signed(c.Gone[k].Counted), string(c.Gone[k].Day)))
		}
		for k := range c.Come {
			why = append(why, b.sayf("现计%s %s（%s）", "now %s %s (%s)", b.word(b.Rules, c.Come[k].Rule), signed(c.Come[k].Counted), string(c.Come[k].Day)))
		}
		for _, w := range c.Why {
			why = append(why, b.named(b.lang.of(w)))
		}
		rows = append(rows, []string{b.subject(c.To, c.ID), value(c.From, c.FromGrade), value(c.Until, c.UntilGrade), strings.Join(why, b.say("；", "; "))})
	}
	return rows
}

// named puts the name of somebody in the place of the id that begins some words: a computation knows no names.
func (b *builder) named(words string) string {
	id, rest, ok := strings.Cut(words, " ")
	for _, names := range []map[string]string{b.Names.Person, b.Names.Window, b.Names.Department} {
		if name := names[id]; ok && name != "" {
			return name + b.say("", " ") + rest
		}
	}
	return words
}

// evaluation is a leaver's (63号 第十六条).
func (b *builder) evaluation(d *letter) {
	s := &sections{builder: b, d: d}
	e := b.Evaluation
	who := b.sayf("%s同志，由%s派驻%s", "%s was seconded by %s to %s", b.person(e.Staff), b.department(e.Department), b.Hall)
	if e.Window != "" {
		who += b.say(b.window(e.Window), ", "+b.window(e.Window))
	}
	if e.Post != "" {
		who += b.say("，担任"+e.Post, ", as "+e.Post)
	}
	who += b.sayf("，进驻时间为%s至%s。", ", from %s until %s.", b.date(e.From), b.date(e.Until))
	s.para(who + b.say("按照63号第十六条，对其工作表现评价如下。", " By 63号 第十六条, the performance is evaluated as follows."))
	s.heading("工作表现", "Performance")
	for _, line := range strings.Split(strings.TrimSpace(e.Text), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			s.para(line)
		}
	}
	s.heading("考核记录", "Record")
	if len(e.Periods) > 0 {
		var rows [][]string
		for _, p := range e.Periods {
			place := "—"
			if p.Rank > 0 {
				place = fmt.Sprintf("%d/%d", p.Rank, p.Among)
			}
			rows = append(rows, []string{b.period(p.Period), strconv.Itoa(p.Days), points(p.Off), points(p.Bonus), score(p.Points), b.grade(p.Grade), place})
		}
		s.table("各期考核得分", "Scores", []column{{b.say("考核期", "Period"), 2.4, left}, {b.say("在岗工作日", "Days"), 1.4, right}, {b.say("扣分", "Off"), 1, right}, {b.say("加分", "Bonus"), 1, right},
			{b.say("得分", "Score"), 1.2, right}, {b.say("等次", "Grade"), 1.2, centre}, {b.say("名次", "Rank"), 1.2, centre}}, rows)
	} else {
		s.para(b.say("没有已公布的考核结果。", "No results were published."))
	}
	type sum struct {
		n      int
		points float64
	}
	sums := map[string]*sum{}
	for i := range e.Findings {
		f := &e.Findings[i]
		if sums[f.Rule] == nil {
			sums[f.Rule] = &sum{}
		}
		sums[f.Rule].n++
		sums[f.Rule].points += f.Counted
	}
	var rows [][]string
	for _, id := range slices.Sorted(maps.Keys(sums)) {
		rows = append(rows, []string{b.word(b.Rules, id), strconv.Itoa(sums[id].n), signed(round2(sums[id].points))})
	}
	if len(rows) > 0 {
		s.table("扣分和加分事项", "What took points off and gave some", []column{{b.say("事项", "Rule"), 5, left}, {b.say("次数", "Times"), 1, right}, {b.say("计分", "Points"), 1.2, right}}, rows)
	}
	if e.SignedBy != "" {
		s.para(b.say("评价人：", "Signed by: ") + e.SignedBy)
	}
}

// proof is what the document rests on.
func (b *builder) proof() proof {
	p := proof{title: b.say("依据与核验", "What this rests on"), url: b.Verify}
	add := func(zh, en, value string) {
		if value != "" {
			p.rows = append(p.rows, [2]string{b.say(zh, en), value})
		}
	}
	if o := b.Outcome; o != nil {
		var policies []string
		for _, a := range o.Policies {
			if !slices.Contains(policies, a.Policy) {
				policies = append(policies, a.Policy)
			}
		}
		add("考核政策", "Policy", strings.Join(policies, b.say("、", ", ")))
		if b.Revision > 0 {
			add("版次", "Revision", b.sayf("%s 第%d版，%s公布", "%s, revision %d, published %s", o.Period, b.Revision, b.Published.In(b.Zone).Format("2006-01-02 15:04")))
		} else {
			add("版次", "Revision", b.sayf("%s 未公布", "%s, not published", o.Period))
		}
	} else if e := b.Evaluation; e != nil {
		var policies []string
		for _, x := range e.Periods {
			if x.Policy != "" && !slices.Contains(policies, x.Policy) {
				policies = append(policies, x.Policy)
			}
		}
		add("考核政策", "Policy", strings.Join(policies, b.say("、", ", ")))
	}
	add("结果摘要", "Digest", b.Digest)
	if c := b.Checkpoint; c != nil {
		add("日志检查点", "Checkpoint", b.sayf("%d 条记录，根 %s", "%d records, root %s", c.Size, c.Root))
		add("签名", "Signed by", c.Signer)
	} else {
		add("日志检查点", "Checkpoint", b.say("生成时尚无已签名的检查点", "none was signed when this was made"))
	}
	add("核验网址", "Verify at", b.Verify)
	return p
}
