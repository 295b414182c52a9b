package api

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"time"

	"golang.org/x/image/webp"

	"hallkeeper/hub/access"
	"hallkeeper/hub/attendance"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

const maxPhoto = 5_000_000

// What days answer.
type (
	// DayRow says how far a day is.
	DayRow struct {
		Day       string          `json:"day"`
		Kind      hall.DayKind    `json:"kind"`
		Name      string          `json:"name,omitempty"`
		State     wire.SheetState `json:"state"`
		Revision  int             `json:"revision,omitempty"`
		Published int             `json:"published,omitempty"`
		// Stale: something has become known since the last revision.
		Stale bool `json:"stale,omitempty"`
	}
	// DayList is days.
	DayList struct {
		Days []DayRow `json:"days"`
	}
	// PhotoKept names a picture.
	PhotoKept struct {
		Photo string `json:"photo"`
	}
	judgeSwapBody struct {
		Confirmed  bool   `json:"confirmed"`
		Department string `json:"department,omitempty"`
		Reason     string `json:"reason"`
	}
	judgeSwipeBody struct {
		Counts bool   `json:"counts"`
		Day    string `json:"day,omitempty"`
		At     string `json:"at,omitempty"`
		Reason string `json:"reason"`
	}
	reasonBody struct {
		Day    string `json:"day"`
		Reason string `json:"reason"`
	}
	replyBody struct {
		Day  string `json:"day"`
		Text string `json:"text"`
	}
	// Noted is what was said of a finding: by the inspector, in reply, at withdrawal.
	Noted struct {
		Note      *SignedRow `json:"note,omitempty"`
		Reply     *SignedRow `json:"reply,omitempty"`
		Withdrawn *SignedRow `json:"withdrawn,omitempty"`
	}
	// DayAnswer is a day's sheet as the reader may see it.
	DayAnswer struct {
		wire.DaySheet
		Notes map[string]Noted `json:"notes"`
		// Withdrawn says that what was published of the day was taken back, until it is published again.
		Withdrawn *Withdrawal `json:"withdrawn,omitempty"`
	}
)

func (a *API) dayRoutes() []route {
	date, id := in("date", "日期，如 2026-11-23", "the day, like 2026-11-23"), in("id", "编号", "the id")
	return []route{
		read(access.ReadHall, v1+"days", "日检查进度", "how far the days are", DayList{}, a.getDays, query("from", "自此日起", "from this day on"), query("until", "至此日", "until this day")),
		read(access.ReadHall, v1+"days/{date}", "日检查表", "the check sheet of a day", DayAnswer{}, a.getDay, date, count("revision", "第几版（默认最新）", "the revision (the newest by default)")),
		a.change(access.Decide, "POST", "days/{date}/check", "完成日检查", "close a day", nil, a.checkDay, []string{"day_not_over"}, date),
		a.change(access.Decide, "POST", "days/{date}/publish", "公示日检查结果", "publish a day", nil, a.publishDay, []string{"day_open", "calendar_provisional", "day_stale"}, date),
		a.change(access.Decide, "POST", "swipes/{id}/judge", "认定时间存疑的刷卡", "decide on a swipe whose time is uncertain", judgeSwipeBody{}, a.judgeSwipe, []string{"swipe_unknown", "swipe_certain"}, id),
		a.change(access.Decide, "POST", "swaps/{id}/judge", "认定疑似擅自调换", "confirm or clear a suspected swap", judgeSwapBody{}, a.judgeSwap, []string{"swap_unknown"}, id),
		a.change(access.Inspect, "POST", "findings", "录入巡查发现", "enter what an inspection found", attendance.MakeFinding{}, a.makeFinding, []string{"photo_unknown"}),
		a.change(access.Inspect, "POST", "findings/{id}/withdraw", "撤回一项发现", "withdraw a finding", reasonBody{}, a.withdraw, []string{"finding_unknown", "own_finding"}, id),
		a.change(access.Self, "POST", "findings/{id}/reply", "答复一项发现", "reply to a finding", replyBody{}, a.reply, []string{"finding_unknown", "already_published", "not_yours"}, id),
		own(access.Inspect, "POST", "photos", "上传巡查照片（至多 5 MB）", "keep a picture, 5 MB at most", nil, PhotoKept{}, a.putPhoto, "photo_too_large", "not_a_photo"),
		read(access.SignedIn, v1+"photos/{id}", "巡查照片", "a picture", nil, a.getPhoto, id),
		read(access.Self, v1+"me", "本人的考勤、请假与发现", "one's own days, requests and findings", MyDays{}, a.getMe, query("from", "自此日起", "from this day on"), query("until", "至此日", "until this day")),
	}
}

func state(v *register.View, day hall.Date) wire.SheetState {
	c, ok := v.State.Book.Closed.Get(string(day))
	switch {
	case !ok:
		return wire.SheetOpen
	case c.Published > 0:
		return wire.SheetPublished
	}
	return wire.SheetChecked
}

func (a *API) getDays(w http.ResponseWriter, r *http.Request) error {
	from, until, err := span(r)
	if err != nil {
		return err
	}
	today := a.today()
	until = min(until, today)
	from = max(from, until.AddDays(-366))
	list := DayList{Days: []DayRow{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		cal := v.State.Policy.Calendar()
		for d := until; d >= from; d = d.AddDays(-1) {
			rev, closed := v.Days.Latest(d)
			if !closed && d < today.AddDays(-7) {
				continue
			}
			c, _ := v.State.Book.Closed.Get(string(d))
			list.Days = append(list.Days, DayRow{string(d), cal.Kind(d), cal.Name(d), state(v, d), rev.Number, c.Published, v.Days.Stale.Has(string(d))})
		}
	})
	return sendJSON(w, r, list)
}

func (a *API) date(r *http.Request) (hall.Date, error) {
	d := hall.Date(r.PathValue("date"))
	if !d.Valid() {
		return "", wrong(field{"date", "date", text{"应为日期，如 2026-11-23", "must be a date like 2026-11-23"}})
	}
	return d, nil
}

// sheet is what is known of a day: the newest revision of a closed one, or one by number.
func (a *API) sheet(v *register.View, day hall.Date, revision int) (wire.Sheet, int, error) {
	rev, closed := v.Days.Latest(day)
	switch {
	case revision > 0:
		s, err := v.Days.Revision(day, revision)
		return s, revision, err
	case closed:
		s, err := v.Days.Revision(day, rev.Number)
		return s, rev.Number, err
	}
	return v.Days.Sheet(day, a.over(v, day)), 0, nil
}

// over is the present where a day is not over yet.
func (a *API) over(v *register.View, day hall.Date) time.Time {
	now := a.Now()
	if hall.MinuteOf(now, day, a.Zone) >= v.Days.Over(day) {
		return time.Time{}
	}
	return now
}

func (a *API) getDay(w http.ResponseWriter, r *http.Request) error {
	day, err := a.date(r)
	if err != nil {
		return err
	}
	var c checks
	revision := c.number(r, "revision", 0, 1, 1_000_000)
	if err := c.err(); err != nil {
		return err
	}
	i := who(r)
	answer := DayAnswer{Notes: map[string]Noted{}}
	a.Register.Read(func(v *register.View, windows *roster.State) {
		answer.Sheet, answer.Revision, err = a.sheet(v, day, int(revision))
		if err != nil {
			return
		}
		answer.State = state(v, day)
		closed, _ := v.State.Book.Closed.Get(string(day))
		answer.Published = closed.Published
		answer.Withdrawn = a.withdrawal(closed.Withdrawn, i.May(access.ReadAll))
		answer.Revisions, _ = v.Days.Revisions.Get(string(day))
		s := a.scopeOf(i, v, windows)
		if !s.all {
			answer.Revisions = nil // their differences name everybody
			answer.Sheet.Staff = slices.DeleteFunc(answer.Sheet.Staff, func(l wire.StaffLine) bool { return !s.person(l.Staff, l.Department, l.Window) })
			answer.Sheet.Windows = slices.DeleteFunc(answer.Sheet.Windows, func(l wire.WindowLine) bool { return !s.windows[l.Window] })
			answer.Sheet.Suspects = slices.DeleteFunc(answer.Sheet.Suspects, func(x wire.Suspect) bool { return !s.windows[x.Window] })
		}
		answer.Names = map[string]string{}
		for k := range answer.Sheet.Staff {
			l := &answer.Sheet.Staff[k]
			answer.Names[l.Staff] = a.nameOf(v, l.Staff)
			a.notes(v, l.Findings, answer.Notes, i.May(access.ReadAll))
		}
		for k := range answer.Sheet.Windows {
			a.notes(v, answer.Sheet.Windows[k].Findings, answer.Notes, i.May(access.ReadAll))
		}
		for _, x := range answer.Sheet.Suspects {
			if x.Staff != "" {
				answer.Names[x.Staff] = a.nameOf(v, x.Staff)
			}
		}
	})
	if err != nil {
		return err
	}
	return sendJSON(w, r, answer)
}

// notes gathers what was said of findings.
func (a *API) notes(v *register.View, findings []wire.Finding, into map[string]Noted, reasons bool) {
	b := &v.State.Book
	for _, f := range findings {
		var n Noted
		if x, ok := b.Inspections.Get(f.ID); ok {
			row := a.signedRow(&x.Signed, true)
			n.Note = &row
		}
		if x, ok := attendance.NoteOn(&b.Replies, &f); ok {
			row := a.signedRow(&x.Signed, reasons)
			n.Reply = &row
		}
		if x, ok := attendance.NoteOn(&b.Withdrawals, &f); ok {
			row := a.signedRow(&x.Signed, reasons)
			n.Withdrawn = &row
		}
		if n != (Noted{}) {
			into[f.ID] = n
		}
	}
}

func (a *API) checkDay(r *http.Request, body []byte) (order, error) {
	var none emptyBody
	if err := decode(body, &none); err != nil {
		return order{}, err
	}
	day, err := a.date(r)
	if err != nil {
		return order{}, err
	}
	over := false
	a.Register.Read(func(v *register.View, _ *roster.State) { over = a.over(v, day).IsZero() })
	if !over {
		return order{}, &hall.Error{Code: hall.CodeRefused, Name: "day_not_over", ZH: string(day) + " 的班次还没有结束", EN: "the shifts of " + string(day) + " are not over"}
	}
	return order{cmd: attendance.CheckDay{DayChecked: wire.DayChecked{Day: string(day)}}, status: http.StatusOK}, nil
}

func (a *API) publishDay(r *http.Request, body []byte) (order, error) {
	var none emptyBody
	if err := decode(body, &none); err != nil {
		return order{}, err
	}
	day, err := a.date(r)
	if err != nil {
		return order{}, err
	}
	c := attendance.PublishDay{DayPublished: wire.DayPublished{Day: string(day)}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		rev, _ := v.Days.Latest(day)
		c.Revision, c.Digest = rev.Number, rev.Digest
		c.Stale = v.Days.Stale.Has(string(day)) && v.Days.News(day)
	})
	return order{cmd: c, status: http.StatusOK}, nil
}

func (a *API) judgeSwipe(r *http.Request, body []byte) (order, error) {
	var b judgeSwipeBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	event, holder := r.PathValue("id"), ""
	var err error
	a.Register.Read(func(v *register.View, _ *roster.State) { holder, err = v.Days.Doubtful(event) })
	if err != nil {
		return order{}, err
	}
	return order{cmd: attendance.JudgeSwipe{SwipeJudged: wire.SwipeJudged{Event: event, Counts: b.Counts, Day: b.Day, At: b.At}, Reason: b.Reason, Holder: holder},
		status: http.StatusOK}, nil
}

func (a *API) judgeSwap(r *http.Request, body []byte) (order, error) {
	var b judgeSwapBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	id := r.PathValue("id")
	day := hall.Date(id[:min(len(id), 10)])
	known := false
	if day.Valid() {
		a.Register.Read(func(v *register.View, _ *roster.State) { known = v.Days.Suspected(day, a.over(v, day), id) })
	}
	if !known {
		return order{}, hall.Unknown("swap_unknown", "没有这项疑似调换", "there is no such suspicion")
	}
	return order{cmd: attendance.JudgeSwap{SwapJudged: wire.SwapJudged{Swap: id, Confirmed: b.Confirmed, Department: b.Department}, Reason: b.Reason}, status: http.StatusOK}, nil
}

func (a *API) makeFinding(r *http.Request, body []byte) (order, error) {
	o, err := enter[attendance.MakeFinding](nil)(r, body)
	if err != nil {
		return o, err
	}
	if c, ok := o.cmd.(attendance.MakeFinding); ok && c.Photo != "" {
		if _, err := a.Photos.Get(c.Photo); err != nil {
			return o, wrong(field{"photo", "unknown", text{"没有这张照片，请先上传", "there is no such picture; send it first"}})
		}
	}
	return o, nil
}

// finding looks for a finding of a day as it is known now.
func (a *API) finding(day hall.Date, id string) (f wire.Finding, staff string, err error) {
	if !day.Valid() {
		return f, "", wrong(field{"day", "date", text{"应为日期，如 2026-11-23", "must be a date like 2026-11-23"}})
	}
	known := false
	a.Register.Read(func(v *register.View, _ *roster.State) { f, staff, known = v.Days.Finding(day, a.over(v, day), id) })
	if !known {
		err = hall.Unknown("finding_unknown", "这一天没有这项发现", "there is no such finding on that day")
	}
	return f, staff, err
}

func (a *API) withdraw(r *http.Request, body []byte) (order, error) {
	var b reasonBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	id := r.PathValue("id")
	f, staff, err := a.finding(hall.Date(b.Day), id)
	if err != nil {
		return order{}, err
	}
	return order{cmd: attendance.WithdrawFinding{FindingWithdrawn: wire.FindingWithdrawn{Finding: id, Day: b.Day, Staff: staff, At: f.At, Minutes: f.Minutes}, Reason: b.Reason}, status: http.StatusOK}, nil
}

func (a *API) reply(r *http.Request, body []byte) (order, error) {
	var b replyBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	id, i := r.PathValue("id"), who(r)
	f, staff, err := a.finding(hall.Date(b.Day), id)
	if err != nil {
		return order{}, err
	}
	if staff == "" || staff != i.Staff {
		return order{}, problem("not_yours")
	}
	return order{cmd: attendance.ReplyToFinding{FindingReplied: wire.FindingReplied{Finding: id, Day: b.Day, Staff: staff, At: f.At, Minutes: f.Minutes}, Text: b.Text}, status: http.StatusOK}, nil
}

// putPhoto keeps a picture whose content says that it is one.
func (a *API) putPhoto(w http.ResponseWriter, r *http.Request) error {
	picture, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPhoto))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return problem("photo_too_large")
	case err != nil:
		f := problem("malformed")
		f.cause = err
		return f
	}
	if mediaOf(picture) == "" {
		return problem("not_a_photo")
	}
	hash, err := a.Photos.Put(picture)
	if err != nil {
		return err
	}
	body, err := encode(PhotoKept{hash})
	if err != nil {
		return err
	}
	send(w, r, http.StatusCreated, "application/json", body)
	return nil
}

// maxPixels is how large a picture may unfold, in pixels: phones make 50 million.
const maxPixels = 64_000_000

// mediaOf says what a picture is by its content, whatever it is called: it must begin
// like one and have a readable size. Anything else has no media type.
func mediaOf(picture []byte) string {
	media := http.DetectContentType(picture)
	var size func(io.Reader) (image.Config, error)
	switch media {
	case "image/jpeg":
		size = jpeg.DecodeConfig
	case "image/png":
		size = png.DecodeConfig
	case "image/webp":
		size = webp.DecodeConfig
	default:
		return ""
	}
	c, err := size(bytes.NewReader(picture))
	if err != nil || c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
		return ""
	}
	return media
}

// getPhoto shows a picture to who inspects or reads sheets, and to the person whom it is about.
func (a *API) getPhoto(w http.ResponseWriter, r *http.Request) error {
	hash, i := r.PathValue("id"), who(r)
	may := i.May(access.ReadAll)
	if !may {
		a.Register.Read(func(v *register.View, _ *roster.State) {
			for _, x := range v.State.Book.Inspections.Each() {
				may = may || x.Photo == hash && x.Staff == i.Staff && i.Staff != ""
			}
		})
	}
	if !may {
		return problem("not_yours")
	}
	picture, err := a.Photos.Get(hash)
	if errors.Is(err, fs.ErrNotExist) {
		return problem("not_found")
	}
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, max-age=3600") // it never changes, and is forgotten one day
	send(w, r, http.StatusOK, mediaOf(picture), picture)
	return nil
}
