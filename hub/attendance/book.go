package attendance

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Book is what people asked, decided and entered about days. Unlike swipes it is
// what commands are decided on. The zero value is empty.
type Book struct {
	Leaves      hall.Table[Leave]
	Secondments hall.Table[Secondment]
	Punches     hall.Table[Punch]
	Judgements  hall.Table[Judgement] // by the event of the swipe
	Swaps       hall.Table[SwapJudgement]
	Inspections hall.Table[Inspection]
	Withdrawals hall.Table[Note] // by finding; see NoteOn
	Replies     hall.Table[Note] // by finding; see NoteOn
	Delegations hall.Table[Delegation]
	Rota        hall.Table[[]string] // by day: accounts
	// Closed is how far each closed day is.
	Closed hall.Table[ClosedDay]
}

// Request says how far a request is.
type Request string

// The states of a request.
const (
	Asked     Request = "asked"
	Approved  Request = "approved"
	Refused   Request = "refused"
	Cancelled Request = "cancelled"
)

// Signed is who did something, when, and by which record.
type Signed struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
	// Event is the record's id.
	Event string `json:"event"`
	// Sealed holds the reason or note.
	Sealed []wire.Sealed `json:"sealed,omitempty"`
}

func signed(r *wire.Record) Signed {
	s := Signed{At: r.StoredAt, Event: r.ID, Sealed: r.Personal}
	if r.Actor != nil {
		s.By = r.Actor.ID
	}
	return s
}

// Leave is leave or official business.
type Leave struct {
	wire.LeaveAsked
	State   Request `json:"state"`
	Asked   Signed  `json:"asked"`
	Decided *Signed `json:"decided,omitempty"`
}

// Secondment is a time for which a person works elsewhere.
type Secondment struct {
	wire.SecondmentSet
	Signed Signed `json:"signed"`
}

// Punch is a make-up punch or a manual entry.
type Punch struct {
	wire.PunchAsked
	Manual   bool    `json:"manual,omitempty"`
	SignedBy string  `json:"signed_by,omitempty"`
	State    Request `json:"state"`
	Asked    Signed  `json:"asked"`
	Decided  *Signed `json:"decided,omitempty"`
}

// Judgement is the decision about one uncertain swipe.
type Judgement struct {
	wire.SwipeJudged
	Signed Signed `json:"signed"`
}

// SwapJudgement is the decision about one suspected swap.
type SwapJudgement struct {
	wire.SwapJudged
	Signed Signed `json:"signed"`
}

// Inspection is a finding that a person entered.
type Inspection struct {
	wire.FindingMade
	Signed Signed `json:"signed"`
}

// Note is what was said of a finding: a withdrawal or a reply.
type Note struct {
	Finding string `json:"finding"`
	Day     string `json:"day"`
	Staff   string `json:"staff,omitempty"`
	At      string `json:"at,omitempty"`
	Minutes int    `json:"minutes,omitempty"`
	Signed  Signed `json:"signed"`
}

// NoteOn is the note about a finding. Some findings are named after the time at
// which they begin, which a late swipe can move: those keep the note about one of
// the same rule and subject whose time they share.
func NoteOn(notes *hall.Table[Note], f *wire.Finding) (Note, bool) {
	if n, ok := notes.Get(f.ID); ok {
		return n, true
	}
	kind, ok := strings.CutSuffix(f.ID, strings.ReplaceAll(f.At, ":", ""))
	span, timed := spanOf(f.At, f.Minutes)
	if !ok || !timed {
		return Note{}, false
	}
	for _, n := range notes.All() {
		if strings.HasPrefix(n.Finding, kind) {
			if x, ok := spanOf(n.At, n.Minutes); ok && x.And(span).Minutes() > 0 {
				return n, true
			}
		}
	}
	return Note{}, false
}

func spanOf(at string, minutes int) (s hall.Span, ok bool) {
	from, ok := hall.ParseMinute(at)
	return hall.Span{From: from, Until: from + hall.Minute(minutes)}, ok && minutes > 0
}

// Delegation lets one account act for another.
type Delegation struct {
	wire.DelegationSet
	Ended  bool   `json:"ended,omitempty"`
	Signed Signed `json:"signed"`
}

// ClosedDay says who closed a day and which of its revisions is published, 0 for none.
type ClosedDay struct {
	Checked   Signed  `json:"checked"`
	Published int     `json:"published,omitempty"`
	Release   *Signed `json:"release,omitempty"`
	// Withdrawn says that what was published was taken back, until it is published again.
	Withdrawn *hall.Withdrawal `json:"withdrawn,omitempty"`
}

// Tables are what a view keeps.
func (b *Book) Tables() hall.Tables {
	return hall.Tables{"leave": &b.Leaves, "secondment": &b.Secondments, "punch": &b.Punches, "judgement": &b.Judgements,
		"swap": &b.Swaps, "inspection": &b.Inspections, "withdrawal": &b.Withdrawals, "reply": &b.Replies,
		"delegation": &b.Delegations, "rota": &b.Rota, "closed": &b.Closed}
}

// Fold applies a record and gives the days whose sheets it touches: from and
// until, both included; empty where none.
func (b *Book) Fold(r *wire.Record) (from, until hall.Date) {
	switch r.Kind {
	case wire.KindLeaveAsked:
		var d wire.LeaveAsked
		if read(r, &d) {
			b.Leaves.Set(d.Leave, Leave{LeaveAsked: d, State: Asked, Asked: signed(r)})
			return hall.Date(d.From), hall.Date(d.Until)
		}
	case wire.KindLeaveDecided:
		var d wire.LeaveDecided
		if read(r, &d) {
			return b.leave(d.Leave, decided(d.Approved), r)
		}
	case wire.KindLeaveCancelled:
		var d wire.LeaveCancelled
		if read(r, &d) {
			return b.cancel(&d, r)
		}
	case wire.KindSecondmentSet:
		var d wire.SecondmentSet
		if read(r, &d) {
			b.Secondments.Set(d.Secondment, Secondment{d, signed(r)})
			return hall.Date(d.From), hall.Date(d.Until)
		}
	case wire.KindSecondmentEnded:
		var d wire.SecondmentEnded
		if read(r, &d) {
			old, _ := b.Secondments.Get(d.Secondment)
			b.Secondments.Change(d.Secondment, func(s *Secondment) { s.Until = d.On })
			return hall.Date(d.On), hall.Date(old.Until)
		}
	case wire.KindPunchAsked:
		var d wire.PunchAsked
		if read(r, &d) {
			b.Punches.Set(d.Punch, Punch{PunchAsked: d, State: Asked, Asked: signed(r)})
			return one(d.Day)
		}
	case wire.KindPunchDecided:
		var d wire.PunchDecided
		if read(r, &d) {
			s := signed(r)
			b.Punches.Change(d.Punch, func(p *Punch) { p.State, p.Decided = decided(d.Approved), &s })
			p, _ := b.Punches.Get(d.Punch)
			return one(p.Day)
		}
	case wire.KindPunchCancelled:
		var d wire.PunchCancelled
		if read(r, &d) {
			s := signed(r)
			b.Punches.Change(d.Punch, func(p *Punch) { p.State, p.Decided = Cancelled, &s })
			p, _ := b.Punches.Get(d.Punch)
			return one(p.Day)
		}
	case wire.KindPunchEntered:
		var d wire.PunchEntered
		if read(r, &d) {
			b.Punches.Set(d.Punch, Punch{PunchAsked: wire.PunchAsked{Punch: d.Punch, Staff: d.Staff, Day: d.Day, At: d.At, Window: d.Window},
				Manual: true, SignedBy: d.SignedBy, State: Approved, Asked: signed(r)})
			return one(d.Day)
		}
	default:
		return b.foldJudgements(r)
	}
	return "", ""
}

func (b *Book) foldJudgements(r *wire.Record) (from, until hall.Date) {
	switch r.Kind {
	case wire.KindSwipeJudged:
		var d wire.SwipeJudged
		if read(r, &d) {
			b.Judgements.Set(d.Event, Judgement{d, signed(r)})
			return "", "" // the swipes know which days
		}
	case wire.KindSwapJudged:
		var d wire.SwapJudged
		if read(r, &d) {
			b.Swaps.Set(d.Swap, SwapJudgement{d, signed(r)})
			day, _, _ := strings.Cut(d.Swap, ".")
			return one(day)
		}
	case wire.KindFindingMade:
		var d wire.FindingMade
		if read(r, &d) {
			b.Inspections.Set(d.Finding, Inspection{d, signed(r)})
			return one(d.Day)
		}
	case wire.KindFindingDropped:
		var d wire.FindingWithdrawn
		if read(r, &d) {
			b.Withdrawals.Set(d.Finding, Note{d.Finding, d.Day, d.Staff, d.At, d.Minutes, signed(r)})
			return one(d.Day)
		}
	case wire.KindFindingReplied:
		var d wire.FindingReplied
		if read(r, &d) {
			b.Replies.Set(d.Finding, Note{d.Finding, d.Day, d.Staff, d.At, d.Minutes, signed(r)})
			return one(d.Day)
		}
	case wire.KindDelegationSet:
		var d wire.DelegationSet
		if read(r, &d) {
			b.Delegations.Set(d.Delegation, Delegation{DelegationSet: d, Signed: signed(r)})
		}
	case wire.KindDelegationEnded:
		var d wire.DelegationEnded
		if read(r, &d) {
			b.Delegations.Change(d.Delegation, func(x *Delegation) { x.Ended = true })
		}
	case wire.KindRotaSet:
		var d wire.RotaSet
		if read(r, &d) {
			if len(d.Accounts) == 0 {
				b.Rota.Delete(d.Day)
			} else {
				b.Rota.Set(d.Day, d.Accounts)
			}
		}
	case wire.KindDayChecked:
		var d wire.DayChecked
		if read(r, &d) {
			if !b.Closed.Has(d.Day) {
				b.Closed.Set(d.Day, ClosedDay{Checked: signed(r)})
			}
		}
	case wire.KindDayPublished:
		var d wire.DayPublished
		if read(r, &d) {
			release := signed(r)
			b.Closed.Change(d.Day, func(c *ClosedDay) { c.Published, c.Release, c.Withdrawn = d.Revision, &release, nil })
		}
	case wire.KindDayUnpublished:
		var d wire.DayUnpublished
		if read(r, &d) && b.Closed.Has(d.Day) {
			b.Closed.Change(d.Day, func(c *ClosedDay) { c.Published, c.Release, c.Withdrawn = 0, nil, hall.WithdrawalOf(r, d.Revision) })
		}
	}
	return "", ""
}

func (b *Book) leave(id string, state Request, r *wire.Record) (from, until hall.Date) {
	s := signed(r)
	b.Leaves.Change(id, func(l *Leave) { l.State, l.Decided = state, &s })
	l, _ := b.Leaves.Get(id)
	return hall.Date(l.From), hall.Date(l.Until)
}

// cancel takes leave back, or ends it early.
func (b *Book) cancel(d *wire.LeaveCancelled, r *wire.Record) (from, until hall.Date) {
	if d.Until == "" {
		return b.leave(d.Leave, Cancelled, r)
	}
	l, _ := b.Leaves.Get(d.Leave)
	until = hall.Date(l.Until)
	b.Leaves.Change(d.Leave, func(l *Leave) { l.Until, l.UntilHalf = d.Until, d.UntilHalf })
	return hall.Date(d.Until), until
}

func decided(approved bool) Request {
	if approved {
		return Approved
	}
	return Refused
}

func one(day string) (from, until hall.Date) { return hall.Date(day), hall.Date(day) }

func read(r *wire.Record, into any) bool { return json.Unmarshal(r.Data, into) == nil }

// ActsFor tells whether one account acts for another on a day.
func (b *Book) ActsFor(deputy, account string, day hall.Date) bool {
	for _, d := range b.Delegations.Each() {
		if !d.Ended && d.Deputy == deputy && d.Account == account && hall.Date(d.From) <= day && day <= hall.Date(d.Until) {
			return true
		}
	}
	return false
}

// Delegated lists the accounts for which another one acts on a day.
func (b *Book) Delegated(deputy string, day hall.Date) (accounts []string) {
	for _, d := range b.Delegations.Each() {
		if !d.Ended && d.Deputy == deputy && hall.Date(d.From) <= day && day <= hall.Date(d.Until) {
			accounts = append(accounts, d.Account)
		}
	}
	slices.Sort(accounts)
	return accounts
}

// Began is the first day that was checked; empty where none was.
func (b *Book) Began() (first hall.Date) {
	for day := range b.Closed.Each() {
		if first == "" || hall.Date(day) < first {
			first = hall.Date(day)
		}
	}
	return first
}
