package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"hallkeeper/hub/hall"
)

var columns = []Column{{Name: "id", ZH: "编号", EN: "Id", Need: true}, {Name: "name", ZH: "姓名", EN: "Name"}, {Name: "from", ZH: "到岗日期", EN: "From", Date: true}}

// parts of a small workbook; workbook puts others in their places.
const (
	partTypes = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`
	partRoot = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" ` +
		`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	partBook = `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
		`<sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>`
	partRels = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" ` +
		`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`
	sheetOpen  = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`
	sheetRows  = `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>s1</t></is></c><c r="B2" t="str"><v>n</v></c></row>`
	sheetClose = `</sheetData></worksheet>`
	stringsOf  = `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>编号</t></si><si><r><t>姓</t></r><r><t>名</t></r></si>%s</sst>`
)

func workbook(t testing.TB, change map[string]string) []byte {
	t.Helper()
	parts := map[string]string{"[Content_Types].xml": partTypes, "_rels/.rels": partRoot, "xl/workbook.xml": partBook, "xl/_rels/workbook.xml.rels": partRels,
		"xl/worksheets/sheet1.xml": sheetOpen + sheetRows + sheetClose, "xl/sharedStrings.xml": fmt.Sprintf(stringsOf, "")}
	for name, content := range change {
		parts[name] = content
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range parts {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestASmallWorkbookIsRead(t *testing.T) {
	table, err := Read(workbook(t, nil), columns)
	if err != nil || len(table.Rows) != 1 || table.Rows[0].Values["id"] != "s1" || table.Rows[0].Values["name"] != "n" {
		t.Fatalf("read %+v, %v", table, err)
	}
}

// A file of a few kilobytes that unfolds into gigabytes is refused before it does.
func TestWhatUnfoldsIsRefused(t *testing.T) {
	rows := func(n int, row func(n int) string) map[string]string {
		var b strings.Builder
		b.WriteString(sheetOpen)
		for i := range n {
			b.WriteString(row(i + 1))
		}
		b.WriteString(sheetClose)
		return map[string]string{"xl/worksheets/sheet1.xml": b.String()}
	}
	merged := func(ref string, n int) map[string]string {
		return map[string]string{"xl/worksheets/sheet1.xml": strings.Replace(sheetOpen+sheetRows+sheetClose, "</worksheet>",
			"<mergeCells>"+strings.Repeat(`<mergeCell ref="`+ref+`"/>`, n)+"</mergeCells></worksheet>", 1)}
	}
	many := rows(4_000, func(int) string { return "<row>" + strings.Repeat(`<c t="s"><v>2</v></c>`, 100) + "</row>" })
	many["xl/sharedStrings.xml"] = fmt.Sprintf(stringsOf, "<si><r><t>"+strings.Repeat("长", 15_000)+"</t></r><r><t>"+strings.Repeat("长", 15_000)+"</t></r></si>")
	for name, file := range map[string][]byte{
		"zeros":                            workbook(t, map[string]string{"xl/worksheets/sheet1.xml": strings.Repeat("\x00", 40<<20)}),
		"zeros in a picture":               workbook(t, map[string]string{"xl/media/a.png": strings.Repeat("\x00", 40<<20)}),
		"ten thousand times the last cell": workbook(t, rows(10_000, func(n int) string { return fmt.Sprintf(`<row r="%d"><c r="XFD%d"><v>1</v></c></row>`, n, n) })),
		"a last row far away":              workbook(t, rows(1, func(int) string { return `<row r="1048576"><c r="A1048576"><v>1</v></c></row>` })),
		"a million empty rows":             workbook(t, rows(1_000_000, func(int) string { return "<row/>" })),
		"many wide rows":                   workbook(t, rows(90_000, func(n int) string { return fmt.Sprintf(`<row r="%d"><c r="IV%d"/></row>`, n, n) })),
		"a text in many cells":             workbook(t, many),
		"a text beyond what cells hold":    workbook(t, map[string]string{"xl/sharedStrings.xml": fmt.Sprintf(stringsOf, "<si><t>"+strings.Repeat("x", 1<<20)+"</t></si>")}),
		"a million texts":                  workbook(t, map[string]string{"xl/sharedStrings.xml": fmt.Sprintf(stringsOf, strings.Repeat("<si/>", 1_000_000))}),
		"everything merged with all":       workbook(t, merged("A1:XFD1048576", 200_000)),
		"everything merged a few times":    workbook(t, merged("A1:XFD1048576", 20)),
		"styles":                           workbook(t, map[string]string{"xl/styles.xml": "<styleSheet><cellXfs>" + strings.Repeat("<xf/>", 1_000_000) + "</cellXfs></styleSheet>"}),
		"a sheet under another name":       workbook(t, map[string]string{`xl\worksheets\SHEET1.xml`: rows(10_000, func(n int) string { return fmt.Sprintf(`<row r="%d"><c r="XFD%d"/></row>`, n, n) })["xl/worksheets/sheet1.xml"]}),
		"a CSV of line breaks":             []byte("编号\n" + strings.Repeat("\n", 7<<20) + "x"),
		"a CSV of commas":                  bytes.Repeat([]byte("=,"), 4<<20),
	} {
		t.Run(name, func(t *testing.T) {
			if len(file) > MaxBytes {
				t.Fatalf("the file has %d bytes and is refused for that alone", len(file))
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			table, err := Read(file, columns)
			runtime.ReadMemStats(&after)
			var refusal *hall.Error
			if !errors.As(err, &refusal) || refusal.Code != hall.CodeInvalid {
				t.Errorf("it is read as %+v, %v", table, err)
			}
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 700 {
				t.Errorf("it took %d MiB to say so", used)
			}
		})
	}
}
