package wire

import "encoding/json"

// plain reads an event in the form in which nearly all devices write it: an
// object with the envelope's own names, each once, whose strings need no escapes
// and whose numbers are whole. It reads such an event as encoding/json would, in
// a fraction of the time, which is a third of what an event costs the hub. Of any
// other form, good or bad, it says nothing: encoding/json judges that.
type plain struct {
	b   []byte
	pos int
}

// Bits of the names that were read, since encoding/json merges a repeated one.
const (
	readID = 1 << iota
	readAgent
	readOutbox
	readSeq
	readFirst
	readBoot
	readAt
	readClock
	readUptime
	readKind
	readVersion
	readData
)

// readPlain fills in and tells whether raw has the plain form; in is spoilt
// where it has not. Agent is the topic's, which the event nearly always repeats.
func readPlain(agent string, raw []byte, in *incoming) bool {
	p := plain{b: raw}
	if !p.take('{') {
		return false
	}
	for seen, more := 0, true; more; {
		name, ok := p.text()
		if !ok || !p.take(':') {
			return false
		}
		field := p.field(agent, name, in)
		if field == 0 || seen&field != 0 {
			return false
		}
		seen |= field
		if more = p.take(','); !more && !p.take('}') {
			return false
		}
	}
	p.space()
	return p.pos == len(p.b)
}

// field reads one value into its place and gives its bit, 0 where it is not plain.
func (p *plain) field(agent string, name []byte, in *incoming) (bit int) {
	var s []byte
	ok := false
	switch string(name) {
	case "id":
		bit = readID
		s, ok = p.text()
		in.ID = string(s)
	case "agent":
		bit = readAgent
		if s, ok = p.text(); string(s) == agent {
			in.Agent = agent
		} else {
			in.Agent = string(s)
		}
	case "outbox":
		bit = readOutbox
		s, ok = p.text()
		in.Outbox = string(s)
	case "seq":
		bit = readSeq
		in.Seq = new(uint64)
		*in.Seq, ok = p.number()
	case "first":
		bit = readFirst
		in.First, ok = p.number()
	case "boot":
		bit = readBoot
		s, ok = p.text()
		in.Boot = string(s)
	case "at":
		bit = readAt
		s, ok = p.text()
		in.At = string(s)
	case "clock":
		bit = readClock
		if s, ok = p.text(); string(s) == string(ClockSynced) {
			in.Clock = ClockSynced
		} else {
			in.Clock = Clock(s)
		}
	case "uptime_ms":
		var n uint64
		bit = readUptime
		n, ok = p.number()
		in.UptimeMS = int64(n)
	case "kind":
		bit = readKind
		s, ok = p.text()
		in.Kind = kindOf(s)
	case "v":
		var n uint64
		bit = readVersion
		n, ok = p.number()
		in.Version = int(n)
		ok = ok && uint64(in.Version) == n
	case "data":
		bit = readData
		in.Data, ok = p.object()
	}
	if !ok {
		return 0
	}
	return bit
}

// kindOf spares the commonest kinds a string of their own.
func kindOf(s []byte) Kind {
	switch string(s) {
	case string(KindCardSwiped):
		return KindCardSwiped
	case string(KindRatingPressed):
		return KindRatingPressed
	case string(KindCallPressed):
		return KindCallPressed
	}
	return Kind(s)
}

// object reads an object of plain strings, numbers and words, and gives a copy of it.
func (p *plain) object() (json.RawMessage, bool) {
	p.space()
	start := p.pos
	if !p.take('{') {
		return nil, false
	}
	if !p.take('}') {
		for more := true; more; {
			if _, ok := p.text(); !ok || !p.take(':') || !p.scalar() {
				return nil, false
			}
			if more = p.take(','); !more && !p.take('}') {
				return nil, false
			}
		}
	}
	return append(json.RawMessage(nil), p.b[start:p.pos]...), true
}

func (p *plain) scalar() bool {
	p.space()
	for _, word := range [...]string{"true", "false", "null"} {
		if rest := p.b[p.pos:]; len(rest) >= len(word) && string(rest[:len(word)]) == word {
			p.pos += len(word)
			return true
		}
	}
	if p.pos < len(p.b) && p.b[p.pos] == '"' {
		_, ok := p.text()
		return ok
	}
	_, ok := p.number()
	return ok
}

func (p *plain) space() {
	for p.pos < len(p.b) {
		switch p.b[p.pos] {
		case ' ', '\t', '\r', '\n':
			p.pos++
		default:
			return
		}
	}
}

// take passes over one byte, and space before it, where it is c.
func (p *plain) take(c byte) bool {
	p.space()
	if p.pos == len(p.b) || p.b[p.pos] != c {
		return false
	}
	p.pos++
	return true
}

// text reads a string of printable ASCII without escapes.
func (p *plain) text() ([]byte, bool) {
	if !p.take('"') {
		return nil, false
	}
	start := p.pos
	for ; p.pos < len(p.b); p.pos++ {
		switch c := p.b[p.pos]; {
		case c == '"':
			p.pos++
			return p.b[start : p.pos-1], true
		case c == '\\' || c < ' ' || c > '~':
			return nil, false
		}
	}
	return nil, false
}

// number reads a whole number of at most 18 digits, which any of the envelope's
// integers can hold.
func (p *plain) number() (n uint64, ok bool) {
	p.space()
	start := p.pos
	for ; p.pos < len(p.b) && p.b[p.pos]-'0' <= 9; p.pos++ {
		n = n*10 + uint64(p.b[p.pos]-'0')
	}
	digits := p.pos - start
	return n, digits > 0 && digits <= 18 && (digits == 1 || p.b[start] != '0')
}
