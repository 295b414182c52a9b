package report_test

import (
	"bytes"
	"errors"
	"testing"

	"hallkeeper/hub/report"
	"hallkeeper/hub/report/reporttest"
)

func TestADocumentSaysWhatItIs(t *testing.T) {
	in := reporttest.Month(3)
	in.Fonts = reporttest.Fonts(t)
	in.Number = "政管〔2026〕1号 <&>"
	in.Made = report.Made{Through: 41230, Part: "copy=d01", URL: "https://hall.example.cn", Version: "v1"}
	want := report.Stamp{Period: in.Outcome.Period, Revision: in.Revision, Digest: in.Digest, Through: 41230, Part: "copy=d01", Lang: report.EN, Number: in.Number,
		Hall: in.Hall, Bureau: in.Bureau, URL: "https://hall.example.cn", Version: "v1"}
	for _, f := range report.Formats() {
		file := build(t, in, f, report.EN)
		got, format, err := report.ReadStamp(file)
		if err != nil || got != want || format != f {
			t.Errorf("%s: %+v %s %v", f, got, format, err)
		}
		if f == report.PDF {
			if !bytes.Contains(file, []byte("<hall:Digest>"+in.Digest+"<")) {
				t.Error("the digest does not stand in the PDF in clear")
			}
			continue
		}
		if d, err := report.TextDifference(file, build(t, in, f, report.EN)); d != nil || err != nil {
			t.Errorf("%s differs from itself: %+v %v", f, d, err)
		}
		other := reporttest.Month(3)
		other.Number, other.Made = in.Number, in.Made
		other.Hall = "另一个大厅"
		if d, err := report.TextDifference(file, build(t, other, f, report.EN)); err != nil || f == report.XLSX && d == nil {
			t.Errorf("%s: another hall's name is not seen: %+v %v", f, d, err)
		}
		if all := report.Digests(file); len(all) == 0 || all[0] != in.Digest {
			t.Errorf("%s shows the digests %q", f, all)
		}
	}
}

func TestWhatIsNoDocument(t *testing.T) {
	in := reporttest.Leaver()
	for name, x := range map[string]struct {
		file []byte
		want error
	}{
		"nothing": {nil, report.ErrNoDocument}, "text": {[]byte("PK"), report.ErrNoDocument}, "a PDF of others": {[]byte("%PDF-1.7\n%%EOF"), report.ErrNoStamp},
		"a PDF whose packet is cut": {[]byte("%PDF-1.7\n<?xpacket begin=\"\"?><x"), report.ErrNoStamp}, "an evaluation": {build(t, in, report.DOCX, report.ZH), report.ErrNoStamp},
	} {
		if _, _, err := report.ReadStamp(x.file); !errors.Is(err, x.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadStamp(f *testing.F) {
	in := reporttest.Month(1)
	for _, format := range []report.Format{report.DOCX, report.XLSX} {
		f.Add(build(f, in, format, report.ZH))
	}
	f.Add([]byte("%PDF-1.7\n<?xpacket begin=\"\"?><a xmlns:hall=\"https://hallkeeper.example/ns/stamp/1/\"><hall:Period>2026-11</hall:Period></a><?xpacket end=\"r\"?>"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if s, _, err := report.ReadStamp(file); err == nil && s.Period.Kind() == "" {
			t.Error("a stamp without a period")
		}
	})
}
