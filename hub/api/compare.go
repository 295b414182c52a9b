package api

import (
	"fmt"
	"net/http"

	"hallkeeper/hub/access"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/score"
)

// What is asked and answered about two policies.
type (
	comparePoliciesBody struct {
		// Text is the policy file that would hold instead.
		Text string `json:"text"`
		// Base is the file that it is compared with; empty is what the hall goes by.
		Base string `json:"base,omitempty"`
		// Month is a month like 2026-11.
		Month string `json:"month"`
	}
	// PolicyDifference is whose scores of a month another policy changes, and why.
	PolicyDifference struct {
		Month string `json:"month"`
		// From and To name the policies as id@version.
		From string `json:"from"`
		To   string `json:"to"`
		// Assessed is how many people, windows and departments there are, and Changes who has other scores.
		Assessed int                             `json:"assessed"`
		Changes  []assess.Change                 `json:"changes"`
		Names    map[assess.To]map[string]string `json:"names"`
		Rules    map[string]RuleWords            `json:"rules"`
		// Digests are those of both outcomes.
		FromDigest string `json:"from_digest"`
		ToDigest   string `json:"to_digest"`
	}
)

func (a *API) compareRoutes() []route {
	r := own(access.Decide, "POST", "policies/compare", "两份政策对某月得分的影响（不改变任何记录）", "what another policy would change in the scores of a month; nothing is changed", comparePoliciesBody{}, PolicyDifference{}, a.comparePolicies, "period_unknown")
	r.changes = false
	return []route{r}
}

// readPolicy reads a text that a person has sent.
func readPolicy(c *checks, name, text string) *assess.Policy {
	found := policy.Check(text)
	for _, f := range found.Faults {
		c.add(name, "fault", "第 %d 行 %s：%s", "line %[1]d, %[2]s: %[4]s", f.Line, f.Path, f.ZH, f.EN)
	}
	return found.Policy
}

func (a *API) comparePolicies(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	var b comparePoliciesBody
	if err := decode(body, &b); err != nil {
		return err
	}
	p, ok := assess.ParsePeriod(b.Month)
	if !ok || p.Kind() != assess.PerMonth {
		return hall.Unknown("period_unknown", "月份应写作 2026-11", "a month is like 2026-11")
	}
	var c checks
	other := readPolicy(&c, "text", b.Text)
	var base *assess.Policy
	if b.Base != "" {
		base = readPolicy(&c, "base", b.Base)
	}
	if err := c.err(); err != nil {
		return err
	}
	var d PolicyDifference
	a.Register.Read(func(v *register.View, windows *roster.State) {
		before, after := Difference(score.Of(v, windows, &a.memory), p, base, other, &d)
		shown := PeriodAnswer{Outcome: *before}
		a.name(v, windows, &shown)
		d.Names = shown.Names
		shown = PeriodAnswer{Outcome: *after}
		a.name(v, windows, &shown)
		for to, names := range shown.Names {
			for id, name := range names {
				d.Names[to][id] = name
			}
		}
	})
	return sendJSON(w, r, d)
}

// Difference fills in how a month differs between two policies; a nil base is what the hall goes by.
func Difference(ground *score.Ground, p assess.Period, base, other *assess.Policy, d *PolicyDifference) (before, after *assess.Outcome) {
	_, until := p.Days()
	from := ground
	d.From = fmt.Sprint(ground.Policies.Judge(until).Key())
	if base != nil {
		from, d.From = ground.Under(base), base.Key()
	}
	one, two := from.Outcome(p), ground.Under(other).Outcome(p)
	d.Month, d.To, d.Changes, d.Rules = string(p), other.Key(), assess.Compare(&one, &two), map[string]RuleWords{}
	if d.Changes == nil {
		d.Changes = []assess.Change{}
	}
	d.Assessed = len(one.People) + len(one.Windows) + len(one.Departments)
	for _, x := range append(append([]assess.Rule{}, ground.Policies.Judge(until).Rules...), other.Rules...) {
		d.Rules[x.ID] = RuleWords{x.Words, x.To, x.Cites}
	}
	if base != nil {
		for _, x := range base.Rules {
			if _, known := d.Rules[x.ID]; !known {
				d.Rules[x.ID] = RuleWords{x.Words, x.To, x.Cites}
			}
		}
	}
	_, d.FromDigest = cycle.Encode(&one)
	_, d.ToDigest = cycle.Encode(&two)
	return &one, &two
}
