package assess

import "hallkeeper/hub/hall"

// InForce is when a policy holds.
type InForce struct {
	From, Until hall.Date
	// Trial policies lapse with Until.
	Trial bool
	// Extension is "recorded" where a lapsed policy holds on by a recorded extension, and "none" where it cannot.
	Extension string
	Cites     []string
}

// Extension is a recorded decision that a policy goes on.
type Extension struct {
	From, Until hall.Date // both included; an empty Until is no end
	Document    string
}

// Standing is whether a policy holds on a day.
type Standing string

// The standings.
const (
	NotYet   Standing = "not_yet"
	Holds    Standing = "holds"
	Extended Standing = "extended"
	Lapsed   Standing = "lapsed"
)

// Standing tells whether the policy holds on a day, by itself or by a recorded extension.
func (p *Policy) Standing(day hall.Date, extensions []Extension) Standing {
	in := p.InForce
	switch {
	case day < in.From:
		return NotYet
	case in.Until == "" || day <= in.Until:
		return Holds
	case in.Extension == "recorded":
		for _, e := range extensions {
			if e.From <= day && (e.Until == "" || day <= e.Until) {
				return Extended
			}
		}
	}
	return Lapsed
}
