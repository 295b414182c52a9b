package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/duty"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/sheet"
)

// filing is a table for the organisation department and the personnel bureau (63号 第十四条).
type filing struct {
	what     text
	name     string // of the file, without its ending
	columns  []sheet.Column
	rows     [][]string
	exported duty.Export
}

type filingColumn struct {
	name, zh, en string
	date         bool
}

func (f *filing) head(l language, columns ...filingColumn) {
	for _, c := range columns {
		f.columns = append(f.columns, sheet.Column{Name: c.name, ZH: text{c.zh, c.en}.in(l), EN: c.en, Date: c.date})
	}
}

func figure(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func employmentWords(kind string) text {
	return map[string]text{"in_post": {"在岗在职", "in post"}, "contract": {"合同制", "contract"}, "retired": {"退休返聘", "retired"}}[kind]
}

// gradeWords are what the grades of a period's policies are called.
func (d *dutyDesk) gradeWords(o *assess.Outcome) map[string]assess.Words {
	words := PeriodAnswer{Outcome: *o}
	d.a.words(d.v, &words)
	return words.Grades
}

func (l language) word(w assess.Words) string { return text{w.ZH, w.EN}.in(l) }

// staffFiling is the seconded staff who are here today, with the score of the newest year that
// is published; before the first, of the newest quarter or month.
func (d *dutyDesk) staffFiling(l language) (*filing, error) {
	f := &filing{what: text{"进驻人员备案表", "Seconded staff"}, name: "staff-" + string(d.today), exported: duty.Export{What: "staff"}}
	f.head(l, filingColumn{"id", "编号", "Id", false}, filingColumn{"name", "姓名", "Name", false}, filingColumn{"department", "派驻单位", "Department", false}, filingColumn{"employment", "用工性质", "Employment", false},
		filingColumn{"window", "窗口", "Window", false}, filingColumn{"post", "岗位", "Post", false}, filingColumn{"since", "到岗日期", "Since", true}, filingColumn{"document", "选派文号", "Document of the assignment", false},
		filingColumn{"period", "考核期", "Assessed period", false}, filingColumn{"score", "考核得分", "Score", false}, filingColumn{"grade", "等次", "Grade", false})
	documents := map[string]string{}
	for _, x := range d.v.State.People.Assignments.All() {
		if x.State == roster.Accepted && x.Document != "" {
			documents[x.Staff+"/"+x.Post] = x.Document
		}
	}
	var o *assess.Outcome
	var grades map[string]assess.Words
	for _, kind := range []assess.Per{assess.PerYear, assess.PerQuarter, assess.PerMonth} {
		var err error
		if o, f.exported.Revision, err = d.newestPublished(kind); err != nil {
			return nil, err
		}
		if o != nil {
			f.exported.Period, grades = string(o.Period), d.gradeWords(o)
			break
		}
	}
	for id, p := range d.v.State.People.Staff.All() {
		if !p.Here(d.today) {
			continue
		}
		post, _ := d.v.State.People.Post(p.PostOf(d.today), d.today)
		row := []string{id, d.a.nameOf(d.v, id), d.department(p.Department), employmentWords(p.Employment).in(l), d.number(post.Window), post.Name, string(p.PostedSince(d.today)), documents[id+"/"+post.ID], "", "", ""}
		if o != nil {
			if r := o.Find(assess.ToPerson, id); r != nil {
				row[8], row[9], row[10] = string(o.Period), figure(r.Points), l.word(grades[r.Grade])
			}
		}
		f.rows = append(f.rows, row)
	}
	return f, nil
}

// assessmentFiling is a published year by person, with the reading of the share of 63号 第十四条
// that it was made by in each row, so that no copy of a row can lose it.
func (d *dutyDesk) assessmentFiling(l language, year assess.Period) (*filing, error) {
	o, rev, err := d.publishedYear(year)
	if err != nil {
		return nil, err
	}
	share := assess.Shared{}
	if o.Share != nil {
		share = *o.Share
	}
	f := &filing{what: text{string(year) + "年度考核备案表", "Annual assessment " + string(year)}, name: "assessment-" + string(year) + "-r" + strconv.Itoa(rev.Number),
		exported: duty.Export{What: "assessment", Period: string(year), Revision: rev.Number, Reading: string(share.Reading)}}
	f.head(l, filingColumn{"id", "编号", "Id", false}, filingColumn{"name", "姓名", "Name", false}, filingColumn{"department", "派驻单位", "Department", false}, filingColumn{"window", "窗口", "Window", false},
		filingColumn{"months", "考核月数", "Months assessed", false}, filingColumn{"score", "年度得分", "Score of the year", false}, filingColumn{"grade", "等次", "Grade", false}, filingColumn{"rank", "名次", "Rank", false},
		filingColumn{"reading", "考核比例的理解", "Reading of the share", false}, filingColumn{"percent", "考核比例（%）", "Share (%)", false})
	if share.Reading == assess.ReadQuota {
		f.head(l, filingColumn{"excellent", "在优秀名额内", "Within the places for excellent", false})
	} else {
		f.head(l, filingColumn{"weighed", "折算分", "Weighed score", false})
	}
	f.head(l, filingColumn{"awards", "表彰", "Awards", false}, filingColumn{"article", "依据", "Article", false}, filingColumn{"policy", "考核政策", "Policy", false}, filingColumn{"revision", "版次", "Revision", false}, filingColumn{"digest", "结果摘要", "Digest of the result", false})
	words := PeriodAnswer{Outcome: *o}
	d.a.words(d.v, &words)
	won := map[string][]string{}
	for _, a := range o.Awards {
		for _, c := range a.Candidates {
			if a.To == assess.ToPerson && c.Won {
				won[c.ID] = append(won[c.ID], l.word(words.Awards[a.Award]))
			}
		}
	}
	var policies []string
	for _, p := range o.Policies {
		if !slices.Contains(policies, p.Policy) {
			policies = append(policies, p.Policy)
		}
	}
	for i := range o.People {
		r := &o.People[i]
		last := ""
		if r.Weighed != nil {
			last = figure(*r.Weighed)
		}
		if share.Reading == assess.ReadQuota {
			last = text{"否", "no"}.in(l)
			if r.Rank <= share.Excellent {
				last = text{"是", "yes"}.in(l)
			}
		}
		f.rows = append(f.rows, []string{r.ID, d.a.nameOf(d.v, r.ID), d.department(r.Department), d.number(r.Window), strconv.Itoa(r.Months), figure(r.Points), l.word(words.Grades[r.Grade]), strconv.Itoa(r.Rank),
			l.word(share.Words), figure(share.Percent), last, strings.Join(won[r.ID], "、"), strings.Join(share.Cites, "、"), strings.Join(policies, "、"), strconv.Itoa(rev.Number), rev.Digest})
	}
	return f, nil
}

func (a *API) exportStaff(w http.ResponseWriter, r *http.Request) error {
	return a.exportFiling(w, r, func(d *dutyDesk) (*filing, error) { return d.staffFiling(languageOf(r)) })
}

func (a *API) exportAssessment(w http.ResponseWriter, r *http.Request) error {
	year, ok := assess.ParsePeriod(r.URL.Query().Get("year"))
	if !ok || year.Kind() != assess.PerYear {
		return wrong(field{"year", "year", text{"应为年份，如 2026", "must be a year like 2026"}})
	}
	return a.exportFiling(w, r, func(d *dutyDesk) (*filing, error) { return d.assessmentFiling(languageOf(r), year) })
}

// exportFiling gives a table after the log has noted that it was made, and what of.
func (a *API) exportFiling(w http.ResponseWriter, r *http.Request, build func(*dutyDesk) (*filing, error)) (err error) {
	var bad checks
	format := bad.choice(r, "format", "xlsx", "csv")
	if err := bad.err(); err != nil {
		return err
	}
	var f *filing
	a.atDuties(r, func(d *dutyDesk) { f, err = build(d) })
	if err != nil {
		return err
	}
	var body []byte
	media, ending := "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"
	if format == "csv" {
		media, ending = "text/csv; charset=utf-8", "csv"
		body, err = sheet.WriteCSV(f.columns, f.rows)
	} else {
		body, err = sheet.WriteXLSX(f.what.in(languageOf(r)), f.columns, f.rows)
	}
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	f.exported.Format, f.exported.Rows, f.exported.SHA256 = ending, len(f.rows), hex.EncodeToString(sum[:])
	i := who(r)
	if _, err := a.do(r, i.Actor(), "", order{cmd: f.exported, status: http.StatusOK}); err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="`+f.name+`.`+ending+`"`)
	send(w, r, http.StatusOK, media, body)
	return nil
}
