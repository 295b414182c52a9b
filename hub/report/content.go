package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hallkeeper/hub/assess"
)

// builder makes the words of a document.
type builder struct {
	Input
	lang Lang
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
