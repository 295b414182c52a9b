package api

import (
	"net/http"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/score"
)

// The bodies of steps.
type (
	publishPeriodBody struct {
		// Digest is that of the outcome which the publisher has seen; empty is not to compare.
		Digest string `json:"digest,omitempty"`
	}
	reviseBody struct {
		Reason string `json:"reason"`
	}
)

// counted computes a period for a step.
func (a *API) counted(p assess.Period) (c cycle.Counted) {
	a.Register.Read(func(v *register.View, windows *roster.State) {
		o := score.Of(v, windows, &a.memory).Outcome(p)
		c = cycle.Counted{Outcome: &o, Through: v.Through}
	})
	return c
}

// step makes an order of a step that has no body.
func (a *API) step(build func(assess.Period, cycle.Counted) any) func(*http.Request, []byte) (order, error) {
	return func(r *http.Request, body []byte) (order, error) {
		var none emptyBody
		if err := decode(body, &none); err != nil {
			return order{}, err
		}
		p, err := periodOf(r)
		if err != nil {
			return order{}, err
		}
		return order{cmd: build(p, a.counted(p)), status: http.StatusOK}, nil
	}
}

func (a *API) publishPeriod(r *http.Request, body []byte) (order, error) {
	var b publishPeriodBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	p, err := periodOf(r)
	if err != nil {
		return order{}, err
	}
	return order{cmd: cycle.Publish{Period: p, Digest: b.Digest, Counted: a.counted(p)}, status: http.StatusOK}, nil
}

func (a *API) revisePeriod(r *http.Request, body []byte) (order, error) {
	var b reviseBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	p, err := periodOf(r)
	if err != nil {
		return order{}, err
	}
	return order{cmd: cycle.Revise{Period: p, Reason: b.Reason, Counted: a.counted(p)}, status: http.StatusOK}, nil
}
