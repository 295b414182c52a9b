package wire

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

const pressed = `{"id":"019ab3c1-7a10-7c3e-9b1f-0242ac120002","agent":"w01","outbox":"b1d0","seq":3,"first":2,"boot":"6f1c",` +
	`"at":"2026-11-23T08:58:31.204+08:00","clock":"synced","uptime_ms":83211,"kind":"rating.pressed","v":1,"data":{"level":5}}`

func TestPlainEventsAreReadWithoutEncodingJSON(t *testing.T) {
	swap := func(old, to string) string { return strings.Replace(pressed, old, to, 1) }
	for _, c := range []struct {
		sentence, payload string
		plain             bool
	}{
		{"the contract's form is plain", pressed, true},
		{"space between the parts is plain", strings.NewReplacer(",", " ,\n", ":{", ": {\t").Replace(pressed), true},
		{"another order is plain", `{"kind":"call.pressed","data":{},"id":"x"}`, true},
		{"data with words and texts is plain", swap(`{"level":5}`, `{"a":"b","c":true,"d":false,"e":null,"f":10}`), true},
		{"an escape is not", swap("019a", `\u0030`), false},
		{"a letter beyond ASCII is not", swap("rating", "评价"), false},
		{"a name in capitals is not", swap(`"seq"`, `"SEQ"`), false},
		{"an unknown name is not", swap(`"seq"`, `"firmware":"x","seq"`), false},
		{"a name twice is not", swap(`"seq":3`, `"seq":3,"seq":4`), false},
		{"an actor is not", swap(`"seq"`, `"actor":{},"seq"`), false},
		{"null is not", swap(`"seq":3`, `"seq":null`), false},
		{"a fraction is not", swap(`"seq":3`, `"seq":3.0`), false},
		{"a leading zero is not", swap(`"seq":3`, `"seq":03`), false},
		{"a number of 19 digits is not", swap(`"seq":3`, `"seq":1000000000000000000`), false},
		{"data in data is not", swap(`{"level":5}`, `{"level":{}}`), false},
		{"something behind it is not", pressed + "1", false},
		{"a cut event is not", pressed[:len(pressed)-1], false},
		{"a comma too many is not", swap(`5}}`, `5},}`), false},
		{"an empty object is not", `{}`, false},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			var in incoming
			if got := readPlain("w01", []byte(c.payload), &in); got != c.plain {
				t.Fatalf("plain is %v for %s", got, c.payload)
			}
			agree(t, []byte(c.payload))
		})
	}
	var in incoming
	for cut := range len(pressed) {
		if readPlain("w01", []byte(pressed[:cut]), &in) {
			t.Errorf("cut after %d bytes it is still an event", cut)
		}
	}
}

// agree checks that what is plain is read as encoding/json reads it.
func agree(t *testing.T, raw []byte) {
	t.Helper()
	var fast, slow incoming
	if !readPlain("w01", raw, &fast) {
		return
	}
	if err := json.Unmarshal(raw, &slow); err != nil {
		t.Fatalf("encoding/json refuses %s: %v", raw, err)
	}
	if !reflect.DeepEqual(fast, slow) {
		t.Fatalf("%s\n plain %+v\n  json %+v", raw, fast, slow)
	}
}

func FuzzPlainEventsAreReadAsEncodingJSONReadsThem(f *testing.F) {
	f.Add([]byte(pressed))
	f.Add([]byte(`{"id":"","v":0,"data":{"a":1,"a":null}, "uptime_ms" : 12}`))
	for _, info := range Kinds() {
		r := sample(info.Kind)
		f.Add(AppendContent(nil, &r.Event))
	}
	f.Fuzz(func(t *testing.T, raw []byte) { agree(t, raw) })
}

func BenchmarkParseEvents(b *testing.B) {
	for _, form := range []struct{ name, payload string }{
		{"plain", pressed},
		{"other", strings.Replace(pressed, "019a", `\u0030`, 1)},
	} {
		b.Run(form.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if p := ParseEvents("w01", []byte(form.payload)); p[0].Reason != "" {
					b.Fatal(p[0].Detail)
				}
			}
		})
	}
}
