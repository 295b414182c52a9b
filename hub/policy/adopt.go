package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// AdoptPolicy puts a policy file into force from a day on.
type AdoptPolicy struct {
	Text     string `json:"text"`
	From     string `json:"from"`
	Document string `json:"document"`
	// Published tells whether results of any of the days, both included, are
	// published; nil where nothing is. It is not part of the request.
	Published func(from, until hall.Date) bool `json:"-"`
}

// ExtendPolicy records the decision that a trial policy goes on.
type ExtendPolicy struct {
	wire.PolicyExtended
}

// Found is all that is wrong with the text of a policy, and what was read.
type Found struct {
	// Policy is nil where there are faults.
	Policy *assess.Policy
	Faults []assess.Fault
	Cases  []assess.Played
}

// Wrong tells whether the text cannot be adopted.
func (f *Found) Wrong() bool {
	for _, c := range f.Cases {
		if len(c.Wrong) > 0 {
			return true
		}
	}
	return len(f.Faults) > 0
}

// Check reads the text of a policy and plays its cases.
func Check(text string) (f Found) {
	p, err := Read(text)
	var faults *assess.Faults
	switch {
	case errors.As(err, &faults):
		f.Faults = faults.List
	case err != nil: // Load gives nothing else
		f.Faults = []assess.Fault{{ZH: "读不出这份政策", EN: "the policy cannot be read"}}
	default:
		f.Policy, f.Cases = p, p.Run()
	}
	return f
}

// fields names every fault and every case that does not hold, with its line.
func (f *Found) fields(bad *hall.Checks) {
	add := func(path, code string, line int, zh, en string) {
		if path == "" {
			path = "text"
		}
		if line > 0 {
			zh, en = fmt.Sprintf("第 %d 行：%s", line, zh), fmt.Sprintf("line %d: %s", line, en)
		}
		bad.Add(path, code, zh, en)
	}
	for _, x := range f.Faults {
		add(x.Path, "fault", x.Line, x.ZH, x.EN)
	}
	for i, c := range f.Cases {
		for _, w := range c.Wrong {
			add(fmt.Sprintf("cases[%d]", i+1), "case", c.Case.Line, "用例“"+c.Case.ZH+"”"+w.ZH, "the case \""+c.Case.EN+"\": "+w.EN)
		}
	}
}

// Event is what adopting a policy says, which was read from a text.
func Event(p *assess.Policy, text, from, document string) wire.PolicyAdopted {
	return wire.PolicyAdopted{Policy: p.ID, Version: p.Version, From: from, Document: document, Text: text, SHA256: hashOf(text)}
}

// hashOf names the text of a policy.
func hashOf(text string) string {
	hash := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hash[:])
}

// DecidePolicy gives the event, or a refusal that names every fault of the text.
func (c AdoptPolicy) DecidePolicy(s *State, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Date("from", c.From, true)
	bad.Words("document", &c.Document, 1, 80)
	found := Check(c.Text)
	found.fields(&bad)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	p, day := found.Policy, hall.Date(c.From)
	d := Event(p, c.Text, c.From, c.Document)
	if day < p.InForce.From {
		return nil, hall.RefuseBy(p.InForce.Cites[0], "policy_early", "这份政策自 "+string(p.InForce.From)+" 起施行，不能从 "+c.From+" 起适用",
			"this policy is in force from "+string(p.InForce.From)+" on and cannot hold from "+c.From)
	}
	if old, have := s.Adoptions.Get(p.Key()); have {
		switch {
		case old.SHA256 != d.SHA256:
			return nil, hall.Refuse("policy_version_taken", p.Key()+" 已经通过，而内容不同；改动后的政策须用新的版本号", p.Key()+" was adopted with another content; give what you have changed a new version")
		case old.From != day:
			return nil, hall.Refuse("policy_adopted", p.Key()+" 已自 "+string(old.From)+" 起适用；另定起始日须用新的版本号", p.Key()+" holds from "+string(old.From)+" on already; another first day needs a new version")
		}
		return nil, nil
	}
	until := hall.Date("9999-12-31")
	for _, a := range s.Adopted() {
		if a.From == day {
			return nil, hall.Refuse("policy_two", a.Key()+" 已自 "+c.From+" 起适用，同一天不能有两份政策", a.Key()+" holds from "+c.From+" on already; two policies cannot be in force on one day")
		}
		if a.From > day {
			until = a.From.AddDays(-1)
			break
		}
	}
	if c.Published != nil && c.Published(day, until) {
		return nil, hall.RefuseBy("63号 第八条", "policy_published", c.From+" 以后已有公示的考核结果，不能改变其所依据的政策；请从未公示的月份起适用",
			"results of days from "+c.From+" on are published and the policy that they stand on cannot change; begin with a month that is not published")
	}
	return event(wire.KindPolicyAdopted, d)
}

// DecidePolicy gives the event, or a refusal.
func (c ExtendPolicy) DecidePolicy(s *State, _ hall.Moment) ([]hall.Draft, error) {
	key := Key(c.Policy, c.Version)
	a, have := s.Adoptions.Get(key)
	if !have {
		return nil, hall.Unknown("policy_unknown", "本大厅没有通过名为“"+key+"”的政策", "the hall has adopted no policy "+key)
	}
	p := s.parse(a.Text, a.SHA256)
	if p == nil {
		return nil, hall.Refuse("policy_unreadable", "本版本的程序读不出这份政策", "this version of the program cannot read that policy")
	}
	var bad hall.Checks
	bad.Date("from", c.From, true)
	bad.Date("until", c.Until, false)
	bad.Span("until", c.From, c.Until)
	bad.Words("document", &c.Document, 0, 80)
	bad.Words("reason", &c.Reference, 0, 200)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	in, from := p.InForce, hall.Date(c.From)
	refuse := func(name, zh, en string) ([]hall.Draft, error) { return nil, hall.RefuseBy(in.Cites[0], name, zh, en) }
	switch {
	case c.Document == "":
		return refuse("document_missing", "延续须有文件，请填写文号", "an extension needs a document: give its number")
	case in.Until == "":
		return refuse("extension_needless", "这份政策没有止日，不需要延续", "this policy has no end and needs no extension")
	case in.Extension != "recorded":
		return refuse("extension_none", "这份政策写明期满不延续", "this policy says that it is not extended")
	case from <= in.Until:
		return refuse("extension_overlaps", "政策本身施行至 "+string(in.Until)+"，延续应从其后开始", "the policy itself holds until "+string(in.Until)+"; an extension begins after that")
	}
	for _, e := range a.Extensions {
		if e.From == from && string(e.Until) == c.Until && e.Document == c.Document && e.Reference == c.Reference && e.Fictional == c.Fictional {
			return nil, nil
		}
		if (e.Until == "" || from <= e.Until) && (c.Until == "" || string(e.From) <= c.Until) {
			return refuse("extension_overlaps", "与已登记的延续（"+e.Document+"，自 "+string(e.From)+"）重叠", "overlaps the extension by "+e.Document+" from "+string(e.From)+" on")
		}
	}
	return event(wire.KindPolicyExtended, c.PolicyExtended)
}
