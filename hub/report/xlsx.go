package report

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"hallkeeper/hub/assess"
)

// workbook writes the sheets of a period. A cell that others count from holds a number;
// totals are formulas with their value beside them, for programs that do not calculate.
func (b *builder) workbook(w io.Writer) error {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	x := &book{builder: b, f: f, styles: map[string]int{}}
	first := x.say("概况", "Summary")
	if err := f.SetSheetName("Sheet1", first); err != nil {
		return err
	}
	x.cover(first)
	for _, to := range []assess.To{assess.ToPerson, assess.ToWindow, assess.ToDepartment} {
		x.results(to)
	}
	if b.Outcome.Period.Kind() == assess.PerMonth {
		x.findings()
		for _, l := range lacks() {
			x.lacking(l)
		}
	}
	x.appeals()
	if len(b.Outcome.Awards) > 0 {
		x.awards()
	}
	if b.Revision > 1 {
		x.changes()
	}
	if x.err != nil {
		return fmt.Errorf("build the workbook: %w", x.err)
	}
	at := b.Published.UTC()
	if b.Published.IsZero() {
		at = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	stamp := at.Format(time.RFC3339)
	if err := f.SetDocProps(&excelize.DocProperties{Title: b.title(), Creator: b.organ(), LastModifiedBy: b.organ(), Subject: b.Hall, Created: stamp, Modified: stamp, Language: b.say("zh-CN", "en")}); err != nil {
		return err
	}
	if err := f.SetAppProps(&excelize.AppProperties{Application: "Hallkeeper"}); err != nil {
		return err
	}
	var raw bytes.Buffer
	if err := f.Write(&raw); err != nil {
		return err
	}
	return repack(w, raw.Bytes(), at, b.stamp())
}

// repack puts the parts of a workbook into one order, with one time.
func repack(w io.Writer, raw []byte, at time.Time, stamp *Stamp) error {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return err
	}
	files := slices.Clone(z.File)
	first := func(name string) int {
		if name == "[Content_Types].xml" {
			return 0
		}
		return 1
	}
	slices.SortFunc(files, func(a, b *zip.File) int {
		return cmp.Or(cmp.Compare(first(a.Name), first(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	parts := make([]filePart, len(files))
	for i, f := range files {
		r, err := f.Open()
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		parts[i] = filePart{f.Name, data}
	}
	return packZIP(w, stamp.into(parts), at)
}

// book keeps the first error, so that filling sheets reads like what is filled in.
type book struct {
	*builder
	f      *excelize.File
	styles map[string]int
	err    error
}

func (x *book) keep(err error) {
	if x.err == nil {
		x.err = err
	}
}

// Looks of cells, as style makes them.
const (
	lookText   = "text"
	lookPoints = "points"
	lookWhole  = "whole"
	lookRate   = "rate"
	lookHead   = "head"
	lookTitle  = "title"
	lookLabel  = "label"
	lookTotal  = "total"
	lookMiddle = "middle"
)

func (x *book) style(look string) int {
	if id, ok := x.styles[look]; ok {
		return id
	}
	thin := func(sides ...string) (all []excelize.Border) {
		for _, s := range sides {
			all = append(all, excelize.Border{Type: s, Color: "808080", Style: 1})
		}
		return all
	}
	s := &excelize.Style{Font: &excelize.Font{Family: wordSong, Size: 10.5}, Alignment: &excelize.Alignment{Vertical: "center", WrapText: true}, Border: thin("left", "right", "top", "bottom")}
	format := func(code string) {
		s.CustomNumFmt = &code
		s.Alignment.Horizontal = "right"
	}
	switch look {
	case lookPoints:
		format("0.00")
	case lookWhole:
		format("0")
	case lookRate:
		format("0.00%")
	case lookMiddle:
		s.Alignment.Horizontal = "center"
	case lookTotal:
		format("0.00")
		s.Font.Bold = true
	case lookLabel:
		s.Font.Bold = true
	case lookHead:
		s.Font = &excelize.Font{Family: wordHei, Size: 10.5}
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E7E6E6"}}
		s.Alignment.Horizontal = "center"
	case lookTitle:
		s.Font = &excelize.Font{Family: wordHei, Size: 15}
		s.Border = nil
		s.Alignment.WrapText = false
	}
	id, err := x.f.NewStyle(s)
	x.keep(err)
	x.styles[look] = id
	return id
}

func cellName(column, row int) string {
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil { // columns and rows here are from 1 on
		panic("report: " + err.Error())
	}
	return name
}

// formula is a cell that is computed, and what it comes to.
type formula struct {
	text  string
	value float64
}

func (x *book) set(sheet string, column, row int, value any, look string) {
	cell := cellName(column, row)
	if f, ok := value.(formula); ok {
		x.keep(x.f.SetCellFloat(sheet, cell, f.value, -1, 64))
		x.keep(x.f.SetCellFormula(sheet, cell, f.text))
	} else {
		x.keep(x.f.SetCellValue(sheet, cell, value))
	}
	x.keep(x.f.SetCellStyle(sheet, cell, cell, x.style(look)))
}

// sheetColumn is one of a sheet.
type sheetColumn struct {
	name  string
	width float64
	look  string
}

// page sets up printing: A4 landscape, as wide as the paper, with the head on each page.
func (x *book) page(sheet string, headRow int) {
	landscape, paper, one, none := "landscape", 9, 1, 0
	x.keep(x.f.SetPageLayout(sheet, &excelize.PageLayoutOptions{Size: &paper, Orientation: &landscape, FitToWidth: &one, FitToHeight: &none}))
	yes := true
	x.keep(x.f.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &yes}))
	side, top := 0.6, 0.75
	x.keep(x.f.SetPageMargins(sheet, &excelize.PageLayoutMarginsOptions{Left: &side, Right: &side, Top: &top, Bottom: &top, Horizontally: &yes}))
	x.keep(x.f.SetHeaderFooter(sheet, &excelize.HeaderFooterOptions{OddFooter: "&L" + strings.ReplaceAll(x.title(), "&", "&&") + "&C— &P —&R" + x.say("第&P页 共&N页", "page &P of &N")}))
	if headRow > 0 {
		x.keep(x.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%s'!$%d:$%d", sheet, headRow, headRow), Scope: sheet}))
		x.keep(x.f.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: headRow, TopLeftCell: cellName(1, headRow+1), ActivePane: "bottomLeft",
			Selection: []excelize.Selection{{SQRef: cellName(1, headRow+1), ActiveCell: cellName(1, headRow+1), Pane: "bottomLeft"}}}))
	}
}

// list fills a sheet with a head in its first row, and gives the row after the last.
func (x *book) list(sheet string, columns []sheetColumn, rows [][]any) (next int) {
	_, err := x.f.NewSheet(sheet)
	x.keep(err)
	for i, c := range columns {
		name, err := excelize.ColumnNumberToName(i + 1)
		x.keep(err)
		x.keep(x.f.SetColWidth(sheet, name, name, c.width))
		x.set(sheet, i+1, 1, c.name, lookHead)
	}
	for n, row := range rows {
		for i, value := range row {
			x.set(sheet, i+1, n+2, value, columns[i].look)
		}
		x.keep(x.f.SetRowHeight(sheet, n+2, rowHeight(columns, row)))
	}
	if len(rows) > 0 { // before the page is set up: excelize forgets a sheet's properties here
		x.keep(x.f.AutoFilter(sheet, "A1:"+cellName(len(columns), len(rows)+1), nil))
	}
	x.page(sheet, 1)
	if n := slices.IndexFunc(columns, func(c sheetColumn) bool { return c.name == x.say("参数", "Parameters") }); n > 0 { // paper has no room for what is behind
		letter, err := excelize.ColumnNumberToName(n)
		x.keep(err)
		x.keep(x.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: fmt.Sprintf("'%s'!$A$1:$%s$%d", sheet, letter, len(rows)+2), Scope: sheet}))
	}
	return len(rows) + 2
}

// rowHeight shows all of the row's longest text: programs do not all find it themselves.
func rowHeight(columns []sheetColumn, row []any) float64 {
	most := 1
	for i, value := range row {
		text, ok := value.(string)
		if !ok {
			continue
		}
		n := 0
		for _, line := range strings.Split(text, "\n") {
			wide := 0.0
			for _, r := range line {
				if r < 0x2e80 {
					wide++
				} else {
					wide += 2
				}
			}
			n += max(int(math.Ceil(wide/(columns[i].width-1.5))), 1)
		}
		most = max(most, n)
	}
	return min(float64(most)*14.25+2, 409) // no row is higher
}

func (x *book) sheetOf(to assess.To) string {
	switch to {
	case assess.ToPerson:
		return x.say("人员", "People")
	case assess.ToWindow:
		return x.say("窗口", "Windows")
	}
	return x.say("派驻单位", "Departments")
}

// cover says what the workbook rests on, and has the sums of the other sheets.
func (x *book) cover(sheet string) {
	o := x.Outcome
	for i, width := range []float64{22, 16, 16, 16, 60} {
		name, err := excelize.ColumnNumberToName(i + 1)
		x.keep(err)
		x.keep(x.f.SetColWidth(sheet, name, name, width))
	}
	x.set(sheet, 1, 1, x.title(), lookTitle)
	x.keep(x.f.SetRowHeight(sheet, 1, 26))
	row := 3
	line := func(label, value string) {
		x.set(sheet, 1, row, label, lookLabel)
		for c := 2; c <= 5; c++ {
			x.set(sheet, c, row, nil, lookText)
		}
		x.set(sheet, 2, row, value, lookText)
		x.keep(x.f.MergeCell(sheet, cellName(2, row), cellName(5, row)))
		row++
	}
	line(x.say("大厅", "Hall"), x.Hall)
	if x.Bureau != "" {
		line(x.say("考核单位", "Bureau"), x.Bureau)
	}
	if x.Department != "" {
		line(x.say("抄送单位", "Copy for"), x.department(x.Department))
	}
	from, until := o.Period.Days()
	line(x.say("考核期", "Period"), x.sayf("%s（%s至%s，%d个工作日）", "%s (%s until %s, %d working days)", x.period(o.Period), string(from), string(until), o.Workdays))
	for _, r := range x.proof().rows {
		line(r[0], r[1])
	}
	for _, p := range o.Policies {
		line(x.say("政策适用", "Policy applies"), x.sayf("%s：%s至%s %s", "%s: %s until %s %s", p.Policy, string(p.From), string(p.Until), p.Document))
	}
	if x.Reason != "" {
		line(x.say("更正原因", "Reason"), x.Reason)
	}
	if sh := o.Share; sh != nil {
		reading := x.say("权重", "weight")
		if sh.Reading == assess.ReadQuota {
			reading = x.say("名额", "quota")
		}
		line(x.say("考核比例", "Share"), x.sayf("%s%%，解释为%s；%s", "%s %%, read as a %s; %s", points(sh.Percent), reading, x.lang.of(sh.Words)))
	}
	row++
	for i, name := range []string{x.say("对象", "Of"), x.say("数量", "No."), x.say("平均分", "Mean"), x.say("扣分合计", "Off, sum"), x.say("等次分布", "Grades")} {
		x.set(sheet, i+1, row, name, lookHead)
	}
	row++
	s := &sections{builder: x.builder}
	for _, to := range kinds() {
		all := o.Of(to)
		m := mean(all)
		off := 0.0
		for _, r := range ranked(all) {
			off += r.Off
		}
		other := "'" + x.sheetOf(to) + "'!"
		last := len(all) + 1
		column := func(name string) string {
			i := slices.IndexFunc(x.resultColumns(to), func(c sheetColumn) bool { return c.name == name })
			letter, err := excelize.ColumnNumberToName(i + 1)
			x.keep(err)
			return fmt.Sprintf("%s%s2:%s%d", other, letter, letter, max(last, 2))
		}
		x.set(sheet, 1, row, x.kind(to), lookText)
		x.set(sheet, 2, row, formula{"COUNT(" + column(x.scoreName()) + ")", float64(len(all))}, lookWhole)
		x.set(sheet, 3, row, formula{"IFERROR(AVERAGE(" + column(x.scoreName()) + "),0)", m}, lookPoints)
		if len(x.parts()) == 0 {
			x.set(sheet, 4, row, formula{"SUM(" + column(x.offName()) + ")", off}, lookPoints)
		} else {
			x.set(sheet, 4, row, "—", lookMiddle)
		}
		x.set(sheet, 5, row, s.gradesOf(all), lookText)
		row++
	}
	row = x.indicatorRows(sheet, row+1)
	x.page(sheet, 0)
}

func (x *book) scoreName() string { return x.say("得分", "Score") }
func (x *book) offName() string   { return x.say("扣分", "Off") }

// indicatorRows are the counts, and the rates as formulas of them.
func (x *book) indicatorRows(sheet string, row int) int {
	o := x.Outcome
	if len(o.Counts) > 0 {
		x.set(sheet, 1, row, x.say("计数", "Count"), lookHead)
		x.set(sheet, 2, row, x.say("数值", "Value"), lookHead)
		row++
	}
	at := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(o.Counts)) {
		x.set(sheet, 1, row, x.word(x.Counts, id), lookText)
		x.set(sheet, 2, row, o.Counts[id], lookWhole)
		at[id] = cellName(2, row)
		row++
	}
	if len(o.Indicators) == 0 {
		return row
	}
	row++
	x.set(sheet, 1, row, x.say("评价指标", "Indicator"), lookHead)
	x.set(sheet, 2, row, x.say("数值", "Value"), lookHead)
	x.set(sheet, 3, row, x.say("算式", "Made of"), lookHead)
	for c := 4; c <= 5; c++ {
		x.set(sheet, c, row, nil, lookHead)
	}
	x.keep(x.f.MergeCell(sheet, cellName(3, row), cellName(5, row)))
	row++
	sum := func(ids []string) (string, bool) {
		var cells []string
		for _, id := range ids {
			if at[id] == "" {
				return "", false
			}
			cells = append(cells, at[id])
		}
		return "(" + strings.Join(cells, "+") + ")", len(cells) > 0
	}
	for _, id := range slices.Sorted(maps.Keys(o.Indicators)) {
		i := x.Indicators[id]
		x.set(sheet, 1, row, cmp.Or(x.lang.of(i.Words), id), lookText)
		above, ok1 := sum(i.Above)
		below, ok2 := sum(i.Below)
		if ok1 && ok2 {
			x.set(sheet, 2, row, formula{above + "/" + below, o.Indicators[id]}, lookRate)
		} else {
			x.set(sheet, 2, row, o.Indicators[id], lookRate)
		}
		for c := 3; c <= 5; c++ {
			x.set(sheet, c, row, nil, lookText)
		}
		x.set(sheet, 3, row, x.fraction(id), lookText)
		x.keep(x.f.MergeCell(sheet, cellName(3, row), cellName(5, row)))
		row++
	}
	return row
}

func (x *book) resultColumns(to assess.To) []sheetColumn {
	columns := []sheetColumn{{x.say("名次", "Rank"), 7, lookMiddle}, {x.say("编号", "Id"), 10, lookText}, {x.say("名称", "Name"), 22, lookText}}
	if to == assess.ToPerson {
		columns[2].name = x.say("姓名", "Name")
		columns = append(columns, sheetColumn{x.say("窗口", "Window"), 22, lookText})
	}
	if to != assess.ToDepartment {
		columns = append(columns, sheetColumn{x.say("派驻单位", "Department"), 34, lookText})
	} else {
		columns[2].width = 40
	}
	columns = append(columns, sheetColumn{x.say("工作日", "Days"), 9, lookWhole})
	for _, p := range x.parts() {
		columns = append(columns, sheetColumn{x.period(p), 14, lookPoints})
	}
	if len(x.parts()) == 0 {
		columns = append(columns, sheetColumn{x.say("基础分", "Base"), 10, lookPoints}, sheetColumn{x.offName(), 10, lookPoints}, sheetColumn{x.say("加分", "Bonus"), 10, lookPoints})
	}
	columns = append(columns, sheetColumn{x.scoreName(), 10, lookPoints}, sheetColumn{x.say("等次", "Grade"), 10, lookMiddle})
	if len(x.Earlier) > 0 {
		last := x.Earlier[len(x.Earlier)-1].Period
		columns = append(columns, sheetColumn{x.period(last), 14, lookPoints}, sheetColumn{x.say("增减", "Change"), 10, lookPoints})
	}
	if x.Outcome.Share != nil && x.Outcome.Share.Reading == assess.ReadWeight && to == assess.ToPerson {
		columns = append(columns, sheetColumn{x.say("折算分", "Weighed"), 10, lookPoints})
	}
	return columns
}

// results are a sheet of scores, with means in its last row.
func (x *book) results(to assess.To) {
	columns := x.resultColumns(to)
	all := ranked(x.Outcome.Of(to))
	at := func(name string) int {
		return slices.IndexFunc(columns, func(c sheetColumn) bool { return c.name == name }) + 1
	}
	score := at(x.scoreName())
	var rows [][]any
	for n, r := range all {
		row := []any{r.Rank, r.ID, x.subject(to, r.ID)}
		if to == assess.ToPerson {
			row = append(row, x.window(r.Window))
		}
		if to != assess.ToDepartment {
			row = append(row, x.department(r.Department))
		}
		row = append(row, r.Days)
		for _, p := range x.parts() {
			if i := slices.IndexFunc(r.Parts, func(y assess.Part) bool { return y.ID == string(p) }); i >= 0 {
				row = append(row, r.Parts[i].Points)
			} else {
				row = append(row, nil)
			}
		}
		if len(x.parts()) == 0 {
			row = append(row, r.Base, r.Off, r.Bonus)
		}
		row = append(row, r.Points, x.grade(r.Grade))
		if k := len(x.Earlier) - 1; k >= 0 {
			if before, ok := x.Earlier[k].Points[string(to)+":"+r.ID]; ok {
				here := n + 2
				row = append(row, before, formula{cellName(score, here) + "-" + cellName(len(row)+1, here), round2(r.Points - before)})
			} else {
				row = append(row, nil, nil)
			}
		}
		if len(row) < len(columns) {
			if r.Weighed != nil {
				row = append(row, *r.Weighed)
			} else {
				row = append(row, nil)
			}
		}
		rows = append(rows, row)
	}
	sheet := x.sheetOf(to)
	next := x.list(sheet, columns, rows)
	if len(rows) == 0 {
		return
	}
	for i, c := range columns {
		var value any
		switch {
		case i == 0:
			value = x.say("平均", "Mean")
		case c.look == lookPoints && c.name != x.say("增减", "Change"):
			letter, err := excelize.ColumnNumberToName(i + 1)
			x.keep(err)
			sum, n := 0.0, 0
			for _, row := range rows {
				if v, ok := row[i].(float64); ok {
					sum, n = sum+v, n+1
				}
			}
			if n > 0 {
				value = formula{fmt.Sprintf("AVERAGE(%s2:%s%d)", letter, letter, next-1), sum / float64(n)}
			}
		}
		x.set(sheet, i+1, next, value, lookTotal)
	}
}

func (x *book) findingColumns() []sheetColumn {
	return []sheetColumn{{x.say("日期", "Day"), 12, lookMiddle}, {x.say("对象类别", "Kind"), 12, lookText}, {x.say("编号", "Id"), 10, lookText}, {x.say("对象", "Of"), 20, lookText},
		{x.say("规则", "Rule"), 30, lookText}, {x.say("条款", "Articles"), 20, lookText}, {x.say("政策版本", "Policy"), 26, lookText}, {x.say("应计分", "Points"), 9, lookPoints},
		{x.say("实计分", "Counted"), 9, lookPoints}, {x.say("封顶", "Caps"), 12, lookText}, {x.say("参数", "Parameters"), 30, lookText}, {x.say("说明", "Note"), 22, lookText},
		{x.say("事件编号", "Events"), 40, lookText}}
}

func (x *book) findingRows(all []assess.Scored) (rows [][]any) {
	for i := range all {
		f := &all[i]
		note := ""
		if f.Fault != nil {
			note = x.lang.of(*f.Fault)
		}
		rows = append(rows, []any{string(f.Day), x.kind(f.To), f.Subject, x.subject(f.To, f.Subject), x.word(x.Rules, f.Rule), strings.Join(f.Articles, x.say("、", ", ")), f.Policy, f.Points,
			f.Counted, strings.Join(f.Caps, ", "), strings.Join(f.Parameters, "\n"), note, strings.Join(f.Events, "\n")})
	}
	return rows
}

// findings are all that took points off or gave some, with their sum.
func (x *book) findings() {
	sheet := x.say("扣分加分", "Findings")
	all := found(x.Outcome)
	next := x.list(sheet, x.findingColumns(), x.findingRows(all))
	if len(all) == 0 {
		return
	}
	points, counted := 0.0, 0.0
	for i := range all {
		points, counted = points+all[i].Points, counted+all[i].Counted
	}
	for c := 1; c <= 9; c++ {
		x.set(sheet, c, next, nil, lookTotal)
	}
	x.set(sheet, 1, next, x.say("合计", "Sum"), lookTotal)
	x.set(sheet, 8, next, formula{fmt.Sprintf("SUM(H2:H%d)", next-1), round2(points)}, lookTotal)
	x.set(sheet, 9, next, formula{fmt.Sprintf("SUM(I2:I%d)", next-1), round2(counted)}, lookTotal)
}

// lacking is a sheet for one sort of duty that was not done; it is there where nothing lacks, too, so that this is seen.
func (x *book) lacking(l lack) {
	name := l.zh
	if x.lang == EN {
		name = l.en
	}
	if r := []rune(strings.ReplaceAll(name, "、", "")); len(r) > 31 { // the longest name of a sheet
		name = string(r[:31])
	}
	rows := x.findingRows(l.of(x.Outcome))
	next := x.list(name, x.findingColumns(), rows)
	if len(rows) == 0 {
		x.set(name, 1, next, x.say("无", "none"), lookMiddle)
	}
}

func (x *book) appeals() {
	var rows [][]any
	for _, a := range x.Appeals {
		rows = append(rows, []any{string(x.day(a.At)), x.kind(a.To), a.Subject, x.subject(a.To, a.Subject), x.word(x.Rules, a.Rule), a.Finding, x.appealState(a.State), string(x.day(a.DecidedAt)), a.DecidedBy, a.Reason})
	}
	sheet := x.say("申诉", "Appeals")
	next := x.list(sheet, []sheetColumn{{x.say("申诉日期", "Made on"), 12, lookMiddle}, {x.say("对象类别", "Kind"), 14, lookText}, {x.say("编号", "Id"), 10, lookText}, {x.say("对象", "Of"), 20, lookText}, {x.say("规则", "Rule"), 30, lookText},
		{x.say("事项编号", "Finding"), 30, lookText}, {x.say("结果", "Result"), 12, lookMiddle}, {x.say("复核日期", "Decided on"), 12, lookMiddle}, {x.say("复核人", "Decided by"), 14, lookText}, {x.say("理由", "Reason"), 40, lookText}}, rows)
	if len(rows) == 0 {
		x.set(sheet, 1, next, x.say("无", "none"), lookMiddle)
	}
}

func (x *book) awards() {
	var rows [][]any
	for i := range x.Outcome.Awards {
		a := &x.Outcome.Awards[i]
		for n := range a.Candidates {
			c := &a.Candidates[n]
			var ties []string
			for _, t := range c.Ties {
				ties = append(ties, points(t))
			}
			rows = append(rows, []any{x.word(x.Awards, a.Award), n + 1, c.ID, x.subject(a.To, c.ID), c.Points, x.why(c), strings.Join(ties, " / "), a.Assessed, a.Places, strings.Join(a.Cites, x.say("、", ", "))})
		}
	}
	x.list(x.say("评选", "Awards"), []sheetColumn{{x.say("奖项", "Award"), 20, lookText}, {x.say("次序", "Place"), 8, lookWhole}, {x.say("编号", "Id"), 10, lookText}, {x.say("对象", "Of"), 22, lookText}, {x.say("得分", "Score"), 10, lookPoints},
		{x.say("结果", "Result"), 30, lookText}, {x.say("同分比较值", "Ties"), 20, lookText}, {x.say("参评数", "Assessed"), 10, lookWhole}, {x.say("名额", "Places"), 8, lookWhole}, {x.say("条款", "Articles"), 16, lookText}}, rows)
}

func (x *book) changes() {
	var rows [][]any
	number := func(p *float64) any {
		if p == nil {
			return nil
		}
		return *p
	}
	texts := x.changeRows()
	for i := range x.Changes {
		c := &x.Changes[i]
		rows = append(rows, []any{x.kind(c.To), c.ID, x.subject(c.To, c.ID), number(c.From), number(c.Until), x.grade(c.FromGrade), x.grade(c.UntilGrade), texts[i][3]})
	}
	x.list(x.say("更正", "Changes"), []sheetColumn{{x.say("对象类别", "Kind"), 14, lookText}, {x.say("编号", "Id"), 10, lookText}, {x.say("对象", "Of"), 22, lookText}, {x.say("更正前", "Before"), 10, lookPoints},
		{x.say("更正后", "After"), 10, lookPoints}, {x.say("原等次", "Grade before"), 12, lookMiddle}, {x.say("现等次", "Grade after"), 12, lookMiddle}, {x.say("原因", "Why"), 60, lookText}}, rows)
}
