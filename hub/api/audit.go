package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// What is answered about who did what.
type (
	// AuditEntry is one record of the log, without what is sealed in it.
	AuditEntry struct {
		Position wire.Position `json:"position"`
		At       time.Time     `json:"at"`
		ID       string        `json:"id"`
		Kind     wire.Kind     `json:"kind"`
		Actor    *wire.Actor   `json:"actor,omitempty"`
		Agent    string        `json:"agent,omitempty"`
		// Data is the record's where it is short; Long says that it is not.
		Data json.RawMessage `json:"data,omitempty"`
		Long bool            `json:"long,omitempty"`
	}
	// AuditPage is entries, the newest first. Next is the position before which to go on; 0 where there are no more.
	AuditPage struct {
		Entries []AuditEntry  `json:"entries"`
		Next    wire.Position `json:"next,omitempty"`
		Head    wire.Position `json:"head"`
	}
)

const (
	auditPage  = 50
	auditMost  = 200
	auditBatch = 1000
	// auditReach is how many records one question looks at; the answer says where it stopped.
	auditReach = 40_000
	longData   = 2000
)

func (a *API) auditRoutes() []route {
	rt := read(access.Audit, v1+"audit", "谁在何时何地做了什么，新的在前", "who did what, when and from where, newest first", AuditPage{}, a.getAudit,
		query("person", "账号、令牌或设备编号", "an account, a token or a device"), query("kind", "事件种类，或其开头，如 policy", "a kind of event, or its beginning, like policy"),
		query("from", "自此日起", "from this day on"), query("until", "至此日", "until this day"), query("address", "网络地址，或其开头", "a network address, or its beginning"),
		query("by", "people（默认）、schedules、devices 或 all", "people (the default), schedules, devices or all"),
		count("before", "只列此位置之前的", "only those before this position"), count("limit", "最多条数，1 至 200（默认 50）", "at most so many, 1 to 200 (50 by default)"))
	rt.refusals = []string{"fields_invalid"}
	return []route{rt}
}

// auditQuestion is what is looked for.
type auditQuestion struct {
	person, kind, address, by string
	from                      hall.Date
	zone                      *time.Location
	place                     func(string) string
}

func (q *auditQuestion) wants(r *wire.Record) bool {
	actor := r.Actor
	if actor == nil {
		actor = &wire.Actor{Kind: wire.ActorDevice, ID: r.Agent}
	}
	by := map[string]wire.ActorKind{"": wire.ActorPerson, "people": wire.ActorPerson, "schedules": wire.ActorSchedule, "devices": wire.ActorDevice}[q.by]
	return (by == "" || q.by == "" && q.person != "" || actor.Kind == by) &&
		(q.person == "" || actor.ID == q.person || actor.ProposedBy == q.person || r.Agent == q.person) &&
		(q.kind == "" || string(r.Kind) == q.kind || strings.HasPrefix(string(r.Kind), strings.TrimSuffix(q.kind, ".")+".")) &&
		(q.address == "" || strings.HasPrefix(q.place(actor.From), q.address))
}

func (a *API) getAudit(w http.ResponseWriter, r *http.Request) error {
	var c checks
	head := a.Log.Head()
	before := wire.Position(c.number(r, "before", uint64(head)+1, 1, unbounded))
	limit := int(c.number(r, "limit", auditPage, 1, auditMost))
	get := r.URL.Query().Get
	q := auditQuestion{person: get("person"), kind: get("kind"), address: get("address"), by: c.choice(r, "by", "people", "schedules", "devices", "all"), from: hall.Date(get("from")), zone: a.Zone, place: a.place}
	until := hall.Date(get("until"))
	for name, day := range map[string]hall.Date{"from": q.from, "until": until} {
		if day != "" && !day.Valid() {
			c.add(name, "date", "应为日期，如 2026-11-23", "must be a date like 2026-11-23")
		}
	}
	if err := c.err(); err != nil {
		return err
	}
	a.noteLogRead(r)
	before = min(before, head+1)
	if until != "" {
		end, err := a.firstOf(until.AddDays(1))
		if err != nil {
			return err
		}
		before = min(before, end)
	}
	page, err := a.auditBack(&q, before, limit)
	if err != nil {
		return err
	}
	page.Head = head
	return sendJSON(w, r, page)
}

// auditBack reads the log in pages from a position backwards.
func (a *API) auditBack(q *auditQuestion, before wire.Position, limit int) (page AuditPage, err error) {
	page.Entries = []AuditEntry{}
	for looked := 0; before > 1; {
		after := before - min(before, auditBatch+1)
		records, err := a.Log.ReadBatch(after, int(before-1-after))
		if err != nil {
			return page, err
		}
		for i := len(records) - 1; i >= 0; i-- {
			x := &records[i]
			if q.from != "" && hall.DateOf(x.StoredAt, q.zone) < q.from {
				return page, nil
			}
			if !q.wants(x) {
				continue
			}
			if len(page.Entries) == limit {
				page.Next = x.Position + 1
				return page, nil
			}
			e := AuditEntry{Position: x.Position, At: x.StoredAt.In(q.zone), ID: x.ID, Kind: x.Kind, Actor: x.Actor, Agent: x.Agent, Data: x.Data}
			if e.Actor != nil && e.Actor.From != "" {
				actor := *e.Actor
				actor.From = a.place(actor.From)
				e.Actor = &actor
			}
			if len(e.Data) > longData {
				e.Data, e.Long = nil, true
			}
			e.Data = a.withPlaces(e.Data)
			page.Entries = append(page.Entries, e)
		}
		before = after + 1
		if looked += len(records); looked >= auditReach && before > 1 {
			page.Next = before
			return page, nil
		}
	}
	return page, nil
}

// firstOf is the position of the first record that was stored on a day or later.
func (a *API) firstOf(day hall.Date) (wire.Position, error) {
	low, high := wire.Position(0), a.Log.Head()
	for low < high {
		middle := low + (high-low)/2
		records, err := a.Log.ReadBatch(middle, 1)
		if err != nil {
			return 0, err
		}
		if len(records) == 0 || hall.DateOf(records[0].StoredAt, a.Zone) >= day {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low + 1, nil
}
