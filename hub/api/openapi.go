package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/wire"
)

// object is a JSON object of a document.
type object = map[string]any

// schemas makes JSON Schemas (2020-12) of Go types, as encoding/json writes them.
type schemas struct {
	named object
}

func (s *schemas) of(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return object{}
	case reflect.TypeFor[[]byte]():
		return object{"type": "string", "contentEncoding": "base64"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
		if _, known := s.named[name]; !known {
			s.named[name] = object{} // ends a recursion
			s.named[name] = s.structure(t)
		}
		return object{"$ref": "#/components/schemas/" + name}
	}
	return object{}
}

func (s *schemas) structure(t reflect.Type) object {
	properties, required := object{}, []string{}
	for f := range fieldsOf(t) {
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		properties[name] = s.of(f.Type)
		if !strings.Contains(rest, "omitempty") {
			required = append(required, name)
		}
	}
	out := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

// fieldsOf are the fields that encoding/json writes, those of embedded structs among them.
func fieldsOf(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Anonymous {
				for inner := range fieldsOf(f.Type) {
					if !yield(inner) {
						return
					}
				}
				continue
			}
			if !yield(f) {
				return
			}
		}
	}
}

// openAPI is the OpenAPI 3.1 document of the routes, in English with Chinese beside it.
func (a *API) openAPI() object {
	s := &schemas{object{}}
	problems := object{}
	paths := object{}
	codes := a.codesByName()
	for _, r := range a.routes {
		item, ok := paths[r.path].(object)
		if !ok {
			item = object{}
			paths[r.path] = item
		}
		item[strings.ToLower(r.method)] = operation(s, r, codes)
	}
	s.of(reflect.TypeFor[wire.Problem]())
	for _, code := range codes {
		problems[code.name] = object{"title_zh": code.words.zh, "title_en": code.words.en, "status": code.status}
	}
	return object{
		"openapi": "3.1.0",
		"info": object{"title": "Hallkeeper", "version": a.Version,
			"description": "政务服务大厅主机接口 / the API of a government service hall's hub. Live view by websocket: /ws/live. MQTT: /asyncapi.json."},
		"servers":            []object{{"url": "/"}},
		"paths":              paths,
		"components":         object{"schemas": s.named},
		"x-problems":         problems,
		"x-websocket-live":   object{"path": "/ws/live", "message": s.of(reflect.TypeFor[wire.LiveMessage]()), "stale_after_seconds": 5, "alive_every_seconds": 2},
		"x-rate-of-changes":  strconv.Itoa(a.ChangesPerSecond) + " per second and caller",
		"x-largest-request":  maxBody,
		"x-language-of-text": "Accept-Language or ?lang=: zh-CN (default), en",
	}
}

// codes are all problems that a route can answer with, without double.
func (a *API) codes() func(yield func(failure) bool) {
	return func(yield func(failure) bool) {
		for _, p := range problems() {
			if !yield(p) {
				return
			}
		}
		for _, p := range domainProblems() {
			if !yield(p) {
				return
			}
		}
	}
}

func operation(s *schemas, r route, codes map[string]failure) object {
	media, schema := "application/json", object{}
	if r.answer == nil { // a picture or a file
		media = "application/octet-stream"
	} else {
		schema = s.of(reflect.TypeOf(r.answer))
	}
	answers := object{strconv.Itoa(r.status): object{"description": "OK", "content": object{media: object{"schema": schema}}}}
	refuse := func(code string) {
		p, known := codes[code]
		if !known {
			return
		}
		entry, ok := answers[strconv.Itoa(p.status)].(object)
		if !ok {
			entry = object{"description": "", "content": object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/Problem"}}}}
			answers[strconv.Itoa(p.status)] = entry
		}
		if said, _ := entry["description"].(string); said != "" {
			code = said + ", " + code
		}
		entry["description"] = code
	}
	refusals := append([]string(nil), r.refusals...)
	if r.may != access.Anybody {
		refusals = append(refusals, "not_signed_in", "not_permitted")
	}
	if r.changes {
		refusals = append(refusals, "malformed", "key_malformed", "cross_origin", "too_large", "not_json", "too_many_requests", "timeout")
	} else if len(r.params) > 0 {
		refusals = append(refusals, "fields_invalid", "position_unknown")
	}
	slices.Sort(refusals)
	for _, code := range slices.Compact(refusals) {
		refuse(code)
	}
	if r.path == "/readyz" {
		answers["503"] = object{"description": "not ready", "content": object{media: object{"schema": s.of(reflect.TypeOf(r.answer))}}}
	}
	op := object{"operationId": strings.ToLower(r.method) + strings.NewReplacer("/api/v1/", "_", "/", "_", "{", "", "}", "", "-", "_").Replace(r.path),
		"summary": r.summary.en, "description": r.summary.zh, "x-permission": r.may, "responses": answers}
	var params []object
	for _, p := range r.params {
		kind := "string"
		if p.number {
			kind = "integer"
		}
		params = append(params, object{"name": p.name, "in": p.in, "required": p.in == "path", "description": p.words.en + " / " + p.words.zh, "schema": object{"type": kind}})
	}
	if r.changes {
		params = append(params, object{"name": "Idempotency-Key", "in": "header", "required": false, "schema": object{"type": "string", "maxLength": 128},
			"description": "the same key twice has one effect / 同一个键重复提交只生效一次"})
	}
	if params != nil {
		op["parameters"] = params
	}
	if r.body != nil {
		op["requestBody"] = object{"required": reflect.TypeOf(r.body).NumField() > 0, "content": object{"application/json": object{"schema": s.of(reflect.TypeOf(r.body))}}}
	}
	return op
}

// asyncAPI is the AsyncAPI 3.0 document of the MQTT topics.
func (a *API) asyncAPI() object {
	s := &schemas{object{}}
	topics := wire.Topics{Hall: a.Hall}
	channels, operations := object{}, object{}
	channel := func(name, address, action string, qos int, retained bool, summary string, payload object) {
		channels[name] = object{"address": address, "messages": object{name: object{"payload": payload}}, "description": summary}
		if strings.Contains(address, "{agent}") {
			channels[name].(object)["parameters"] = object{"agent": object{"description": "the device's name"}}
		}
		operations[name] = object{"action": action, "channel": object{"$ref": "#/channels/" + name},
			"bindings": object{"mqtt": object{"qos": qos, "retain": retained}}}
	}
	event := s.of(reflect.TypeFor[wire.Event]())
	channel("events", topics.Agent("{agent}", wire.LeafEvents), "receive", 1, false, "device → hub: one event, or an array in seq order, at most 64 KiB",
		object{"oneOf": []object{event, {"type": "array", "items": event, "maxItems": wire.MaxBatch}}})
	channel("stored", topics.Agent("{agent}", wire.LeafStored), "send", 0, false, "hub → device: all of the outbox up to and with seq are on disk", s.of(reflect.TypeFor[wire.Stored]()))
	channel("status", topics.Agent("{agent}", wire.LeafStatus), "receive", 1, true, "device → all: its state; also its will", s.of(reflect.TypeFor[wire.Status]()))
	channel("command", topics.Agent("{agent}", wire.LeafCommand), "send", 1, false, "hub → device", s.of(reflect.TypeFor[wire.Command]()))
	channel("live", topics.Live(), "send", 0, false, "hub → all: the patches of /ws/live", s.of(reflect.TypeFor[wire.LiveMessage]()))
	kinds := []object{}
	for _, k := range wire.Kinds() {
		kinds = append(kinds, object{"kind": k.Kind, "data": s.of(reflect.TypeOf(k.Data))})
	}
	return object{"asyncapi": "3.0.0", "info": object{"title": "Hallkeeper MQTT", "version": a.Version},
		"defaultContentType": "application/json", "channels": channels, "operations": operations,
		"components": object{"schemas": s.named}, "x-kinds": kinds}
}

// describe serves the documents, which are made when they are first asked for.
func (a *API) describe() {
	for at, doc := range map[string]func() object{"/openapi.json": a.openAPI, "/asyncapi.json": a.asyncAPI} {
		text := sync.OnceValues(func() ([]byte, error) { return json.MarshalIndent(doc(), "", "  ") })
		a.mux.HandleFunc("GET "+at, func(w http.ResponseWriter, r *http.Request) {
			body, err := text()
			if err != nil {
				a.fail(w, r, err)
				return
			}
			w.Header().Set("Cache-Control", "no-cache")
			send(w, r, http.StatusOK, "application/json", body)
		})
	}
	a.mux.HandleFunc("GET /docs", a.docs)
	a.mux.HandleFunc("GET /docs.css", a.docsSheet)
}

func (a *API) codesByName() map[string]failure {
	byName := map[string]failure{}
	for p := range a.codes() {
		byName[p.name] = p
	}
	return byName
}

// sortedCodes are the problems by status, then name.
func (a *API) sortedCodes() []failure {
	return slices.SortedFunc(maps.Values(a.codesByName()), func(x, y failure) int {
		if x.status != y.status {
			return x.status - y.status
		}
		return strings.Compare(x.name, y.name)
	})
}
