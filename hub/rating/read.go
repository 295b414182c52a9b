package rating

import (
	"bytes"
	"encoding/json"

	"hallkeeper/wire"
)

// read reads the data of a record; what cannot be read stays empty.
func read(r *wire.Record, into any) bool { return json.Unmarshal(r.Data, into) == nil }

// with reads the data of a record; what cannot be read changes nothing.
func with[T any](r *wire.Record, use func(T)) {
	var d T
	if read(r, &d) {
		use(d)
	}
}

// What comes several times a visit is read by hand where it is as the hub writes
// it: flat, compact and without escapes. encoding/json reads the rest.

func readTicketIssued(data []byte) (d wire.TicketIssued) {
	f := flat{rest: data}
	for f.next() {
		switch string(f.key) {
		case "ticket":
			d.Ticket = string(f.text)
		case "service":
			d.Service = string(f.text)
		case "day":
			d.Day = string(f.text)
		}
	}
	if f.odd {
		d = wire.TicketIssued{}
		_ = json.Unmarshal(data, &d)
	}
	return d
}

func readVisitStarted(data []byte) (d wire.VisitStarted) {
	f := flat{rest: data}
	for f.next() {
		switch string(f.key) {
		case "visit":
			d.Visit = string(f.text)
		case "ticket":
			d.Ticket = string(f.text)
		case "window":
			d.Window = string(f.text)
		case "staff":
			d.Staff = string(f.text)
		}
	}
	if f.odd {
		d = wire.VisitStarted{}
		_ = json.Unmarshal(data, &d)
	}
	return d
}

func readVisitFinished(data []byte) (d wire.VisitFinished) {
	f := flat{rest: data}
	for f.next() {
		switch string(f.key) {
		case "visit":
			d.Visit = string(f.text)
		case "ticket":
			d.Ticket = string(f.text)
		case "window":
			d.Window = string(f.text)
		case "outcome":
			d.Outcome = string(f.text)
		case "next":
			d.Next = string(f.text)
		case "service":
			d.Service = string(f.text)
		}
	}
	if f.odd {
		d = wire.VisitFinished{}
		_ = json.Unmarshal(data, &d)
	}
	return d
}

// flat goes through the texts of a compact JSON object. Where that is not what it
// is, odd becomes true.
type flat struct {
	rest      []byte
	key, text []byte
	odd       bool
}

// next goes on to the next text; values of other sorts are passed over.
func (f *flat) next() bool {
	for {
		if len(f.rest) == 1 && f.rest[0] == '}' {
			return false
		}
		if len(f.rest) < 3 || f.rest[0] != '{' && f.rest[0] != ',' || f.rest[1] != '"' {
			f.odd = true
			return false
		}
		f.rest = f.rest[1:]
		if f.key = f.quoted(); f.odd || len(f.rest) < 2 || f.rest[0] != ':' {
			f.odd = true
			return false
		}
		f.rest = f.rest[1:]
		if f.rest[0] == '"' {
			f.text = f.quoted()
			return !f.odd
		}
		if f.pass(); f.odd {
			return false
		}
	}
}

// quoted takes what is between quotes.
func (f *flat) quoted() []byte {
	n := bytes.IndexByte(f.rest[1:], '"')
	if n < 0 || bytes.IndexByte(f.rest[1:n+1], '\\') >= 0 {
		f.odd = true
		return nil
	}
	v := f.rest[1 : n+1]
	f.rest = f.rest[n+2:]
	return v
}

// pass takes a number, a word, or a list of such or of texts.
func (f *flat) pass() {
	list := f.rest[0] == '['
	for len(f.rest) > 0 {
		switch c := f.rest[0]; {
		case c == '"':
			if f.quoted(); f.odd {
				return
			}
			continue
		case c == '{' || c == '\\' || c == ' ':
			f.odd = true
			return
		case c == ']':
			f.rest = f.rest[1:]
			return
		case (c == ',' || c == '}') && !list:
			return
		}
		f.rest = f.rest[1:]
	}
	f.odd = true
}

// levelOf reads the level of a press; 0 is none.
func levelOf(data []byte) int {
	const key = `{"level":`
	if len(data) == len(key)+2 && string(data[:len(key)]) == key && data[len(key)] >= '0' && data[len(key)] <= '9' {
		return int(data[len(key)] - '0')
	}
	var d wire.RatingPressed
	_ = json.Unmarshal(data, &d)
	return d.Level
}
