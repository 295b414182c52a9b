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
	if plain(data) {
		d.Ticket, d.Service, d.Day = text(data, `"ticket":"`), text(data, `"service":"`), text(data, `"day":"`)
	}
	if d.Ticket == "" {
		_ = json.Unmarshal(data, &d)
	}
	return d
}

func readVisitStarted(data []byte) (d wire.VisitStarted) {
	if plain(data) {
		d.Visit, d.Ticket, d.Window, d.Staff = text(data, `"visit":"`), text(data, `"ticket":"`), text(data, `"window":"`), text(data, `"staff":"`)
	}
	if d.Visit == "" {
		_ = json.Unmarshal(data, &d)
	}
	return d
}

func readVisitFinished(data []byte) (d wire.VisitFinished) {
	if plain(data) {
		d.Visit, d.Ticket, d.Window = text(data, `"visit":"`), text(data, `"ticket":"`), text(data, `"window":"`)
		d.Outcome, d.Next, d.Service = text(data, `"outcome":"`), text(data, `"next":"`), text(data, `"service":"`)
	}
	if d.Visit == "" {
		_ = json.Unmarshal(data, &d)
	}
	return d
}

// plain tells whether data has no escapes: a key with its quotes and colon is
// then in it nowhere else than as a key.
func plain(data []byte) bool { return bytes.IndexByte(data, '\\') < 0 }

// text gives the text of a key, empty where there is none.
func text(data []byte, key string) string {
	i := bytes.Index(data, []byte(key))
	if i < 0 {
		return ""
	}
	rest := data[i+len(key):]
	if n := bytes.IndexByte(rest, '"'); n >= 0 {
		return string(rest[:n])
	}
	return ""
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
