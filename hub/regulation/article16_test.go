package regulation_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/assess"
	"hallkeeper/wire"
)

// docxText is the text of a DOCX document.
func docxText(t *testing.T, body []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// 63号 第十六条: when someone leaves, a written evaluation of their performance: drafted from their record, edited and signed by
// the bureau, as DOCX and PDF with the figures of the published months: the document for one leaver.
func TestArticle16_TheDocumentForOneLeaver(t *testing.T) {
	h := december(t)
	h.refused(sup, "POST", "evaluations", `{"staff":"s3"}`, http.StatusConflict, "not_leaving", "63号 第十六条")
	h.do(sup, "POST", "replacements", `{"staff":"s3","reason":"工作调动"}`)
	for account, as := range map[string]string{"s3": "leaver", "s4": "successor"} {
		h.do(account, "POST", "handovers", `{"staff":"s3","successor":"s4","as":"`+as+`"}`)
	}
	h.do(admin, "POST", "staff/s3/depart", `{"from":"2022-01-14"}`)
	h.logged(wire.KindStaffDeparted, map[string]any{"staff": "s3", "from": "2022-01-14"})
	id := h.post(sup, "evaluations", `{"staff":"s3"}`, "evaluation")
	h.logged(wire.KindEvaluationDrafted, map[string]any{"evaluation": id, "staff": "s3"})
	h.do(sup, "PUT", "evaluations/"+id, `{"text":"工作认真负责。\n群众评价良好。"}`)
	h.logged(wire.KindEvaluationEdited, map[string]any{"evaluation": id}, "工作认真负责")
	h.do(sup, "POST", "evaluations/"+id+"/sign", "")
	h.logged(wire.KindEvaluationSigned, map[string]any{"evaluation": id})
	h.refused(sup, "PUT", "evaluations/"+id, `{"text":"另一份"}`, http.StatusConflict, "evaluation_signed", "63号 第十六条")
	month := get[api.PeriodAnswer](h, sup, "months/2021-12")
	r := month.Outcome.Find(assess.ToPerson, "s3")
	a := h.as("<auditor>", "GET", "evaluations/"+id+"?format=docx", "", "zh-CN")
	if a.status != http.StatusOK || !strings.Contains(a.header.Get("Content-Disposition"), "evaluation-s3.docx") {
		t.Fatalf("the document is answered %d %.300s", a.status, a.body)
	}
	text := docxText(t, a.body)
	for _, word := range []string{"演示员s3", "税务局", "工作认真负责。", "群众评价良好。", "各期考核得分", month.Grades[r.Grade].ZH, "63号第十六条", "评价人"} {
		if !strings.Contains(text, word) {
			t.Errorf("the document does not say %s", word)
		}
	}
	for rule := range r.Rules {
		if !strings.Contains(text, month.Rules[rule].ZH) {
			t.Errorf("the document does not say %s", month.Rules[rule].ZH)
		}
	}
	if strings.Contains(text, "没有已公布的考核结果") {
		t.Error("the document has no figures")
	}
	if a := h.as(sup, "GET", "evaluations/"+id+"?format=pdf", "", "zh-CN"); a.status != http.StatusOK || !bytes.HasPrefix(a.body, []byte("%PDF")) {
		t.Errorf("the PDF is answered %d %.300s", a.status, a.body)
	}
	h.refused(sup, "GET", "evaluations/"+id+"?format=xlsx", "", http.StatusUnprocessableEntity, "fields_invalid", "")
	h.refused("tax", "GET", "evaluations/"+id+"?format=docx", "", http.StatusForbidden, "not_permitted", "")
}
