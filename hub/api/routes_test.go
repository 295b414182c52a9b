package api

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/approval"
	"hallkeeper/hub/duty"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/signin/signintest"
	"hallkeeper/wire"
)

var update = flag.Bool("update", false, "write the golden table of roles")

// told is one request of a story.
type told struct {
	route, path, body string
	as                string // an account; the operator where it is empty
	media             string
}

func (x told) ask(s *stage) *httptest.ResponseRecorder {
	method, _, _ := strings.Cut(x.route, " ")
	path, ticket, served, visit, closed := x.path, "", "", "", ""
	s.Read(func(v *register.View, _ *roster.State) {
		for id := range v.State.Access.Passkeys.All() {
			path = strings.Replace(path, "PASSKEY", access.ShortDigest(id), 1)
		}
		for digest, x := range v.State.Access.Sessions.All() { // one that the story itself has opened
			if x.Account == "auditor" && digest != access.Digest("session-of-auditor") {
				path = strings.Replace(path, "SESSION", access.ShortDigest(digest), 1)
			}
		}
		for _, k := range v.State.People.Criticisms.All() {
			path = strings.Replace(path, "REPORT", k.Return, 1)
		}
		for id, o := range v.State.Enrolment.Offers.All() {
			if o.Open(s.now) {
				path = strings.Replace(path, "OFFER", id, 1)
			}
		}
		for serial := range v.State.Enrolment.Certificates.All() {
			path = strings.Replace(path, "SERIAL", serial, 1)
		}
		for _, token := range v.State.Access.Tokens.All() {
			path = strings.Replace(path, "LAST", token.ID, 1)
		}
		for _, c := range v.State.Conduct.Cases.All() {
			if !c.IsOpen() {
				closed = c.Case
			}
			for _, e := range c.Extensions {
				path = strings.Replace(path, "EXTENSION", e.ID, 1)
			}
			if c.Appeal != nil && !strings.Contains(path, "SCOREAPPEAL") {
				path = strings.Replace(path, "APPEAL", c.Appeal.ID, 1)
			}
		}
		for id := range v.State.Cycle.Appeals.All() {
			path = strings.Replace(path, "SCOREAPPEAL", id, 1)
		}
		for id := range v.State.Conduct.Exclusions.All() {
			path = strings.Replace(path, "EXCLUSION", id, 1)
		}
		for id, p := range v.State.Approvals.Proposals.All() {
			if p.State == approval.Open {
				path = strings.Replace(path, "PROPOSAL", id, 1)
			}
		}
		for id := range v.State.Copies.Copies.All() {
			path = strings.Replace(path, "COPY", id, 1)
		}
		for id, x := range v.State.Duties.Entries.All() {
			if x.Withdrawn == nil && x.Kind == wire.KindExposureEntered {
				path = strings.Replace(path, "ENTERED", id, 1)
			}
		}
		for id := range v.State.Duties.Reports.All() {
			path = strings.Replace(path, "OWED", id, 1)
		}
		for id, x := range v.State.Duties.Tasks.All() {
			if x.State != duty.Accepted {
				path = strings.Replace(path, "TASK", id, 1)
			}
		}
		for id := range v.State.Duties.Withdrawals.All() {
			path = strings.Replace(path, "LEAVING", id, 1)
		}
		for id := range v.State.Duties.Evaluations.All() {
			path = strings.Replace(path, "PRAISE", id, 1)
		}
		for id := range v.State.Line.Notices.All() {
			path = strings.Replace(path, "NOTICE", id, 1)
		}
		for id := range v.State.Line.Papers.All() {
			path = strings.Replace(path, "PAPER", id, 1)
		}
		for _, b := range v.State.Line.Bookings.All() {
			if b.State == queue.BookingBooked {
				path = strings.Replace(path, "CODE", b.Code, 1)
			}
		}
		for id, t := range v.State.Line.Tickets.All() { // the one that is held, the last that waits, or the one that is served
			if t.Stage == queue.Serving {
				served, visit = id, t.Visit
			}
			if t.Stage == queue.Held {
				ticket = id
				break
			}
			if t.Stage == queue.Waiting {
				ticket = id
			}
		}
	})
	if ticket == "" {
		ticket = served
	}
	if strings.HasPrefix(x.path, v1+"screens") {
		path, x.body = s.screenWords(path, x.body)
	}
	path = strings.NewReplacer("TICKET", ticket, "TOKEN", s.token(ticket)).Replace(path)
	body := strings.NewReplacer("TICKET", ticket, "VISIT", visit, "CLOSED", closed).Replace(x.body)
	as := func(r *http.Request) { s.signedIn(r, x.as) }
	switch { // what an authenticator answers cannot be written down
	case s.key == nil || x.body != "":
	case x.route == "POST /api/v1/passkeys":
		b := s.begun("passkeys/begin", `{"password":"a long password"}`, as)
		body = ends(b, "手机", s.key.Make(b.Options))
	case x.route == "POST /api/v1/session/passkey":
		b := s.begun("session/passkey/begin", "", signedOut)
		body = ends(b, "", s.key.Sign(b.Options))
	}
	if strings.HasSuffix(path, "/recall") {
		s.now = s.now.Add(time.Minute) // not at once
	}
	return s.ask(method, path, body, func(r *http.Request) {
		if x.media != "" {
			r.Header.Set("Content-Type", x.media)
		}
		if x.as != "" {
			s.signedIn(r, x.as)
		}
		if x.route == "POST /api/v1/enrol" { // nobody's code is taken in clear
			r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true}
		}
	})
}

// signedIn makes a request an account's.
func (s *stage) signedIn(r *http.Request, account string) {
	signedOut(r)
	if s.place != "" {
		r.RemoteAddr = s.place + ":4711"
	}
	if account != string(wire.RolePublic) {
		r.AddCookie(&http.Cookie{Name: sessionCookie(r), Value: "session-of-" + account})
	}
	if account == withCertificate {
		s.show(r, s.enrolled("w7", 170*24*time.Hour, 10*24*time.Hour))
	}
}

// photoOfTest is a picture of one grey point.
const photoOfTest = "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00\x3a\x7e\x9b\x55\x00\x00\x00\x0aIDAT" +
	"\x78\x9c\x63\x60\x00\x00\x00\x02\x00\x01\x48\xaf\xa4\x71\x00\x00\x00\x00IEND\xae\x42\x60\x82"

// people furnishes a hall with two departments, three windows, staff and an account of each role.
func (s *stage) people() {
	s.t.Helper()
	actor := wire.Actor{Kind: wire.ActorPerson, ID: "test"}
	do := func(cmd any) {
		s.t.Helper()
		if _, _, err := s.Do(s.t.Context(), actor, "", cmd); err != nil {
			s.t.Fatalf("%T: %v", cmd, err)
		}
	}
	for i, dep := range []string{"civil", "tax"} {
		w := fmt.Sprintf("w%d", i+1)
		do(roster.SetDepartment{Department: dep, Name: dep + "局"})
		do(SetWindow{w, fmt.Sprint(i + 1), "窗口", dep, ""})
		do(roster.SetPost{Post: "p" + w, Window: w, Name: "岗位"})
	}
	do(roster.SetShift{Shift: "day", Name: "行政班", Swipes: 4, Plans: []wire.ShiftPlan{{Periods: []wire.Period{{In: "08:30", Out: "12:00"}, {In: "14:30", Out: "18:00"}}}}})
	do(roster.AssignShift{Shift: "day", Scope: "hall", From: "2026-01-01"})
	for i, dep := range []string{"civil", "civil", "tax"} {
		id := fmt.Sprintf("s%d", i+1)
		do(roster.SetStaff{StaffSet: wire.StaffSet{Staff: id, Department: dep, Employment: "in_post", WorkSince: "2015-01-01"}, Name: "演示员" + id, Born: "1990-01-01"})
		do(roster.IssueCard{CardIssued: wire.CardIssued{Card: "h1:card-" + id, Staff: id, From: "2026-01-01", Shown: "••••" + id}})
	}
	do(roster.SetPost{Post: "pw1", Window: "w1", Name: "岗位", Deputies: []string{"s2"}})
	do(roster.PostStaff{Staff: "s1", Post: "pw1", From: "2026-01-05"})
	do(roster.PostStaff{Staff: "s3", Post: "pw2", From: "2026-01-05"})
	do(roster.SetRepresentative{Window: "w1", Staff: "s2", From: "2026-01-05"})
	for _, role := range access.Roles() {
		if role == wire.RolePublic {
			continue
		}
		if role == wire.RoleDevice { // it signs in by its certificate; no account can have the role
			data, _ := json.Marshal(wire.AccountSet{Account: string(role), Role: role})
			s.fold([]wire.Record{{Event: wire.Event{Kind: wire.KindAccountSet, Data: data}}})
			do(access.OpenSession{Digest: access.Digest("session-of-" + string(role)), Account: string(role)})
			continue
		}
		c := access.SetAccount{AccountSet: wire.AccountSet{Account: string(role), Role: role}, Name: string(role), Hash: hashOfTest}
		switch role {
		case wire.RoleStaff:
			c.Staff = "s1"
		case wire.RoleRepresentative:
			c.Staff = "s2"
		case wire.RoleLiaison:
			c.Department = "civil"
		}
		do(c)
		do(access.OpenSession{Digest: access.Digest("session-of-" + string(role)), Account: string(role)})
	}
	do(access.SetAccount{AccountSet: wire.AccountSet{Account: "spare", Role: wire.RoleAuditor}, Name: "spare", Hash: hashOfTest})
	do(access.OpenSession{Digest: access.Digest("session-of-spare"), Account: "spare"})
	data, _ := json.Marshal(wire.DeviceAssigned{Agent: "a1", Window: "w1"})
	s.fold([]wire.Record{{Position: 1, StoredAt: s.now, Event: wire.Event{ID: "assigned", At: s.now.AddDate(-1, 0, 0), Kind: wire.KindDeviceAssigned, Data: data}}})
}

// hashOfTest is of "a long password": argon2id is slow on purpose, so it is made once.
var hashOfTest = func() string {
	h, err := access.Hash("a long password", strings.NewReader(strings.Repeat("s", 16)))
	if err != nil {
		panic(err)
	}
	return h
}()

// swipe lets a device send a swipe of a card at a time of the day that it was.
func (s *stage) swipe(id, card string, at time.Time, clock wire.Clock) {
	data, _ := json.Marshal(wire.CardSwiped{Reader: "front", Card: card})
	s.fold([]wire.Record{{StoredAt: s.now, Event: wire.Event{ID: id, Agent: "a1", At: at, Clock: clock, Kind: wire.KindCardSwiped, Data: data}}})
}

// story uses every route once as it is meant to be used.
func story(s *stage) []told {
	s.key = signintest.New(s.t, "http://localhost:8080", "localhost")
	s.sso.Issuer = signintest.NewIssuer(s.t, func() time.Time { return s.now }).URL
	s.published("2026-10", 1)
	visit := s.ratedBadly("等了很久")
	s.now = time.Date(2026, 11, 23, 19, 0, 0, 0, zone)
	s.swipe("swipe-1", "h1:card-s1", time.Date(2026, 11, 23, 8, 45, 0, 0, zone), wire.ClockSynced)
	s.swipe("swipe-2", "h1:nobody", time.Date(2026, 11, 23, 9, 0, 0, 0, zone), wire.ClockSynced)
	s.swipe("swipe-3", "h1:card-s1", time.Date(2026, 11, 23, 12, 0, 0, 0, zone), wire.ClockUnsynced)
	wrong := s.troubled("device_cut_off/w03")
	v := "/api/v1/"
	hash := access.Digest(photoOfTest)
	return []told{
		{"GET /api/v1/troubles", v + "troubles", "", "auditor", ""}, {"POST /api/v1/troubles/{id}/see", v + "troubles/" + wrong + "/see", `{"note":"已联系电工"}`, "supervisor", ""},
		{"GET /api/v1/health", v + "health", "", "supervisor", ""}, {"POST /api/v1/health/test-message", v + "health/test-message", "", "administrator", ""},
		{"GET /api/v1/live", v + "live", "", "", ""}, {"GET /api/v1/windows", v + "windows", "", "", ""},
		{"PUT /api/v1/windows/{id}", v + "windows/w9", `{"number":"9","name":"n"}`, "", ""}, {"DELETE /api/v1/windows/{id}", v + "windows/w9", "", "", ""},
		{"GET /api/v1/devices", v + "devices", "", "", ""}, {"POST /api/v1/devices/{agent}/assign", v + "devices/a1/assign", `{"window":"w1"}`, "", ""},
		{"POST /api/v1/devices/{agent}/dismiss", v + "devices/a1/dismiss", "", "", ""}, {"POST /api/v1/devices/{agent}/identify", v + "devices/a1/identify", "", "", ""},
		{"POST /api/v1/devices/{agent}/restart", v + "devices/a1/restart", "", "", ""}, {"GET /api/v1/events", v + "events", "", "", ""},
		{"GET /api/v1/checkpoints", v + "checkpoints", "", "", ""}, {"GET /api/v1/proofs/record", v + "proofs/record?position=1", "", "", ""},
		{"GET /api/v1/proofs/tree", v + "proofs/tree?from=1", "", "", ""}, {"GET /api/v1/dead-letters", v + "dead-letters", "", "", ""},
		{"POST /api/v1/dead-letters/{number}/dismiss", v + "dead-letters/1/dismiss", "", "", ""}, {"GET /healthz", "/healthz", "", "", ""}, {"GET /readyz", "/readyz", "", "", ""},

		{"GET /api/v1/session", v + "session", "", "staff", ""}, {"POST /api/v1/session", v + "session", `{"account":"auditor","password":"a long password"}`, "public", ""},
		{"POST /api/v1/password", v + "password", `{"old":"a long password","new":"another password"}`, "spare", ""},
		{"GET /api/v1/sessions", v + "sessions", "", "auditor", ""}, {"DELETE /api/v1/sessions/{session}", v + "sessions/SESSION", "", "auditor", ""}, {"DELETE /api/v1/sessions", v + "sessions", "", "auditor", ""},
		{"GET /api/v1/accounts/{id}/sessions", v + "accounts/auditor/sessions", "", "", ""}, {"POST /api/v1/session", v + "session", `{"account":"auditor","password":"a long password"}`, "public", ""},
		{"DELETE /api/v1/accounts/{id}/sessions/{session}", v + "accounts/auditor/sessions/SESSION", "", "", ""}, {"DELETE /api/v1/accounts/{id}/sessions", v + "accounts/spare/sessions", "", "", ""},
		{"DELETE /api/v1/session", v + "session", "", "auditor", ""},
		{"GET /api/v1/sign-in", v + "sign-in", "", "public", ""}, {"GET /api/v1/ways", v + "ways", "", "supervisor", ""}, {"GET /api/v1/accounts/{id}/ways", v + "accounts/supervisor/ways", "", "", ""},
		{"POST /api/v1/passkeys/begin", v + "passkeys/begin", `{"password":"a long password"}`, "supervisor", ""}, {"POST /api/v1/passkeys", v + "passkeys", "", "supervisor", ""},
		{"POST /api/v1/session/passkey/begin", v + "session/passkey/begin", "", "public", ""}, {"POST /api/v1/session/passkey", v + "session/passkey", "", "public", ""},
		{"PUT /api/v1/passkeys/{passkey}", v + "passkeys/PASSKEY", `{"name":"值班手机"}`, "supervisor", ""},
		{"DELETE /api/v1/passkeys/{passkey}", v + "passkeys/PASSKEY", "", "supervisor", ""}, {"POST /api/v1/passkeys", v + "passkeys", "", "supervisor", ""},
		{"DELETE /api/v1/accounts/{id}/passkeys/{passkey}", v + "accounts/supervisor/passkeys/PASSKEY", "", "", ""},
		{"POST /api/v1/session/single-sign-on", v + "session/single-sign-on", "", "public", ""}, {"POST /api/v1/link", v + "link", `{"password":"a long password"}`, "supervisor", ""},
		{"PUT /api/v1/accounts/{id}/link", v + "accounts/supervisor/link", `{"subject":"subject-1"}`, "", ""}, {"DELETE /api/v1/link", v + "link", "", "supervisor", ""},
		{"PUT /api/v1/accounts/{id}/link", v + "accounts/supervisor/link", `{"subject":"subject-1"}`, "", ""}, {"DELETE /api/v1/accounts/{id}/link", v + "accounts/supervisor/link", "", "", ""},
		{"GET /api/v1/setup", v + "setup", "", "", ""},
		{"GET /api/v1/accounts", v + "accounts", "", "", ""}, {"PUT /api/v1/accounts/{id}", v + "accounts/zhou", `{"name":"演示","role":"auditor","password":"first password"}`, "", ""},
		{"DELETE /api/v1/accounts/{id}", v + "accounts/zhou", "", "", ""}, {"GET /api/v1/tokens", v + "tokens", "", "", ""},
		{"POST /api/v1/tokens", v + "tokens", `{"name":"月报","role":"auditor"}`, "", ""}, {"DELETE /api/v1/tokens/{id}", v + "tokens/LAST", "", "", ""},

		{"GET /api/v1/departments", v + "departments", "", "", ""}, {"PUT /api/v1/departments/{id}", v + "departments/land", `{"name":"自然资源局"}`, "", ""},
		{"DELETE /api/v1/departments/{id}", v + "departments/land", "", "", ""}, {"GET /api/v1/posts", v + "posts", "", "", ""},
		{"PUT /api/v1/posts/{id}", v + "posts/p9", `{"window":"w2","name":"二岗","deputies":["s3"]}`, "", ""}, {"DELETE /api/v1/posts/{id}", v + "posts/p9", "", "", ""},
		{"GET /api/v1/staff", v + "staff", "", "", ""},
		{"PUT /api/v1/staff/{id}", v + "staff/s4", `{"name":"演示员四","department":"tax","employment":"in_post","qualifications":["会计师"]}`, "", ""},
		{"POST /api/v1/staff/{id}/post", v + "staff/s4/post", `{"post":"pw2","from":"2026-11-23"}`, "", ""},
		{"GET /api/v1/cards", v + "cards", "", "", ""}, {"POST /api/v1/cards", v + "cards", `{"number":"77A1","staff":"s4","from":"2026-11-23"}`, "", ""},
		{"POST /api/v1/cards/{id}/end", v + "cards/h1:77A1/end", `{"reason":"lost"}`, "", ""},
		{"GET /api/v1/shifts", v + "shifts", "", "", ""},
		{"PUT /api/v1/shifts/{id}", v + "shifts/half", `{"name":"半日班","swipes":2,"plans":[{"periods":[{"in":"08:30","out":"12:00"}]}]}`, "", ""},
		{"POST /api/v1/shifts/{id}/assign", v + "shifts/day/assign", `{"scope":"staff","subject":"s4","from":"2026-12-01"}`, "", ""}, {"DELETE /api/v1/shifts/{id}", v + "shifts/half", "", "", ""},
		{"GET /api/v1/representatives", v + "representatives", "", "", ""},
		{"PUT /api/v1/windows/{id}/representative", v + "windows/w2/representative", `{"staff":"s3","from":"2026-11-23"}`, "", ""},

		{"POST /api/v1/roster/import", v + "roster/import?dry=1", "编号,姓名,派驻单位,窗口\ns9,演示员九,民政局,1\n", "", "text/csv"},
		{"GET /api/v1/roster/export", v + "roster/export", "", "", ""}, {"GET /api/v1/roster/template", v + "roster/template?format=csv", "", "", ""},

		{"GET /api/v1/calendar", v + "calendar?year=2026", "", "staff", ""},
		{"PUT /api/v1/calendar/years/{year}", v + "calendar/years/2027", `{"source":"演示","holidays":{"2027-01-01":"元旦"},"workdays":[]}`, "", ""},
		{"PUT /api/v1/calendar/closures/{date}", v + "calendar/closures/2026-12-01", `{"reason":"停电","half":"am"}`, "", ""},
		{"DELETE /api/v1/calendar/closures/{date}", v + "calendar/closures/2026-12-01", "", "", ""},
		{"GET /api/v1/policy", v + "policy", "", "staff", ""},
		{"POST /api/v1/policy/parameters/{name}/propose", v + "policy/parameters/late_grace/propose", `{"value":5,"from":"2026-12-01","reference":"纪要"}`, "administrator", ""}, {"POST /api/v1/proposals/{id}/confirm", v + "proposals/PROPOSAL/confirm", "", "supervisor", ""},
		{"POST /api/v1/policies/check", v + "policies/check", policyBody("", ""), "", ""}, {"POST /api/v1/policies", v + "policies", policyBody("2026-11-01", "局务会议纪要"), "administrator", ""},
		{"GET /api/v1/proposals", v + "proposals?state=open", "", "supervisor", ""}, {"GET /api/v1/proposals/{id}", v + "proposals/PROPOSAL", "", "", ""}, {"POST /api/v1/proposals/{id}/confirm", v + "proposals/PROPOSAL/confirm", "", "supervisor", ""},
		{"POST /api/v1/policies/{version}/extend", v + "policies/wuzhengbanfa-2020-63@1.0.0/extend", `{"from":"2022-08-01","document":"演示〔2022〕1号（虚构）","reason":"继续试行"}`, "administrator", ""},
		{"POST /api/v1/proposals/{id}/decline", v + "proposals/PROPOSAL/decline", `{"why":"文号有误"}`, "supervisor", ""},
		{"POST /api/v1/policies/{version}/extend", v + "policies/wuzhengbanfa-2020-63@1.0.0/extend", `{"from":"2022-08-01","document":"演示〔2022〕2号（虚构）"}`, "administrator", ""},
		{"POST /api/v1/proposals/{id}/withdraw", v + "proposals/PROPOSAL/withdraw", "", "administrator", ""},
		{"POST /api/v1/policies/{version}/extend", v + "policies/wuzhengbanfa-2020-63@1.0.0/extend", `{"from":"2022-08-01","document":"演示〔2022〕1号（虚构）"}`, "administrator", ""},
		{"POST /api/v1/proposals/{id}/confirm", v + "proposals/PROPOSAL/confirm", "", "supervisor", ""}, {"GET /api/v1/audit", v + "audit?person=supervisor", "", "", ""},
		{"GET /api/v1/policies", v + "policies", "", "staff", ""}, {"GET /api/v1/policies/{version}", v + "policies/wuzhengbanfa-2020-63@1.0.0", "", "staff", ""},

		{"GET /api/v1/requests", v + "requests?state=asked", "", "", ""},
		{"POST /api/v1/leaves", v + "leaves", `{"leave":"l1","leave_kind":"sick","from":"2026-11-24","from_half":"am","until":"2026-11-24","until_half":"pm","reason":"发烧"}`, "staff", ""},
		{"POST /api/v1/leaves/{id}/decide", v + "leaves/l1/decide", `{"approved":true}`, "", ""}, {"POST /api/v1/leaves/{id}/cancel", v + "leaves/l1/cancel", "", "staff", ""},
		{"POST /api/v1/secondments", v + "secondments", `{"secondment":"m1","staff":"s1","document":"民发1","to":"普查办","from":"2026-12-01","until":"2026-12-05","cover":"s2"}`, "", ""},
		{"POST /api/v1/secondments/{id}/end", v + "secondments/m1/end", `{"on":"2026-12-03"}`, "", ""},
		{"POST /api/v1/punches", v + "punches", `{"punch":"u1","day":"2026-11-23","at":"18:00","reason":"忘刷"}`, "staff", ""},
		{"POST /api/v1/punches/{id}/decide", v + "punches/u1/decide", `{"approved":false,"reason":"监控未见"}`, "supervisor", ""},
		{"POST /api/v1/punches", v + "punches", `{"punch":"u2","day":"2026-11-23","at":"12:00","reason":"忘刷"}`, "staff", ""},
		{"POST /api/v1/punches/{id}/cancel", v + "punches/u2/cancel", "", "staff", ""},
		{"POST /api/v1/punches/manual", v + "punches/manual", `{"staff":"s3","day":"2026-11-23","at":"08:20","signed_by":"s1","reason":"读卡器故障"}`, "", ""},
		{"GET /api/v1/duties", v + "duties", "", "", ""},
		{"POST /api/v1/delegations", v + "delegations", `{"delegation":"d1","from":"2026-11-23","until":"2026-11-30","deputy":"representative","reason":"出差"}`, "supervisor", ""},
		{"POST /api/v1/delegations/{id}/end", v + "delegations/d1/end", "", "", ""}, {"PUT /api/v1/rota/{date}", v + "rota/2026-11-24", `{"accounts":["supervisor"]}`, "", ""},

		{"POST /api/v1/swipes/{id}/judge", v + "swipes/swipe-3/judge", `{"counts":true,"day":"2026-11-23","at":"12:00","reason":"时钟未校"}`, "", ""},
		{"POST /api/v1/swaps/{id}/judge", v + "swaps/2026-11-23.w1.card-nobody/judge", `{"confirmed":false,"reason":"访客卡"}`, "", ""},
		{"POST /api/v1/photos", v + "photos", photoOfTest, "", "image/jpeg"},
		{"POST /api/v1/findings", v + "findings", `{"finding":"f1","day":"2026-11-23","rule":"appearance","window":"w1","staff":"s1","note":"未戴工牌","photo":"` + hash + `"}`, "", ""},
		{"GET /api/v1/photos/{id}", v + "photos/" + hash, "", "staff", ""},
		{"GET /api/v1/me", v + "me?from=2026-11-20", "", "staff", ""},
		{"POST /api/v1/findings/{id}/reply", v + "findings/f1/reply", `{"day":"2026-11-23","text":"工牌在换发"}`, "staff", ""},
		{"POST /api/v1/findings/{id}/withdraw", v + "findings/f1/withdraw", `{"day":"2026-11-23","reason":"属实"}`, "", ""},
		{"GET /api/v1/days", v + "days?from=2026-11-20", "", "", ""},
		{"POST /api/v1/days/{date}/check", v + "days/2026-11-22/check", "", "", ""}, {"POST /api/v1/days/{date}/publish", v + "days/2026-11-22/publish", "", "", ""},
		{"GET /api/v1/days/{date}", v + "days/2026-11-22", "", "liaison", ""},
		{"POST /api/v1/days/{date}/unpublish", v + "days/2026-11-22/unpublish", `{"revision":1,"reason":"漏了一张请假条"}`, "supervisor", ""}, {"POST /api/v1/proposals/{id}/confirm", v + "proposals/PROPOSAL/confirm", "", "administrator", ""},

		{"GET /api/v1/cases", v + "cases", "", "liaison", ""}, {"GET /api/v1/cases/export", v + "cases/export?format=csv", "", "representative", ""},
		{"POST /api/v1/cases", v + "cases", `{"source":"hotline","department":"civil","text":"窗口没人"}`, "supervisor", ""},
		{"POST /api/v1/cases/{id}/assign", v + "cases/P2026-000001/assign", `{"department":"civil","staff":"s2"}`, "liaison", ""},
		{"POST /api/v1/cases/{id}/grade", v + "cases/P2026-000001/grade", `{"hard":true}`, "supervisor", ""},
		{"POST /api/v1/cases/{id}/extension", v + "cases/P2026-000001/extension", `{"days":2,"reason":"需增设导办"}`, "liaison", ""},
		{"POST /api/v1/extensions/{id}/decide", v + "extensions/EXTENSION/decide", `{"approved":true}`, "supervisor", ""},
		{"POST /api/v1/cases/{id}/answer", v + "cases/P2026-000001/answer", `{"text":"已电话致歉"}`, "liaison", ""},
		{"POST /api/v1/cases/{id}/rectify", v + "cases/P2026-000001/rectify", `{"text":"增设导办"}`, "representative", ""},
		{"POST /api/v1/cases/{id}/revisit", v + "cases/P2026-000001/revisit", `{"result":"unreached"}`, "supervisor", ""},
		{"POST /api/v1/cases/{id}/close", v + "cases/P2026-000002/close", `{"result":"unfounded","reason":"查无此事"}`, "supervisor", ""},
		{"POST /api/v1/appeals", v + "appeals", `{"case":"P2026-000001","reason":"群众说按错了"}`, "staff", ""},
		{"POST /api/v1/appeals/{id}/decide", v + "appeals/APPEAL/decide", `{"granted":true,"reason":"录像属实"}`, "supervisor", ""},
		{"POST /api/v1/visits/{id}/exclusion", v + "visits/" + visit + "/exclusion", `{"why":"mistaken","reason":"误评"}`, "supervisor", ""},
		{"GET /api/v1/exclusions", v + "exclusions?state=waiting", "", "supervisor", ""},
		{"GET /api/v1/cases/{id}", v + "cases/P2026-000001", "", "liaison", ""},
		{"POST /api/v1/personal/{kind}/{id}/reveal", v + "personal/case/P2026-000001/reveal", `{"reason":"回访核实"}`, "supervisor", ""},
		{"POST /api/v1/personal/{kind}/{id}/export", v + "personal/case/P2026-000001/export", `{"reason":"当事人书面申请"}`, "supervisor", ""},
		{"POST /api/v1/me/export", v + "me/export", "", "staff", ""},
		{"POST /api/v1/backup", v + "backup", `{"recipients":["age1"],"into":"/mnt/backup"}`, "", ""},
		{"GET /api/v1/personal/retention", v + "personal/retention", "", "supervisor", ""},
		{"PUT /api/v1/personal/retention/{kind}", v + "personal/retention/case", `{"days":730,"from":"2027-01-01","reference":"局务会议纪要"}`, "administrator", ""},
		{"POST /api/v1/personal/forget", v + "personal/forget", `{"whose":"case-CLOSED","reason":"当事人申请删除","reference":"申请表"}`, "administrator", ""},
		{"POST /api/v1/exclusions/{id}/decide", v + "exclusions/EXCLUSION/decide", `{"approved":true,"reason":"核实"}`, "administrator", ""},

		{"PUT /api/v1/services/{id}", v + "services/marriage", `{"name":"婚姻登记","department":"civil","prefix":"A","windows":["w1","w2"],"documents":["身份证"]}`, "", ""},
		{"GET /api/v1/statistics/queue", v + "statistics/queue?by=service", "", "supervisor", ""}, {"GET /api/v1/statistics/visits", v + "statistics/visits", "", "staff", ""}, {"GET /api/v1/statistics/export", v + "statistics/export?format=csv", "", "liaison", ""},
		{"GET /api/v1/services", v + "services", "", "public", ""},
		{"POST /api/v1/tickets", v + "tickets", `{"service":"marriage"}`, "screen", ""}, {"POST /api/v1/tickets", v + "tickets", `{"service":"marriage","class":"elderly"}`, "screen", ""},
		{"GET /api/v1/tickets/{id}", v + "tickets/TICKET", "", "public", ""},
		{"POST /api/v1/windows/{id}/open", v + "windows/w1/open", "", "staff", ""},
		{"POST /api/v1/windows/{id}/call-next", v + "windows/w1/call-next", "", "staff", ""}, {"POST /api/v1/windows/{id}/hold", v + "windows/w1/hold", "", "staff", ""},
		{"POST /api/v1/windows/{id}/call-next", v + "windows/w1/call-next", "", "staff", ""}, {"POST /api/v1/windows/{id}/no-show", v + "windows/w1/no-show", "", "staff", ""},
		{"POST /api/v1/windows/{id}/resume", v + "windows/w1/resume", `{"ticket":"TICKET"}`, "staff", ""}, {"POST /api/v1/windows/{id}/start", v + "windows/w1/start", "", "staff", ""},
		{"POST /api/v1/windows/{id}/transfer", v + "windows/w1/transfer", `{"to":"w2"}`, "staff", ""},
		{"POST /api/v1/windows/{id}/call-next", v + "windows/w2/call-next", "", "representative", ""}, {"POST /api/v1/windows/{id}/start", v + "windows/w2/start", "", "representative", ""},
		{"POST /api/v1/windows/{id}/finish", v + "windows/w2/finish", `{"outcome":"notice","reason":"缺户口簿"}`, "representative", ""},
		{"POST /api/v1/windows/{id}/call-next", v + "windows/w1/call-next", "", "staff", ""}, {"POST /api/v1/windows/{id}/recall", v + "windows/w1/recall", "", "staff", ""},
		{"GET /api/v1/line", v + "line", "", "staff", ""}, {"POST /api/v1/windows/{id}/no-show", v + "windows/w1/no-show", "", "staff", ""},
		{"POST /api/v1/windows/{id}/pause", v + "windows/w1/pause", `{"reason":"打印机故障"}`, "staff", ""}, {"POST /api/v1/windows/{id}/close", v + "windows/w1/close", `{"reason":"盘点"}`, "staff", ""},
		{"POST /api/v1/tickets", v + "tickets", `{"service":"marriage"}`, "staff", ""}, {"POST /api/v1/tickets/{id}/drop", v + "tickets/TICKET/drop", `{"why":"cancelled"}`, "screen", ""},
		{"POST /api/v1/devices/{agent}/assign", v + "devices/a1/assign", `{"window":"w1"}`, "", ""}, {"POST /api/v1/tickets", v + "tickets", `{"service":"marriage","kiosk":"a1"}`, "screen", ""}, {"POST /api/v1/tickets/{id}/received", v + "tickets/TICKET/received", "", "screen", ""},
		{"POST /api/v1/tickets/{id}/print", v + "tickets/TICKET/print", "", "screen", ""}, {"POST /api/v1/tickets/{id}/drop", v + "tickets/TICKET/drop", `{"why":"cancelled"}`, "screen", ""},
		{"POST /api/v1/windows/{id}/open", v + "windows/w1/open", "", "staff", ""}, {"POST /api/v1/tickets", v + "tickets", `{"service":"marriage"}`, "staff", ""},
		{"POST /api/v1/windows/{id}/call-next", v + "windows/w1/call-next", "", "staff", ""}, {"POST /api/v1/windows/{id}/start", v + "windows/w1/start", "", "staff", ""},
		{"POST /api/v1/windows/{id}/finish", v + "windows/w1/finish", `{"outcome":"promised","missing":["身份证"],"citizen":"13800000000"}`, "staff", ""},
		{"GET /api/v1/matters", v + "matters?state=all", "", "staff", ""}, {"GET /api/v1/matters/export", v + "matters/export?format=csv", "", "staff", ""},
		{"GET /api/v1/matters/{id}", v + "matters/2026-000001", "", "staff", ""}, {"GET /api/v1/visits/repeated", v + "visits/repeated", "", "", ""},
		{"POST /api/v1/matters/{id}/suspend", v + "matters/2026-000001/suspend", `{"why":"hearing","reason":"听证"}`, "staff", ""},
		{"POST /api/v1/matters/{id}/resume", v + "matters/2026-000001/resume", "", "representative", ""},
		{"POST /api/v1/matters/{id}/supplement", v + "matters/2026-000001/supplement", `{"documents":["身份证"]}`, "staff", ""},
		{"POST /api/v1/matters/{id}/conclude", v + "matters/2026-000001/conclude", `{"result":"granted"}`, "staff", ""},
		{"POST /api/v1/matters/{id}/correct", v + "matters/2026-000001/correct", `{"what":"reopened","reason":"误按"}`, "", ""},
		{"POST /api/v1/windows/{id}/serve", v + "windows/w1/serve", `{"service":"marriage"}`, "staff", ""}, {"GET /api/v1/windows/{id}/rating", v + "windows/w1/rating", "", "screen", ""},
		{"POST /api/v1/windows/{id}/ratings", v + "windows/w1/ratings", `{"level":1,"visit":"VISIT"}`, "screen", ""}, {"POST /api/v1/windows/{id}/ratings/reasons", v + "windows/w1/ratings/reasons", `{"visit":"VISIT","reasons":["slow"],"phone":"13800000042"}`, "screen", ""},
		{"POST /api/v1/windows/{id}/finish", v + "windows/w1/finish", "", "staff", ""}, {"POST /api/v1/windows/{id}/serve", v + "windows/w1/serve", `{"service":"marriage"}`, "staff", ""},
		{"GET /api/v1/tickets/{id}/rating", v + "tickets/TOKEN/rating", "", "public", ""}, {"POST /api/v1/tickets/{id}/rating", v + "tickets/TOKEN/rating", `{"level":2}`, "public", ""},
		{"POST /api/v1/tickets/{id}/rating/reasons", v + "tickets/TOKEN/rating/reasons", `{"text":"等了很久"}`, "public", ""}, {"POST /api/v1/windows/{id}/finish", v + "windows/w1/finish", "", "staff", ""},
		{"GET /api/v1/ratings/signs", v + "ratings/signs", "", "supervisor", ""}, {"GET /api/v1/indicators", v + "indicators?by=window", "", "supervisor", ""}, {"GET /api/v1/indicators/export", v + "indicators/export?by=staff&format=csv", "", "liaison", ""},
		{"GET /api/v1/ratings", v + "ratings?result=rated", "", "supervisor", ""}, {"GET /api/v1/ratings/reasons", v + "ratings/reasons", "", "public", ""},
		{"PUT /api/v1/ratings/reasons", v + "ratings/reasons", `{"reasons":[{"id":"slow","zh":"太慢","en":"too slow"}]}`, "", ""},
		{"POST /api/v1/ratings/publications", v + "ratings/publications", `{"period":"2026-11"}`, "supervisor", ""}, {"GET /api/v1/ratings/publications", v + "ratings/publications", "", "public", ""},
		{"POST /api/v1/ratings/publications/{period}/unpublish", v + "ratings/publications/2026-11/unpublish", `{"revision":1,"reason":"补传的评价尚未到齐"}`, "supervisor", ""}, {"POST /api/v1/proposals/{id}/confirm", v + "proposals/PROPOSAL/confirm", "", "administrator", ""},
		{"POST /api/v1/visits/paper/read", v + "visits/paper/read", "业务,纸质号,取号,呼叫,结束,窗口,结果\n婚姻登记,17,9:10,9:20,9:30,1,当场办结\n", "", "text/csv"}, {"GET /api/v1/visits/paper/template", v + "visits/paper/template?format=csv", "", "", ""},
		{"POST /api/v1/visits/paper", v + "visits/paper", `{"day":"2026-11-22","rows":[{"service":"marriage","paper":"17","window":"w1","taken":"09:10","called":"09:20","finished":"09:30","outcome":"done"}]}`, "", ""},
		{"GET /api/v1/visits/paper", v + "visits/paper", "", "", ""}, {"POST /api/v1/visits/paper/{id}/withdraw", v + "visits/paper/PAPER/withdraw", `{"reason":"录错"}`, "", ""},
		{"GET /api/v1/windows/{id}/line", v + "windows/w2/line", "", "staff", ""},
		{"POST /api/v1/notices", v + "notices", `{"phrase":"keep_belongings","speak":true}`, "", ""}, {"GET /api/v1/notices", v + "notices", "", "public", ""},
		{"DELETE /api/v1/notices/{id}", v + "notices/NOTICE", "", "", ""}, {"POST /api/v1/line/keep", v + "line/keep", `{"reason":"停电"}`, "", ""},
		{"PUT /api/v1/services/{id}", v + "services/booked", `{"name":"预约业务","department":"civil","prefix":"Y","windows":["w1"],"slots":[{"from":"23:00","until":"23:30","capacity":9}]}`, "", ""},
		{"GET /api/v1/services/{id}/slots", v + "services/booked/slots", "", "public", ""},
		{"POST /api/v1/appointments", v + "appointments", `{"service":"booked","day":"2026-11-23","from":"23:00","name":"演示"}`, "screen", ""},
		{"GET /api/v1/appointments", v + "appointments", "", "staff", ""}, {"POST /api/v1/appointments/{code}/cancel", v + "appointments/CODE/cancel", "", "screen", ""},
		{"POST /api/v1/appointments", v + "appointments", `{"service":"booked","day":"2026-11-23","from":"23:00"}`, "screen", ""},
		{"POST /api/v1/policy/parameters/{name}", v + "policy/parameters/booking_early", `{"value":1440,"from":"2026-11-23","reference":"大厅规定"}`, "", ""},
		{"POST /api/v1/appointments/{code}/check-in", v + "appointments/CODE/check-in", "", "screen", ""},
		{"POST /api/v1/tickets", v + "tickets", `{"service":"marriage"}`, "screen", ""}, {"POST /api/v1/tickets/{id}/export", v + "tickets/TOKEN/export", "", "public", ""}, {"POST /api/v1/tickets/{id}/leave", v + "tickets/TOKEN/leave", "", "public", ""},
		{"DELETE /api/v1/services/{id}", v + "services/marriage", "", "", ""},

		{"PUT /api/v1/departments/{id}/mail", v + "departments/civil/mail", `{"email":"office@civil.example.cn"}`, "", ""},
		{"POST /api/v1/months/{period}/copies", v + "months/2026-11/copies", `{"departments":["civil"]}`, "", ""},
		{"POST /api/v1/quarters/{period}/copies", v + "quarters/2026-Q4/copies", "", "", ""},
		{"POST /api/v1/years/{period}/copies", v + "years/2026/copies", `{"formats":["pdf"]}`, "", ""},
		{"POST /api/v1/copies/{id}/retry", v + "copies/COPY/retry", "", "", ""}, {"GET /api/v1/copies", v + "copies?period=2026-11", "", "liaison", ""},

		{"GET /api/v1/procedures", v + "procedures", "", "", ""},
		{"POST /api/v1/assignments", v + "assignments", `{"assignment":"a1","staff":"s2","post":"pw1","document":"民发2"}`, "liaison", ""},
		{"POST /api/v1/assignments/{id}/examine", v + "assignments/a1/examine", `{"identity":"pass","knowledge":"pass","computer":"pass","health":"pass","qualities":{"1":"pass","2":"pass","3":"pass","4":"pass","5":"pass"}}`, "", ""},
		{"POST /api/v1/assignments/{id}/decide", v + "assignments/a1/decide", `{"accept":true,"from":"2026-12-01"}`, "", ""},
		{"POST /api/v1/changes", v + "changes", `{"change":"c1","staff":"s1","document":"民发3","wanted_on":"2026-12-31","reason":"家庭原因"}`, "liaison", ""},
		{"POST /api/v1/changes/{id}/decide", v + "changes/c1/decide", `{"approved":true}`, "", ""},
		{"POST /api/v1/handovers", v + "handovers", `{"staff":"s1","successor":"s2","as":"leaver"}`, "staff", ""},
		{"POST /api/v1/handovers", v + "handovers", `{"staff":"s1","successor":"s2","as":"successor"}`, "representative", ""},
		{"POST /api/v1/staff/{id}/depart", v + "staff/s1/depart", `{"from":"2026-12-31","document":"民发4"}`, "", ""},
		{"POST /api/v1/replacements", v + "replacements", `{"replacement":"r1","staff":"s3","reason":"不能胜任"}`, "", ""},
		{"POST /api/v1/replacements/{id}/meet", v + "replacements/r1/meet", `{"successor":"s4"}`, "", ""},
		{"POST /api/v1/criticisms", v + "criticisms", `{"staff":"s3","on":"2026-11-20","reason":"一"}`, "", ""},
		{"POST /api/v1/criticisms", v + "criticisms", `{"staff":"s3","on":"2026-11-21","reason":"二"}`, "", ""},
		{"POST /api/v1/criticisms", v + "criticisms", `{"staff":"s3","on":"2026-11-22","reason":"三"}`, "", ""},
		{"POST /api/v1/staff/{id}/return", v + "staff/s3/return", `{"on":"2026-11-23"}`, "", ""},
		{"GET /api/v1/reports/{id}", v + "reports/REPORT", "", "", ""},

		{"POST /api/v1/exchanges", v + "exchanges", `{"window":"w1","text":"窗口人员配置"}`, "supervisor", ""}, {"GET /api/v1/exchanges", v + "exchanges?month=2026-11", "", "liaison", ""},
		{"POST /api/v1/report-duties", v + "report-duties", `{"title":"月度统计表","department":"civil","due":"2026-11-25","monthly":true}`, "supervisor", ""},
		{"POST /api/v1/report-duties/{id}/file", v + "report-duties/OWED/file", `{"text":"已报"}`, "liaison", ""}, {"GET /api/v1/report-duties", v + "report-duties", "", "liaison", ""},
		{"POST /api/v1/report-duties/{id}/cancel", v + "report-duties/OWED/cancel", `{"reason":"不再报送"}`, "supervisor", ""},
		{"POST /api/v1/tasks", v + "tasks", `{"title":"整理档案","window":"w1","due":"2026-11-25"}`, "supervisor", ""}, {"POST /api/v1/tasks/{id}/report", v + "tasks/TASK/report", `{"text":"已完成"}`, "liaison", ""},
		{"POST /api/v1/tasks/{id}/return", v + "tasks/TASK/return", `{"reason":"不全"}`, "supervisor", ""}, {"POST /api/v1/tasks/{id}/report", v + "tasks/TASK/report", "", "liaison", ""},
		{"POST /api/v1/tasks/{id}/accept", v + "tasks/TASK/accept", "", "supervisor", ""}, {"POST /api/v1/tasks", v + "tasks", `{"title":"值守","staff":"s4","due":"2026-11-25"}`, "supervisor", ""},
		{"POST /api/v1/tasks/{id}/cancel", v + "tasks/TASK/cancel", `{"reason":"改期"}`, "supervisor", ""}, {"GET /api/v1/tasks", v + "tasks?state=all", "", "liaison", ""},
		{"PUT /api/v1/items/{id}", v + "items/i1", `{"department":"civil","name":"婚姻登记","document":"民发5"}`, "supervisor", ""},
		{"POST /api/v1/items/{id}/elsewhere", v + "items/i1/elsewhere", `{"place":"局机关","evidence":"受理回执"}`, "supervisor", ""},
		{"POST /api/v1/items/{id}/unlist", v + "items/i1/unlist", `{"document":"民发6"}`, "supervisor", ""}, {"GET /api/v1/items", v + "items", "", "liaison", ""},
		{"POST /api/v1/guides", v + "guides", `{"window":"w1","what":"sample","text":"样表缺失"}`, "supervisor", ""}, {"GET /api/v1/guides", v + "guides", "", "representative", ""},
		{"POST /api/v1/withdrawals", v + "withdrawals", `{"window":"w1","document":"民发8","reason":"业务并入综合窗口"}`, "liaison", ""},
		{"POST /api/v1/withdrawals/{id}/examine", v + "withdrawals/LEAVING/examine", `{"document":"政服1"}`, "supervisor", ""},
		{"POST /api/v1/withdrawals/{id}/decide", v + "withdrawals/LEAVING/decide", `{"approved":false,"document":"政函1","reason":"不同意"}`, "supervisor", ""},
		{"POST /api/v1/withdrawals/found", v + "withdrawals/found", `{"window":"w1","text":"人员与设备撤走"}`, "supervisor", ""}, {"GET /api/v1/withdrawals", v + "withdrawals", "", "liaison", ""},
		{"POST /api/v1/own-scores", v + "own-scores", `{"staff":"s2","period":"2026-11","points":"95"}`, "liaison", ""},
		{"POST /api/v1/own-scores/confirm", v + "own-scores/confirm", `{"department":"tax","document":"税发1","text":"考核表"}`, "supervisor", ""}, {"GET /api/v1/own-scores", v + "own-scores", "", "liaison", ""},
		{"POST /api/v1/commendations", v + "commendations", `{"staff":"s2","document":"锦旗"}`, "supervisor", ""}, {"GET /api/v1/commendations", v + "commendations", "", "liaison", ""},
		{"POST /api/v1/exposures", v + "exposures", `{"source":"media","window":"w1","document":"晚报"}`, "supervisor", ""}, {"GET /api/v1/exposures", v + "exposures", "", "liaison", ""},
		{"POST /api/v1/duty-entries/{id}/withdraw", v + "duty-entries/ENTERED/withdraw", `{"reason":"不属实"}`, "supervisor", ""},
		{"POST /api/v1/evaluations", v + "evaluations", `{"staff":"s1"}`, "supervisor", ""}, {"PUT /api/v1/evaluations/{id}", v + "evaluations/PRAISE", `{"text":"工作认真负责。"}`, "supervisor", ""},
		{"POST /api/v1/evaluations/{id}/sign", v + "evaluations/PRAISE/sign", "", "supervisor", ""}, {"GET /api/v1/evaluations", v + "evaluations", "", "supervisor", ""},
		{"GET /api/v1/evaluations/{id}", v + "evaluations/PRAISE", "", "supervisor", ""}, {"GET /api/v1/filings/staff", v + "filings/staff?format=csv", "", "supervisor", ""},
		{"GET /api/v1/board", v + "board", "", "public", ""}, {"GET /api/v1/verify/{period}/{revision}", v + "verify/2026-10/1", "", "public", ""},
		{"POST /api/v1/enrol", v + "enrol", `{"secret":"` + strings.ToLower(s.offered("w9")) + `","request":` + requestOf(s.t) + `}`, "public", ""},
		{"POST /api/v1/enrolments", v + "enrolments", `{"device":"w8"}`, "supervisor", ""}, {"GET /api/v1/enrolments", v + "enrolments", "", "supervisor", ""},
		{"DELETE /api/v1/enrolments/{id}", v + "enrolments/OFFER", "", "supervisor", ""}, {"GET /api/v1/certificates", v + "certificates", "", "supervisor", ""},
		{"DELETE /api/v1/certificates/{serial}", v + "certificates/SERIAL?reason=lost", "", "supervisor", ""},
		{"POST /api/v1/certificates/renew", v + "certificates/renew", `{"request":` + requestOf(s.t) + `}`, withCertificate, ""},
		{"POST /api/v1/setup", v + "setup", `{"code":"code","account":"zheng","name":"演示","password":"a good password"}`, "public", ""},
	}
}

// Every route is asked by every role; who may not is refused with 401 or 403, and
// the table of it all is the golden one. A route without a row fails.
func TestEveryRouteWithEveryRole(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	var table strings.Builder
	for _, r := range (&API{Deps: Deps{ChangesPerSecond: 1}}).table() {
		path := strings.NewReplacer("{id}", "nobody", "{agent}", "nobody", "{number}", "0", "{date}", "nobody", "{year}", "nobody", "{name}", "nobody", "{code}", "nobody", "{period}", "2026-10", "{subject}", "nobody", "{version}", "nobody", "{session}", "nobody", "{passkey}", "nobody").Replace(r.path)
		fmt.Fprintf(&table, "%-6s %-44s", r.method, r.path)
		for _, role := range access.Roles() {
			if r.method == "DELETE" && r.path == "/api/v1/session" && access.May(role, access.SignedIn) {
				fmt.Fprintf(&table, " %s", role) // it would end the session; the story tells of it
				continue
			}
			w := s.ask(r.method, path, "", func(q *http.Request) { s.signedIn(q, string(role)) })
			denied := w.Code == http.StatusForbidden || w.Code == http.StatusUnauthorized
			if denied {
				switch p := problemOf(t, w); {
				case role == wire.RolePublic && p.Code == "not_signed_in", role != wire.RolePublic && p.Code == "not_permitted":
				case p.Code == "not_yours" || p.Code == "sign_in_failed" || p.Code == "setup_code" || p.Code == "enrolment_wrong" || p.Code == "certificate_needed":
					denied = false // the route is theirs, this one thing is not
				default:
					t.Errorf("%s %s as %s: %d %s", r.method, r.path, role, w.Code, p.Code)
				}
			}
			if !denied {
				fmt.Fprintf(&table, " %s", role)
			}
			if denied == access.May(role, r.may) {
				t.Errorf("%s %s as %s is answered %d, against the table of roles", r.method, r.path, role, w.Code)
			}
		}
		table.WriteString("\n")
	}
	const golden = "testdata/roles.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || table.String() != string(want) {
		t.Errorf("the roles are not those of %s (%v):\n%s", golden, err, table.String())
	}
}

// 63号 第四条: a liaison sees the own department only, a representative the own window, staff themselves.
func TestEverybodySeesTheirOwn(t *testing.T) {
	s := newStage(t)
	s.people()
	s.now = time.Date(2026, 11, 23, 20, 0, 0, 0, zone)
	for account, want := range map[string]string{"administrator": "s1 s2 s3", "auditor": "s1 s2 s3", "liaison": "s1 s2", "representative": "s1 s2"} {
		var list StaffList
		w := s.ask("GET", "/api/v1/staff", "", func(r *http.Request) { s.signedIn(r, account) })
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
			t.Fatalf("%s: %s", account, w.Body)
		}
		var got []string
		for _, x := range list.Staff {
			got = append(got, x.ID)
			if x.Name == "" || account != "administrator" && x.Born != "" {
				t.Errorf("%s is shown %+v", account, x)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s sees %v, want %s", account, got, want)
		}
		var day DayAnswer
		w = s.ask("GET", "/api/v1/days/2026-11-23", "", func(r *http.Request) { s.signedIn(r, account) })
		if err := json.Unmarshal(w.Body.Bytes(), &day); err != nil {
			t.Fatalf("%s: %s", account, w.Body)
		}
		got = nil
		for _, l := range day.Sheet.Staff {
			got = append(got, l.Staff)
		}
		if rows := strings.Join(got, " "); rows != strings.Join(strings.Fields(strings.ReplaceAll(want, "s2", "")), " ") { // s2 has no post
			t.Errorf("%s sees the lines %v", account, got)
		}
	}
	if _, _, err := s.Do(t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "test"}, "", roster.DemandReplacement{Replacement: "r-tax", Staff: "s3", Reason: "不能胜任"}); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]told{
		"a demand on another unit":         {"POST ", "/api/v1/replacements/r-tax/meet", `{"successor":"s2"}`, "liaison", ""},
		"leave of somebody else":           {"POST ", "/api/v1/leaves", `{"staff":"s3","leave_kind":"sick","from":"2026-11-24","from_half":"am","until":"2026-11-24","until_half":"pm"}`, "staff", ""},
		"a recommendation of another unit": {"POST ", "/api/v1/assignments", `{"staff":"s3","post":"pw1"}`, "liaison", ""},
		"a signature for somebody else":    {"POST ", "/api/v1/handovers", `{"staff":"s3","successor":"s2","as":"leaver"}`, "staff", ""},
		"a picture of somebody else":       {"GET ", "/api/v1/photos/" + access.Digest("x"), "", "staff", ""},
	} {
		if p := problemOf(t, x.ask(s)); p.Code != "not_yours" {
			t.Errorf("%s is answered %s", name, p.Code)
		}
	}
}

// 63号 第十二条(四): the leaver and the successor of an approved change see on their own page that they are to sign.
func TestWhoIsToSignAHandoverSeesIt(t *testing.T) {
	s := newStage(t)
	s.people()
	actor := wire.Actor{Kind: wire.ActorPerson, ID: "test"}
	do := func(cmd any) {
		t.Helper()
		if _, _, err := s.Do(t.Context(), actor, "", cmd); err != nil {
			t.Fatalf("%T: %v", cmd, err)
		}
	}
	sees := func(account string, want ...MyHandover) {
		t.Helper()
		var me MyDays
		w := s.ask("GET", "/api/v1/me", "", func(r *http.Request) { s.signedIn(r, account) })
		if err := json.Unmarshal(w.Body.Bytes(), &me); err != nil {
			t.Fatalf("%s: %s", account, w.Body)
		}
		if !slices.Equal(me.Handovers, want) {
			t.Errorf("%s sees %+v, want %+v", account, me.Handovers, want)
		}
	}
	const on = "2026-12-31"
	do(roster.AskChange{Change: "c1", Staff: "s1", Successor: "s2", Document: "民发1", WantedOn: on, Reason: "家庭原因"})
	sees("staff") // not approved yet
	do(roster.DecideChange{ChangeDecided: wire.ChangeDecided{Change: "c1", Approved: true}})
	leaver := MyHandover{Staff: "s1", Successor: "s2", As: roster.AsLeaver, Name: "演示员s2", On: on}
	successor := MyHandover{Staff: "s1", Successor: "s2", As: roster.AsSuccessor, Name: "演示员s1", On: on}
	sees("staff", leaver)
	sees("representative", successor)
	do(roster.SignHandover{Staff: "s1", Successor: "s2", As: roster.AsLeaver})
	leaver.Signed = true
	sees("staff", leaver)
	sees("representative", successor)
	do(roster.SignHandover{Staff: "s1", Successor: "s2", As: roster.AsSuccessor})
	successor.Signed, successor.Complete = true, true
	sees("representative", successor)
	do(roster.Depart{StaffDeparted: wire.StaffDeparted{Staff: "s1", From: on}})
	s.now = time.Date(2027, 1, 4, 9, 0, 0, 0, zone)
	do(access.OpenSession{Digest: access.Digest("session-of-representative"), Account: "representative"})
	sees("representative") // the leaver has gone
}

// Nobody acts for an account that is not there, or by one.
func TestADelegationIsBetweenAccounts(t *testing.T) {
	s := newStage(t)
	s.people()
	for field, body := range map[string]string{
		"account": `{"account":"ghost","deputy":"staff","from":"2026-11-23","until":"2026-11-24"}`,
		"deputy":  `{"account":"supervisor","deputy":"ghost","from":"2026-11-23","until":"2026-11-24"}`,
	} {
		x := told{"POST ", "/api/v1/delegations", body, "administrator", ""}
		if p := problemOf(t, x.ask(s)); p.Code != "fields_invalid" || len(p.Fields) != 1 || p.Fields[0].Field != field {
			t.Errorf("an unknown %s is answered %+v", field, p)
		}
	}
}

func TestSigningIn(t *testing.T) {
	s := newStage(t)
	s.people()
	try := func(account, password string) *httptest.ResponseRecorder {
		return s.ask("POST", "/api/v1/session", fmt.Sprintf(`{"account":%q,"password":%q}`, account, password), signedOut)
	}
	w := try("staff", "a long password")
	cookie := w.Result().Cookies()[0]
	if w.Code != 200 || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || len(cookie.Value) < 40 {
		t.Fatalf("%d %s %+v", w.Code, w.Body, cookie)
	}
	with := func(r *http.Request) { signedOut(r); r.AddCookie(cookie) }
	var i SessionInfo
	if err := json.Unmarshal(s.ask("GET", "/api/v1/session", "", with).Body.Bytes(), &i); err != nil || i.Account != "staff" || i.Staff != "s1" {
		t.Errorf("signed in as %+v", i)
	}
	// Guessing is slowed down by account and by address, and does not tell which accounts there are.
	unknown, wrong := problemOf(t, try("nobody", "a long password")), problemOf(t, try("staff", "a wrong password"))
	if unknown.Code != "sign_in_failed" || wrong.Code != unknown.Code || wrong.Title != unknown.Title {
		t.Errorf("an unknown account is answered %s, a wrong password %s", unknown.Code, wrong.Code)
	}
	last := ""
	for range 10 {
		last = problemOf(t, try("staff", "a wrong password")).Code
	}
	if last != "too_many_tries" || problemOf(t, try("staff", "a long password")).Code != "too_many_tries" {
		t.Errorf("the eleventh guess is answered %s", last)
	}
	s.now = s.now.Add(time.Minute)
	if w := try("staff", "a long password"); w.Code != 200 {
		t.Errorf("a minute later: %d %s", w.Code, w.Body)
	}
	// A session ends after twelve hours, and when it is closed.
	s.now = s.now.Add(access.SessionLasts)
	if p := problemOf(t, s.ask("GET", "/api/v1/me", "", with)); p.Code != "not_signed_in" {
		t.Errorf("an old session is answered %s", p.Code)
	}
}

func TestAFirstPasswordMustBeChanged(t *testing.T) {
	s := newStage(t)
	s.people()
	if w := s.ask("PUT", "/api/v1/accounts/zhou", `{"name":"演示","role":"supervisor","password":"first password"}`); w.Code != 200 {
		t.Fatal(w.Body)
	}
	for password, field := range map[string]string{"short": "password", "aaaaaaaaaaaaaaa": "password", "my zhou is long": "password"} {
		w := s.ask("PUT", "/api/v1/accounts/zhou", fmt.Sprintf(`{"name":"演示","role":"supervisor","password":%q}`, password))
		if p := problemOf(t, w); p.Code != "fields_invalid" || p.Fields[0].Field != field {
			t.Errorf("%s is answered %+v", password, p)
		}
	}
	w := s.ask("POST", "/api/v1/session", `{"account":"zhou","password":"first password"}`, signedOut)
	with := func(c *http.Cookie) func(*http.Request) {
		return func(r *http.Request) { signedOut(r); r.AddCookie(c) }
	}
	first := w.Result().Cookies()[0]
	if p := problemOf(t, s.ask("GET", "/api/v1/staff", "", with(first))); p.Code != "password_temporary" {
		t.Errorf("with the first password: %s", p.Code)
	}
	w = s.ask("POST", "/api/v1/password", `{"old":"first password","new":"a better password"}`, with(first))
	if w.Code != 200 {
		t.Fatal(w.Body)
	}
	if w := s.ask("GET", "/api/v1/staff", "", with(w.Result().Cookies()[0])); w.Code != 200 {
		t.Errorf("with the own password: %s", w.Body)
	}
	if p := problemOf(t, s.ask("GET", "/api/v1/staff", "", with(first))); p.Code != "not_signed_in" {
		t.Errorf("the session of the old password: %s", p.Code)
	}
}

func TestATokenHasItsRoleUntilItEnds(t *testing.T) {
	s := newStage(t)
	s.people()
	w := s.ask("POST", "/api/v1/tokens", `{"name":"月报","role":"auditor","expires":"2026-11-24"}`)
	var made NewToken
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || made.Token == "" {
		t.Fatalf("%s", w.Body)
	}
	bearer := func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+made.Token)
		r.RemoteAddr = "10.0.0.5:1"
	}
	if w := s.ask("GET", "/api/v1/events", "", bearer); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if p := problemOf(t, s.ask("PUT", "/api/v1/windows/w1", `{"number":"1","name":"n"}`, bearer)); p.Code != "not_permitted" {
		t.Errorf("an auditor's change is answered %s", p.Code)
	}
	if strings.Contains(s.ask("GET", "/api/v1/tokens", "").Body.String(), made.Token) {
		t.Error("the list shows a token")
	}
	s.now = s.now.AddDate(0, 0, 2)
	if p := problemOf(t, s.ask("GET", "/api/v1/events", "", bearer)); p.Code != "token_invalid" {
		t.Errorf("an expired token is answered %s", p.Code)
	}
	s.now = s.now.AddDate(0, 0, -2)
	if w := s.ask("DELETE", "/api/v1/tokens/"+made.ID, ""); w.Code != 200 {
		t.Fatal(w.Body)
	}
	if p := problemOf(t, s.ask("GET", "/api/v1/events", "", bearer)); p.Code != "token_invalid" {
		t.Errorf("a revoked token is answered %s", p.Code)
	}
}

// A supervisor who is away lets another account decide, for those days only.
func TestADelegationGivesASupervisorsRights(t *testing.T) {
	s := newStage(t)
	s.people()
	as := func(account string) func(*http.Request) { return func(r *http.Request) { s.signedIn(r, account) } }
	if p := problemOf(t, s.ask("GET", "/api/v1/duties", "", as("representative"))); p.Code != "not_permitted" {
		t.Fatalf("before: %s", p.Code)
	}
	if w := s.ask("POST", "/api/v1/delegations", `{"from":"2026-11-23","until":"2026-11-24","deputy":"representative"}`, as("supervisor")); w.Code != 200 {
		t.Fatal(w.Body)
	}
	if w := s.ask("GET", "/api/v1/duties", "", as("representative")); w.Code != 200 {
		t.Errorf("meanwhile: %s", w.Body)
	}
	s.now = time.Date(2026, 11, 25, 0, 0, 1, 0, zone)
	s.fold(nil)
	w := s.ask("GET", "/api/v1/duties", "", as("representative"))
	if p := problemOf(t, w); p.Code == "" || w.Code == 200 {
		t.Errorf("afterwards: %s", w.Body)
	}
}

func TestTheFirstAdministratorIsMadeOnce(t *testing.T) {
	s := newStage(t)
	body := func(code string) string {
		return fmt.Sprintf(`{"code":%q,"account":"first","name":"演示","password":"a good password"}`, code)
	}
	if p := problemOf(t, s.ask("POST", "/api/v1/setup", body("guess"), signedOut)); p.Code != "setup_code" {
		t.Errorf("a guess is answered %s", p.Code)
	}
	if w := s.ask("POST", "/api/v1/setup", body("code"), signedOut); w.Code != 200 || len(w.Result().Cookies()) != 1 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if p := problemOf(t, s.ask("POST", "/api/v1/setup", body("code"), signedOut)); p.Code != "set_up_already" {
		t.Errorf("a second one is answered %s", p.Code)
	}
	if p := problemOf(t, s.ask("DELETE", "/api/v1/accounts/first", "")); p.Code != "last_administrator" {
		t.Errorf("ending the last administrator is answered %s", p.Code)
	}
}

func TestPicturesAreCheckedByContent(t *testing.T) {
	s := newStage(t)
	s.people()
	for name, row := range map[string]struct {
		picture, code string
	}{"text": {"<svg onload=alert(1)>", "not_a_photo"}, "a page": {"<html>", "not_a_photo"},
		"a page that begins like a picture":     {"\xff\xd8\xff\xe0\x00\x10JFIF<html><script>", "not_a_photo"},
		"a picture that unfolds into gigabytes": {"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x00\x00\x00\x00\xa5\xb9\x2a\x9e\x00\x00\x00\x0aIDAT", "not_a_photo"},
		"more than 5 MB":                        {"\xff\xd8\xff" + strings.Repeat("x", maxPhoto), "photo_too_large"}} {
		w := s.ask("POST", "/api/v1/photos", row.picture, header("Content-Type", "image/jpeg"))
		if p := problemOf(t, w); p.Code != row.code || len(s.photos) != 0 {
			t.Errorf("%s is answered %s", name, p.Code)
		}
	}
	body := `{"day":"2026-11-23","rule":"appearance","staff":"s1","note":"n","photo":"` + access.Digest("x") + `"}`
	if p := problemOf(t, s.ask("POST", "/api/v1/findings", body)); p.Code != "fields_invalid" || p.Fields[0].Field != "photo" {
		t.Errorf("a picture that is not there is answered %+v", p)
	}
}

// 63号 第十一条 to 第十三条: a refusal answers 409 with the article, and says what to do.
func TestRulesRefuseWithTheirArticle(t *testing.T) {
	s := newStage(t)
	s.people()
	for name, row := range map[string]struct{ path, body, code, article string }{
		"a change without a document":           {"changes", `{"staff":"s1","wanted_on":"2027-03-01"}`, "document_missing", "63号 第十二条(二)"},
		"a change 14 working days ahead":        {"changes", `{"staff":"s1","document":"x","wanted_on":"2026-12-11","reason":"r"}`, "notice_too_short", "63号 第十二条(二)"},
		"a change within the first year":        {"changes", `{"staff":"s1","document":"x","wanted_on":"2026-12-14"}`, "not_stable_yet", "63号 第十二条(二)"},
		"a departure without the handover":      {"staff/s1/depart", `{"from":"2026-12-31"}`, "handover_missing", "63号 第十二条(四)"},
		"a secondment without a document":       {"secondments", `{"staff":"s1","to":"x","from":"2026-12-01","until":"2026-12-02","cover":"s2"}`, "document_missing", "63号 第十二条(三)"},
		"a secondment that leaves a window":     {"secondments", `{"staff":"s1","to":"x","document":"x","from":"2026-12-01","until":"2026-12-02","cover":"s3"}`, "cover_missing", "63号 第十二条(三)"},
		"a return without repeated criticism":   {"staff/s1/return", `{"on":"2026-11-23"}`, "criticisms_too_few", "63号 第十三条(一)"},
		"publishing a day of a year to come":    {"days/2026-11-20/publish", ``, "day_open", ""},
		"closing a day that is not over":        {"days/2026-11-23/check", ``, "day_not_over", ""},
		"leave that nobody asked for decided":   {"leaves/none/decide", `{"approved":true}`, "leave_unknown", ""},
		"two people with one card":              {"cards", `{"number":"card-s1","staff":"s2","from":"2026-11-23"}`, "card_taken", ""},
		"a department that still has its staff": {"DELETE departments/civil", ``, "department_in_use", ""},
	} {
		method, path := "POST", row.path
		if m, p, ok := strings.Cut(row.path, " "); ok {
			method, path = m, p
		}
		p := problemOf(t, s.ask(method, "/api/v1/"+path, row.body))
		want := http.StatusConflict
		if strings.HasSuffix(row.code, "_unknown") {
			want = http.StatusNotFound
		}
		if p.Code != row.code || p.Article != row.article || p.Status != want {
			t.Errorf("%s is answered %d %s by %q: %s", name, p.Status, p.Code, p.Article, p.Title)
		}
	}
}

// 63号 第十三条(一): the generated report names the criticisms.
func TestAReturnsReportNamesTheCriticisms(t *testing.T) {
	s := newStage(t)
	s.people()
	for i, why := range []string{"迟到不听劝告", "拒绝佩戴工牌", "顶撞督导"} {
		if w := s.ask("POST", "/api/v1/criticisms", fmt.Sprintf(`{"criticism":"k%d","staff":"s1","on":"2026-11-2%d","reason":%q}`, i, i, why)); w.Code != 200 {
			t.Fatal(w.Body)
		}
	}
	w := s.ask("POST", "/api/v1/staff/s1/return", `{"on":"2026-11-23"}`)
	var made Changed
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || len(made.Events) != 2 {
		t.Fatalf("%s", w.Body)
	}
	var d wire.StaffReturned
	if err := json.Unmarshal(made.Events[0].Data, &d); err != nil {
		t.Fatal(err)
	}
	var report ReturnReport
	if err := json.Unmarshal(s.ask("GET", "/api/v1/reports/"+d.Report, "").Body.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"演示员s1", "civil局", "第十三条", "迟到不听劝告", "拒绝佩戴工牌", "顶撞督导", "2026-11-21"} {
		if !strings.Contains(report.Text, want) {
			t.Errorf("the report does not name %s:\n%s", want, report.Text)
		}
	}
}
