package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"hallkeeper/hub/access"
	"hallkeeper/hub/conduct"
	"hallkeeper/hub/personal"
	"hallkeeper/wire"
)

// This file is the one place in which answers get what is sealed. It is masked by
// default, as hub/personal says of each field; what is clear is asked for by name.

// sealed reads one field of what is sealed, masked. Where the key was destroyed it says so in
// place of a name or a text, and is empty in place of any other field.
func (a *API) sealed(s *wire.Sealed, field string) string {
	if s == nil {
		return ""
	}
	fields := a.Register.Unseal(s)
	if fields == nil {
		switch field {
		case "name", "text", "reason", "words", "note", "title":
			return personal.Removed
		}
		return ""
	}
	return personal.Shown(personal.KindOf(s.Person), field, fields[field])
}

// said reads the first of several fields of a text that there is, masked.
func (a *API) said(s *wire.Sealed, fields ...string) string {
	for _, f := range fields {
		if text := a.sealed(s, f); text != "" {
			return text
		}
	}
	return ""
}

// clear reads one field of what is sealed, whole: for what the hub itself compares, for documents
// that go out under the bureau's seal, and for who has given a reason.
func (a *API) clear(s *wire.Sealed, field string) string {
	if s == nil {
		return ""
	}
	return a.Register.Unseal(s)[field]
}

// standing is where a request comes from, as the log keeps it.
func (a *API) standing(r *http.Request) (string, error) {
	place, err := a.Register.SealPlace(address(r))
	if err != nil {
		return "", fmt.Errorf("%w: %w", problem("not_writable"), err)
	}
	return place, nil
}

// place gives an address of the log, to who may see it: themselves, the administrator and the auditor.
func (a *API) place(from string) string {
	address, err := a.Register.OpenPlace(from)
	if err != nil {
		return personal.Removed
	}
	return address
}

// placesIn are the sealed addresses in what a record says.
func placesIn() *regexp.Regexp { return regexp.MustCompile(`"a1:[0-9]{4}-[0-9]{2}:[A-Za-z0-9_-]*"`) }

// withPlaces is a record's words with the addresses in them.
func (a *API) withPlaces(data json.RawMessage) json.RawMessage {
	if !bytes.Contains(data, []byte(`"a1:`)) {
		return data
	}
	return placesIn().ReplaceAllFunc(data, func(found []byte) []byte {
		return []byte(strconv.Quote(a.place(string(found[1 : len(found)-1]))))
	})
}

// removed tells whether the key of what is sealed was destroyed.
func (a *API) removed(s *wire.Sealed) bool { return s != nil && a.Register.Unseal(s) == nil }

// sight is how much of what a case holds somebody sees.
type sight int

const (
	// seesOwn: whom the case is about, no number and none in the words. seesMasked: everybody else who may see the case.
	seesOwn sight = iota
	seesMasked
)

func sightOf(i *access.Identity, c *conduct.Case) sight {
	if i.Staff != "" && i.Staff == c.Staff {
		return seesOwn
	}
	return seesMasked
}

// number gives the phone number in what is sealed as far as it may be seen.
func (a *API) number(s sight, sealed *wire.Sealed) string {
	if s == seesOwn {
		return ""
	}
	return a.sealed(sealed, "phone")
}

// words gives a text in what is sealed with the numbers in it as far as they may be seen.
func (a *API) wordsFor(s sight, sealed *wire.Sealed, fields ...string) string {
	text := a.said(sealed, fields...)
	if s != seesOwn || text == personal.Removed {
		return text
	}
	for _, f := range fields {
		if raw := a.clear(sealed, f); raw != "" {
			return personal.Bare(raw)
		}
	}
	return ""
}

// reveals tells whether somebody may see a field whole for a reason.
func reveals(i *access.Identity, kind, field string) bool {
	f, ok := personal.FieldOf(kind, field)
	if !ok {
		return false
	}
	for _, role := range append([]wire.Role{i.Role}, i.Acting...) {
		if s := f.By(role); s == personal.Reasoned || s == personal.Clear {
			return true
		}
	}
	return false
}
