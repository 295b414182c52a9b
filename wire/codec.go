package wire

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendRecord appends r's canonical JSON to dst: fixed order of fields, no
// spaces, data byte for byte. The log's Merkle tree is made over exactly these
// bytes and `hub export` prints exactly these lines, so this form never
// changes for a record that has been stored.
func AppendRecord(dst []byte, r *Record) []byte {
	dst = append(dst, `{"position":`...)
	dst = strconv.AppendUint(dst, uint64(r.Position), 10)
	dst = append(dst, `,"stored_at":"`...)
	dst = appendTime(dst, r.StoredAt)
	dst = append(dst, `",`...)
	return appendEventFields(dst, &r.Event)
}

// AppendContent appends the canonical JSON of e without what belongs to its
// delivery (First): two deliveries of the same event give the same bytes.
func AppendContent(dst []byte, e *Event) []byte {
	return appendEventFields(append(dst, '{'), e)
}

// MarshalJSON gives the canonical form.
func (r Record) MarshalJSON() ([]byte, error) { return AppendRecord(nil, &r), nil }

func appendEventFields(dst []byte, e *Event) []byte {
	dst = append(dst, `"id":`...)
	dst = appendString(dst, e.ID)
	dst = appendStringField(dst, "agent", e.Agent)
	dst = appendStringField(dst, "outbox", e.Outbox)
	if e.Seq != 0 {
		dst = append(dst, `,"seq":`...)
		dst = strconv.AppendUint(dst, e.Seq, 10)
	}
	dst = appendStringField(dst, "boot", e.Boot)
	dst = append(dst, `,"at":"`...)
	dst = appendTime(dst, e.At)
	dst = append(dst, '"')
	dst = appendStringField(dst, "clock", string(e.Clock))
	if e.UptimeMS != 0 {
		dst = append(dst, `,"uptime_ms":`...)
		dst = strconv.AppendInt(dst, e.UptimeMS, 10)
	}
	dst = appendStringField(dst, "kind", string(e.Kind))
	if e.Version != 0 {
		dst = append(dst, `,"v":`...)
		dst = strconv.AppendInt(dst, int64(e.Version), 10)
	}
	if len(e.Data) != 0 {
		dst = append(dst, `,"data":`...)
		dst = append(dst, e.Data...)
	}
	if e.Actor != nil {
		dst = append(dst, `,"actor":{"kind":`...)
		dst = appendString(dst, string(e.Actor.Kind))
		dst = append(dst, `,"id":`...)
		dst = appendString(dst, e.Actor.ID)
		dst = appendStringField(dst, "session", e.Actor.Session)
		dst = appendStringField(dst, "from", e.Actor.From)
		dst = appendStringField(dst, "proposed_by", e.Actor.ProposedBy)
		dst = append(dst, '}')
	}
	if len(e.Personal) != 0 {
		dst = append(dst, `,"personal":[`...)
		for i, s := range e.Personal {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"person":`...)
			dst = appendString(dst, s.Person)
			dst = append(dst, `,"box":"`...)
			dst = base64.StdEncoding.AppendEncode(dst, s.Box)
			dst = append(dst, `"}`...)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func appendStringField(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	dst = append(dst, `":`...)
	return appendString(dst, value)
}

func appendTime(dst []byte, t time.Time) []byte { return t.AppendFormat(dst, time.RFC3339Nano) }

// appendString quotes s as JSON, escaping only what JSON demands.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c == '"' || c == '\\':
				dst = append(dst, '\\', c)
			case c < ' ':
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			default:
				dst = append(dst, c)
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, "\ufffd"...)
		} else {
			dst = append(dst, s[i:i+size]...)
		}
		i += size
	}
	return append(dst, '"')
}
