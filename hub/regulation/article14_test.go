package regulation_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/assess"
	"hallkeeper/wire"
)

// december is a hall whose only month is December, published with its quarter and year.
func december(t *testing.T) *house {
	t.Helper()
	h := build(t, "2021-12-01")
	h.furnish()
	h.shifts("2021-12-01")
	// Leave for nearly all of it, so that there is something to weigh.
	for _, staff := range []string{"s1", "s3"} {
		id := h.post(sup, "leaves", `{"staff":"`+staff+`","leave_kind":"annual","from":"2021-12-01","from_half":"am","until":"2021-12-30","until_half":"pm"}`, "leave")
		h.do(sup, "POST", "leaves/"+id+"/decide", `{"approved":true}`)
	}
	h.do(sup, "POST", "commendations", `{"staff":"s3","document":"政服〔2021〕9号"}`)
	h.over("2021-12")
	h.publish("months/2021-12", "2022-01-13")
	h.publish("quarters/2021-Q4", "")
	h.publish("years/2021", "")
	return h
}

func (h *house) table(path string) (head map[string]int, rows [][]string) {
	h.t.Helper()
	a := h.as("<auditor>", "GET", path, "", "zh-CN")
	if a.status != http.StatusOK {
		h.t.Fatalf("%s is answered %d %s", path, a.status, a.body)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(a.body, []byte("\xef\xbb\xbf")))).ReadAll()
	if err != nil {
		h.t.Fatal(err)
	}
	head = map[string]int{}
	for i, name := range rows[0] {
		head[name] = i
	}
	return head, rows[1:]
}

// 63号 第十四条: the bureau alone assesses; 15 % are reported to the organisation department and the personnel bureau. Whether
// that is a weight or a quota of excellent ratings is policy; the reading in force is named in the export file.
func TestArticle14_TheFilingNamesTheReadingOfTheShare(t *testing.T) {
	h := december(t)
	p := h.refused("tax", "POST", "own-scores", `{"staff":"s3","period":"2021","points":"九十五分"}`, http.StatusConflict, "own_scoring", "63号 第十四条")
	if !strings.Contains(p.Title, "政务服务局负责") {
		t.Errorf("the refusal says %s", p.Title)
	}
	h.logged(wire.KindScoringRefused, map[string]any{"department": "tax", "staff": "s3", "period": "2021"}, "九十五分")
	h.refused("<auditor>", "GET", "filings/assessment?year=2020", "", http.StatusConflict, "period_unpublished", "63号 第十五条")
	h.none(wire.KindFilingExported)
	year := get[api.PeriodAnswer](h, sup, "years/2021")
	if year.Outcome.Share == nil || year.Outcome.Share.Reading != assess.ReadWeight || len(year.Outcome.People) != 2 {
		t.Fatalf("the year is %+v of %d people", year.Outcome.Share, len(year.Outcome.People))
	}
	head, rows := h.table("filings/assessment?year=2021&format=csv")
	h.logged(wire.KindFilingExported, map[string]any{"what": "assessment", "period": "2021", "revision": 1, "reading": "weight", "format": "csv", "rows": 2})
	for i, r := range rows {
		x := year.Outcome.People[i]
		if r[head["编号"]] != x.ID || r[head["考核比例的理解"]] != year.Outcome.Share.ZH || r[head["考核比例（%）"]] != "15" || r[head["折算分"]] != fmt.Sprint(*x.Weighed) || r[head["年度得分"]] != fmt.Sprint(x.Points) ||
			r[head["姓名"]] != "演示员"+x.ID || r[head["版次"]] != "1" || !strings.Contains(r[head["考核政策"]], "@1.0.0") {
			t.Errorf("%s is filed as %v", x.ID, r)
		}
	}
	if a := h.as("<auditor>", "GET", "filings/assessment?year=2021&format=xlsx", "", "en"); a.status != http.StatusOK || !strings.HasPrefix(string(a.body), "PK") {
		t.Errorf("the workbook is answered %d", a.status)
	}
	head, rows = h.table("filings/staff?format=csv")
	h.logged(wire.KindFilingExported, map[string]any{"what": "staff", "period": "2021", "rows": 4})
	scored := 0
	for _, r := range rows {
		if x := year.Outcome.Find(assess.ToPerson, r[head["编号"]]); x != nil {
			if scored++; r[head["考核得分"]] != fmt.Sprint(x.Points) || r[head["考核期"]] != "2021" || r[head["等次"]] == "" {
				t.Errorf("the staff are filed as %v", r)
			}
		}
	}
	if scored != 2 {
		t.Errorf("%d of the staff have a score", scored)
	}
	h.refused("tax", "GET", "filings/assessment?year=2021", "", http.StatusForbidden, "not_permitted", "")
	h.refused("<auditor>", "GET", "filings/assessment?year=12", "", http.StatusUnprocessableEntity, "fields_invalid", "")
}

// 63号 第十四条: the other reading: a policy that reads the share as a quota of excellent ratings is another policy file.
func TestArticle14_TheShareCanBeReadAsAQuota(t *testing.T) {
	h := build(t, "2021-12-01")
	h.furnish()
	h.shifts("2021-12-01")
	text := strings.Replace(strings.Replace(h.policy(), `version: "1.0.0"`, `version: "1.0.1"`, 1), "reading: weight", "reading: quota", 1)
	h.do(admin, "POST", "policies", `{"text":`+quoted(text)+`,"from":"2021-12-01","document":"演示〔2021〕7号（虚构）"}`)
	h.logged(wire.KindPolicyAdopted, map[string]any{"from": "2021-12-01"})
	h.over("2021-12")
	h.publish("months/2021-12", "2022-01-13")
	h.publish("quarters/2021-Q4", "")
	h.publish("years/2021", "")
	head, rows := h.table("filings/assessment?year=2021&format=csv")
	h.logged(wire.KindFilingExported, map[string]any{"what": "assessment", "reading": "quota"})
	if _, weighed := head["折算分"]; weighed || rows[0][head["在优秀名额内"]] != "否" { // 15 % of two people is nobody
		t.Errorf("filed is %v %v", head, rows)
	}
}
