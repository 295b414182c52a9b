package score

import (
	"time"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
)

// Policies says which policy held when.
type Policies interface {
	// Judge is the policy by which the facts of a day are judged; nil where there is none.
	Judge(day hall.Date) *assess.Policy
	// Applied are the policies of those days, both included, in order.
	Applied(from, until hall.Date) []assess.Applied
}

// Ground is what scores are made from. It is read while nothing changes.
type Ground struct {
	View    *register.View
	Windows *roster.State
	// Policies are the hall's, or those of a what-if.
	Policies Policies
	// Live makes everything anew where something was published already.
	Live bool
	// Memory keeps what was read of closed days; nil is none.
	Memory *Memory
}

// Of is the ground of a hall as it is.
func Of(v *register.View, windows *roster.State, m *Memory) *Ground {
	return &Ground{View: v, Windows: windows, Policies: adopted{v.State.Policy}, Memory: m}
}

// adopted are the hall's policies. Days for which it has adopted none are looked at
// under the one that the program brings; they cannot be assessed.
type adopted struct{ *policy.State }

// Judge is the policy of a day.
func (a adopted) Judge(day hall.Date) *assess.Policy {
	p, _, _, _ := a.InForce(day)
	return p
}

// Under is the same ground under one policy alone: what would have been. Nothing
// that was published is taken into it.
func (g *Ground) Under(p *assess.Policy) *Ground {
	what := *g
	what.Policies, what.Live = alone{p}, true
	return &what
}

// alone is one policy for all days.
type alone struct{ policy *assess.Policy }

func (a alone) Judge(hall.Date) *assess.Policy { return a.policy }

func (a alone) Applied(from, until hall.Date) []assess.Applied {
	return []assess.Applied{{Policy: a.policy.ID + "@" + a.policy.Version, From: from, Until: until, Standing: a.policy.Standing(until, nil)}}
}

// after is a moment at which nothing of a day is open any more.
func (g *Ground) after(day hall.Date) time.Time { return day.AddDays(2).Time(g.View.Days.Zone) }
