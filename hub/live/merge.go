package live

import (
	"bytes"
	"encoding/json"
	"reflect"

	"hallkeeper/wire"
)

// changes is what a document was like before it changed, entry by entry; nil
// stands for an entry that was not there.
type changes struct {
	hall, letters bool
	satisfaction  bool
	hub           *wire.LiveHub
	windows       map[string]*wire.LiveWindow
	devices       map[string]*wire.LiveDevice
	alarms        map[string]*wire.Alarm
	services      map[string]*wire.LiveService
	calls         map[string]*wire.LiveCall
	notices       map[string]*wire.LiveNotice
}

// patch is the merge patch (RFC 7396) from what doc was to what it is, nil where
// it is the same. The changes are forgotten.
func (c *changes) patch(doc *wire.Live) []byte {
	out := map[string]json.RawMessage{}
	if c.hall {
		out["hall"] = encode(doc.Hall)
	}
	if c.letters {
		out["dead_letters"] = encode(doc.DeadLetters)
	}
	if c.satisfaction {
		out["satisfaction"] = encode(doc.Satisfaction)
	}
	if c.hub != nil {
		if d := diff(encode(*c.hub), encode(doc.Hub)); d != nil {
			out["hub"] = d
		}
	}
	put(out, "windows", c.windows, doc.Windows)
	put(out, "devices", c.devices, doc.Devices)
	put(out, "alarms", c.alarms, doc.Alarms)
	put(out, "services", c.services, doc.Services)
	put(out, "calls", c.calls, doc.Calls)
	put(out, "notices", c.notices, doc.Notices)
	*c = changes{}
	if len(out) == 0 {
		return nil
	}
	return encode(out)
}

// put adds what changed in one part of the document.
func put[V any](out map[string]json.RawMessage, part string, before map[string]*V, now map[string]V) {
	entries := map[string]json.RawMessage{}
	for id, old := range before {
		v, there := now[id]
		switch {
		case !there && old != nil:
			entries[id] = json.RawMessage("null")
		case there && old == nil:
			entries[id] = encode(v)
		case there && !reflect.DeepEqual(*old, v):
			if d := diff(encode(*old), encode(v)); d != nil {
				entries[id] = d
			}
		}
	}
	if len(entries) > 0 {
		out[part] = encode(entries)
	}
}

// diff is the merge patch from object a to object b, nil where they are the same.
func diff(a, b json.RawMessage) json.RawMessage {
	var from, to map[string]json.RawMessage
	if json.Unmarshal(a, &from) != nil || json.Unmarshal(b, &to) != nil {
		return b
	}
	out := map[string]json.RawMessage{}
	for k, v := range to {
		switch old, ok := from[k]; {
		case ok && bytes.Equal(old, v):
		case ok && v[0] == '{' && old[0] == '{':
			out[k] = diff(old, v)
		default:
			out[k] = v
		}
	}
	for k := range from {
		if _, ok := to[k]; !ok {
			out[k] = json.RawMessage("null")
		}
	}
	if len(out) == 0 {
		return nil
	}
	return encode(out)
}

func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null") // plain data: it cannot fail
	}
	return b
}
