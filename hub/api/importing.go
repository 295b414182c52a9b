package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/sheet"
	"hallkeeper/wire"
)

// What an import answers.
type (
	// ImportReport says what an import does or would do. Faults are empty where it can be done.
	ImportReport struct {
		Dry    bool `json:"dry"`
		Rows   int  `json:"rows"`
		Events int  `json:"events"`
		// Departments are the names of those that it adds; Staff, Posts and Cards count what it enters or changes.
		Departments []string      `json:"departments"`
		Staff       int           `json:"staff"`
		Posts       int           `json:"posts"`
		Cards       int           `json:"cards"`
		Faults      []ImportFault `json:"faults"`
	}
	// ImportFault is one faulty cell.
	ImportFault struct {
		Cell    string `json:"cell"`
		Code    string `json:"code"`
		Message string `json:"message"`
	}
)

// rosterColumns are the columns of a roster's table.
func rosterColumns() []sheet.Column {
	return []sheet.Column{
		{Name: "id", ZH: "编号", EN: "Id", Need: true, Example: "s01"}, {Name: "name", ZH: "姓名", EN: "Name", Need: true, Example: "演示员甲"},
		{Name: "department", ZH: "派驻单位", EN: "Department", Need: true, Example: "民政局"}, {Name: "window", ZH: "窗口", EN: "Window", Example: "01"},
		{Name: "post", ZH: "岗位", EN: "Post", Example: "婚姻登记"}, {Name: "deputies", ZH: "代岗人员", EN: "Deputies", Example: "s02、s03"},
		{Name: "card", ZH: "卡号", EN: "Card", Example: "04A2B9C1"}, {Name: "employment", ZH: "用工", EN: "Employment", Example: "在岗在职"},
		{Name: "work_since", ZH: "参加工作", EN: "At work since", Date: true, Example: "2015-07-01"}, {Name: "born", ZH: "出生日期", EN: "Born", Date: true, Masked: true, Example: "1990-05-01"},
		{Name: "phone", ZH: "电话", EN: "Phone"}, {Name: "qualifications", ZH: "资格", EN: "Qualifications", Example: "社会工作师"},
		{Name: "from", ZH: "到岗日期", EN: "From", Date: true, Example: "2026-01-05"},
	}
}

func (a *API) importRoutes() []route {
	format := query("format", "xlsx（默认）或 csv", "xlsx (the default) or csv")
	load := own(access.Arrange, "POST", "roster/import", "从 XLSX 或 CSV 导入人员：先试运行，再全部导入或全部不导入", "import a roster from XLSX or CSV: a dry run first, then all or nothing",
		nil, ImportReport{}, a.importRoster, "file_format", "file_empty", "file_too_large", "too_many_rows")
	load.params = []param{query("dry", "1 为试运行：只列出问题，不改变任何内容", "1 for a dry run: it lists what is wrong and changes nothing")}
	return []route{load,
		exports(read(access.ReadAll, v1+"roster/export", "导出人员表（卡号不导出）", "the roster as a table, without card numbers", nil, a.exportRoster, format)),
		read(access.ReadAll, v1+"roster/template", "人员表模板", "the template of a roster's table", nil, a.rosterTemplate, format),
	}
}

func (a *API) importRoster(w http.ResponseWriter, r *http.Request) error {
	file, err := io.ReadAll(http.MaxBytesReader(w, r.Body, sheet.MaxBytes))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return problem("file_too_large")
	}
	if err != nil {
		f := problem("malformed")
		f.cause = err
		return f
	}
	var c checks
	dry := c.flag(r, "dry")
	if err := c.err(); err != nil {
		return err
	}
	report := ImportReport{Dry: dry, Departments: []string{}, Faults: []ImportFault{}}
	table, err := sheet.Read(file, rosterColumns())
	if err == nil {
		report.Rows = len(table.Rows)
		err = a.carryIn(r, a.importOf(table), dry, &report)
	}
	var refusal *hall.Error
	if dry && errors.As(err, &refusal) && (refusal.Code == hall.CodeInvalid || refusal.Code == hall.CodeRefused) {
		lang := languageOf(r)
		slices.SortStableFunc(refusal.Fields, func(a, b hall.Field) int { return sheet.Order(a.Name, b.Name) })
		for _, f := range refusal.Fields {
			report.Faults = append(report.Faults, ImportFault{f.Name, f.Code, text{f.ZH, f.EN}.in(lang)})
		}
		if len(refusal.Fields) == 0 {
			report.Faults = append(report.Faults, ImportFault{"", refusal.Name, text{refusal.ZH, refusal.EN}.in(lang)})
		}
		return sendJSON(w, r, report)
	}
	if err != nil {
		return err
	}
	return sendJSON(w, r, report)
}

// carryIn decides an import, and stores it where it is no dry run.
func (a *API) carryIn(r *http.Request, c roster.Import, dry bool, report *ImportReport) error {
	if !dry {
		i := who(r)
		made, _, err := a.Commands.Do(r.Context(), i.Actor(), "", c)
		for k := range made {
			report.count(made[k].Kind, made[k].Data)
		}
		return err
	}
	var err error
	a.Register.Read(func(v *register.View, windows *roster.State) {
		var drafts []hall.Draft
		drafts, err = v.State.Decide(windows, c, hall.Moment{Now: a.Now(), Day: a.today(), Zone: a.Zone, ID: "dry", Unseal: a.Register.Unseal})
		for _, d := range drafts {
			report.count(d.Kind, d.Data)
		}
	})
	return err
}

// count adds one event to what an import does; data is its data, or the JSON of it.
func (x *ImportReport) count(kind wire.Kind, data any) {
	x.Events++
	switch kind {
	case wire.KindDepartmentSet:
		d, ok := data.(wire.DepartmentSet)
		if raw, stored := data.(json.RawMessage); stored {
			ok = json.Unmarshal(raw, &d) == nil
		}
		if ok {
			x.Departments = append(x.Departments, d.Name)
		}
	case wire.KindStaffSet:
		x.Staff++
	case wire.KindPostSet:
		x.Posts++
	case wire.KindCardIssued:
		x.Cards++
	}
}

// importOf makes the command of a table; card numbers become keyed hashes at once.
func (a *API) importOf(t *sheet.Table) roster.Import {
	c := roster.Import{Faults: t.Faults, Spoiled: t.Spoiled}
	for _, row := range t.Rows {
		v := row.Values
		if exampleRow(v) {
			c.Faults = append(c.Faults, hall.Field{Name: t.Cell(row.Number, "id"), Code: "example", ZH: "这是模板的示例行，请删去", EN: "this is the template's example; delete the row"})
			continue
		}
		x := roster.ImportRow{Staff: v["id"], Name: v["name"], Department: v["department"], Window: v["window"], Post: v["post"], Deputies: v["deputies"],
			Employment: v["employment"], WorkSince: v["work_since"], Born: v["born"], Phone: v["phone"], Qualifications: v["qualifications"], From: v["from"],
			Cell: func(column string) string { return t.Cell(row.Number, column) }}
		if number := v["card"]; cardNumber(number) {
			x.Card, x.Shown = a.Register.CardToken(number), roster.Masked(number)
		} else if number != "" {
			c.Faults = append(c.Faults, hall.Field{Name: x.Cell("card"), Code: "characters", ZH: cardWords().zh, EN: cardWords().en})
		}
		c.Rows = append(c.Rows, x)
	}
	return c
}

// exampleRow tells whether a row is the template's, as it was sent.
func exampleRow(values map[string]string) bool {
	for _, c := range rosterColumns() {
		if values[c.Name] != c.Example {
			return false
		}
	}
	return true
}

func (a *API) exportRoster(w http.ResponseWriter, r *http.Request) error {
	var rows [][]string
	day := a.today()
	a.Register.Read(func(v *register.View, windows *roster.State) {
		for id, x := range v.State.People.Staff.All() {
			if !x.Here(day) {
				continue
			}
			department, _ := v.State.People.Departments.Get(x.Department)
			post, _ := v.State.People.Post(x.PostOf(day), day)
			employment := map[string]string{"in_post": "在岗在职", "contract": "合同", "retired": "退休"}[x.Employment]
			rows = append(rows, []string{id, a.sealed(x.Sealed, "name"), department.Name, windows.Windows[post.Window].Number, post.Name, strings.Join(post.Deputies, "、"), "",
				employment, x.WorkSince, a.sealed(x.Sealed, "born"), a.sealed(x.Sealed, "phone"), strings.Join(x.Qualifications, "、"), string(x.PostedSince(day))})
		}
	})
	return a.sendTable(w, r, "人员表", rows)
}

func (a *API) rosterTemplate(w http.ResponseWriter, r *http.Request) error {
	example := make([]string, 0, 13)
	for _, c := range rosterColumns() {
		example = append(example, c.Example)
	}
	return a.sendTable(w, r, "人员表模板", [][]string{example})
}

func (a *API) sendTable(w http.ResponseWriter, r *http.Request, title string, rows [][]string) error {
	return sendColumns(w, r, title, "roster", rosterColumns(), rows)
}

// sendColumns sends a table as the request's format asks.
func sendColumns(w http.ResponseWriter, r *http.Request, title, name string, columns []sheet.Column, rows [][]string) error {
	var body []byte
	var err error
	media, ending := "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"
	switch r.URL.Query().Get("format") {
	case "", "xlsx":
		body, err = sheet.WriteXLSX(title, columns, rows)
	case "csv":
		media, ending = "text/csv; charset=utf-8", "csv"
		body, err = sheet.WriteCSV(columns, rows)
	default:
		return wrong(field{"format", "choice", text{"应为 xlsx 或 csv", "must be xlsx or csv"}})
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.`+ending+`"; filename*=UTF-8''`+pathEscape(title)+"."+ending)
	send(w, r, http.StatusOK, media, body)
	return nil
}

func pathEscape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		const hex = "0123456789ABCDEF"
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
