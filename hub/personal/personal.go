// Package personal is what the hall does with personal data as such (个人信息保护法):
// how it is shown, who may see it whole, for how long each kind is kept, who has looked,
// and what was forgotten. It owns the names of keys that something was sealed under, and
// refuses to hold a key, to unseal, and to know what the data says.
//
// It is pure: commands may refuse, Fold cannot fail.
package personal

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// State is what is known of keys. The zero value is that of an empty log.
type State struct {
	// Keys are those under which something was sealed and that are not destroyed, by name.
	Keys hall.Table[Key]
	// Gone are the keys that were destroyed. They stay: a key that comes back from a backup is destroyed again.
	Gone hall.Table[Gone]
	// Looks are who has seen or got what is under a key, the last of them, oldest first.
	Looks hall.Table[[]Look]
	// Retentions are what the hall has set, by kind, by the day from which it holds.
	Retentions hall.Table[[]wire.RetentionSet]
}

// Picture begins the name of a picture of an inspection, with its hash behind. A picture is a file and no key, and is forgotten
// like one: the log says so first, then the file is destroyed.
const Picture = "photo-"

// Key is one key that is there.
type Key struct {
	// Last is the last day on which something was sealed under it, or on which it came to its end.
	Last hall.Date `json:"last"`
}

// Gone is one key that was destroyed.
type Gone struct {
	Day       hall.Date `json:"day"`
	Why       string    `json:"why"`
	Article   string    `json:"article"`
	Reference string    `json:"reference,omitempty"`
	By        string    `json:"by"`
}

// Look is one time that somebody saw or got personal data whole.
type Look struct {
	At     time.Time    `json:"at"`
	By     string       `json:"by"`
	Export bool         `json:"export,omitempty"`
	Own    bool         `json:"own,omitempty"`
	Fields []string     `json:"fields,omitempty"`
	Reason *wire.Sealed `json:"reason,omitempty"`
}

// looksKept is how many looks a view has at hand; the log has all.
const looksKept = 200

// KeyTable is the name of the table of Keys.
const KeyTable = "personal-key"

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	return hall.Tables{KeyTable: &s.Keys, "personal-gone": &s.Gone, "personal-look": &s.Looks, "retention": &s.Retentions}
}

// Fold notes a record; it may be of any kind.
func (s *State) Fold(r *wire.Record) {
	day := hall.DateOf(r.StoredAt, r.StoredAt.Location())
	look := r.Kind == wire.KindPersonalViewed || r.Kind == wire.KindPersonalExported
	for i := range r.Personal {
		if key := r.Personal[i].Person; !look && !s.Gone.Has(key) {
			s.touch(key, day)
		}
	}
	if key, ok := placeKey(r); ok && !s.Gone.Has(key) {
		s.touch(key, day)
	}
	switch r.Kind {
	case wire.KindFindingMade:
		var d wire.FindingMade
		if read(r, &d) && d.Photo != "" && !s.Gone.Has(Picture+d.Photo) {
			s.touch(Picture+d.Photo, day)
		}
	case wire.KindPersonalViewed:
		var d wire.PersonalViewed
		if read(r, &d) {
			s.look(r, d.Whose, Look{Fields: d.Fields})
		}
	case wire.KindPersonalExported:
		var d wire.PersonalExported
		if read(r, &d) {
			s.look(r, d.Whose, Look{Export: true, Own: d.Own})
		}
	case wire.KindPersonalForgotten:
		var d wire.PersonalForgotten
		if read(r, &d) {
			s.Gone.Set(d.Whose, Gone{day, d.Why, d.Article, d.Reference, by(r)})
			s.Keys.Delete(d.Whose)
			s.Looks.Change(d.Whose, func(all *[]Look) {
				*all = slices.Clone(*all)
				for i := range *all {
					(*all)[i].Reason = nil // sealed under the key that is gone
				}
			})
		}
	case wire.KindRetentionSet:
		var d wire.RetentionSet
		if read(r, &d) {
			s.Retentions.Change(d.Kind, func(all *[]wire.RetentionSet) {
				*all = append(slices.Clone(*all), d)
				slices.SortStableFunc(*all, func(a, b wire.RetentionSet) int { return strings.Compare(a.From, b.From) })
			})
		}
	case wire.KindAccountDisabled:
		var d wire.AccountDisabled
		if read(r, &d) {
			s.end("account-"+d.Account, day)
		}
	case wire.KindCaseClosed:
		var d wire.CaseClosed
		if read(r, &d) {
			s.end("case-"+d.Case, day)
		}
	}
}

// placeKey is the key of the addresses in a record: where somebody acted from, or what the hub has seen of them.
func placeKey(r *wire.Record) (string, bool) {
	if r.Actor != nil && r.Actor.From != "" {
		if key, _, ok := wire.PlaceKey(r.Actor.From); ok {
			return key, true
		}
	}
	if !bytes.Contains(r.Data, []byte(`"address":"a1:`)) {
		return "", false
	}
	var d struct {
		Address string `json:"address"`
	}
	if !read(r, &d) {
		return "", false
	}
	key, _, ok := wire.PlaceKey(d.Address)
	return key, ok
}

func (s *State) touch(key string, day hall.Date) {
	if k, ok := s.Keys.Get(key); !ok || k.Last < day {
		s.Keys.Set(key, Key{day})
	}
}

// end moves the end of what a key is for.
func (s *State) end(key string, day hall.Date) {
	if s.Keys.Has(key) {
		s.touch(key, day)
	}
}

func (s *State) look(r *wire.Record, whose string, l Look) {
	l.At, l.By = r.StoredAt, by(r)
	if len(r.Personal) > 0 {
		l.Reason = &r.Personal[0]
	}
	s.Looks.Change(whose, func(all *[]Look) {
		*all = append(slices.Clone(*all), l)
		if n := len(*all); n > looksKept {
			*all = (*all)[n-looksKept:]
		}
	})
}

func by(r *wire.Record) string {
	if r.Actor == nil {
		return ""
	}
	return r.Actor.ID
}

func read(r *wire.Record, into any) bool { return json.Unmarshal(r.Data, into) == nil }
