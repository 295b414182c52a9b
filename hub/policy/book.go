package policy

import (
	"cmp"
	"slices"
	"strings"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
)

// book is one policy, made ready to be asked for each day's numbers.
type book struct {
	// file is the policy as its text says, now with the values that the hall has set beside it.
	file, now *assess.Policy
	// key and from are those of its adoption.
	key     string
	from    hall.Date
	numbers map[string][]Parameter
	rules   map[string]Rule
	// by is the first rule about a kind of fact.
	by map[string]Rule
}

func newBook(p *assess.Policy) *book {
	b := &book{file: p, now: p, numbers: map[string][]Parameter{}, rules: map[string]Rule{}, by: map[string]Rule{}}
	for _, x := range p.Parameters {
		for _, v := range x.Values {
			b.numbers[x.Name] = append(b.numbers[x.Name], Parameter{Name: x.Name, Value: v.Value, Unit: x.Unit,
				From: v.From, Until: v.Until, Reference: joined(v.Cites), ZH: x.ZH, EN: x.EN})
		}
	}
	kinds := map[string]assess.Kind{}
	for _, k := range assess.Kinds() {
		kinds[k.ID] = k
	}
	for i := range p.Rules {
		x := &p.Rules[i]
		k := kinds[x.Trigger]
		r := Rule{ID: x.ID, Cites: joined(x.Cites), Kind: k.ID, To: staffOr(k.About[0]), Points: x.Points, Bonus: x.Bonus,
			Inspection: k.Inspection, ZH: x.ZH, EN: x.EN}
		b.rules[r.ID] = r
		if _, have := b.by[k.ID]; !have {
			b.by[k.ID] = r
		}
	}
	return b
}

// joined are articles in one line, like 63号 第五条, 第十三条(一): a document is named once.
func joined(cites []string) string {
	var b strings.Builder
	last := ""
	for i, one := range cites {
		if i > 0 {
			b.WriteString(", ")
		}
		document, article, parted := strings.Cut(one, " ")
		if parted && document == last {
			one = article
		}
		last = document
		b.WriteString(one)
	}
	return b.String()
}

// staffOr names whom a fact is about as day sheets do.
func staffOr(to assess.To) string {
	if to == assess.ToPerson {
		return "staff"
	}
	return string(to)
}

// on gives the value of the file for a day: days before the first have the first, so that old days can still be looked at.
func (b *book) on(name string, day hall.Date) (p Parameter, ok bool) {
	values := b.numbers[name]
	if len(values) == 0 {
		return p, false
	}
	p = values[0]
	for _, v := range values[1:] {
		if v.From > day {
			break
		}
		p = v
	}
	return p, true
}

// shelve makes the books of all that was adopted, by their first day.
func (s *State) shelve() {
	s.books = nil
	for _, a := range s.Adoptions.All() {
		b := &book{}
		if p := s.parse(a.Text, a.SHA256); p != nil {
			b = newBook(p)
		}
		b.key, b.from = a.Key(), a.From
		s.books = append(s.books, b)
	}
	slices.SortStableFunc(s.books, func(a, b *book) int { return cmp.Compare(a.from, b.from) })
	s.change()
}

// all are the program's book and then those that were adopted.
func (s *State) all() []*book { return slices.Concat([]*book{s.shipped}, s.books) }

// parse reads a text once; nil where this program cannot read it.
func (s *State) parse(text, hash string) *assess.Policy {
	if p, done := s.parsed[hash]; done {
		return p
	}
	p, err := Read(text)
	if err != nil {
		p = nil
	}
	s.parsed[hash] = p
	return p
}

// change puts the values that the hall has set beside every book.
func (s *State) change() {
	changes := map[string][]assess.Value{}
	for name, list := range s.Changes.Each() {
		for _, c := range list {
			changes[name] = append(changes[name], assess.Value{Value: c.Value, From: c.From, Until: c.Until, Cites: []string{c.Reference}})
		}
	}
	for _, b := range s.all() {
		if b.file != nil && len(changes) > 0 {
			b.now = b.file.With(changes)
		}
	}
}

// book is that of a day: the last that was adopted from then or earlier, and the program's before the first.
func (s *State) book(day hall.Date) *book {
	for i := len(s.books) - 1; i >= 0; i-- {
		if b := s.books[i]; b.from <= day && b.file != nil {
			return b
		}
	}
	return s.shipped
}

// On gives the value of a parameter that holds on a day: the last that the hall set
// for it, else that of the policy in force, else (where that policy has no such
// number, which the daily work needs) the program's. ok is false where none holds.
func (s *State) On(name string, day hall.Date) (p Parameter, ok bool) {
	changes, _ := s.Changes.Get(name)
	for i := len(changes) - 1; i >= 0; i-- {
		if c := changes[i]; c.From <= day && (c.Until == "" || day <= c.Until) {
			return c, true
		}
	}
	if p, ok = s.book(day).on(name, day); ok {
		return p, true
	}
	return s.shipped.on(name, day)
}

// Rule gives a rule by id: that of the policy adopted last which has it, else the program's.
func (s *State) Rule(id string) (Rule, bool) {
	for i := len(s.books) - 1; i >= 0; i-- {
		if r, ok := s.books[i].rules[id]; ok {
			return r, true
		}
	}
	r, ok := s.shipped.rules[id]
	return r, ok
}

// RuleOn gives the rule of the policy in force on a day by id, or else its first rule
// about the kind of fact of that name.
func (s *State) RuleOn(id string, day hall.Date) (Rule, bool) {
	b := s.book(day)
	if r, ok := b.rules[id]; ok {
		return r, true
	}
	r, ok := b.by[id]
	return r, ok
}

// Rules are those of the policy in force on a day, in the order of its file.
func (s *State) Rules(day hall.Date) (all []Rule) {
	b := s.book(day)
	for _, r := range b.file.Rules {
		all = append(all, b.rules[r.ID])
	}
	return all
}

// Worth is what a fact of a kind takes off on a day, for a day's sheet: what the
// rules say that apply to whom the fact is first about, or where there is none,
// to the next. It is what assess says, so that sheets and scores agree. The
// values are used where there was one; ok is false where no rule applies.
func (s *State) Worth(kind string, values map[string]any, day hall.Date) (points float64, parameters []string, ok bool) {
	f := assess.Fact{ID: "sheet", Kind: kind, Day: day, Person: "-", Window: "-", Department: "-", Values: values}
	found := assess.Assess(s.book(day).now, []assess.Fact{f}, day)
	for _, to := range []assess.To{assess.ToPerson, assess.ToWindow, assess.ToDepartment} {
		for _, x := range found {
			if x.To != to || x.Fault != nil {
				continue
			}
			points, ok = points-x.Points, true
			for _, name := range x.Parameters {
				if !slices.Contains(parameters, name) {
					parameters = append(parameters, name)
				}
			}
		}
		if ok {
			break
		}
	}
	return points, parameters, ok
}

// known tells whether any policy has a parameter.
func (s *State) known(name string) bool {
	return slices.ContainsFunc(s.all(), func(b *book) bool { return len(b.numbers[name]) > 0 })
}

// Scored tells whether the scores of any policy that the hall goes by stand on a parameter.
func (s *State) Scored(name string) bool {
	return slices.ContainsFunc(s.all(), func(b *book) bool { return b.file != nil && b.file.Scored(name) })
}

// Names are the parameters there are, in order.
func (s *State) Names() (names []string) {
	for _, b := range s.all() {
		for name := range b.numbers {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// History gives all values that a parameter ever had: those of the program's policy and of
// the adopted ones, each until the next begins, then the hall's in the order in which it set them.
func (s *State) History(name string) (all []Parameter) {
	books := s.all()
	for i, b := range books {
		end := hall.Date("")
		if i+1 < len(books) {
			end = books[i+1].from.AddDays(-1)
		}
		for _, p := range b.numbers[name] {
			p.From = max(p.From, b.from)
			if end != "" && (p.Until == "" || p.Until > end) {
				p.Until = end
			}
			if p.Until == "" || p.From <= p.Until {
				all = append(all, p)
			}
		}
	}
	changes, _ := s.Changes.Get(name)
	return append(all, changes...)
}
