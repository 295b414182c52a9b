package api

import (
	"net/http"
	"strings"

	"hallkeeper/hub/sheet"
	"hallkeeper/hub/statistics"
)

// breakdown says what a breakdown is called.
func breakdown(by statistics.By) text {
	switch by {
	case statistics.ByDay:
		return text{"按日", "By day"}
	case statistics.ByService:
		return text{"按业务", "By service"}
	case statistics.ByWindow:
		return text{"按窗口", "By window"}
	case statistics.ByStaff:
		return text{"按人员", "By staff"}
	case statistics.ByHour:
		return text{"按时段", "By hour"}
	case statistics.ByWeekday:
		return text{"按星期", "By weekday"}
	case statistics.ByClass:
		return text{"按类别", "By class"}
	case statistics.ByOutcome:
		return text{"按结果", "By outcome"}
	}
	return text{"星期与时段", "Weekday and hour"}
}

// figureHeadings are those after the first; times are in minutes.
func figureHeadings() []text {
	return []text{
		{"取号（张）", "Tickets issued"}, {"进入队列（次）", "Stays in line"}, {"办结（次）", "Finished"}, {"过号（次）", "Missed"}, {"取消或作废（次）", "Closed"},
		{"转移（次）", "Transferred"}, {"未结束（次）", "Still open"}, {"重呼（次）", "Recalls"}, {"暂离（次）", "Holds"},
		{"平均等候（分钟）", "Mean wait (min)"}, {"等候中位数（分钟）", "Median wait (min)"}, {"九成等候不超过（分钟）", "90% waited at most (min)"}, {"最长等候（分钟）", "Longest wait (min)"}, {"等候达标率", "Waits within norm"},
		{"平均办理（分钟）", "Mean service (min)"}, {"办理中位数（分钟）", "Median service (min)"}, {"九成办理不超过（分钟）", "90% served within (min)"}, {"办理达标率", "Service within norm"},
		{"其中补录（次）", "Entered afterwards"},
	}
}

func figureCells(name string, n *statistics.Figures) []any {
	cells := []any{name, n.Issued, n.Entered, n.Finished, n.Missed, n.Closed, n.Transferred, n.Open, n.Recalls, n.Holds}
	cells = append(cells, timeCells(&n.Wait, true)...)
	return append(append(cells, timeCells(&n.Service, false)...), n.Paper)
}

func timeCells(t *statistics.Times, longest bool) []any {
	cells := []any{nil, nil, nil}
	if t.Count > 0 {
		cells = []any{t.Mean / 60, float64(t.Median) / 60, float64(t.P90) / 60}
	}
	switch {
	case longest && t.Count > 0:
		cells = append(cells, float64(t.Max)/60)
	case longest:
		cells = append(cells, nil)
	}
	if t.Normed == 0 {
		return append(cells, nil)
	}
	return append(cells, sheet.Share(float64(t.Within)/float64(t.Normed)))
}

// keyWords are keys in words.
func keyWords() map[string]text {
	return map[string]text{
		"1": {"星期一", "Monday"}, "2": {"星期二", "Tuesday"}, "3": {"星期三", "Wednesday"}, "4": {"星期四", "Thursday"}, "5": {"星期五", "Friday"}, "6": {"星期六", "Saturday"}, "7": {"星期日", "Sunday"},
		"ordinary": {"普通", "Ordinary"}, "elderly": {"老年人", "Elderly"}, "disabled": {"残疾人", "Disabled"}, "military": {"军人", "Military"}, "green": {"绿色通道", "Green channel"}, "appointment": {"预约", "Appointment"},
		"accepted": {"受理", "Accepted"}, "done": {"当场办结", "Done at once"}, "notice": {"一次性告知", "Told what is missing"}, "sent_away": {"不予受理", "Not accepted"}, "promised": {"容缺受理", "Accepted on a promise"}, "transferred": {"转移", "Transferred"},
		"cancelled": {"取消", "Cancelled"}, "never_received": {"无人领取", "Never received"}, "day_end": {"日终作废", "Closed at day's end"},
	}
}

func (a *API) figureSheet(all *stays, by statistics.By, l language) sheet.Figures {
	s := sheet.Figures{Title: breakdown(by).in(l), Heading: []string{breakdown(by).in(l)}}
	for _, h := range figureHeadings() {
		s.Heading = append(s.Heading, h.in(l))
	}
	counted := statistics.Count(all.each(), by, a.Zone)
	for i := range counted.Rows {
		row := &counted.Rows[i]
		s.Rows = append(s.Rows, figureCells(keyName(by, row.Key, &all.called, l), &row.Figures))
	}
	s.Rows = append(s.Rows, figureCells(text{"合计", "Total"}.in(l), &counted.Total))
	return s
}

func keyName(by statistics.By, key string, called *names, l language) string {
	name := called.of(by, key)
	words, ok := keyWords()[key]
	switch {
	case key == "":
		return text{"（无）", "(none)"}.in(l)
	case name != "" && by == statistics.ByStaff:
		return name + " " + key
	case name != "":
		return name
	case by == statistics.ByHour:
		return key + ":00"
	case by == statistics.ByWeekHour:
		day, hour, _ := strings.Cut(key, "-")
		return keyWords()[day].in(l) + " " + hour + ":00"
	case ok && (by == statistics.ByWeekday || by == statistics.ByClass || by == statistics.ByOutcome):
		return words.in(l)
	}
	return key
}

func (a *API) exportFigures(w http.ResponseWriter, r *http.Request) error {
	q, err := a.question(r)
	if err != nil {
		return err
	}
	var c checks
	format := c.choice(r, "format", "xlsx", "csv")
	if err := c.err(); err != nil {
		return err
	}
	all, err := a.stays(r, q, false)
	if err != nil {
		return err
	}
	l := languageOf(r)
	var body []byte
	media, ending := "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"
	if format == "csv" {
		media, ending = "text/csv; charset=utf-8", "csv"
		s := a.figureSheet(&all, q.by, l)
		body, err = s.CSV()
	} else {
		var sheets []sheet.Figures
		for _, by := range statistics.Breakdowns() {
			sheets = append(sheets, a.figureSheet(&all, by, l))
		}
		body, err = sheet.WriteFigures(sheets)
	}
	if err != nil {
		return err
	}
	title := text{"排队统计", "Queue statistics"}.in(l) + " " + string(q.from) + "–" + string(q.until)
	w.Header().Set("Content-Disposition", `attachment; filename="statistics.`+ending+`"; filename*=UTF-8''`+pathEscape(title)+"."+ending)
	send(w, r, http.StatusOK, media, body)
	return nil
}
