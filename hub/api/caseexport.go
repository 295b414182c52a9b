package api

import (
	"net/http"
	"strconv"
	"strings"

	"hallkeeper/hub/conduct"
	"hallkeeper/hub/sheet"
	"hallkeeper/wire"
)

// caseWords are the codes of cases in words, for the table.
func caseWords() map[string]text {
	return map[string]text{
		string(wire.CaseButton): {"按键", "button"}, string(wire.CaseTablet): {"评价器", "tablet"}, string(wire.CasePhone): {"手机", "phone"},
		string(wire.CaseHotline): {"热线", "hotline"}, string(wire.CaseMailbox): {"旗长信箱", "mailbox"}, string(wire.CaseDiscipline): {"纪检监察", "discipline inspection"}, string(wire.CaseMedia): {"媒体", "media"},
		conduct.Open: {"待答复", "open"}, conduct.Answered: {"待整改", "answered"}, conduct.Rectified: {"已整改", "rectified"}, conduct.Closed: {"已办结", "closed"},
		conduct.ResultUnfounded: {"不属实", "unfounded"}, conduct.ResultExcluded: {"评价已剔除", "excluded"},
		conduct.Satisfied: {"满意", "satisfied"}, conduct.Unsatisfied: {"不满意", "unsatisfied"}, conduct.Unreached: {"未联系上", "not reached"},
		conduct.Waiting: {"待审批", "waiting"}, conduct.Granted: {"同意", "granted"}, conduct.Refused: {"不同意", "refused"},
	}
}

// caseColumns are the table's, with what stands in each.
func caseColumns(l language) (columns []sheet.Column, cells func(*CaseRow) []string) {
	say := func(code string) string { return caseWords()[code].in(l) }
	yes := func(is bool) string {
		if is {
			return text{"是", "yes"}.in(l)
		}
		return ""
	}
	level := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	for _, c := range []struct {
		name   string
		zh, en string
		date   bool
	}{
		{"number", "件号", "Number", false}, {"source", "来源", "Source", false}, {"day", "受理日", "Opened", true}, {"happened", "发生日", "Happened", true},
		{"department", "责任单位", "Department", false}, {"handler", "承办人", "Handled by", false}, {"window", "窗口", "Window", false}, {"staff", "被评价人", "About", false},
		{"service", "事项", "Service", false}, {"level", "评价等级", "Level", false}, {"hard", "疑难", "Hard", false}, {"state", "状态", "State", false}, {"result", "结果", "Result", false},
		{"answer_due", "答复期限", "Answer by", true}, {"answered_on", "答复日", "Answered", true}, {"rectify_due", "整改期限", "Rectify by", true}, {"rectified_on", "整改日", "Rectified", true},
		{"late", "是否逾期", "Late", false}, {"provisional", "期限暂定", "Provisional", false}, {"rounds", "整改次数", "Rounds", false}, {"contact", "留有电话", "Phone left", false}, {"revisit", "回访结果", "Call", false},
		{"extension", "延期", "Extension", false}, {"appeal", "申诉", "Appeal", false}, {"exclusion", "剔除评价", "Exclusion", false}, {"end", "办结日", "Closed", true},
	} {
		heading := text{c.zh, c.en}.in(l)
		columns = append(columns, sheet.Column{Name: c.name, ZH: heading, EN: c.en, Date: c.date})
	}
	return columns, func(x *CaseRow) []string {
		return []string{x.Number, say(string(x.Source)), x.Day, x.Happened, x.DepartmentName, x.HandlerName, x.WindowNumber, x.StaffName, x.ServiceName, level(x.Level), yes(x.Hard),
			say(x.State), say(x.Result), x.AnswerDue, x.AnsweredOn, x.RectifyDue, x.RectifiedOn, yes(x.Standing.Late()), yes(x.Provisional), strconv.Itoa(x.Rounds), yes(x.Contact), say(x.Revisit),
			say(x.Extension), say(x.Appeal), say(x.Exclusion), x.End}
	}
}

// exportCases gives the cases as a table. Texts and phone numbers are not in it.
func (a *API) exportCases(w http.ResponseWriter, r *http.Request) error {
	list, err := a.listCases(r)
	if err != nil {
		return err
	}
	l := languageOf(r)
	columns, cells := caseColumns(l)
	rows := [][]string{}
	for k := range list.Cases {
		rows = append(rows, cells(&list.Cases[k]))
	}
	var body []byte
	media, ending := "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"
	switch r.URL.Query().Get("format") {
	case "", "xlsx":
		body, err = sheet.WriteXLSX(text{"差评与投诉件", "Cases"}.in(l), columns, rows)
	case "csv":
		media, ending = "text/csv; charset=utf-8", "csv"
		body, err = sheet.WriteCSV(columns, rows)
	default:
		return wrong(field{"format", "choice", text{"应为 xlsx 或 csv", "must be xlsx or csv"}})
	}
	if err != nil {
		return err
	}
	name := strings.Join([]string{"cases", string(a.today())}, "-")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.`+ending+`"`)
	send(w, r, http.StatusOK, media, body)
	return nil
}
