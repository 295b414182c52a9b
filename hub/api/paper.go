package api

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/matter"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/sheet"
	"hallkeeper/wire"
)

// The answers about paper numbers.
type (
	// PaperVisit is a paper number that was entered afterwards, by whom and when.
	PaperVisit struct {
		wire.VisitEntered
		// MatterNumber is of the matter that it opened.
		MatterNumber string        `json:"matter_number,omitempty"`
		By           string        `json:"by"`
		EnteredAt    time.Time     `json:"entered_at"`
		Position     wire.Position `json:"position"`
		Withdrawn    bool          `json:"withdrawn,omitempty"`
	}
	// PaperList is a page of what was entered, the last first; Total counts all of it.
	PaperList struct {
		Total  int          `json:"total"`
		Visits []PaperVisit `json:"visits"`
	}
	// PaperFile is a table of paper numbers as it was read; nothing is entered by that.
	PaperFile struct {
		Rows []queue.PaperRow `json:"rows"`
		// Faults are cells that cannot be read.
		Faults []ImportFault `json:"faults"`
	}
	// PaperEntered answers a table that was entered; Entered counts its rows.
	PaperEntered struct {
		Changed
		Entered int `json:"entered"`
	}
	paperBody struct {
		Day  string           `json:"day"`
		Rows []queue.PaperRow `json:"rows"`
	}
)

func (a *API) paperRoutes() []route {
	visit, format := in("id", "补录编号", "the id of the visit"), query("format", "xlsx（默认）或 csv", "xlsx (the default) or csv")
	file := own(access.Decide, "POST", "visits/paper/read", "读取补录表（XLSX 或 CSV），不登记", "read a table of paper numbers (XLSX or CSV); nothing is entered", nil, PaperFile{}, a.readPaper,
		"file_format", "file_empty", "file_too_large", "too_many_rows")
	enterTable := a.change(access.Decide, "POST", "visits/paper", "补录一天的纸质号：全部登记，或一个也不登记", "enter the paper numbers of a day, all or none", paperBody{}, a.enterPaper, nil)
	enterTable.answer = PaperEntered{}
	return []route{
		read(access.ReadAll, v1+"visits/paper", "补录的纸质号，新的在前", "paper numbers that were entered, the last first", PaperList{}, a.getPaper,
			count("offset", "从第几条起", "which row is the first"), count("limit", "最多条数，1 至 1000（默认 100）", "at most so many, 1 to 1000 (100 by default)")),
		enterTable,
		a.change(access.Decide, "POST", "visits/paper/{id}/withdraw", "撤回录错的纸质号，须写原因", "take a paper number back that was entered wrongly, with the reason", matter.WithdrawPaper{},
			enter(func(r *http.Request, c *matter.WithdrawPaper) { c.Visit = r.PathValue("id") }), []string{"visit_unknown", "matter_went_on"}, visit),
		file,
		read(access.ReadAll, v1+"visits/paper/template", "补录表模板", "the template of a table of paper numbers", nil, a.paperTemplate, format),
	}
}

func (a *API) enterPaper(_ *http.Request, body []byte) (order, error) {
	var b paperBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	rows, err := json.Marshal(b)
	if err != nil {
		return order{}, err
	}
	sum := sha256.Sum256(rows)
	c := matter.EnterPaper{Day: b.Day, Rows: b.Rows, Table: hex.EncodeToString(sum[:8])}
	return order{cmd: c, status: http.StatusOK, kind: wire.KindVisitEntered, answer: func(done Changed) (any, error) {
		n := 0
		a.Register.Read(func(v *register.View, _ *roster.State) {
			for _, x := range v.State.Line.Papers.Each() {
				if x.Table == c.Table && x.Day == c.Day && !x.Withdrawn {
					n++
				}
			}
		})
		return PaperEntered{done, n}, nil
	}}, nil
}

func (a *API) getPaper(w http.ResponseWriter, r *http.Request) error {
	c := &checks{}
	offset, limit := c.number(r, "offset", 0, 0, 1_000_000_000), c.number(r, "limit", defaultPage, 1, maxPage)
	if err := c.err(); err != nil {
		return err
	}
	list := PaperList{Visits: []PaperVisit{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		var all []queue.Paper
		for _, x := range v.State.Line.Papers.Each() {
			all = append(all, x)
		}
		slices.SortFunc(all, func(x, y queue.Paper) int { return cmp.Compare(y.Position, x.Position) })
		list.Total = len(all)
		for _, x := range all[min(int(offset), len(all)):min(int(offset+limit), len(all))] {
			m, _ := v.State.Matters.Matters.Get(x.Matter)
			list.Visits = append(list.Visits, PaperVisit{x.VisitEntered, m.Number, x.By, x.EnteredAt, x.Position, x.Withdrawn})
		}
	})
	return sendJSON(w, r, list)
}

func paperColumns() []sheet.Column {
	return []sheet.Column{
		{Name: "service", ZH: "业务", EN: "Service", Need: true, Example: "婚姻登记"}, {Name: "paper", ZH: "纸质号", EN: "Paper number", Need: true, Example: "17"},
		{Name: "class", ZH: "类别", EN: "Class", Example: "普通"}, {Name: "window", ZH: "窗口", EN: "Window", Example: "01"}, {Name: "staff", ZH: "人员编号", EN: "Staff"},
		{Name: "taken", ZH: "取号", EN: "Taken", Need: true, Example: "09:10"}, {Name: "called", ZH: "呼叫", EN: "Called", Example: "09:25"}, {Name: "finished", ZH: "结束", EN: "Finished", Example: "09:40"},
		{Name: "outcome", ZH: "结果", EN: "Outcome", Need: true, Example: "当场办结"}, {Name: "reason", ZH: "说明", EN: "Reason"},
	}
}

// readPaper reads a file into rows, in which services, windows, classes and outcomes may stand as people write them.
func (a *API) readPaper(w http.ResponseWriter, r *http.Request) error {
	file, err := io.ReadAll(http.MaxBytesReader(w, r.Body, sheet.MaxBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return problem("file_too_large")
	case err != nil:
		return problem("malformed")
	}
	table, err := sheet.Read(file, paperColumns())
	if err != nil {
		return err
	}
	answer := PaperFile{Rows: []queue.PaperRow{}, Faults: []ImportFault{}}
	for _, f := range table.Faults {
		answer.Faults = append(answer.Faults, ImportFault{f.Name, f.Code, text{f.ZH, f.EN}.in(languageOf(r))})
	}
	ids := a.paperWords()
	for _, row := range table.Rows {
		v := func(name string) string { return strings.TrimSpace(row.Values[name]) }
		id := func(name string) string {
			return cmp.Or(ids[name][v(name)], ids[name][strings.TrimLeft(v(name), "0")], v(name))
		}
		answer.Rows = append(answer.Rows, queue.PaperRow{Service: id("service"), Paper: v("paper"), Class: cmp.Or(id("class"), queue.Ordinary), Window: id("window"), Staff: v("staff"),
			Taken: minuteOf(v("taken")), Called: minuteOf(v("called")), Finished: minuteOf(v("finished")), Outcome: id("outcome"), Reason: v("reason")})
	}
	return sendJSON(w, r, answer)
}

// minuteOf takes the seconds off a spreadsheet's time and fills up its hour: 9:05:00 is 09:05.
func minuteOf(s string) string {
	s = strings.ReplaceAll(s, "：", ":")
	if parts := strings.Split(s, ":"); len(parts) >= 2 && len(parts[0]) <= 2 {
		return ("0" + parts[0])[len(parts[0])-1:] + ":" + parts[1]
	}
	return s
}

// paperWords are the ids of what people write, by column.
func (a *API) paperWords() map[string]map[string]string {
	words := map[string]map[string]string{"service": {}, "window": {}, "class": {}, "outcome": {"过号": queue.PaperMissed, "Missed": queue.PaperMissed, "离开": queue.PaperLeft, "Left": queue.PaperLeft}}
	a.Register.Read(func(v *register.View, windows *roster.State) {
		for id, d := range v.State.Line.Services.Each() {
			words["service"][d.Name] = id
		}
		for id, x := range windows.Windows {
			words["window"][x.Number] = id
			words["window"][strings.TrimLeft(x.Number, "0")] = id
		}
	})
	for id, t := range keyWords() {
		for column, all := range map[string][]string{"class": append(queue.Classes(), queue.Appointment), "outcome": queue.Outcomes()} {
			if slices.Contains(all, id) {
				words[column][t.zh], words[column][t.en] = id, id
			}
		}
	}
	return words
}

func (a *API) paperTemplate(w http.ResponseWriter, r *http.Request) error {
	example := []string{}
	for _, column := range paperColumns() {
		example = append(example, column.Example)
	}
	return sendColumns(w, r, "补录表", "paper-numbers", paperColumns(), [][]string{example})
}
