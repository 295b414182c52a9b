package api

import (
	"fmt"
	"net/http"
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
)

// getReport makes the report of a return from the criticisms that led to it.
func (a *API) getReport(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	report := ReturnReport{ID: id, Article: "63号 第十三条(一)", Criticisms: []CriticismRow{}}
	a.Register.Read(func(v *register.View, windows *roster.State) {
		s := a.scopeOf(who(r), v, windows)
		for _, x := range v.State.People.Criticisms.All() {
			p, _ := v.State.People.Staff.Get(x.Staff)
			if x.Return != id || !s.person(x.Staff, p.Department, "") {
				continue
			}
			d, _ := v.State.People.Departments.Get(p.Department)
			report.Staff, report.Name, report.Department, report.On = x.Staff, a.nameOf(v, x.Staff), d.Name, p.Departed()
			report.Criticisms = append(report.Criticisms, CriticismRow{x.Criticism, x.Staff, report.Name, x.On, a.stepRow(&x.Made), x.Return})
		}
	})
	if len(report.Criticisms) == 0 {
		return hall.Unknown("report_unknown", "没有这份报告", "there is no such report")
	}
	report.Text = report.text()
	return sendJSON(w, r, report)
}

func (x *ReturnReport) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "关于将%s派驻人员%s退回原单位的报告\n\n", x.Department, x.Name)
	fmt.Fprintf(&b, "依据%s，%s派驻人员%s（编号%s）不服从管理，经%d次批评教育仍未改正，自%s起退回原派驻单位，并要求该单位在规定的工作日内调换人员。历次批评教育如下：\n",
		x.Article, x.Department, x.Name, x.Staff, len(x.Criticisms), x.On)
	for i, c := range x.Criticisms {
		fmt.Fprintf(&b, "%d．%s：%s（记录人%s，记录编号%s）\n", i+1, c.On, c.Made.Said, c.Made.By, c.Criticism)
	}
	return b.String()
}
