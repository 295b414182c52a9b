package regulation_test

import (
	"net/http"
	"strings"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/assess"
	"hallkeeper/wire"
)

// 63号 第十七条、第十八条: the bureau interprets; in force from 2020-08-01 on for a trial of two years: policies are dated versions, a
// period is assessed by the one in force then, and under a lapsed one only after an explicit recorded extension: warning and record.
func TestArticle17_18_ALapsedPolicyGoesOnOnlyByARecordedExtension(t *testing.T) {
	h := build(t, "2022-07-29")
	h.furnish()
	h.over("2022-07")
	if p := get[api.PeriodAnswer](h, sup, "months/2022-07"); len(p.Policies) != 1 || p.Policies[0].Standing != assess.Holds || len(p.Blocked) != 0 {
		t.Errorf("in the trial's time a month is %+v %+v", p.Policies, p.Blocked)
	}
	h.over("2022-08")
	const article = "63号 第十八条"
	list := get[api.PolicyList](h, sup, "policies")
	if list.Policies[0].Standing != assess.Lapsed || list.Blocked == nil || list.Blocked.Article != article || list.Blocked.ZH == "" || list.Blocked.EN == "" {
		t.Errorf("after it the policies say %+v", list.Blocked)
	}
	p := h.refused(sup, "POST", "months/2022-08/compute", "", http.StatusConflict, "policy_lapsed", article)
	if !strings.Contains(p.Title, "延续") {
		t.Errorf("the warning is %s", p.Title)
	}
	h.none(wire.KindPolicyExtended)
	h.refused(sup, "POST", "policies/wuzhengbanfa-2020-63@1.0.0/extend", `{"from":"2022-08-01","document":"演示〔2022〕8号（虚构）"}`, http.StatusForbidden, "not_permitted", "")
	h.do(admin, "POST", "policies/wuzhengbanfa-2020-63@1.0.0/extend", `{"from":"2022-08-01","until":"2023-07-31","document":"演示〔2022〕8号（虚构）","reason":"旗政府同意延续一年"}`)
	h.logged(wire.KindPolicyExtended, map[string]any{"policy": "wuzhengbanfa-2020-63", "version": "1.0.0", "from": "2022-08-01", "until": "2023-07-31", "document": "演示〔2022〕8号（虚构）"})
	h.do(sup, "POST", "months/2022-08/compute", "")
	h.logged(wire.KindPeriodComputed, map[string]any{"period": "2022-08"})
	month := get[api.PeriodAnswer](h, sup, "months/2022-08")
	if x := month.Policies[0]; x.Standing != assess.Extended || x.Document != "演示〔2022〕8号（虚构）" {
		t.Errorf("the month says it is assessed by %+v", x)
	}
	// A newer version holds from its day on, and what was before keeps its own.
	text := strings.Replace(h.policy(), `version: "1.0.0"`, `version: "2.0.0"`, 1)
	text = strings.Replace(text, "until: 2022-07-31", "until: 2024-08-31", 1)
	h.do(admin, "POST", "policies", `{"text":`+quoted(text)+`,"from":"2022-09-01","document":"演示〔2022〕9号（虚构）"}`)
	h.logged(wire.KindPolicyAdopted, map[string]any{"from": "2022-09-01", "version": "2.0.0"})
	for month, want := range map[string]string{"2022-08": "@1.0.0", "2022-09": "@2.0.0"} {
		if p := get[api.PeriodAnswer](h, sup, "months/"+month); len(p.Policies) != 1 || !strings.HasSuffix(p.Policies[0].Policy, want) {
			t.Errorf("%s is assessed by %+v", month, p.Policies)
		}
	}
}
