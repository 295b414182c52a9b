package ingest

import (
	"encoding/json"
	"strings"
)

// masker replaces card numbers in JSON. Devices send them as the field "card"
// of data, as encoding/json reads it: in any case, with any escapes.
type masker struct {
	token func(number string) string
	// deep masks fields at any depth; otherwise the top object's alone.
	deep bool

	src  []byte
	pos  int
	done int // src[:done] is in out already
	out  []byte
}

// maskData replaces the card number at the top level of an event's data, which
// must be valid JSON. It gives data itself where there is none.
func maskData(data []byte, token func(string) string) []byte {
	m := masker{token: token, src: data}
	return m.run()
}

// maskPayload replaces card numbers at any depth of a payload that is JSON;
// other payloads stay as they are.
func maskPayload(payload []byte, token func(string) string) []byte {
	if !json.Valid(payload) {
		return payload
	}
	m := masker{token: token, src: payload, deep: true}
	return m.run()
}

func (m *masker) run() []byte {
	m.space()
	m.value(0)
	if m.out == nil {
		return m.src
	}
	return append(m.out, m.src[m.done:]...)
}

func (m *masker) space() {
	for m.pos < len(m.src) {
		switch m.src[m.pos] {
		case ' ', '\t', '\r', '\n':
			m.pos++
		default:
			return
		}
	}
}

// value passes over one value; depth counts the objects and arrays around it.
func (m *masker) value(depth int) {
	if m.pos >= len(m.src) {
		return
	}
	switch m.src[m.pos] {
	case '{':
		m.members(depth)
	case '[':
		m.elements(depth)
	case '"':
		m.text()
	default:
		m.literal()
	}
}

func (m *masker) members(depth int) {
	m.pos++
	for m.space(); m.pos < len(m.src) && m.src[m.pos] != '}'; m.space() {
		if m.src[m.pos] == ',' {
			m.pos++
			continue
		}
		key := m.text()
		m.space()
		m.pos++ // the colon
		m.space()
		if (m.deep || depth == 0) && isCard(key) {
			m.replace(depth + 1)
		} else {
			m.value(depth + 1)
		}
	}
	m.pos++
}

func (m *masker) elements(depth int) {
	m.pos++
	for m.space(); m.pos < len(m.src) && m.src[m.pos] != ']'; m.space() {
		if m.src[m.pos] == ',' {
			m.pos++
			continue
		}
		m.value(depth + 1)
	}
	m.pos++
}

// text passes over a string and gives it with its quotes.
func (m *masker) text() []byte {
	start := m.pos
	for m.pos++; m.pos < len(m.src) && m.src[m.pos] != '"'; m.pos++ {
		if m.src[m.pos] == '\\' {
			m.pos++
		}
	}
	m.pos = min(m.pos+1, len(m.src))
	return m.src[start:m.pos]
}

func (m *masker) literal() {
	for m.pos < len(m.src) {
		switch m.src[m.pos] {
		case ',', '}', ']', ' ', '\t', '\r', '\n':
			return
		}
		m.pos++
	}
}

// replace puts a token in the place of a card's value. A number, an array or an
// object is no card number by the contract; where a device sends one all the
// same, its text is hidden whole. null, true, false and "" hold no number.
func (m *masker) replace(depth int) {
	start := m.pos
	m.skip(depth)
	raw := m.src[start:m.pos]
	number := string(raw)
	switch number {
	case "null", "true", "false", `""`:
		return
	}
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &number); err != nil {
			number = string(raw)
		}
	}
	m.out = append(m.out, m.src[m.done:start]...)
	m.out = append(m.out, quoted(m.token(number))...)
	m.done = m.pos
}

// skip passes over a value without replacing anything in it.
func (m *masker) skip(depth int) {
	inner := masker{src: m.src, pos: m.pos}
	inner.value(depth + 1) // deeper than the top and not deep: nothing is a card
	m.pos = inner.pos
}

func quoted(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil { // a string always has a JSON form
		return []byte(`"masked"`)
	}
	return b
}

// isCard tells whether a key, with its quotes, reads as card.
func isCard(key []byte) bool {
	if len(key) == len(`"card"`) {
		return strings.EqualFold(string(key), `"card"`)
	}
	if len(key) < len(`"card"`) {
		return false
	}
	for _, c := range key {
		if c == '\\' || c >= 0x80 {
			var name string
			return json.Unmarshal(key, &name) == nil && strings.EqualFold(name, "card")
		}
	}
	return false
}
