package regulation_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hallkeeper/hub/api"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/hall"
	"hallkeeper/policies"
	"hallkeeper/wire"
)

const (
	admin = "<administrator>"
	sup   = "<supervisor>"
)

// furnish enters two departments with a window, a post and two people each, accounts of the
// departments and of everybody, and the policy.
func (h *house) furnish() {
	h.t.Helper()
	h.person(proposer, "administrator")
	h.person(confirmer, "supervisor")
	for i, d := range []string{"civil", "tax"} {
		w := fmt.Sprintf("w%d", i+1)
		h.do(admin, "PUT", "departments/"+d, `{"name":"`+map[string]string{"civil": "民政局", "tax": "税务局"}[d]+`"}`)
		h.do(admin, "PUT", "windows/"+w, fmt.Sprintf(`{"number":"0%d","name":"窗口","department":%q}`, i+1, d))
		h.do(admin, "PUT", "posts/p"+w[1:], `{"window":"`+w+`","name":"岗位"}`)
		h.do(admin, "PUT", "accounts/"+d, `{"name":"演示联络员","role":"liaison","department":"`+d+`","password":"`+first+`"}`)
		for _, n := range []int{2*i + 1, 2*i + 2} {
			s := fmt.Sprintf("s%d", n)
			h.do(admin, "PUT", "staff/"+s, `{"name":"演示员`+s+`","department":"`+d+`","employment":"in_post","work_since":"2015-01-01","born":"1990-01-01"}`)
			h.do(admin, "POST", "cards", fmt.Sprintf(`{"number":"100%d","staff":%q,"from":"2021-01-01"}`, n, s))
			h.do(admin, "PUT", "accounts/"+s, `{"name":"演示员`+s+`","role":"staff","staff":"`+s+`","password":"`+first+`"}`)
		}
		h.do(admin, "POST", fmt.Sprintf("staff/s%d/post", 2*i+1), `{"post":"p`+w[1:]+`","from":"2020-09-01"}`)
	}
	h.adopt()
}

// policy is the text that comes with the program.
func (h *house) policy() string { return string(policies.Default()) }

// adopt adopts the program's policy from its own first day on.
func (h *house) adopt() {
	h.t.Helper()
	h.do(admin, "POST", "policies", fmt.Sprintf(`{"text":%s,"from":"2020-08-01","document":"演示〔2020〕1号（虚构）"}`, quoted(h.policy())))
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// shifts lets everybody work from 08:30 to 12:00 and from 14:30 to 18:00.
func (h *house) shifts(from string) {
	h.t.Helper()
	h.do(admin, "PUT", "shifts/day", `{"name":"行政班","swipes":4,"plans":[{"periods":[{"in":"08:30","out":"12:00"},{"in":"14:30","out":"18:00"}]}]}`)
	h.do(admin, "POST", "shifts/day/assign", `{"scope":"hall","from":"`+from+`"}`)
}

// reader puts a card reader at a window.
func (h *house) reader(agent, window string) {
	h.t.Helper()
	d := brokertest.Connect(h.t, strings.TrimPrefix(h.addr.MQTT, "tcp://"), wire.Topics{Hall: h.cfg.Hall.ID}, agent)
	h.devices[agent] = d
	d.Say(wire.DeviceOnline)
	h.sends(agent, h.clock.now(), "rating.pressed", `{"level":5}`)
	h.do(admin, "POST", "devices/"+agent+"/assign", `{"window":"`+window+`"}`)
}

func (h *house) sends(agent string, at time.Time, kind, data string) {
	h.t.Helper()
	h.seq[agent]++
	d := h.devices[agent]
	d.Send(fmt.Sprintf(`{"id":"%s-%d","agent":%q,"outbox":%q,"seq":%d,"first":1,"boot":"b1","at":%q,"clock":"synced","uptime_ms":1,"kind":%q,"data":%s}`,
		agent, h.seq[agent], agent, d.Outbox, h.seq[agent], at.Format(time.RFC3339Nano), kind, data))
}

// swipe lets a card be read now, and waits until it is stored.
func (h *house) swipe(agent, card string) {
	h.t.Helper()
	h.sends(agent, h.clock.now(), "card.swiped", `{"reader":"front","card":"`+card+`","format":"wiegand34"}`)
	h.devices[agent].AwaitMark(uint64(h.seq[agent]))
}

// over lets the month end: all its days from the hall's first on are checked, on the morning after it.
func (h *house) over(month string) {
	h.t.Helper()
	first := hall.Date(month + "-01")
	h.at(string(first.MonthEnd().AddDays(1)), "09:00")
	h.close(string(max(first, h.began)), string(first.MonthEnd()))
}

// publish takes a month, a quarter or a year through its steps; a month on the day after the appeals.
func (h *house) publish(path, afterAppeals string) api.PeriodAnswer {
	h.t.Helper()
	h.do(sup, "POST", path+"/compute", "")
	h.do(sup, "POST", path+"/review", "")
	if afterAppeals != "" {
		h.do(sup, "POST", path+"/open-appeals", "")
		h.at(afterAppeals, "09:00")
	}
	h.do(sup, "POST", path+"/publish", "")
	return get[api.PeriodAnswer](h, sup, path)
}

// close checks the days of a span, the supervisor's hand before the hub's own.
func (h *house) close(from, until string) {
	h.t.Helper()
	for day := hall.Date(from); day <= hall.Date(until); day = day.AddDays(1) {
		h.do(sup, "POST", "days/"+string(day)+"/check", "")
	}
}

// eventually waits for what the hub does by itself.
func (h *house) eventually(what string, ok func() bool) {
	h.t.Helper()
	brokertest.Eventually(h.t, what, ok)
}

func (h *house) json(data []byte, v any) {
	h.t.Helper()
	if err := json.Unmarshal(data, v); err != nil {
		h.t.Fatal(err)
	}
}
