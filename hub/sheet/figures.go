package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Figures is a sheet whose cells are numbers where they are numbers: int,
// float64, string, Share, or nil where there is nothing to say.
type Figures struct {
	Title   string
	Heading []string
	Rows    [][]any
}

// Share is a part of one, shown in percent.
type Share float64

// WriteFigures writes a workbook of sheets; each keeps its heading and first column in sight.
func WriteFigures(sheets []Figures) ([]byte, error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}})
	if err != nil {
		return nil, err
	}
	percent, err := f.NewStyle(&excelize.Style{NumFmt: 10})
	if err != nil {
		return nil, err
	}
	tenth := "0.0"
	decimal, err := f.NewStyle(&excelize.Style{CustomNumFmt: &tenth})
	if err != nil {
		return nil, err
	}
	for i, s := range sheets {
		if i == 0 {
			err = f.SetSheetName(f.GetSheetName(0), s.Title)
		} else {
			_, err = f.NewSheet(s.Title)
		}
		if err := errors.Join(err, writeFigures(f, &s, bold, decimal, percent)); err != nil {
			return nil, fmt.Errorf("sheet %s: %w", s.Title, err)
		}
	}
	var b bytes.Buffer
	err = f.Write(&b)
	return b.Bytes(), err
}

func writeFigures(f *excelize.File, s *Figures, bold, decimal, percent int) error {
	last, err := excelize.ColumnNumberToName(len(s.Heading))
	if err != nil {
		return err
	}
	err = errors.Join(f.SetColWidth(s.Title, "A", "A", 22), f.SetColWidth(s.Title, "B", last, 14), f.SetSheetRow(s.Title, "A1", &s.Heading),
		f.SetCellStyle(s.Title, "A1", last+"1", bold), f.SetRowHeight(s.Title, 1, 32),
		f.SetPanes(s.Title, &excelize.Panes{Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight"}))
	for n, row := range s.Rows {
		for i, v := range row {
			cell, cerr := excelize.CoordinatesToCellName(i+1, n+2)
			err = errors.Join(err, cerr)
			switch v := v.(type) {
			case nil:
			case Share:
				err = errors.Join(err, f.SetCellFloat(s.Title, cell, float64(v), -1, 64), f.SetCellStyle(s.Title, cell, cell, percent))
			case float64:
				err = errors.Join(err, f.SetCellFloat(s.Title, cell, v, -1, 64), f.SetCellStyle(s.Title, cell, cell, decimal))
			default:
				err = errors.Join(err, f.SetCellValue(s.Title, cell, v))
			}
		}
	}
	return err
}

// CSV writes one sheet in UTF-8 with a byte order mark; what a spreadsheet would take for a formula is quoted.
func (s *Figures) CSV() ([]byte, error) {
	b := bytes.NewBufferString("\xef\xbb\xbf")
	w := csv.NewWriter(b)
	w.UseCRLF = true
	if err := w.Write(s.Heading); err != nil {
		return nil, err
	}
	for _, row := range s.Rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = plain(v)
		}
		if err := w.Write(cells); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case Share:
		return strconv.FormatFloat(float64(v), 'f', 4, 64)
	case string:
		if v != "" && strings.IndexByte(formulaSigns, v[0]) >= 0 {
			return "'" + v
		}
		return v
	}
	return fmt.Sprint(v)
}
