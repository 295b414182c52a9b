package register

import (
	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/policies"
)

// Policies is interim until adoption is there.
func (s *State) Policies() *Interim {
	p, err := assess.Load(policies.Default())
	if err != nil {
		panic(err)
	}
	return &Interim{p}
}

// Interim is interim.
type Interim struct{ p *assess.Policy }

// Judge is interim.
func (i *Interim) Judge(hall.Date) *assess.Policy { return i.p }

// Applied is interim.
func (i *Interim) Applied(from, until hall.Date) []assess.Applied {
	return []assess.Applied{{Policy: i.p.ID + "@" + i.p.Version, From: from, Until: until, Standing: assess.Extended, Document: "interim"}}
}

// PolicyOf is interim.
func (s *State) PolicyOf(key string) (*assess.Policy, bool) {
	p := s.Policies().p
	return p, key == p.ID+"@"+p.Version
}
