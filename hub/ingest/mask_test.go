package ingest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func token(number string) string { return "T(" + number + ")" }

func TestMasking(t *testing.T) {
	for _, row := range []struct{ name, in, data, payload string }{
		{"a swipe's card", `{"reader":"front","card":"04A2"}`, `{"reader":"front","card":"T(04A2)"}`, ""},
		{"nothing to hide", `{"level":5}`, `{"level":5}`, ""},
		{"an empty object", `{}`, `{}`, ""},
		{"another case", `{"CARD":"1","Card":"2"}`, `{"CARD":"T(1)","Card":"T(2)"}`, ""},
		{"an escaped name", `{"c\u0061rd":"04A2"}`, `{"c\u0061rd":"T(04A2)"}`, ""},
		{"an escaped number", `{"card":"\u0030\u0034A2"}`, `{"card":"T(04A2)"}`, ""},
		{"a number twice", `{"card":"1","card":"2"}`, `{"card":"T(1)","card":"T(2)"}`, ""},
		{"a number that is a number", `{"card":1234}`, `{"card":"T(1234)"}`, ""},
		{"a list of numbers", `{"card":["1","2"],"x":1}`, `{"card":"T([\"1\",\"2\"])","x":1}`, ""},
		{"no card", `{"card":null,"cards":"x","car":"y"}`, `{"card":null,"cards":"x","car":"y"}`, ""},
		{"an empty card", `{"card":""}`, `{"card":""}`, ""},
		{"a quote in a value", `{"x":"\",\"card\":\"1","card":"2"}`, `{"x":"\",\"card\":\"1","card":"T(2)"}`, ""},
		{"a name that is a value", `{"x":"card","y":["card","1"]}`, `{"x":"card","y":["card","1"]}`, ""},
		{"data that is no object", `"card"`, `"card"`, ""},
		{"a card further down is an unknown kind's own affair", `{"ui":{"card":"welcome"}}`, `{"ui":{"card":"welcome"}}`, `{"ui":{"card":"T(welcome)"}}`},
		{"a whole event", `[{"data":{"card":"1"}}, {"data": {"card" : "2" } }]`, `[{"data":{"card":"1"}}, {"data": {"card" : "2" } }]`,
			`[{"data":{"card":"T(1)"}}, {"data": {"card" : "T(2)" } }]`},
	} {
		if row.payload == "" {
			row.payload = row.data
		}
		if got := string(maskData([]byte(row.in), token)); got != row.data {
			t.Errorf("%s: data became %s", row.name, got)
		}
		if got := string(maskPayload([]byte(row.in), token)); got != row.payload {
			t.Errorf("%s: a payload became %s", row.name, got)
		}
	}
	if got := string(maskPayload([]byte(`{"card":"1"`), token)); got != `{"card":"1"` {
		t.Errorf("what is no JSON became %s", got)
	}
}

// FuzzMasking holds against encoding/json that nothing but cards is touched and
// that no card stays.
func FuzzMasking(f *testing.F) {
	for _, s := range []string{`{"card":"04A2","x":[1,{"card":2}]}`, `{"c\u0061rd":"\ud83d\ude00"}`, `[]`, `"card"`,
		`{"a":"\\","card":"x"}`, "{\"card\" :\t1e5 , \"CARD\":{} }", `{"card":{"card":{"card":1}}}`, `{"":{"card":false}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := append([]byte(nil), in...)
		out := maskPayload(in, token)
		if !bytes.Equal(in, before) {
			t.Fatal("the input was changed")
		}
		if !json.Valid(in) {
			if !bytes.Equal(in, out) {
				t.Fatal("what is no JSON was changed")
			}
			return
		}
		if !json.Valid(out) {
			t.Fatalf("%q became %q, which is no JSON", in, out)
		}
		var was, is any
		if json.Unmarshal(in, &was) != nil || json.Unmarshal(out, &is) != nil {
			return // numbers that no float holds
		}
		compare(t, was, is, true)
		var compact bytes.Buffer
		if err := json.Compact(&compact, in); err != nil {
			t.Fatal(err)
		}
		data := maskData(compact.Bytes(), token)
		var again bytes.Buffer
		if err := json.Compact(&again, data); err != nil || !bytes.Equal(again.Bytes(), data) {
			t.Fatalf("compact data became %q", data)
		}
		if json.Unmarshal(data, &is) == nil {
			compare(t, was, is, false)
		}
	})
}

func compare(t *testing.T, was, is any, deep bool) {
	t.Helper()
	switch w := was.(type) {
	case map[string]any:
		i, ok := is.(map[string]any)
		if !ok || len(i) != len(w) {
			t.Fatalf("%v became %v", was, is)
		}
		for name, value := range w {
			if !strings.EqualFold(name, "card") {
				if deep {
					compare(t, value, i[name], deep)
				} else if !reflect.DeepEqual(value, i[name]) {
					t.Fatalf("%v became %v", value, i[name])
				}
				continue
			}
			switch v := value.(type) {
			case nil, bool:
			case string:
				if v != "" && i[name] != token(v) {
					t.Fatalf("card %q became %v", v, i[name])
				}
			default:
				if s, ok := i[name].(string); !ok || !strings.HasPrefix(s, "T(") {
					t.Fatalf("card %v became %v", v, i[name])
				}
			}
		}
	case []any:
		i, ok := is.([]any)
		if !ok || len(i) != len(w) {
			t.Fatalf("%v became %v", was, is)
		}
		for n := range w {
			if deep {
				compare(t, w[n], i[n], deep)
			} else if !reflect.DeepEqual(w[n], i[n]) {
				t.Fatalf("%v became %v", w[n], i[n])
			}
		}
	default:
		if was != is {
			t.Fatalf("%v became %v", was, is)
		}
	}
}
