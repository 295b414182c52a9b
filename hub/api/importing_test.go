package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
)

// book makes an XLSX of rows and lets edit change it.
func book(t *testing.T, rows [][]string, edit func(f *excelize.File, sheet string)) string {
	t.Helper()
	f := excelize.NewFile()
	sheet := f.GetSheetName(0)
	for i, row := range rows {
		if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	if edit != nil {
		edit(f, sheet)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var heading = []string{"编号", "姓名", "派驻单位", "窗口", "岗位", "代岗人员", "卡号", "用工", "参加工作", "出生日期"}

func (s *stage) load(file string, dry bool) (ImportReport, *httptest.ResponseRecorder) {
	path := "/api/v1/roster/import"
	if dry {
		path += "?dry=1"
	}
	w := s.ask("POST", path, file, header("Content-Type", "application/octet-stream"))
	var r ImportReport
	_ = json.Unmarshal(w.Body.Bytes(), &r)
	return r, w
}

func TestWhatAnImportSaysOfBadTables(t *testing.T) {
	good := []string{"s11", "演示员", "新单位", "1", "咨询", "", "77F1", "在岗在职", "2015-07-01", "1990-05-01"}
	with := func(column int, value string) []string {
		row := append([]string(nil), good...)
		row[column] = value
		return row
	}
	many := [][]string{heading[:3]}
	for i := range 10_000 {
		many = append(many, []string{fmt.Sprintf("m%d", i)})
	}
	for name, row := range map[string]struct {
		file             string
		cell, code, says string
	}{
		"merged cells": {book(t, [][]string{heading, good}, func(f *excelize.File, sheet string) {
			if err := f.MergeCell(sheet, "C2", "C3"); err != nil {
				t.Fatal(err)
			}
		}), "C2:C3", "merged", "取消合并"},
		"a formula": {book(t, [][]string{heading, good}, func(f *excelize.File, sheet string) {
			if err := f.SetCellFormula(sheet, "B2", "=A2&A2"); err != nil {
				t.Fatal(err)
			}
		}), "B2", "formula", "公式"},
		"a wrong heading":            {book(t, [][]string{{"编号", "名字", "派驻单位"}, good[:3]}, nil), "B1", "heading_unknown", "没有名为“名字”的列"},
		"no heading at all":          {book(t, [][]string{good}, nil), "A1", "heading_unknown", "s11"},
		"a title above the heading":  {book(t, [][]string{{"人员花名册"}, heading, good}, nil), "1", "heading_missing", "第 2 行像是表头"},
		"a heading and no more":      {book(t, [][]string{heading}, nil), "", "file_empty", "只有表头"},
		"10,000 rows":                {book(t, many, nil), "", "too_many_rows", "这张表有 10000 行"},
		"a name that is missing":     {book(t, [][]string{heading, with(1, "")}, nil), "B2", "required", "必须填写"},
		"a date that is none":        {book(t, [][]string{heading, with(9, "去年")}, nil), "J2", "date", "不是日期"},
		"a window that is not there": {book(t, [][]string{heading, with(3, "99")}, nil), "D2", "unknown", "没有窗口"},
		"an employment that is none": {book(t, [][]string{heading, with(7, "在岗")}, nil), "H2", "choice", "“在岗在职”“合同”“退休”"},
		"a card that is too short":   {book(t, [][]string{heading, with(6, "短")}, nil), "G2", "characters", "4 到"},
		"at work as a child":         {book(t, [][]string{heading, with(9, "2012-05-01")}, nil), "I2", "before", "16 周岁"},
		"one's own deputy":           {book(t, [][]string{heading, with(5, "s11")}, nil), "F2", "self", "本人"},
		"a formula as text":          {"编号,姓名,派驻单位\ns11,=1+1,新单位\n", "B2", "formula", "公式"},
		"one id twice":               {book(t, [][]string{heading, good, with(6, "77F2")}, nil), "A3", "twice", "与 A2 重复"},
		"one card twice":             {book(t, [][]string{heading, good, with(0, "s12")}, nil), "G3", "twice", "与 G2 重复"},
		"a card that is somebody's":  {book(t, [][]string{heading, with(6, "card-s1")}, nil), "G2", "card_taken", "一张卡不能两人使用"},
		"a deputy who is not there":  {book(t, [][]string{heading, with(5, "s99")}, nil), "F2", "unknown", "s99"},
		"an old spreadsheet":         {"\xD0\xCF\x11\xE0 old", "", "file_format", "另存为 .xlsx"},
		"a damaged spreadsheet":      {"PK\x03\x04 broken", "", "file_format", "损坏"},
		"a picture":                  {"\x89PNG\x00\x01", "", "file_format", "不是表格"},
		"nothing":                    {"", "", "file_empty", "空"},
		"an open quote":              {"编号,姓名,派驻单位\ns1,\"甲,民政局\n", "", "file_format", "引号"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStageAt(t, 1_000_000)
			s.people()
			head := s.log.Head()
			report, w := s.load(row.file, true)
			found := false
			for _, f := range report.Faults {
				found = found || f.Cell == row.cell && f.Code == row.code && strings.Contains(f.Message, row.says)
			}
			if !found {
				t.Errorf("the dry run says %s", w.Body)
			}
			if _, w := s.load(row.file, false); w.Code != 422 {
				t.Errorf("the import is answered %d %s", w.Code, w.Body)
			}
			if s.log.Head() != head {
				t.Error("something was stored")
			}
		})
	}
}

// A dry run names all faulty cells at once, in the order of the table, each by its first fault.
func TestADryRunNamesEveryFaultyCellAtOnce(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	head := append(append([]string(nil), heading...), "电话", "到岗日期")
	report, w := s.load(book(t, [][]string{head,
		{"n01", "", "新单位", "99", "", "n09", "12", "在岗", "2015-13-01", "2030-01-01", "abc", "昨天"},
		{"n01", "演示员", "", "", "咨询", "", "card-s1", "", "", "", "", "2099-01-01"},
	}, nil), true)
	var cells []string
	for _, f := range report.Faults {
		cells = append(cells, f.Cell)
	}
	if got, want := strings.Join(cells, " "), "B2 D2 F2 G2 H2 I2 J2 K2 L2 A3 C3 D3 G3 L3"; got != want {
		t.Errorf("the faulty cells are %s, not %s: %s", got, want, w.Body)
	}
	if w := s.ask("POST", "/api/v1/roster/import?dry=yes", "编号", header("Content-Type", "text/csv")); w.Code != 400 && w.Code != 422 {
		t.Errorf("dry=yes is answered %d %s", w.Code, w.Body)
	}
}

// What an import would make is said before it is done: a wrong name of a department shows.
func TestADryRunSaysWhatItWouldMake(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	text := "编号,姓名,派驻单位,窗口,卡号,电话\r\ns11,演示员一一,民证局,1,0077F1,+86 471 1234\r\n"
	for name, file := range map[string]string{"UTF-8": text, "UTF-16": utf16le(text)} {
		if r, w := s.load(file, true); strings.Join(r.Departments, " ") != "民证局" || r.Staff != 1 || r.Posts != 1 || r.Cards != 1 {
			t.Errorf("%s: the dry run says %s", name, w.Body)
		}
	}
	if r, w := s.load(text, false); w.Code != 200 || strings.Join(r.Departments, " ") != "民证局" || r.Staff != 1 {
		t.Errorf("the import says %d %s", w.Code, w.Body)
	}
}

func utf16le(text string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func TestARosterComesInWholeAndGoesOutAgain(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("编号,姓名,派驻单位,窗口,岗位,代岗人员,卡号,参加工作\r\ns11,演示员一一,新单位,1,咨询,s12,0077F1,2015/7/1\r\ns12,演示员一二,新单位,02,,,,\r\n")
	if err != nil {
		t.Fatal(err)
	}
	s := newStageAt(t, 1_000_000)
	s.people()
	if r, w := s.load(gb, true); len(r.Faults) != 0 || r.Rows != 2 || r.Events == 0 {
		t.Fatalf("the dry run says %s", w.Body)
	}
	if r, w := s.load(gb, false); w.Code != 200 || r.Events == 0 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	s.Read(func(v *register.View, _ *roster.State) {
		x, _ := v.State.People.Staff.Get("s11")
		d, _ := v.State.People.Departments.Get(x.Department)
		p, _ := v.State.People.Post(x.PostOf("2026-11-23"), "2026-11-23")
		who, _ := v.State.People.Holder("h1:0077F1", s.now, "2026-11-23")
		if d.Name != "新单位" || p.Window != "w1" || p.Name != "咨询" || strings.Join(p.Deputies, "") != "s12" || who != "s11" || x.WorkSince != "2015-07-01" {
			t.Errorf("the person is %+v of %+v at %+v, the card is %s's", x, d, p, who)
		}
	})
	if r, w := s.load(gb, false); w.Code != 200 || r.Events != 0 {
		t.Errorf("the same again made %d events: %s", r.Events, w.Body)
	}
	for _, format := range []string{"xlsx", "csv"} {
		out := s.ask("GET", "/api/v1/roster/export?format="+format, "")
		if r, w := s.load(out.Body.String(), true); len(r.Faults) != 0 || r.Rows != 5 || r.Events != 0 {
			t.Errorf("what was exported as %s reads as %s", format, w.Body)
		}
		template := s.ask("GET", "/api/v1/roster/template?format="+format, "")
		if r, w := s.load(template.Body.String(), true); r.Rows != 1 || len(r.Faults) != 1 || r.Faults[0].Code != "example" || r.Faults[0].Cell != "A2" {
			t.Errorf("the template in %s reads as %s", format, w.Body)
		}
	}
}
