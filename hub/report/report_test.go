package report_test

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/report"
	"hallkeeper/hub/report/reporttest"
)

func build(t testing.TB, in report.Input, f report.Format, l report.Lang) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Build(&b, in, f, l); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// documents are every document that there is, each with some fonts.
func documents(t testing.TB) map[string]report.Input {
	fonts := reporttest.Fonts(t)
	all := map[string]report.Input{"month of one": reporttest.Month(1), "month": reporttest.Month(40), "corrected": reporttest.Corrected(12), "quarter": reporttest.Quarter(40),
		"year": reporttest.Year(60), "leaver": reporttest.Leaver(), "copy": reporttest.Month(40).Of("d02")}
	for name, in := range all {
		in.Fonts = fonts
		all[name] = in
	}
	return all
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	for name, in := range documents(t) {
		again := documents(t)[name]
		for _, l := range []report.Lang{report.ZH, report.EN} {
			for _, f := range report.Formats() {
				if f == report.XLSX && in.Outcome == nil {
					continue
				}
				if !bytes.Equal(build(t, in, f, l), build(t, again, f, l)) {
					t.Errorf("%s as %s in %s differs from run to run", name, f, l)
				}
			}
		}
	}
}

// textOf is what a PDF shows, page after page, read back over its tables of characters.
func textOf(t *testing.T, pdf []byte) []string {
	t.Helper()
	var streams []string
	for _, m := range regexp.MustCompile(`(?s)/Length (\d+) >>\nstream\n`).FindAllSubmatchIndex(pdf, -1) {
		n, err := strconv.Atoi(string(pdf[m[2]:m[3]]))
		if err != nil {
			t.Fatal(err)
		}
		z, err := zlib.NewReader(bytes.NewReader(pdf[m[1] : m[1]+n]))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		streams = append(streams, string(raw))
	}
	tables := map[string]map[string]string{} // by font, in the order of the resources
	var maps []map[string]string
	for _, s := range streams {
		if !strings.Contains(s, "begincmap") {
			continue
		}
		table := map[string]string{}
		for _, m := range regexp.MustCompile(`(?m)^<(....)> <([0-9A-F]+)>$`).FindAllStringSubmatch(s, -1) {
			var units []uint16
			for i := 0; i < len(m[2]); i += 4 {
				u, err := strconv.ParseUint(m[2][i:i+4], 16, 16)
				if err != nil {
					t.Fatal(err)
				}
				units = append(units, uint16(u))
			}
			table[m[1]] = string(utf16.Decode(units))
		}
		maps = append(maps, table)
	}
	for i, m := range regexp.MustCompile(`/(F\d) \d+ 0 R `).FindAllSubmatch(pdf, -1) {
		tables[string(m[1])] = maps[i]
	}
	var pages []string
	for _, s := range streams {
		if !strings.Contains(s, " Tj") {
			continue
		}
		var b strings.Builder
		for _, line := range strings.Split(s, "\n") {
			for _, m := range regexp.MustCompile(`/(F\d) [\d.]+ Tf <([0-9A-F]*)>`).FindAllStringSubmatch(line, -1) {
				for i := 0; i < len(m[2]); i += 4 {
					b.WriteString(tables[m[1]][m[2][i:i+4]])
				}
			}
			if strings.HasSuffix(line, "ET") {
				b.WriteString("\n")
			}
		}
		pages = append(pages, b.String())
	}
	return pages
}

func TestPDFSaysWhatTheDocumentSays(t *testing.T) {
	in := documents(t)
	for name, want := range map[string][]string{
		"month":     {"演示旗政务服务局文件", "演政务发〔2026〕12号", "2026年11月窗口和进驻工作人员考核统计", "䶮㛃𬱖", "63号 第十条(四)", reporttest.Policy, "1048576 条记录", "2026年12月15日", "印章位置", "— 1 —", "抄送：", "（一）未开展业务交流"},
		"corrected": {"更正（第2版）", "本件为第2版，替代第1版", "读卡器故障", "97.00", "98.00"},
		"quarter":   {"第四季度", "10月", "11月", "12月", "特此通报。"},
		"year":      {"年度优秀窗口", "解释为权重", "折算分", "名额已满"},
		"leaver":    {"同志工作表现的评价", "首问负责", "评价人：演示局长", "拟稿"},
		"copy":      {"本件只列演示市场监督管理局"},
	} {
		text := strings.Join(textOf(t, build(t, in[name], report.PDF, report.ZH)), "\n")
		flat := strings.ReplaceAll(text, "\n", "")
		for _, w := range want {
			if !strings.Contains(flat, strings.ReplaceAll(w, "\n", "")) && !strings.Contains(text, w) {
				t.Errorf("the PDF of %s does not say %q", name, w)
			}
		}
		if name != "leaver" && strings.Contains(text, "拟稿") {
			t.Errorf("%s with a number is called a draft", name)
		}
	}
}

func TestAFindingsHeadStandsOnEachPage(t *testing.T) {
	in := reporttest.Month(500)
	in.Fonts = reporttest.Fonts(t)
	pages := textOf(t, build(t, in, report.PDF, report.ZH))
	if len(pages) < 20 {
		t.Fatalf("500 people fill %d pages", len(pages))
	}
	for i, p := range pages[5:20] {
		if !strings.HasPrefix(p, "名次\n") {
			t.Errorf("page %d does not begin with the table's head: %.40q", i+6, p)
		}
	}
	for i, p := range pages {
		lines := strings.Split(strings.TrimSpace(p), "\n")
		last := lines[max(len(lines)-2, 0)] // before the page's number
		if i+1 < len(pages) && regexp.MustCompile(`^([一二三四五六七八九十]+、|（[一二三四五六七八九十]+）|表\d)`).MatchString(last) {
			t.Errorf("page %d ends with the heading %q", i+1, last)
		}
	}
}

// No text leaves the type area, and no cell its column, whatever the names are.
func TestNothingLeavesTheTypeArea(t *testing.T) {
	in := reporttest.Month(12)
	in.Fonts = reporttest.Fonts(t)
	in.Names.Department["d01"] = strings.Repeat("乌审旗住房和城乡建设局行政审批服务中心", 20)
	in.Names.Person["s003"] = "Unbreakable" + strings.Repeat("Name", 40)
	in.Rules["late"] = assess.Words{ZH: strings.Repeat("很长的规则名称", 150), EN: "late"}
	pdf := build(t, in, report.PDF, report.ZH)
	pages := textOf(t, pdf)
	if flat := strings.ReplaceAll(strings.Join(pages, ""), "\n", ""); strings.Count(flat, "很长的规则名称") < 100 {
		t.Error("a row that is taller than a page is cut off")
	}
	for _, raw := range contents(t, pdf) {
		for _, m := range regexp.MustCompile(`([\d.-]+) ([\d.-]+) Td`).FindAllStringSubmatch(raw, -1) {
			x, err1 := strconv.ParseFloat(m[1], 64)
			y, err2 := strconv.ParseFloat(m[2], 64)
			if err1 != nil || err2 != nil || x < 79 || x > 522 || y < 60 || y > 740 {
				t.Fatalf("text at %s %s is outside", m[1], m[2])
			}
		}
	}
}

func contents(t *testing.T, pdf []byte) (all []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?s)/Length (\d+) >>\nstream\n`).FindAllSubmatchIndex(pdf, -1) {
		n, _ := strconv.Atoi(string(pdf[m[2]:m[3]]))
		z, err := zlib.NewReader(bytes.NewReader(pdf[m[1] : m[1]+n]))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte(" Tj")) {
			all = append(all, string(raw))
		}
	}
	return all
}

func TestACharacterThatNoFontHasIsNamed(t *testing.T) {
	in := reporttest.Month(3)
	in.Fonts = reporttest.Fonts(t)
	in.Names.Person["s001"] = "演示\U000E0100\U0010FFFD"
	var out bytes.Buffer
	err := report.Build(&out, in, report.PDF, report.ZH)
	var missing *report.MissingGlyphs
	if !errors.As(err, &missing) || !slices.Contains(missing.Runes, '\U0010FFFD') {
		t.Fatalf("got %v", err)
	}
	if out.Len() > 0 {
		t.Error("a part was written all the same")
	}
	if !strings.Contains(err.Error(), "U+10FFFD") {
		t.Errorf("%v does not name it", err)
	}
	if got := in.Fonts.Missing("䶮㛃𬱖甲"); len(got) > 0 {
		t.Errorf("the fonts have no %q", got)
	}
}

func parts(t *testing.T, file []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name] = string(raw)
		if strings.HasSuffix(f.Name, ".xml") || strings.HasSuffix(f.Name, ".rels") {
			d := xml.NewDecoder(bytes.NewReader(raw))
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s: %v", f.Name, err)
				}
			}
		}
	}
	return all
}

func TestDOCXHasTheStandardsLayout(t *testing.T) {
	for name, in := range documents(t) {
		all := parts(t, build(t, in, report.DOCX, report.ZH))
		doc := all["word/document.xml"]
		for _, want := range []string{`<w:pgSz w:w="11906" w:h="16838"/>`, `w:top="2098"`, `w:left="1587"`, `w:lineRule="exact"`, "仿宋_GB2312", "方正小标宋简体", `r:embed="rId10"`, `w:type="even"`} {
			if !strings.Contains(doc, want) {
				t.Errorf("%s: the document has no %s", name, want)
			}
		}
		if strings.Contains(doc, "<w:tblHeader/>") != (strings.Count(doc, "<w:tblHeader/>") > 0) || name == "month" && strings.Count(doc, "<w:tblHeader/>") < 6 {
			t.Errorf("%s: table heads are not repeated", name)
		}
		if !strings.Contains(all["word/footer1.xml"], " PAGE ") || !strings.Contains(all["word/footer1.xml"], `w:val="right"`) || !strings.Contains(all["word/footer2.xml"], `w:val="left"`) {
			t.Errorf("%s: pages are not numbered on their outer side", name)
		}
		for _, target := range regexp.MustCompile(`Target="([^"]+)"`).FindAllStringSubmatch(all["word/_rels/document.xml.rels"], -1) {
			if _, ok := all["word/"+target[1]]; !ok {
				t.Errorf("%s: %s is not there", name, target[1])
			}
		}
		if !bytes.HasPrefix([]byte(all["word/media/code.png"]), []byte("\x89PNG")) {
			t.Errorf("%s: no code", name)
		}
	}
}

// What people wrote cannot end the element that it stands in.
func TestTextIsEscaped(t *testing.T) {
	in := reporttest.Leaver()
	in.Evaluation.Text = `</w:t><script>&"'`
	doc := parts(t, build(t, in, report.DOCX, report.ZH))["word/document.xml"]
	if strings.Contains(doc, "<script>") {
		t.Error("not escaped")
	}
}

func TestWorkbookFormulasComeToTheirValues(t *testing.T) {
	for name, in := range documents(t) {
		if in.Outcome == nil {
			continue
		}
		for _, l := range []report.Lang{report.ZH, report.EN} {
			f, err := excelize.OpenReader(bytes.NewReader(build(t, in, report.XLSX, l)), excelize.Options{RawCellValue: true})
			if err != nil {
				t.Fatal(err)
			}
			formulas := 0
			for _, sheet := range f.GetSheetList() {
				rows, err := f.GetRows(sheet)
				if err != nil {
					t.Fatal(err)
				}
				for r, row := range rows {
					for c := range row {
						cell, _ := excelize.CoordinatesToCellName(c+1, r+1)
						text, err := f.GetCellFormula(sheet, cell)
						if err != nil || text == "" {
							continue
						}
						formulas++
						is, _ := f.GetCellValue(sheet, cell)
						should, err := f.CalcCellValue(sheet, cell)
						if err != nil {
							t.Fatalf("%s %s!%s = %s: %v", name, sheet, cell, text, err)
						}
						a, _ := strconv.ParseFloat(is, 64)
						b, err := strconv.ParseFloat(strings.TrimSuffix(should, "%"), 64)
						if err != nil || a-b > 0.006 || b-a > 0.006 {
							t.Errorf("%s in %s: %s!%s = %s says %s and comes to %s", name, l, sheet, cell, text, is, should)
						}
					}
				}
				if sheet == f.GetSheetName(0) {
					continue
				}
				if p, err := f.GetPanes(sheet); err != nil || !p.Freeze || p.YSplit != 1 {
					t.Errorf("%s: the head of %s is not frozen", name, sheet)
				}
				if o, err := f.GetPageLayout(sheet); err != nil || o.Orientation == nil || *o.Orientation != "landscape" || *o.Size != 9 || *o.FitToWidth != 1 {
					t.Errorf("%s: %s is not printed on A4 landscape", name, sheet)
				}
				if p, err := f.GetSheetProps(sheet); err != nil || p.FitToPage == nil || !*p.FitToPage {
					t.Errorf("%s: %s is not made to fit its page", name, sheet)
				}
			}
			if formulas < 10 {
				t.Errorf("%s: %d formulas", name, formulas)
			}
		}
	}
}

// A department learns nothing of others.
func TestADepartmentsCopyHoldsItsOwn(t *testing.T) {
	in := reporttest.Corrected(40)
	in.Fonts = reporttest.Fonts(t)
	mine, others := "d02", []string{}
	cut := in.Of(mine)
	for _, p := range in.Outcome.People {
		if p.Department != mine {
			others = append(others, in.Names.Person[p.ID])
		}
	}
	if len(cut.Outcome.People) == 0 || len(cut.Outcome.People) == len(in.Outcome.People) {
		t.Fatalf("%d of %d", len(cut.Outcome.People), len(in.Outcome.People))
	}
	texts := []string{strings.Join(textOf(t, build(t, cut, report.PDF, report.ZH)), "")}
	for _, f := range []report.Format{report.XLSX, report.DOCX} {
		for _, part := range parts(t, build(t, cut, f, report.ZH)) {
			texts = append(texts, part)
		}
	}
	for _, text := range texts {
		text = strings.ReplaceAll(text, "\n", "")
		for _, name := range others {
			if strings.Contains(text, name) {
				t.Fatalf("the copy names %s", name)
			}
		}
	}
	if len(in.Outcome.People) != 40 {
		t.Error("cutting changed the whole")
	}
}

func TestWhatCannotBeBuilt(t *testing.T) {
	for _, x := range []struct {
		in report.Input
		f  report.Format
	}{{report.Input{}, report.PDF}, {reporttest.Month(1), report.PDF}, {reporttest.Month(1), "odt"}, {reporttest.Leaver(), report.XLSX}} {
		if err := report.Build(io.Discard, x.in, x.f, report.ZH); err == nil {
			t.Errorf("%q was built", x.f)
		}
	}
	if _, err := report.NewFonts(report.FontFiles{}); err == nil {
		t.Error("no fonts are fonts")
	}
	if _, err := report.NewFonts(report.FontFiles{Song: strings.NewReader("not a font")}); err == nil {
		t.Error("a text is a font")
	}
}

func TestFileNames(t *testing.T) {
	in := reporttest.Month(3)
	ascii, name := report.FileName(in.Of("d01"), report.PDF, report.ZH)
	if ascii != "assessment-2026-11-r1-d01.pdf" || name != "2026年11月窗口和进驻工作人员考核统计（乌审旗住房和城乡建设局（演示））（第1版）.pdf" {
		t.Errorf("%s %s", ascii, name)
	}
}

// Every document can be written in both languages: into REPORT_OUT for eyes and LibreOffice (make test-office), else for nobody.
func TestWriteAll(t *testing.T) {
	out := os.Getenv("REPORT_OUT")
	if out == "" {
		out = t.TempDir()
	}
	for name, in := range documents(t) {
		for _, l := range []report.Lang{report.ZH, report.EN} {
			for _, f := range report.Formats() {
				if f == report.XLSX && in.Outcome == nil {
					continue
				}
				file := filepath.Join(out, fmt.Sprintf("%s-%s.%s", strings.ReplaceAll(name, " ", "-"), l, f))
				if err := os.WriteFile(file, build(t, in, f, l), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func BenchmarkBuild500(b *testing.B) {
	in := reporttest.Month(500)
	in.Fonts = reporttest.Fonts(b)
	for _, f := range report.Formats() {
		b.Run(string(f), func(b *testing.B) {
			for b.Loop() {
				var out bytes.Buffer
				if err := report.Build(&out, in, f, report.ZH); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(out.Len())/1024, "KiB")
			}
		})
	}
}
