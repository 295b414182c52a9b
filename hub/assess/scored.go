package assess

// Scored tells whether a score, a grade or an award of the policy stands on a
// parameter: who changes it changes what people are given.
func (p *Policy) Scored(name string) bool {
	for _, n := range []string{p.Scores.Base, p.Scores.Lowest, p.Share.Percent} {
		if n == name {
			return true
		}
	}
	for i := range p.Rules {
		if r := &p.Rules[i]; r.points.names[name] || r.when != nil && r.when.names[name] {
			return true
		}
	}
	for i := range p.Caps {
		if p.Caps[i].Points == name {
			return true
		}
	}
	for i := range p.Grades {
		if p.Grades[i].From == name {
			return true
		}
	}
	for i := range p.Awards {
		if p.Awards[i].Quota == name {
			return true
		}
	}
	return false
}
