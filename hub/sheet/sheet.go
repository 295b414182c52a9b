// Package sheet reads and writes tables that people keep in spreadsheets: XLSX,
// and CSV in UTF-8 or GB18030, which Chinese spreadsheets write. It names every
// cell that cannot be what it should; it refuses to know what the columns mean.
package sheet

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"hallkeeper/hub/hall"
)

// MaxRows is the most rows of a table below its heading; MaxBytes the most of a file.
const (
	MaxRows  = 5_000
	MaxBytes = 8 << 20
	maxCell  = 500
)

// Column is one column of a table.
type Column struct {
	// Name is its stable name, ZH and EN what stands in the heading; any of the three is read.
	Name, ZH, EN string
	Need         bool
	// Date columns may hold a spreadsheet's day numbers.
	Date bool
	// Masked dates may come back as they were shown, like 1990-**-**.
	Masked bool
	// Example stands in the template.
	Example string
}

// Row is one row: values by column name. Number is as the spreadsheet shows it.
type Row struct {
	Number int
	Values map[string]string
}

// Table is what was read.
type Table struct {
	Rows []Row
	// Faults are cells that cannot be read; the value of such a cell is empty.
	Faults []hall.Field

	at      map[string]int  // column name → index
	spoiled map[string]bool // cells of which nothing more can be said
}

// Spoiled tells whether a cell is faulty itself or part of merged cells.
func (t *Table) Spoiled(cell string) bool { return t.spoiled[cell] }

// Cell is the spreadsheet's name of a row's column, e.g. C7.
func (t *Table) Cell(row int, column string) string {
	i, ok := t.at[column]
	if !ok {
		return strconv.Itoa(row)
	}
	name, err := excelize.CoordinatesToCellName(i+1, row)
	if err != nil {
		return strconv.Itoa(row)
	}
	return name
}

// grid is a file's cells before anybody knows what they mean.
type grid struct {
	rows   [][]string
	faults hall.Checks
	// spoiled are the cells of faults, those within merged cells too.
	spoiled map[string]bool
	// marked counts how often a cell was marked as part of merged ones.
	marked int
}

func (g *grid) fault(cell, code, zh, en string) {
	if len(g.faults) < maxFaults {
		g.faults.Add(cell, code, zh, en)
	}
	g.spoiled[cell] = true
}

// Read reads a table with a heading of these columns. The error is an *hall.Error
// about the file or its heading; what is wrong with single cells is in the table's
// Faults.
func Read(file []byte, columns []Column) (*Table, error) {
	var g *grid
	var err error
	switch {
	case len(file) > MaxBytes:
		return nil, refuse("file_too_large", "文件超过 8 MB", "the file is larger than 8 MB")
	case bytes.HasPrefix(file, []byte("PK\x03\x04")):
		g, err = readXLSX(file)
	case bytes.HasPrefix(file, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		return nil, refuse("file_format", "这是旧版 .xls 文件或加了密码的文件：请另存为 .xlsx（不加密码）再导入", "this is an old .xls file, or one with a password: save it as .xlsx without one")
	default:
		g, err = readCSV(file)
	}
	if err != nil {
		return nil, err
	}
	rows, filled := g.rows, 0
	for _, row := range rows {
		if !blank(row) {
			filled++
		}
	}
	switch {
	case filled == 0:
		return nil, refuse("file_empty", "表格是空的：第一行应为表头，可先下载模板", "the table is empty: its first row must be the heading; download the template")
	case filled-1 > MaxRows:
		return nil, refuse("too_many_rows", fmt.Sprintf("最多 %d 行，这张表有 %d 行；请分几次导入", MaxRows, filled-1), fmt.Sprintf("may have %d rows, this has %d; import it in parts", MaxRows, filled-1))
	}
	t := &Table{at: map[string]int{}, spoiled: g.spoiled}
	heading, err := t.heading(rows, columns)
	if err != nil {
		return nil, err
	}
	if filled == 1 {
		return nil, refuse("file_empty", "只有表头，下面没有内容", "there is nothing below the heading")
	}
	t.read(rows, heading, &g.faults)
	t.Faults = g.faults
	return t, nil
}

// columnOf finds the column of a heading.
func columnOf(text string, columns []Column) (Column, bool) {
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "*"))
	for _, c := range columns {
		if text == c.Name || text == c.ZH || strings.EqualFold(text, c.EN) {
			return c, true
		}
	}
	return Column{}, false
}

// titled tells whether a row has all headings that are needed.
func titled(row []string, columns []Column) bool {
	for _, c := range columns {
		if c.Need && !slices.ContainsFunc(row, func(text string) bool { x, ok := columnOf(text, columns); return ok && x.Name == c.Name }) {
			return false
		}
	}
	return true
}

// heading reads the first row.
func (t *Table) heading(rows [][]string, columns []Column) ([]Column, error) {
	for n, row := range rows[:min(len(rows), 10)] {
		if n > 0 && titled(row, columns) && !titled(rows[0], columns) {
			return nil, hall.Invalid(hall.Field{Name: "1", Code: "heading_missing", ZH: fmt.Sprintf("表头应在第一行：第 %d 行像是表头，请删去它上面的行", n+1),
				EN: fmt.Sprintf("the heading must be in row 1: row %d looks like it; delete the rows above it", n+1)})
		}
	}
	var bad hall.Checks
	heading := make([]Column, len(rows[0]))
	for i, text := range rows[0] {
		if strings.TrimSpace(text) == "" {
			continue
		}
		cell, _ := excelize.CoordinatesToCellName(i+1, 1)
		c, known := columnOf(text, columns)
		_, twice := t.at[c.Name]
		switch {
		case !known:
			bad.Add(cell, "heading_unknown", "没有名为“"+clip(text)+"”的列；可用的列："+names(columns, func(c Column) string { return c.ZH }, "、"),
				"there is no column "+clip(text)+"; there are "+names(columns, func(c Column) string { return c.EN }, ", "))
		case twice:
			bad.Add(cell, "heading_twice", "表头“"+clip(text)+"”重复", "the heading "+clip(text)+" stands twice")
		default:
			t.at[c.Name], heading[i] = i, c
		}
	}
	for _, c := range columns {
		if _, ok := t.at[c.Name]; c.Need && !ok {
			bad.Add("1", "heading_missing", "第一行缺少“"+c.ZH+"”列；可先下载模板", "row 1 lacks the column "+c.EN+"; download the template")
		}
	}
	return heading, bad.Err()
}

// read reads the rows below the heading.
func (t *Table) read(rows [][]string, heading []Column, bad *hall.Checks) {
	for n, cells := range rows[1:] {
		if blank(cells) {
			continue
		}
		row := Row{Number: n + 2, Values: map[string]string{}}
		for i, text := range cells {
			text = strings.TrimSpace(text)
			cell, _ := excelize.CoordinatesToCellName(i+1, row.Number)
			code, zh, en := "", "", ""
			switch {
			case text == "" || t.spoiled[cell]:
				continue
			case i >= len(heading) || heading[i].Name == "":
				code, zh, en = "no_heading", "这一列没有表头", "this column has no heading"
			case utf8.RuneCountInString(text) > maxCell:
				code, zh, en = "too_long", fmt.Sprintf("内容超过 %d 个字", maxCell), fmt.Sprintf("has more than %d characters", maxCell)
			case heading[i].Date && (!heading[i].Masked || !strings.HasSuffix(text, "-**-**")):
				day, ok := date(text)
				if !ok {
					code, zh, en = "date", "“"+clip(text)+"”不是日期，应如 2026-11-23", clip(text)+" is no date; write it like 2026-11-23"
				}
				text = day
			}
			if code != "" {
				if len(*bad) < maxFaults {
					bad.Add(cell, code, zh, en)
				}
				t.spoiled[cell] = true
				continue
			}
			row.Values[heading[i].Name] = text
		}
		t.Rows = append(t.Rows, row)
	}
}

// Order compares the names of cells, and of rows, as they are read: row by row.
func Order(a, b string) int {
	columnA, rowA := place(a)
	columnB, rowB := place(b)
	return cmp.Or(cmp.Compare(rowA, rowB), cmp.Compare(columnA, columnB))
}

// place reads the name of a cell, of merged cells, or of a row.
func place(name string) (column, row int) {
	name, _, _ = strings.Cut(name, ":")
	if column, row, err := excelize.CellNameToCoordinates(name); err == nil {
		return column, row
	}
	row, _ = strconv.Atoi(name)
	return 0, row
}

func refuse(name, zh, en string) error {
	return &hall.Error{Code: hall.CodeInvalid, Name: name, ZH: zh, EN: en}
}

func names(columns []Column, name func(Column) string, between string) string {
	all := make([]string, 0, len(columns))
	for _, c := range columns {
		all = append(all, name(c))
	}
	return strings.Join(all, between)
}

func clip(s string) string {
	if r := []rune(s); len(r) > 30 {
		return string(r[:30]) + "…"
	}
	return s
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// date reads the forms that people and spreadsheets write.
func date(text string) (string, bool) {
	for _, form := range []string{"2006-01-02", "2006-1-2", "2006/1/2", "2006.1.2", "20060102", "2006年1月2日"} {
		if t, err := time.Parse(form, text); err == nil {
			return t.Format(time.DateOnly), true
		}
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && n > 1 && n < 2_958_466 {
		if t, err := excelize.ExcelDateToTime(n, false); err == nil {
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}
