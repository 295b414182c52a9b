package personal

import (
	"cmp"
	"slices"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Held is why a key may not be destroyed yet: what the data is for goes on.
type Held struct{ ZH, EN string }

// World is what personal data may know of the rest of the hall.
type World struct {
	// Ends gives the day from which the time for keeping counts, where something knows better than the day on which
	// something was sealed last; held is not nil while what the data is for goes on.
	Ends func(kind, id string, day hall.Date) (ended hall.Date, held *Held)
	// Pictures are the hashes of the pictures that show what somebody is found to have done.
	Pictures func(kind, id string) []string
}

// Command is a command about personal data.
type Command interface {
	DecidePersonal(s *State, w World, m hall.Moment) ([]hall.Draft, error)
}

// View lets somebody see fields whole.
type View struct {
	wire.PersonalViewed
	Reason string `json:"reason"`
}

// Export gives somebody all that is held.
type Export struct {
	wire.PersonalExported
	Reason string `json:"reason"`
}

// Forget destroys a key because a person asks for it (个人信息保护法 第四十七条).
type Forget struct {
	Whose  string `json:"whose"`
	Reason string `json:"reason"`
	// Reference is the letter in which they asked.
	Reference string `json:"reference"`
}

// Lapse destroys the keys whose time is over, the oldest first, and at most so many.
type Lapse struct{ Most int }

// SetRetention says for how long a kind is kept.
type SetRetention wire.RetentionSet

// TakeBackup notes that somebody gets an encrypted copy of everything.
type TakeBackup wire.BackupTaken

// Why a key is destroyed.
const (
	ByRetention = "retention"
	ByRequest   = "request"
)

// longest is the most days for which anything may be kept: a hundred years.
const longest = 36_525

// DecidePersonal decides; see Command.
func (c View) DecidePersonal(s *State, _ World, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 2, 200)
	if err := cmp.Or(bad.Err(), s.there(c.Whose)); err != nil {
		return nil, err
	}
	return []hall.Draft{{Kind: wire.KindPersonalViewed, Data: c.PersonalViewed, Person: c.Whose, Personal: map[string]string{"reason": c.Reason}}}, nil
}

// DecidePersonal decides; see Command. Nobody says why they want what is theirs.
func (c Export) DecidePersonal(s *State, _ World, _ hall.Moment) ([]hall.Draft, error) {
	d := hall.Draft{Kind: wire.KindPersonalExported, Data: c.PersonalExported}
	if !c.Own {
		var bad hall.Checks
		bad.Words("reason", &c.Reason, 2, 200)
		if err := cmp.Or(bad.Err(), s.there(c.Whose)); err != nil {
			return nil, err
		}
		d.Person, d.Personal = c.Whose, map[string]string{"reason": c.Reason}
	}
	return []hall.Draft{d}, nil
}

// there refuses a key that is none, or none any more.
func (s *State) there(key string) error {
	if s.Gone.Has(key) {
		return hall.Refuse("forgotten", "相关个人信息已按规定删除", "what is personal here was removed as prescribed")
	}
	if !s.Keys.Has(key) {
		return hall.Unknown("personal_unknown", "没有以“"+key[:min(len(key), 64)]+"”封存的个人信息", "nothing personal is kept under "+key[:min(len(key), 64)])
	}
	return nil
}

// DecidePersonal decides; see Command. The law of the kind is asked, not the hall's own time for keeping.
func (c Forget) DecidePersonal(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 2, 200)
	bad.Words("reference", &c.Reference, 2, 80)
	if err := cmp.Or(bad.Err(), s.there(c.Whose)); err != nil {
		return nil, err
	}
	r, known := s.On(KindOf(c.Whose), m.Day)
	if !known {
		return nil, hall.Unknown("personal_unknown", "没有这一类个人信息", "there is no such kind of personal data")
	}
	ended, held := s.ended(w, c.Whose, m.Day)
	if held != nil {
		return nil, hall.RefuseBy("个人信息保护法 第十三条、第四十七条", "retention_held", held.ZH+"，现在不能删除", held.EN+"; it can't be removed now")
	}
	if until := ended.AddDays(r.Keep); r.Keep > 0 && m.Day < until {
		return nil, hall.RefuseBy(r.KeepReference, "retention_law", "法律要求保存到 "+string(until)+"，期满前不能删除", "a law demands that it is kept until "+string(until)+"; it can't be removed before")
	}
	gone := wire.PersonalForgotten{Whose: c.Whose, Why: ByRequest, Article: "个人信息保护法 第四十七条", Reference: c.Reference}
	drafts := []hall.Draft{{Kind: wire.KindPersonalForgotten, Person: "forgetting-" + m.ID, Personal: map[string]string{"reason": c.Reason}, Data: gone}}
	return append(drafts, s.pictures(w, gone)...), nil
}

// pictures are forgotten with whom they show.
func (s *State) pictures(w World, with wire.PersonalForgotten) (drafts []hall.Draft) {
	if w.Pictures == nil {
		return nil
	}
	for _, hash := range w.Pictures(KindOf(with.Whose), id(with.Whose)) {
		if s.Keys.Has(Picture + hash) {
			with.Whose = Picture + hash
			drafts = append(drafts, hall.Draft{Kind: wire.KindPersonalForgotten, Data: with})
		}
	}
	return drafts
}

func (s *State) ended(w World, key string, day hall.Date) (hall.Date, *Held) {
	k, _ := s.Keys.Get(key)
	if w.Ends != nil {
		ended, held := w.Ends(KindOf(key), id(key), day)
		return max(k.Last, ended), held
	}
	return k.Last, nil
}

// Lapsing is a key whose time ends.
type Lapsing struct {
	Key  string    `json:"key"`
	Kind string    `json:"kind"`
	On   hall.Date `json:"on"`
}

// Lapsings are the keys whose time is over on a day or ends after it, the first to end first. What is
// held because it goes on is not among them.
func (s *State) Lapsings(w World, day hall.Date) (all []Lapsing) {
	kept := map[string]Retention{}
	for _, k := range Kinds() {
		kept[k.Kind], _ = s.On(k.Kind, day)
	}
	for key := range s.Keys.Each() {
		r, known := kept[KindOf(key)]
		if !known {
			continue
		}
		if ended, held := s.ended(w, key, day); held == nil {
			all = append(all, Lapsing{key, r.Kind, ended.AddDays(r.Days)})
		}
	}
	slices.SortFunc(all, func(a, b Lapsing) int { return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Key, b.Key)) })
	return all
}

// DecidePersonal decides; see Command.
func (c Lapse) DecidePersonal(s *State, w World, m hall.Moment) (drafts []hall.Draft, _ error) {
	said := map[string]bool{}
	for _, x := range s.Lapsings(w, m.Day) {
		if x.On > m.Day || len(drafts) >= c.Most {
			break
		}
		r, _ := s.On(x.Kind, m.Day)
		gone := wire.PersonalForgotten{Whose: x.Key, Why: ByRetention, Article: r.Reference}
		for _, d := range append([]hall.Draft{{Kind: wire.KindPersonalForgotten, Data: gone}}, s.pictures(w, gone)...) {
			if whose := d.Data.(wire.PersonalForgotten).Whose; !said[whose] { // a picture may have come to its own end too
				said[whose] = true
				drafts = append(drafts, d)
			}
		}
	}
	return drafts, nil
}

// DecidePersonal decides; see Command.
func (c SetRetention) DecidePersonal(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	r, known := s.On(c.Kind, m.Day)
	if !known {
		return nil, hall.Unknown("retention_unknown", "没有这一类个人信息", "there is no such kind of personal data")
	}
	var bad hall.Checks
	if c.Days < 1 || c.Days > longest {
		bad.Add("days", "range", "应为 1 到 36525 天", "must be 1 to 36525 days")
	}
	bad.Date("from", c.From, true)
	if c.From < string(m.Day) {
		bad.Add("from", "past", "不能早于今天", "must not be before today")
	}
	bad.Words("reference", &c.Reference, 2, 80)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if c.Days < r.Keep {
		return nil, hall.RefuseBy(r.KeepReference, "retention_law", "这一类信息依法至少保存规定的期限，保存天数不能更短", "a law demands that this kind is kept for longer; the days can't be fewer")
	}
	if r.Days == c.Days && r.Reference == c.Reference {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindRetentionSet, Data: wire.RetentionSet(c)}}, nil
}

// DecidePersonal decides; see Command.
func (c TakeBackup) DecidePersonal(*State, World, hall.Moment) ([]hall.Draft, error) {
	return []hall.Draft{{Kind: wire.KindBackupTaken, Data: wire.BackupTaken(c)}}, nil
}
