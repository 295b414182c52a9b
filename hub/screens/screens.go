// Package screens is the hall's enrolled screens: which there are, what each is
// for, and how one proves that it is the one it says. It owns the codes that new
// screens show, the challenges that they sign and their sessions, all three in the
// hub's memory. It refuses to know what a screen may read or do, which is access's,
// and which certificates are good, which is enrolment's.
//
// Commands may refuse, Fold cannot fail; time and chance come as arguments.
package screens

import (
	"encoding/json"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Screen is one screen that a person confirmed. It may sign in as long as enrolment has a live certificate of it.
type Screen struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Use     wire.ScreenUse `json:"use"`
	Window  string         `json:"window,omitempty"`
	Printer string         `json:"printer,omitempty"`
	// ScreenProof is of its last certificate.
	wire.ScreenProof
	// Confirmed is when a person typed its code, By who.
	Confirmed time.Time `json:"confirmed"`
	By        string    `json:"by"`
	// Seen is the last day on which it proved itself, From where it was then.
	Seen hall.Date `json:"seen,omitempty"`
	From string    `json:"from,omitempty"`
}

// State is all screens. The zero value has none.
type State struct {
	Screens hall.Table[Screen]
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables { return hall.Tables{"screen": &s.Screens} }

// ByKey finds the screen whose last key it is, by the hex SHA-256 of it.
func (s *State) ByKey(key string) (found Screen, ok bool) {
	for _, x := range s.Screens.Each() {
		if x.Key == key {
			return x, true
		}
	}
	return Screen{}, false
}

// Fold applies a record and tells whether anything has changed.
func (s *State) Fold(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindScreenConfirmed:
		var d wire.ScreenConfirmed
		if read(r, &d) {
			x := Screen{ID: d.Screen, Name: d.Name, Use: d.Use, Window: d.Window, Printer: d.Printer, ScreenProof: d.ScreenProof, Confirmed: r.StoredAt}
			if r.Actor != nil {
				x.By = r.Actor.ID
			}
			s.Screens.Set(d.Screen, x)
		}
	case wire.KindScreenRenewed:
		var d wire.ScreenRenewed
		if read(r, &d) && s.Screens.Has(d.Screen) {
			s.Screens.Change(d.Screen, func(x *Screen) { x.ScreenProof = d.ScreenProof })
		}
	case wire.KindScreenSignedIn:
		var d wire.ScreenSignedIn
		if read(r, &d) && s.Screens.Has(d.Screen) {
			s.Screens.Change(d.Screen, func(x *Screen) { x.Seen, x.From = hall.Date(d.Day), d.Address })
		}
	default:
		return false
	}
	return true
}

func read(r *wire.Record, into any) bool { return json.Unmarshal(r.Data, into) == nil }
