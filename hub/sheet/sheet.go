// Package sheet reads and writes tables that people keep in spreadsheets: XLSX,
// and CSV in UTF-8 or GB18030, which Chinese spreadsheets write. It names every
// cell that cannot be what it should; it refuses to know what the columns mean.
package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

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
	// Example stands in the template.
	Example string
}

// Row is one row: values by column name. Number is as the spreadsheet shows it.
type Row struct {
	Number int
	Values map[string]string
}

// Table is what was read. Cell names a cell of it.
type Table struct {
	Rows []Row
	at   map[string]int // column name → index
}

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

// Read reads a table with a heading of these columns. The error is an
// *hall.Error that names every cell that is wrong.
func Read(file []byte, columns []Column) (*Table, error) {
	var rows [][]string
	var err error
	switch {
	case len(file) > MaxBytes:
		return nil, refuse("file_too_large", "文件超过 8 MB", "the file is larger than 8 MB")
	case bytes.HasPrefix(file, []byte("PK\x03\x04")):
		rows, err = readXLSX(file)
	case bytes.HasPrefix(file, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		return nil, refuse("file_format", "这是旧版 .xls 文件或加了密码的文件：请另存为 .xlsx（不加密码）再导入", "this is an old .xls file, or one with a password: save it as .xlsx without one")
	default:
		rows, err = readCSV(file)
	}
	if err != nil {
		return nil, err
	}
	for len(rows) > 0 && blank(rows[len(rows)-1]) {
		rows = rows[:len(rows)-1]
	}
	if len(rows) == 0 {
		return nil, refuse("file_empty", "表格是空的：第一行应为表头，可先下载模板", "the table is empty: its first row must be the heading; download the template")
	}
	if n := len(rows) - 1; n > MaxRows {
		return nil, refuse("too_many_rows", fmt.Sprintf("最多 %d 行，这张表有 %d 行；请分几次导入", MaxRows, n), fmt.Sprintf("may have %d rows, this has %d; import it in parts", MaxRows, n))
	}
	return tableOf(rows, columns)
}

func tableOf(rows [][]string, columns []Column) (*Table, error) {
	t := &Table{at: map[string]int{}}
	var bad hall.Checks
	heading := make([]Column, len(rows[0]))
	for i, text := range rows[0] {
		text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "*"))
		if text == "" {
			continue
		}
		cell, _ := excelize.CoordinatesToCellName(i+1, 1)
		known := false
		for _, c := range columns {
			if text != c.Name && text != c.ZH && !strings.EqualFold(text, c.EN) {
				continue
			}
			known = true
			if _, twice := t.at[c.Name]; twice {
				bad.Add(cell, "heading_twice", "表头“"+text+"”重复", "the heading "+text+" stands twice")
				continue
			}
			t.at[c.Name], heading[i] = i, c
		}
		if !known {
			bad.Add(cell, "heading_unknown", "没有名为“"+clip(text)+"”的列；可用的列："+names(columns), "there is no column "+clip(text)+"; there are "+names(columns))
		}
	}
	for _, c := range columns {
		if _, ok := t.at[c.Name]; c.Need && !ok {
			bad.Add("1", "heading_missing", "第一行缺少“"+c.ZH+"”列；可先下载模板", "row 1 lacks the column "+c.EN+"; download the template")
		}
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	for n, cells := range rows[1:] {
		if blank(cells) {
			continue
		}
		row := Row{Number: n + 2, Values: map[string]string{}}
		for i, text := range cells {
			text = strings.TrimSpace(text)
			cell, _ := excelize.CoordinatesToCellName(i+1, row.Number)
			switch {
			case text == "":
				continue
			case i >= len(heading) || heading[i].Name == "":
				bad.Add(cell, "no_heading", "这一列没有表头", "this column has no heading")
				continue
			case utf8.RuneCountInString(text) > maxCell:
				bad.Add(cell, "too_long", fmt.Sprintf("内容超过 %d 个字", maxCell), fmt.Sprintf("has more than %d characters", maxCell))
				continue
			}
			if heading[i].Date {
				day, ok := date(text)
				if !ok {
					bad.Add(cell, "date", "“"+clip(text)+"”不是日期，应如 2026-11-23", clip(text)+" is no date; write it like 2026-11-23")
					continue
				}
				text = day
			}
			row.Values[heading[i].Name] = text
		}
		t.Rows = append(t.Rows, row)
	}
	return t, bad.Err()
}

func refuse(name, zh, en string) error {
	return &hall.Error{Code: hall.CodeInvalid, Name: name, ZH: zh, EN: en}
}

func names(columns []Column) string {
	all := make([]string, 0, len(columns))
	for _, c := range columns {
		all = append(all, c.ZH)
	}
	return strings.Join(all, "、")
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

func readCSV(file []byte) ([][]string, error) {
	file = bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(file) {
		text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(file)
		if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
			return nil, refuse("file_format", "文件既不是 UTF-8 也不是 GB18030 编码的文本，也不是 .xlsx", "the file is neither text in UTF-8 or GB18030 nor .xlsx")
		}
		file = text
	}
	if bytes.IndexByte(file, 0) >= 0 {
		return nil, refuse("file_format", "这不是表格文件：应为 .xlsx 或 .csv", "this is no table: it must be .xlsx or .csv")
	}
	r := csv.NewReader(bytes.NewReader(file))
	r.FieldsPerRecord, r.LazyQuotes = -1, false
	if first, _, _ := bytes.Cut(file, []byte("\n")); bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		r.Comma = ';'
	} else if bytes.Count(first, []byte("\t")) > bytes.Count(first, []byte(",")) {
		r.Comma = '\t'
	}
	var rows [][]string
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, refuse("file_format", "CSV 无法读取："+err.Error(), "the CSV cannot be read: "+err.Error())
		}
		line, _ := r.FieldPos(0)
		for len(rows) < line-1 { // a cell with line breaks, or empty lines
			rows = append(rows, nil)
		}
		rows = append(rows, row)
	}
}

func readXLSX(file []byte) (rows [][]string, err error) {
	defer func() {
		if p := recover(); p != nil { // a file made to break readers
			rows, err = nil, unreadable(fmt.Errorf("%v", p))
		}
	}()
	f, err := excelize.OpenReader(bytes.NewReader(file), excelize.Options{RawCellValue: true, UnzipSizeLimit: 64 << 20, UnzipXMLSizeLimit: 32 << 20})
	if err != nil {
		return nil, unreadable(err)
	}
	defer func() { _ = f.Close() }()
	name := f.GetSheetName(0)
	merged, err := f.GetMergeCells(name)
	if err != nil {
		return nil, unreadable(err)
	}
	var bad hall.Checks
	for _, m := range merged {
		bad.Add(m.GetStartAxis()+":"+m.GetEndAxis(), "merged", "合并的单元格无法确定属于哪一行，请取消合并", "merged cells belong to no one row; unmerge them")
	}
	formulas, err := formulasOf(file)
	if err != nil {
		return nil, unreadable(err)
	}
	for _, cell := range formulas {
		bad.Add(cell, "formula", "单元格里是公式，请复制后“选择性粘贴为数值”", "holds a formula; paste its value instead")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	rows, err = f.GetRows(name, excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, unreadable(err)
	}
	return rows, nil
}

func unreadable(err error) error {
	return fmt.Errorf("%w (%w)", refuse("file_format", "这个 .xlsx 文件已损坏或无法读取：请重新另存后再导入", "this .xlsx file is damaged or cannot be read: save it again"), err)
}

// formulasOf lists the cells of the first worksheet that hold formulas, 20 at most.
func formulasOf(file []byte) (cells []string, err error) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	part, err := firstSheet(z)
	if err != nil {
		return nil, err
	}
	r, err := z.Open(part)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	d := xml.NewDecoder(io.LimitReader(r, 64<<20))
	cell := ""
	for len(cells) < 20 {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return cells, nil
		}
		if err != nil {
			return nil, err
		}
		if e, ok := token.(xml.StartElement); ok {
			switch e.Name.Local {
			case "c":
				cell = attr(e, "r")
			case "f":
				cells = append(cells, cell)
			}
		}
	}
	return cells, nil
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// firstSheet finds the part of the workbook's first worksheet (ECMA-376 part 1, 18.2.19 and part 2, 9.3).
func firstSheet(z *zip.Reader) (string, error) {
	var book struct {
		Sheets []struct {
			ID string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	var rels struct {
		Relationship []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		}
	}
	if err := decode(z, "xl/workbook.xml", &book); err != nil {
		return "", err
	}
	if err := decode(z, "xl/_rels/workbook.xml.rels", &rels); err != nil {
		return "", err
	}
	for _, r := range rels.Relationship {
		if len(book.Sheets) > 0 && r.ID == book.Sheets[0].ID {
			if strings.HasPrefix(r.Target, "/") {
				return strings.TrimPrefix(r.Target, "/"), nil
			}
			return path.Join("xl", r.Target), nil
		}
	}
	return "", errors.New("the workbook has no sheet")
}

func decode(z *zip.Reader, name string, into any) error {
	r, err := z.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	return xml.NewDecoder(io.LimitReader(r, 8<<20)).Decode(into)
}

// WriteXLSX writes a table with its heading, as text, so that card numbers keep their zeros.
func WriteXLSX(title string, columns []Column, rows [][]string) ([]byte, error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	name := f.GetSheetName(0)
	if err := f.SetSheetName(name, title); err != nil {
		return nil, err
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, NumFmt: 49})
	if err != nil {
		return nil, err
	}
	text, err := f.NewStyle(&excelize.Style{NumFmt: 49})
	if err != nil {
		return nil, err
	}
	last, err := excelize.ColumnNumberToName(len(columns))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.SetColStyle(title, "A:"+last, text), f.SetColWidth(title, "A", last, 16),
		f.SetPanes(title, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})); err != nil {
		return nil, err
	}
	heading := make([]string, len(columns))
	for i, c := range columns {
		heading[i] = c.ZH
		if c.Need {
			heading[i] += "*"
		}
	}
	for n, row := range append([][]string{heading}, rows...) {
		if err := f.SetSheetRow(title, fmt.Sprintf("A%d", n+1), &row); err != nil {
			return nil, err
		}
	}
	if err := f.SetCellStyle(title, "A1", last+"1", bold); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = f.Write(&b)
	return b.Bytes(), err
}

// WriteCSV writes a table in UTF-8 with a byte order mark, which spreadsheets
// need to read Chinese. What a spreadsheet would take for a formula is quoted.
func WriteCSV(columns []Column, rows [][]string) ([]byte, error) {
	b := bytes.NewBufferString("\xef\xbb\xbf")
	w := csv.NewWriter(b)
	w.UseCRLF = true
	heading := make([]string, len(columns))
	for i, c := range columns {
		heading[i] = c.ZH
	}
	for _, row := range append([][]string{heading}, rows...) {
		safe := make([]string, len(row))
		for i, v := range row {
			if safe[i] = v; v != "" && strings.ContainsRune("=+-@\t", rune(v[0])) {
				safe[i] = "'" + v
			}
		}
		if err := w.Write(safe); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}
