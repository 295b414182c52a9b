package policy

import (
	"slices"
	"time"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/policies"
	"hallkeeper/wire"
)

// Adoption is a policy that the hall has put into force.
type Adoption struct {
	Policy  string    `json:"policy"`
	Version string    `json:"version"`
	From    hall.Date `json:"from"`
	// Document is the number of that by which it was adopted.
	Document   string      `json:"document"`
	Text       string      `json:"text"`
	SHA256     string      `json:"sha256"`
	Signed     Signed      `json:"signed"`
	Extensions []Extension `json:"extensions,omitempty"`
}

// Extension is a recorded decision that a policy goes on after its end.
type Extension struct {
	From      hall.Date `json:"from"`
	Until     hall.Date `json:"until,omitempty"`
	Document  string    `json:"document"`
	Reference string    `json:"reference,omitempty"`
	Fictional bool      `json:"fictional,omitempty"`
	Signed    Signed    `json:"signed"`
}

// Signed is who did something, when, and the event that says so.
type Signed struct {
	By       string        `json:"by"`
	At       time.Time     `json:"at"`
	Event    string        `json:"event"`
	Position wire.Position `json:"position"`
}

func signed(r *wire.Record) Signed {
	s := Signed{At: r.StoredAt, Event: r.ID, Position: r.Position}
	if r.Actor != nil {
		s.By = r.Actor.ID
	}
	return s
}

// Key names a policy and its version: id@version.
func Key(id, version string) string { return id + "@" + version }

// Key names the policy as findings do.
func (a *Adoption) Key() string { return Key(a.Policy, a.Version) }

// Adopted is a policy that was adopted, and the last day on which it holds
// because another follows; Until is empty where none does.
type Adopted struct {
	Adoption
	Until hall.Date
	// File is the policy as its text says, Now with the values that the hall has set;
	// nil where this program cannot read the text.
	File, Now *assess.Policy
}

// Adopted are all policies that the hall has adopted, by their first day.
func (s *State) Adopted() (all []Adopted) {
	for i, b := range s.books {
		a, _ := s.Adoptions.Get(b.key)
		x := Adopted{Adoption: a, File: b.file, Now: b.now}
		if i+1 < len(s.books) {
			x.Until = s.books[i+1].from.AddDays(-1)
		}
		all = append(all, x)
	}
	return all
}

// Shipped is the policy that comes with the program, with the values that the hall
// has set. It serves the daily work of days for which the hall has adopted none.
func (s *State) Shipped() *assess.Policy { return s.shipped.now }

// Policy finds a policy by id@version, with the values that the hall has set: an
// adopted one, or the program's. It may not hold on any day.
func (s *State) Policy(key string) (*assess.Policy, bool) {
	for _, b := range s.books {
		if b.key == key {
			return b.now, b.now != nil
		}
	}
	if s.shipped.now.Key() == key {
		return s.shipped.now, true
	}
	return nil, false
}

// InForce is the policy of a day, with the values that the hall has set: what
// scores stand on. document is that by which a lapsed policy goes on. ok is false
// where the hall has adopted none for the day: the program's own is given then, for
// the daily work alone.
func (s *State) InForce(day hall.Date) (p *assess.Policy, standing assess.Standing, document string, ok bool) {
	for i := len(s.books) - 1; i >= 0; i-- {
		b := s.books[i]
		if b.from > day {
			continue
		}
		if b.now == nil { // another version of this program has read it
			break
		}
		a, _ := s.Adoptions.Get(b.key)
		var extensions []assess.Extension
		for _, e := range a.Extensions {
			extensions = append(extensions, assess.Extension{From: e.From, Until: e.Until, Document: e.Document})
			if e.From <= day && (e.Until == "" || day <= e.Until) {
				document = e.Document
			}
		}
		if standing = b.now.Standing(day, extensions); standing != assess.Extended {
			document = ""
		}
		return b.now, standing, document, true
	}
	return s.shipped.now, s.shipped.now.Standing(day, nil), "", false
}

// Applied are the stretches of some days with the policy of each, in order.
func (s *State) Applied(from, until hall.Date) (all []assess.Applied) {
	for day := from; day <= until; day = day.AddDays(1) {
		p, standing, document, _ := s.InForce(day)
		next := assess.Applied{Policy: p.Key(), From: day, Until: day, Standing: standing, Document: document}
		if n := len(all); n > 0 {
			last := all[n-1]
			if last.From, last.Until = day, day; last == next {
				all[n-1].Until = day
				continue
			}
		}
		all = append(all, next)
	}
	return all
}

// Assessable refuses days on which no policy holds by which they could be
// assessed, with the first of them; nil where all can be.
func (s *State) Assessable(from, until hall.Date) error {
	for day := from; day <= until; day = day.AddDays(1) {
		p, standing, _, ok := s.InForce(day)
		switch {
		case !ok:
			return hall.Refuse("policy_missing", string(day)+" 没有经本大厅通过的考核政策，不能考核；请先在考核政策中通过一份", "the hall has adopted no policy for "+string(day)+", so it cannot be assessed; adopt one first")
		case standing == assess.NotYet:
			return hall.RefuseBy(p.InForce.Cites[0], "policy_missing", p.Name.ZH+" 自 "+string(p.InForce.From)+" 起施行，"+string(day)+" 不能考核",
				p.Name.EN+" is in force from "+string(p.InForce.From)+" on; "+string(day)+" cannot be assessed")
		case standing == assess.Lapsed:
			return hall.RefuseBy(p.InForce.Cites[0], "policy_lapsed", p.Name.ZH+" 已于 "+string(p.InForce.Until)+" 期满，"+string(day)+" 没有延续的决定，不能考核；请登记延续的文件",
				p.Name.EN+" ended on "+string(p.InForce.Until)+" and no decision extends it to "+string(day)+", so it cannot be assessed; record the document that extends it")
		}
	}
	return nil
}

func (s *State) adopted(r *wire.Record, d wire.PolicyAdopted) {
	key := Key(d.Policy, d.Version)
	before, _ := s.Adoptions.Get(key)
	s.Adoptions.Set(key, Adoption{Policy: d.Policy, Version: d.Version, From: hall.Date(d.From), Document: d.Document,
		Text: d.Text, SHA256: d.SHA256, Signed: signed(r), Extensions: before.Extensions})
	s.shelve()
}

func (s *State) extended(r *wire.Record, d wire.PolicyExtended) bool {
	key := Key(d.Policy, d.Version)
	if !s.Adoptions.Has(key) {
		return false
	}
	s.Adoptions.Change(key, func(a *Adoption) {
		a.Extensions = append(slices.Clone(a.Extensions), Extension{From: hall.Date(d.From), Until: hall.Date(d.Until),
			Document: d.Document, Reference: d.Reference, Fictional: d.Fictional, Signed: signed(r)})
	})
	return true
}

// Text is the file of a policy by id@version: an adopted one's, else the program's; empty where there is none.
func (s *State) Text(key string) string {
	if a, have := s.Adoptions.Get(key); have {
		return a.Text
	}
	if s.shipped.file.Key() == key {
		return string(policies.Default())
	}
	return ""
}
