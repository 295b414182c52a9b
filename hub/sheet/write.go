package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"
)

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

// formulaSigns are what a spreadsheet takes for the beginning of a formula.
const formulaSigns = "=+-@\t"

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
			if safe[i] = v; v != "" && strings.IndexByte(formulaSigns, v[0]) >= 0 {
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
