package api

import (
	"net/http"
	"strings"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// What is asked and answered about assessment policies.
type (
	policyTextBody struct {
		Text string `json:"text"`
	}
	adoptBody struct {
		// Text is the policy file (docs/policy.md).
		Text string `json:"text"`
		From string `json:"from"`
		// Document is the number of that by which it is adopted.
		Document string `json:"document"`
		// Reason is for the second person, who confirms it.
		Reason string `json:"reason,omitempty"`
	}
	extendBody struct {
		From string `json:"from"`
		// Until is included; without it there is no end.
		Until    string `json:"until,omitempty"`
		Document string `json:"document"`
		Reason   string `json:"reason,omitempty"`
	}
	// PolicyRow is a policy that the hall has adopted, or the one that comes with the program.
	PolicyRow struct {
		// Key is id@version, by which findings name it.
		Key     string       `json:"key"`
		ID      string       `json:"id"`
		Version string       `json:"version"`
		Name    assess.Words `json:"name"`
		// Document is that of the policy, AdoptedDocument that by which it was adopted.
		Document        string `json:"document"`
		AdoptedDocument string `json:"adopted_document,omitempty"`
		// From and Until are the days on which the hall goes by it; an empty Until is no end.
		From  hall.Date `json:"from,omitempty"`
		Until hall.Date `json:"until,omitempty"`
		// InForce says how long the policy itself is in force.
		InForce PolicyInForce `json:"in_force"`
		// Standing is that of today: not_yet, holds, extended or lapsed.
		Standing assess.Standing `json:"standing"`
		// Now is true of the one that the hall goes by today.
		Now bool `json:"now"`
		// Shipped is true of the program's own, where the hall has not adopted it: nothing can be assessed by it.
		Shipped    bool                 `json:"shipped,omitempty"`
		By         string               `json:"by,omitempty"`
		At         *time.Time           `json:"at,omitempty"`
		Event      string               `json:"event,omitempty"`
		SHA256     string               `json:"sha256,omitempty"`
		Extensions []PolicyExtensionRow `json:"extensions"`
		Unruled    []PolicyArticle      `json:"unruled"`
	}
	// PolicyInForce is a policy's own span.
	PolicyInForce struct {
		From      hall.Date `json:"from"`
		Until     hall.Date `json:"until,omitempty"`
		Trial     bool      `json:"trial,omitempty"`
		Extension string    `json:"extension"`
		Cites     []string  `json:"cites"`
	}
	// PolicyExtensionRow is a recorded decision that a policy goes on. A fictional one is a demo's.
	PolicyExtensionRow struct {
		From      hall.Date `json:"from"`
		Until     hall.Date `json:"until,omitempty"`
		Document  string    `json:"document"`
		Reason    string    `json:"reason,omitempty"`
		Fictional bool      `json:"fictional,omitempty"`
		By        string    `json:"by"`
		At        time.Time `json:"at"`
		Event     string    `json:"event"`
	}
	// PolicyList is all of them, by their first day.
	PolicyList struct {
		Policies []PolicyRow `json:"policies"`
		// Blocked says why today cannot be assessed; absent where it can.
		Blocked *PolicyBlocked `json:"blocked,omitempty"`
	}
	// PolicyBlocked is a refusal that stands: the code of its problem, the words, and the article that refuses.
	PolicyBlocked struct {
		Code string `json:"code"`
		assess.Words
		Article string `json:"article,omitempty"`
	}
	// PolicyArticle is one passage of the regulation.
	PolicyArticle struct {
		ID string `json:"id"`
		assess.Words
	}
	// PolicyValue is what a number is from a day on.
	PolicyValue struct {
		Value float64   `json:"value"`
		From  hall.Date `json:"from"`
		Until hall.Date `json:"until,omitempty"`
		Cites []string  `json:"cites"`
	}
	// PolicyParameter is a number with all values: the file's, and those that the hall has set, which come before them.
	PolicyParameter struct {
		Name string `json:"name"`
		Unit string `json:"unit"`
		assess.Words
		Now     float64       `json:"now"`
		Values  []PolicyValue `json:"values"`
		Changes []PolicyValue `json:"changes"`
	}
	// PolicyRule is one reason for points; when and points are CEL.
	PolicyRule struct {
		ID string `json:"id"`
		assess.Words
		Cites      []string   `json:"cites"`
		To         assess.To  `json:"to"`
		Trigger    string     `json:"trigger"`
		When       string     `json:"when,omitempty"`
		Points     string     `json:"points"`
		Bonus      bool       `json:"bonus,omitempty"`
		Cap        string     `json:"cap,omitempty"`
		Bars       assess.Per `json:"bars,omitempty"`
		Inspection bool       `json:"inspection,omitempty"`
	}
	// PolicyCap is the most that rules together change a score by.
	PolicyCap struct {
		ID string `json:"id"`
		assess.Words
		Points string     `json:"points"`
		Per    assess.Per `json:"per"`
		Within string     `json:"within,omitempty"`
	}
	// PolicyIndicator is a rate beside the scores.
	PolicyIndicator struct {
		ID string `json:"id"`
		assess.Words
		Cites   []string `json:"cites"`
		Formula string   `json:"formula"`
	}
	// PolicyGrade is a band of scores, from the value of a parameter on; the lowest has none.
	PolicyGrade struct {
		ID string `json:"id"`
		assess.Words
		From string `json:"from,omitempty"`
	}
	// PolicyTie decides between equals.
	PolicyTie struct {
		By     string `json:"by"`
		Better string `json:"better"` // high or low
	}
	// PolicyAward is what the best of a year get.
	PolicyAward struct {
		ID string `json:"id"`
		assess.Words
		Cites []string    `json:"cites"`
		To    assess.To   `json:"to"`
		Quota string      `json:"quota"`
		Grade string      `json:"grade"`
		Ties  []PolicyTie `json:"ties"`
	}
	// PolicyShare is the 15 % of 63号 第十四条.
	PolicyShare struct {
		assess.Words
		Cites   []string       `json:"cites"`
		Reading assess.Reading `json:"reading"`
		Percent string         `json:"percent"`
	}
	// PolicyScores says how points become scores.
	PolicyScores struct {
		Base       string `json:"base"`
		Lowest     string `json:"lowest"`
		Digits     int    `json:"digits"`
		Window     string `json:"window"`
		Department string `json:"department"`
		Quarter    string `json:"quarter"`
		Year       string `json:"year"`
	}
	// PolicyPublish is what the notice board shows: none, awarded, grade or points.
	PolicyPublish struct {
		People      assess.Shown `json:"people"`
		Windows     assess.Shown `json:"windows"`
		Departments assess.Shown `json:"departments"`
		Names       bool         `json:"names"`
	}
	// PolicyParts is one policy whole.
	PolicyParts struct {
		PolicyRow
		Articles   []PolicyArticle   `json:"articles"`
		Parameters []PolicyParameter `json:"parameters"`
		Scores     PolicyScores      `json:"scores"`
		Caps       []PolicyCap       `json:"caps"`
		Rules      []PolicyRule      `json:"rules"`
		Indicators []PolicyIndicator `json:"indicators"`
		Grades     []PolicyGrade     `json:"grades"`
		Share      PolicyShare       `json:"share"`
		Awards     []PolicyAward     `json:"awards"`
		Publish    PolicyPublish     `json:"publish"`
		// Text is the file.
		Text string `json:"text"`
	}
	// PolicyCase is an example in a policy file, and whether it holds.
	PolicyCase struct {
		assess.Words
		Line  int            `json:"line"`
		Holds bool           `json:"holds"`
		Wrong []assess.Words `json:"wrong,omitempty"`
	}
	// PolicyChecked is what the check says of a text.
	PolicyChecked struct {
		// Policy and Version are empty where there are faults.
		Policy  string          `json:"policy,omitempty"`
		Version string          `json:"version,omitempty"`
		Name    *assess.Words   `json:"name,omitempty"`
		Faults  []assess.Fault  `json:"faults"`
		Cases   []PolicyCase    `json:"cases"`
		Unruled []PolicyArticle `json:"unruled"`
	}
	// PolicyEnded is a policy that ends because another begins.
	PolicyEnded struct {
		Policy  string    `json:"policy"`
		Version string    `json:"version"`
		Until   hall.Date `json:"until"`
	}
	// PolicyChanged is what was adopted: from when until when it holds, and what ends for it.
	PolicyChanged struct {
		Policy  string        `json:"policy"`
		Version string        `json:"version"`
		From    hall.Date     `json:"from"`
		Until   hall.Date     `json:"until,omitempty"`
		Ended   []PolicyEnded `json:"ended"`
	}
)

func (a *API) policyRoutes() []route {
	version := in("version", "政策编号@版本", "the policy's id@version")
	adopt := proposing(a.change(access.Govern, "POST", "policies", "提议通过一份考核政策，自某日起适用（须另一人确认）", "propose to adopt a policy file from a day on; another person confirms it", adoptBody{}, a.adoptPolicy,
		[]string{"policy_early", "policy_version_taken", "policy_adopted", "policy_two", "policy_published"}))
	return []route{
		read(access.SignedIn, v1+"policies", "考核政策：已通过的各份及其效力", "the assessment policies that were adopted, and how they stand", PolicyList{}, a.getPolicies),
		read(access.SignedIn, v1+"policies/{version}", "一份考核政策的全部内容", "one policy whole", PolicyParts{}, a.getOnePolicy, version),
		own(access.Govern, "POST", "policies/check", "检查一份考核政策，不作改动", "check a policy file; nothing is changed", policyTextBody{}, PolicyChecked{}, a.checkPolicy),
		adopt,
		proposing(a.change(access.Govern, "POST", "policies/{version}/extend", "提议登记试行政策的延续（须另一人确认）", "propose to record that a trial policy goes on; another person confirms it", extendBody{}, a.extendPolicy,
			[]string{"policy_unknown", "policy_unreadable", "document_missing", "extension_needless", "extension_none", "extension_overlaps"}, version)),
	}
}

func (a *API) adoptPolicy(r *http.Request, body []byte) (order, error) {
	var b adoptBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	return a.propose(r, wire.ActionAdoptPolicy, policy.AdoptPolicy{Text: b.Text, From: b.From, Document: strings.TrimSpace(b.Document)}, b.Reason)
}

// policyChanged says from when until when an adopted policy holds, and what ends for it.
func (a *API) policyChanged(id, version string) PolicyChanged {
	answer := PolicyChanged{Ended: []PolicyEnded{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		var before *policy.Adopted
		for _, x := range v.State.Policy.Adopted() {
			if x.Policy == id && x.Version == version {
				answer.Policy, answer.Version, answer.From, answer.Until = x.Policy, x.Version, x.From, x.Until
				if before != nil {
					answer.Ended = append(answer.Ended, PolicyEnded{before.Policy, before.Version, before.Until})
				}
			}
			before = &x
		}
	})
	return answer
}

func (a *API) extendPolicy(r *http.Request, body []byte) (order, error) {
	var b extendBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	id, version, _ := strings.Cut(r.PathValue("version"), "@")
	return a.propose(r, wire.ActionExtendPolicy, policy.ExtendPolicy{PolicyExtended: wire.PolicyExtended{Policy: id, Version: version, From: b.From, Until: b.Until, Document: b.Document, Reference: b.Reason}}, "")
}

func (a *API) checkPolicy(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	var b policyTextBody
	if err := decode(body, &b); err != nil {
		return err
	}
	found := policy.Check(b.Text)
	answer := PolicyChecked{Faults: append([]assess.Fault{}, found.Faults...), Cases: []PolicyCase{}, Unruled: []PolicyArticle{}}
	for _, c := range found.Cases {
		answer.Cases = append(answer.Cases, PolicyCase{c.Case.Words, c.Case.Line, len(c.Wrong) == 0, c.Wrong})
	}
	if p := found.Policy; p != nil {
		answer.Policy, answer.Version, answer.Name, answer.Unruled = p.ID, p.Version, &p.Name, articles(p.Unruled())
	}
	return sendJSON(w, r, answer)
}

func articles(all []assess.Article) []PolicyArticle {
	out := make([]PolicyArticle, 0, len(all))
	for _, x := range all {
		out = append(out, PolicyArticle{x.ID, x.Words})
	}
	return out
}

func (a *API) getPolicies(w http.ResponseWriter, r *http.Request) error {
	list := PolicyList{Policies: []PolicyRow{}}
	today := a.today()
	a.Register.Read(func(v *register.View, _ *roster.State) {
		list.Policies = append(list.Policies, policyRows(v.State.Policy, today)...)
		if f := refusal(v.State.Policy.Assessable(today, today)); f != nil {
			list.Blocked = &PolicyBlocked{f.name, assess.Words{ZH: f.words.zh, EN: f.words.en}, f.article}
		}
	})
	return sendJSON(w, r, list)
}

// policyRows are the adopted policies, and the program's own where it was not adopted.
func policyRows(s *policy.State, today hall.Date) (all []PolicyRow) {
	now, _, _, adopted := s.InForce(today)
	shipped := rowOf(s.Shipped(), nil, today)
	shipped.Shipped, shipped.Now = true, !adopted
	all = append(all, shipped)
	for _, x := range s.Adopted() {
		row := PolicyRow{Key: x.Key(), ID: x.Policy, Version: x.Version, Extensions: []PolicyExtensionRow{}, Unruled: []PolicyArticle{}, Standing: assess.Lapsed}
		if x.Now != nil {
			row = rowOf(x.Now, x.Extensions, today)
		}
		row.AdoptedDocument, row.From, row.Until, row.By, row.At, row.Event, row.SHA256 = x.Document, x.From, x.Until, x.Signed.By, &x.Signed.At, x.Signed.Event, x.SHA256
		row.Now = adopted && now == x.Now
		if row.Key == shipped.Key {
			all = all[1:]
		}
		all = append(all, row)
	}
	return all
}

func rowOf(p *assess.Policy, extensions []policy.Extension, today hall.Date) PolicyRow {
	row := PolicyRow{Key: p.Key(), ID: p.ID, Version: p.Version, Name: p.Name, Document: p.Document, Extensions: []PolicyExtensionRow{}, Unruled: articles(p.Unruled()),
		InForce: PolicyInForce{p.InForce.From, p.InForce.Until, p.InForce.Trial, p.InForce.Extension, p.InForce.Cites}}
	var recorded []assess.Extension
	for _, e := range extensions {
		recorded = append(recorded, assess.Extension{From: e.From, Until: e.Until, Document: e.Document})
		row.Extensions = append(row.Extensions, PolicyExtensionRow{e.From, e.Until, e.Document, e.Reference, e.Fictional, e.Signed.By, e.Signed.At, e.Signed.Event})
	}
	row.Standing = p.Standing(today, recorded)
	return row
}

func (a *API) getOnePolicy(w http.ResponseWriter, r *http.Request) error {
	var parts PolicyParts
	found, readable := false, true
	key := r.PathValue("version")
	a.Register.Read(func(v *register.View, _ *roster.State) {
		s := v.State.Policy
		for _, row := range policyRows(s, a.today()) {
			if row.Key != key {
				continue
			}
			var p *assess.Policy
			found = true
			if p, readable = s.Policy(key); readable {
				parts = partsOf(p, a.today())
			}
			parts.PolicyRow, parts.Text = row, s.Text(key)
		}
	})
	switch {
	case !found:
		return hall.Unknown("policy_unknown", "没有名为“"+key+"”的政策", "there is no policy "+key)
	case !readable:
		return hall.Refuse("policy_unreadable", "本版本的程序读不出这份政策", "this version of the program cannot read that policy")
	}
	return sendJSON(w, r, parts)
}

// partsOf is what a policy is made of.
func partsOf(p *assess.Policy, today hall.Date) PolicyParts {
	parts := PolicyParts{Articles: articles(p.Articles), Parameters: []PolicyParameter{}, Caps: []PolicyCap{}, Rules: []PolicyRule{}, Indicators: []PolicyIndicator{},
		Grades: []PolicyGrade{}, Awards: []PolicyAward{},
		Scores:  PolicyScores{p.Scores.Base, p.Scores.Lowest, p.Scores.Digits, p.Scores.Window, p.Scores.Department, p.Scores.Quarter, p.Scores.Year},
		Share:   PolicyShare{p.Share.Words, p.Share.Cites, p.Share.Reading, p.Share.Percent},
		Publish: PolicyPublish{p.Publish.People, p.Publish.Windows, p.Publish.Departments, p.Publish.Names}}
	values := func(all []assess.Value) []PolicyValue {
		out := make([]PolicyValue, 0, len(all))
		for _, v := range all {
			out = append(out, PolicyValue{v.Value, v.From, v.Until, v.Cites})
		}
		return out
	}
	for i := range p.Parameters {
		x := &p.Parameters[i]
		parts.Parameters = append(parts.Parameters, PolicyParameter{x.Name, x.Unit, x.Words, x.On(today).Value, values(x.Values), values(x.Changes)})
	}
	for _, x := range p.Caps {
		parts.Caps = append(parts.Caps, PolicyCap{x.ID, x.Words, x.Points, x.Per, x.Within})
	}
	inspection := map[string]bool{}
	for _, k := range assess.Kinds() {
		inspection[k.ID] = k.Inspection
	}
	for i := range p.Rules {
		x := &p.Rules[i]
		parts.Rules = append(parts.Rules, PolicyRule{x.ID, x.Words, x.Cites, x.To, x.Trigger, x.When, x.Points, x.Bonus, x.Cap, x.Bars, inspection[x.Trigger]})
	}
	for i := range p.Indicators {
		x := &p.Indicators[i]
		parts.Indicators = append(parts.Indicators, PolicyIndicator{x.ID, x.Words, x.Cites, x.Formula})
	}
	for _, x := range p.Grades {
		parts.Grades = append(parts.Grades, PolicyGrade{x.ID, x.Words, x.From})
	}
	for i := range p.Awards {
		x := &p.Awards[i]
		award := PolicyAward{x.ID, x.Words, x.Cites, x.To, x.Quota, x.Grade, []PolicyTie{}}
		for _, t := range x.Ties {
			better := "low"
			if t.High {
				better = "high"
			}
			award.Ties = append(award.Ties, PolicyTie{t.By, better})
		}
		parts.Awards = append(parts.Awards, award)
	}
	return parts
}
