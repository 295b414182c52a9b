package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"hallkeeper/wire"
)

// unbounded is the highest of a number without an upper limit of its own: what tlog can count.
const unbounded = math.MaxInt64

// maxBody is the largest request, in bytes.
const maxBody = 1 << 20

// readBody reads a request's JSON, at most maxBody of it. No body is an empty object.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, problem("too_large")
	case err != nil:
		f := problem("malformed")
		f.cause = err
		return nil, f
	case len(bytes.TrimSpace(body)) == 0:
		return []byte("{}"), nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, problem("not_json")
	}
	return body, nil
}

// decode fills the struct that into points to from a JSON object and names
// every field that is unknown or of the wrong type.
func decode(body []byte, into any) error {
	if err := wellFormed(body); err != nil {
		return err
	}
	if body = bytes.TrimSpace(body); body[0] != '{' {
		return wrong(field{"", "type", text{"应为一个 JSON 对象", "must be a JSON object"}})
	}
	var bad checks
	bad.fill("", body, reflect.ValueOf(into).Elem())
	return bad.err()
}

// wellFormed says where a body stops being JSON.
func wellFormed(body []byte) error {
	var whole json.RawMessage
	err := json.Unmarshal(body, &whole)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		before := body[:min(int(syntax.Offset), len(body))]
		line, at := bytes.Count(before, []byte("\n"))+1, len(before)-1-bytes.LastIndexByte(before, '\n')
		f := problem("malformed")
		f.words = text{fmt.Sprintf("请求内容不是 JSON：第 %d 行第 %d 个字节处有误", line, at), fmt.Sprintf("the request is no JSON: see byte %d of line %d", at, line)}
		return f
	}
	if err != nil || !utf8.Valid(body) {
		return problem("malformed")
	}
	return nil
}

// fill reads JSON into a value and names everything in it that is unknown or of another type.
func (c *checks) fill(path string, raw json.RawMessage, into reflect.Value) {
	raw = bytes.TrimSpace(raw)
	_, own := into.Addr().Interface().(json.Unmarshaler)
	switch {
	case string(raw) == "null":
		*c = append(*c, field{path, "type", typeWords(into.Kind())})
	case !own && into.Kind() == reflect.Struct && raw[0] == '{':
		c.fillStruct(path, raw, into)
	case !own && into.Kind() == reflect.Slice && raw[0] == '[' && into.Type().Elem().Kind() != reflect.Uint8:
		var items []json.RawMessage
		_ = json.Unmarshal(raw, &items) // it is JSON
		into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
		for i, item := range items {
			c.fill(fmt.Sprintf("%s[%d]", path, i), item, into.Index(i))
		}
	default:
		if json.Unmarshal(raw, into.Addr().Interface()) != nil {
			*c = append(*c, field{path, "type", typeWords(into.Kind())})
		}
	}
}

func (c *checks) fillStruct(path string, raw json.RawMessage, into reflect.Value) {
	var given map[string]json.RawMessage
	_ = json.Unmarshal(raw, &given) // it is JSON
	fields := map[string]reflect.Value{}
	gather(into, fields)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		at := shorten(name)
		if path != "" {
			at = path + "." + at
		}
		if target, known := fields[name]; known {
			c.fill(at, given[name], target)
		} else {
			c.add(at, "unknown", "没有这个字段", "there is no such field")
		}
	}
}

// gather finds the fields of a struct by their names in JSON, those of embedded structs among them.
func gather(v reflect.Value, into map[string]reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			gather(v.Field(i), into)
		case name != "" && name != "-":
			into[name] = v.Field(i)
		}
	}
}

func typeWords(k reflect.Kind) text {
	switch k {
	case reflect.String:
		return text{"应为文字", "must be a string"}
	case reflect.Bool:
		return text{"应为 true 或 false", "must be true or false"}
	case reflect.Slice:
		return text{"应为列表", "must be a list"}
	case reflect.Map, reflect.Struct:
		return text{"应为 JSON 对象", "must be an object"}
	}
	return text{"应为数字", "must be a number"}
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 64 {
		return string(r[:64]) + "…"
	}
	return s
}

// checkQuery refuses parameters that a route does not have where it has some:
// whoever filters by one that is not there must not take everything for the answer.
func (r route) checkQuery(req *http.Request) error {
	known := map[string]bool{}
	for _, p := range r.params {
		if p.in == "query" {
			known[p.name] = true
		}
	}
	if len(known) == 0 {
		return nil
	}
	var bad []field
	for _, name := range slices.Sorted(maps.Keys(req.URL.Query())) {
		if !known[name] {
			bad = append(bad, field{shorten(name), "unknown", text{"没有这个参数", "there is no such parameter"}})
		}
	}
	if len(bad) > 0 {
		return wrong(bad...)
	}
	return nil
}

// checks gathers what is wrong with the fields of a request.
type checks []field

func (c *checks) add(name, code, zh, en string, args ...any) {
	*c = append(*c, field{name, code, text{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)}})
}

// words trims a text for people and bounds it in characters.
func (c *checks) words(name string, value *string, from, to int) {
	*value = strings.TrimSpace(*value)
	n := utf8.RuneCountInString(*value)
	switch {
	case n == 0 && from > 0:
		c.add(name, "required", "必须填写", "is required")
	case n > to:
		c.add(name, "too_long", "最多 %d 个字", "may have %d characters at most", to)
	case strings.ContainsFunc(*value, unicode.IsControl):
		c.add(name, "characters", "不能含控制字符", "may hold no control characters")
	}
}

// name checks an id that may stand in a topic.
func (c *checks) name(name, value string) {
	switch {
	case value == "":
		c.add(name, "required", "必须填写", "is required")
	case wire.CheckName(value) != nil:
		c.add(name, "characters", "应为 1 到 %d 个字母、数字、点、下划线或连字符", "must be 1 to %d letters, digits, dots, underscores or hyphens", wire.MaxName)
	}
}

// choice reads a query parameter that is one of several words, or is absent.
func (c *checks) choice(r *http.Request, name string, words ...string) string {
	given := r.URL.Query().Get(name)
	if given != "" && !slices.Contains(words, given) {
		c.add(name, "choice", "应为 %s 之一", "must be one of %s", strings.Join(words, ", "))
	}
	return given
}

// flag reads a query parameter that is 1 or 0; 0 where it is absent.
func (c *checks) flag(r *http.Request, name string) bool {
	switch r.URL.Query().Get(name) {
	case "1":
		return true
	case "", "0":
	default:
		c.add(name, "choice", "应为 1 或 0", "must be 1 or 0")
	}
	return false
}

// number reads a query parameter from lowest to highest; fallback where it is absent.
func (c *checks) number(r *http.Request, name string, fallback, lowest, highest uint64) uint64 {
	given := r.URL.Query().Get(name)
	if given == "" {
		return fallback
	}
	n, err := strconv.ParseUint(given, 10, 64)
	if err != nil || n < lowest || n > highest {
		if highest == unbounded {
			c.add(name, "range", "应为 %d 或更大的整数", "must be a whole number of at least %d", lowest)
		} else {
			c.add(name, "range", "应为 %d 到 %d 的整数", "must be a whole number from %d to %d", lowest, highest)
		}
		return fallback
	}
	return n
}

// err is nil where nothing is wrong.
func (c checks) err() error {
	if len(c) == 0 {
		return nil
	}
	return wrong(c...)
}
