package api

import (
	"cmp"
	"net/http"
	"reflect"
	"slices"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/conduct"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/rating"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/sheet"
)

// The answers about indicators (评价指标).
type (
	// IndicatorRow is the figures of a key, and Name what it is called.
	IndicatorRow struct {
		rating.Row
		Name string `json:"name,omitempty"`
	}
	// FormulaRow is an indicator with its formula in words.
	FormulaRow struct {
		ID        string `json:"id"`
		ZH        string `json:"zh"`
		EN        string `json:"en"`
		FormulaZH string `json:"formula_zh"`
		FormulaEN string `json:"formula_en"`
		Reference string `json:"reference"`
	}
	// IndicatorTable is the indicators of those days, as far as the reader may see them.
	IndicatorTable struct {
		From     string         `json:"from"`
		Until    string         `json:"until"`
		By       string         `json:"by"`
		Total    IndicatorRow   `json:"total"`
		Rows     []IndicatorRow `json:"rows"`
		Formulas []FormulaRow   `json:"formulas"`
		// Prior is how many ratings at the hall's mean a ranking adds to each sample.
		Prior float64 `json:"prior"`
	}
)

// The answers about signs of gaming.
type (
	// SignRow is a sign with what it stands on.
	SignRow struct {
		// Kind is burst, streak, early or idle.
		Kind      string    `json:"kind"`
		Window    string    `json:"window"`
		Number    string    `json:"number,omitempty"`
		Staff     string    `json:"staff,omitempty"`
		StaffName string    `json:"staff_name,omitempty"`
		From      time.Time `json:"from"`
		Until     time.Time `json:"until"`
		// Count is how many presses make it, Of how many ratings or visits there were meanwhile.
		Count int `json:"count"`
		Of    int `json:"of"`
		// Ratings are the first of these presses.
		Ratings []string `json:"ratings"`
	}
	// SignList is signs, the latest first.
	SignList struct {
		Signs []SignRow `json:"signs"`
	}
)

func (a *API) indicatorRoutes() []route {
	params := []param{query("from", "自此日起（默认今天）", "from this day on (today by default)"), query("until", "至此日，至多 366 天", "until this day, 366 days at most"),
		query("by", "按 hall、department、window、staff、service、day 或 month", "by hall, department, window, staff, service, day or month"),
		query("window", "只看此窗口", "of this window only"), query("staff", "只看此人", "of this staff member only"), query("service", "只看此业务", "of this service only"), query("department", "只看此单位", "of this department only")}
	table := read(access.ReadHall, v1+"indicators", "评价指标，附公式", "the indicators of satisfaction, with their formulas", IndicatorTable{}, a.getIndicators, params...)
	export := exports(read(access.ReadHall, v1+"indicators/export", "导出评价指标", "the indicators as a table", nil, a.exportIndicators,
		append(slices.Clone(params), query("format", "xlsx（默认）或 csv", "xlsx (the default) or csv"), query("lang", "zh-CN 或 en", "zh-CN or en"))...))
	table.refusals, export.refusals = []string{"fields_invalid"}, []string{"fields_invalid"}
	signs := read(access.ReadAll, v1+"ratings/signs", "评价异常迹象（提示，不是结论）", "signs that ratings were not the citizens' own; signs, not verdicts", SignList{}, a.getSigns,
		query("from", "自此日起（默认今天）", "from this day on (today by default)"), query("until", "至此日，至多 92 天", "until this day, 92 days at most"))
	signs.refusals = []string{"fields_invalid"}
	return []route{table, export, signs}
}

func (a *API) getSigns(w http.ResponseWriter, r *http.Request) error {
	var c checks
	from, until := a.spanOf(r, &c, maxRatingDays)
	if err := c.err(); err != nil {
		return err
	}
	list := SignList{Signs: []SignRow{}}
	a.Register.Read(func(v *register.View, windows *roster.State) {
		for _, x := range v.Ratings.Signs(from, until) {
			row := SignRow{Kind: string(x.Kind), Window: x.Window, Number: windows.Windows[x.Window].Number, Staff: x.Staff,
				From: *millis(x.From, a.Zone), Until: *millis(x.Until, a.Zone), Count: x.Count, Of: x.Of, Ratings: x.Ratings}
			if x.Staff != "" {
				row.StaffName = a.nameOf(v, x.Staff)
			}
			list.Signs = append(list.Signs, row)
		}
	})
	slices.SortStableFunc(list.Signs, func(a, b SignRow) int { return b.From.Compare(a.From) })
	return sendJSON(w, r, list)
}

// indicators answers a question about indicators.
func (a *API) indicators(r *http.Request) (t IndicatorTable, err error) {
	q, c := a.ratingQuestion(r, maxSpan)
	words := []string{}
	for _, by := range rating.Breakdowns() {
		words = append(words, string(by))
	}
	by := rating.By(cmp.Or(c.choice(r, "by", words...), string(rating.ByHall)))
	if err := c.err(); err != nil {
		return t, err
	}
	a.notToday(r, &q)
	t = IndicatorTable{From: string(q.from), Until: string(q.until), By: string(by), Rows: []IndicatorRow{}}
	a.Register.Read(func(v *register.View, windows *roster.State) {
		s := a.ratingScope(r, v, windows)
		cells := func(want func(*rating.Cell) bool) func(func(*rating.Cell) bool) {
			return func(yield func(*rating.Cell) bool) {
				for x := range v.Ratings.Cells(q.from, q.until, a.Now()) {
					if want(x) && !yield(x) {
						return
					}
				}
			}
		}
		seen := func(x *rating.Cell) bool {
			return s.person(x.Staff, x.Department, x.Window) && q.wants(x.Window, x.Staff, x.Service, x.Department)
		}
		indicators := policy.Indicators(q.until)
		t.Prior = rating.Prior(v.State.Policy, q.until)
		rows := rating.Rows(cells(seen), by, a.caseFigures(v, q, s, by), indicators, t.Prior)
		if !s.all {
			whole := rating.Rows(cells(func(x *rating.Cell) bool { return q.wants(x.Window, x.Staff, x.Service, x.Department) }), by, nil, indicators, t.Prior)
			rankAsInTheHall(rows, whole)
		}
		for _, row := range rows {
			t.Rows = append(t.Rows, IndicatorRow{row, a.indicatorName(v, windows, by, row.Key)})
		}
		total := rating.Rows(cells(seen), rating.ByHall, a.caseFigures(v, q, s, rating.ByHall), indicators, t.Prior)
		t.Total = IndicatorRow{Row: total[0]}
		for _, i := range indicators {
			zh, en := i.Formula()
			t.Formulas = append(t.Formulas, FormulaRow{i.ID, i.ZH, i.EN, zh, en, i.Reference})
		}
	})
	return t, nil
}

// rankAsInTheHall gives rows the places that they have among all, where the reader sees all of a row.
func rankAsInTheHall(rows, whole []rating.Row) {
	for i := range rows {
		rows[i].Ranking = nil
		for _, x := range whole {
			if x.Key == rows[i].Key && reflect.DeepEqual(x.Figures, rows[i].Figures) {
				rows[i].Ranking = x.Ranking
			}
		}
	}
}

// caseFigures counts the cases of bad reviews by the same keys.
func (a *API) caseFigures(v *register.View, q ratingQuestion, s scope, by rating.By) map[string]rating.CaseFigures {
	all := map[string]rating.CaseFigures{}
	if by == rating.ByDay || by == rating.ByMonth {
		return all // a case is due on another day than its visit
	}
	f := conduct.Filter{Department: q.department, Window: q.window, Staff: q.staff, Service: q.service}
	f.Seen = func(c *conduct.Case) bool { return s.person(c.Staff, c.Department, c.Window) }
	for key, n := range v.State.Conduct.CountsBy(v.State.Policy, a.today(), q.from, q.until, conduct.By(by), f) {
		all[key] = rating.CaseFigures{Due: n.Due, InTime: n.InTime, Contact: n.Contact, Revisited: n.Revisited}
	}
	return all
}

func (a *API) indicatorName(v *register.View, windows *roster.State, by rating.By, key string) string {
	switch by {
	case rating.ByDepartment:
		d, _ := v.State.People.Departments.Get(key)
		return d.Name
	case rating.ByWindow:
		return windows.Windows[key].Number
	case rating.ByStaff:
		if key == "" {
			return ""
		}
		return a.nameOf(v, key)
	case rating.ByService:
		d, _ := v.State.Line.Services.Get(key)
		return d.Name
	}
	return ""
}

func (a *API) getIndicators(w http.ResponseWriter, r *http.Request) error {
	t, err := a.indicators(r)
	if err != nil {
		return err
	}
	return sendJSON(w, r, t)
}

func (a *API) exportIndicators(w http.ResponseWriter, r *http.Request) error {
	var c checks
	format := c.choice(r, "format", "xlsx", "csv")
	if err := c.err(); err != nil {
		return err
	}
	t, err := a.indicators(r)
	if err != nil {
		return err
	}
	l := languageOf(r)
	figures := indicatorSheet(&t, l)
	var body []byte
	media, ending := "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"
	if format == "csv" {
		media, ending = "text/csv; charset=utf-8", "csv"
		body, err = figures.CSV()
	} else {
		body, err = sheet.WriteFigures([]sheet.Figures{figures, formulaSheet(&t, l)})
	}
	if err != nil {
		return err
	}
	title := text{"评价指标", "Satisfaction"}.in(l) + " " + t.From + "–" + t.Until
	w.Header().Set("Content-Disposition", `attachment; filename="indicators.`+ending+`"; filename*=UTF-8''`+pathEscape(title)+"."+ending)
	send(w, r, http.StatusOK, media, body)
	return nil
}

// indicatorSheet is the table with its total, counts first and then the rates.
func indicatorSheet(t *IndicatorTable, l language) sheet.Figures {
	s := sheet.Figures{Title: text{"评价指标", "Satisfaction"}.in(l), Heading: []string{text{"名称", "Name"}.in(l)}}
	for _, c := range policy.Counts() {
		s.Heading = append(s.Heading, text{c.ZH, c.EN}.in(l))
	}
	for _, f := range t.Formulas {
		s.Heading = append(s.Heading, text{f.ZH, f.EN}.in(l))
	}
	s.Heading = append(s.Heading, text{"名次", "Place"}.in(l), text{"样本", "Sample"}.in(l), text{"补足后的好评率", "Good rate, drawn to the mean"}.in(l))
	for i := range t.Rows {
		row := &t.Rows[i]
		name := cmp.Or(row.Name, row.Key, text{"（无）", "(none)"}.in(l))
		if t.By == string(rating.ByStaff) && row.Name != "" {
			name = row.Name + " " + row.Key
		}
		s.Rows = append(s.Rows, indicatorCells(name, &row.Row))
	}
	s.Rows = append(s.Rows, indicatorCells(text{"合计", "Total"}.in(l), &t.Total.Row))
	return s
}

func indicatorCells(name string, row *rating.Row) []any {
	cells := []any{name}
	counts := rating.Counts(row.Figures, row.Cases)
	for _, c := range policy.Counts() {
		cells = append(cells, counts[c.ID])
	}
	for _, x := range row.Rates {
		if x.Value == nil {
			cells = append(cells, nil)
		} else {
			cells = append(cells, sheet.Share(*x.Value))
		}
	}
	if x := row.Ranking; x != nil {
		return append(cells, x.Place, x.Sample, sheet.Share(x.Shrunk))
	}
	return append(cells, nil, nil, nil)
}

// formulaSheet prints the formulas beside the figures.
func formulaSheet(t *IndicatorTable, l language) sheet.Figures {
	s := sheet.Figures{Title: text{"公式", "Formulas"}.in(l), Heading: []string{text{"指标", "Indicator"}.in(l), text{"公式", "Formula"}.in(l), text{"依据", "Reference"}.in(l)}}
	for _, f := range t.Formulas {
		s.Rows = append(s.Rows, []any{text{f.ZH, f.EN}.in(l), text{f.FormulaZH, f.FormulaEN}.in(l), f.Reference})
	}
	return s
}
