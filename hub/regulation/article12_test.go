package regulation_test

import (
	"net/http"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/wire"
)

// 63号 第十二条(二): no change within one year; a needed change is applied for 15 working days
// ahead, in writing. 14 working days ahead is refused, 15 passes; in the first year without a
// reason it is refused, with reason and document allowed. The calendar has make-up days: from
// 2021-09-17 on, of the fifteen one is Saturday 2021-09-18, and none are 09-20, 09-21 and 10-01 to 10-07.
func TestArticle12_2_AChangeIsAppliedForFifteenWorkingDaysAhead(t *testing.T) {
	h := build(t, "2021-09-17")
	h.furnish()
	const article = "63号 第十二条(二)"
	h.refused("civil", "POST", "changes", `{"staff":"s1","successor":"s2","wanted_on":"2021-10-13"}`, http.StatusConflict, "document_missing", article)
	h.refused("civil", "POST", "changes", `{"staff":"s1","successor":"s2","wanted_on":"2021-10-13","document":"民政发〔2021〕7号"}`, http.StatusConflict, "notice_too_short", article)
	h.none(wire.KindChangeAsked)
	id := h.post("civil", "changes", `{"staff":"s1","successor":"s2","wanted_on":"2021-10-14","document":"民政发〔2021〕7号"}`, "change")
	h.logged(wire.KindChangeAsked, map[string]any{"change": id, "staff": "s1", "asked_on": "2021-09-17", "wanted_on": "2021-10-14", "document": "民政发〔2021〕7号"})
	h.do(sup, "POST", "changes/"+id+"/decide", `{"approved":true}`)
	h.logged(wire.KindChangeDecided, map[string]any{"change": id, "approved": true})
	if list := get[api.ProcedureList](h, "civil", "procedures"); len(list.Changes) != 1 || list.Changes[0].State != "approved" {
		t.Errorf("the liaison sees %+v", list.Changes)
	}
}
