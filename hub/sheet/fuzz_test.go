package sheet

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"hallkeeper/hub/hall"
)

// holds checks what is said of a file, whatever is in it: a refusal with words, or
// rows of known columns with a fault for each cell that has none.
func holds(t *testing.T, file []byte) {
	table, err := Read(file, columns)
	var refusal *hall.Error
	switch {
	case err != nil && (!errors.As(err, &refusal) || refusal.Code != hall.CodeInvalid || refusal.ZH == "" && len(refusal.Fields) == 0):
		t.Fatalf("it is refused without words: %v", err)
	case err != nil:
		return
	case len(table.Rows) > MaxRows || len(table.Faults) > maxFaults:
		t.Fatalf("%d rows and %d faults were read", len(table.Rows), len(table.Faults))
	}
	for _, row := range table.Rows {
		for name, value := range row.Values {
			if _, known := columnOf(name, columns); !known || utf8.RuneCountInString(value) > maxCell {
				t.Fatalf("row %d says %q of %s", row.Number, value, name)
			}
			if name == "from" && len(value) != len("2026-11-23") {
				t.Fatalf("row %d begins on %q", row.Number, value)
			}
		}
	}
	for _, f := range table.Faults {
		if f.Code == "" || f.ZH == "" || f.EN == "" {
			t.Fatalf("a fault without words: %+v", f)
		}
	}
}

// FuzzRead reads any bytes as a file: CSV in all its encodings, XLSX, and neither.
func FuzzRead(f *testing.F) {
	f.Add([]byte("编号,姓名,到岗日期\ns1,演示,2026-01-05\n"))
	f.Add([]byte("\xef\xbb\xbfId;Name\ns1;'=1\n"))
	f.Add([]byte("\xff\xfeI\x00d\x00\n\x00s\x001\x00"))
	f.Add([]byte("\xb1\xe0\xba\xc5\ns1\n"))
	f.Add([]byte("Id\tName\n\"s\n1\"\tx\n\n\ns2\t=1\n"))
	f.Add([]byte{0xD0, 0xCF, 0x11, 0xE0})
	f.Add(workbook(f, nil))
	f.Fuzz(func(t *testing.T, file []byte) { holds(t, file) })
}

// FuzzWorkbook puts any text into the parts of a workbook that is packed well, so
// that it gets past the checksums of a ZIP.
func FuzzWorkbook(f *testing.F) {
	strs := fmt.Sprintf(stringsOf, "")
	for _, rows := range []string{sheetOpen + sheetRows + sheetClose, sheetOpen + `<row r="2"><c r="B2"><f>A1</f><v>46000</v></c></row>` + sheetClose,
		sheetOpen + sheetRows + `</sheetData><mergeCells><mergeCell ref="A1:B2"/><mergeCell ref="C1"/></mergeCells></worksheet>`,
		sheetOpen + `<row r="-1"><c r="A0"/></row><row r="9999999999"><c r="ZZZZ1"/></row>` + sheetClose} {
		f.Add(rows, strs, partBook)
	}
	f.Add(sheetOpen+sheetRows, "<sst><si><r/></si></sst>", strings.ReplaceAll(partBook, "rId1", "rId9"))
	f.Fuzz(func(t *testing.T, rows, texts, book string) {
		holds(t, workbook(t, map[string]string{"xl/worksheets/sheet1.xml": rows, "xl/sharedStrings.xml": texts, "xl/workbook.xml": book}))
	})
}
