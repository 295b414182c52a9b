package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// readCSV reads text in UTF-8, UTF-16 with a byte order mark, or GB18030, with
// commas, semicolons or tabs between its cells.
func readCSV(file []byte) (*grid, error) {
	file = bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(file, []byte("\xff\xfe")) || bytes.HasPrefix(file, []byte("\xfe\xff")) { // a spreadsheet's "Unicode text"
		text, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(file)
		if err != nil {
			return nil, refuse("file_format", "文件的 UTF-16 编码已损坏：请另存为 .xlsx 再导入", "the file's UTF-16 is damaged: save it as .xlsx")
		}
		file = text
	}
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
	g := &grid{spoiled: map[string]bool{}}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return g, nil
		}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			return nil, refuse("file_format", fmt.Sprintf("CSV 第 %d 行的引号不成对或位置不对：请在电子表格里改好，或另存为 .xlsx", wrong.Line),
				fmt.Sprintf("the quotes in line %d of the CSV do not fit: mend them in a spreadsheet, or save it as .xlsx", wrong.Line))
		}
		if err != nil {
			return nil, refuse("file_format", "CSV 无法读取："+err.Error(), "the CSV cannot be read: "+err.Error())
		}
		line, _ := r.FieldPos(0)
		if line > maxLastRow || len(row) > maxColumns {
			return nil, refuse("file_too_large", fmt.Sprintf("表格最多 %d 列，末行不超过第 %d 行：请只留下要导入的表", maxColumns, maxLastRow),
				fmt.Sprintf("a table may have %d columns and end at row %d: keep the table alone", maxColumns, maxLastRow))
		}
		for len(g.rows) < line-1 { // a cell with line breaks, or empty lines
			g.rows = append(g.rows, nil)
		}
		g.rows = append(g.rows, row)
		for i, text := range row {
			switch {
			case strings.HasPrefix(text, "="):
				cell, _ := excelize.CoordinatesToCellName(i+1, len(g.rows))
				g.fault(cell, "formula", formulaZH, formulaEN)
			case len(text) > 1 && text[0] == '\'' && strings.IndexByte(formulaSigns, text[1]) >= 0:
				row[i] = text[1:] // as WriteCSV writes it
			}
		}
	}
}
