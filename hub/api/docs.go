package api

import (
	"bytes"
	_ "embed" // the template of the page and its style
	"encoding/json"
	"html/template"
	"net/http"
	"reflect"
	"strings"

	"hallkeeper/hub/access"
)

//go:embed docs.html
var docsPage string

//go:embed docs.css
var docsStyle []byte

// docs shows the routes, the MQTT topics and the problems as a page for
// integrators, from the same table that serves them.
func (a *API) docs(w http.ResponseWriter, r *http.Request) {
	lang := languageOf(r)
	type row struct {
		Method, Path, Summary, Body, Answer string
		Roles                               string
		Changes                             bool
		Params                              []string
	}
	type code struct {
		Name, Words string
		Status      int
	}
	page := struct {
		Lang, Hall, Version string
		Chinese             bool
		Routes              []row
		Codes               []code
	}{Lang: string(lang), Hall: a.Hall, Version: a.Version, Chinese: lang == chinese}
	for _, rt := range a.routes {
		x := row{Method: rt.method, Path: rt.path, Summary: rt.summary.in(lang), Roles: rolesOf(rt.may, lang), Changes: rt.changes, Answer: shape(rt.answer)}
		if rt.body != nil {
			x.Body = shape(rt.body)
		}
		for _, p := range rt.params {
			x.Params = append(x.Params, p.name+" — "+p.words.in(lang))
		}
		page.Routes = append(page.Routes, x)
	}
	for _, p := range a.sortedCodes() {
		page.Codes = append(page.Codes, code{p.name, p.words.in(lang), p.status})
	}
	t, err := template.New("docs").Parse(docsPage)
	var body bytes.Buffer
	if err == nil {
		err = t.Execute(&body, page)
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Language", string(lang))
	send(w, r, http.StatusOK, "text/html; charset=utf-8", body.Bytes())
}

// docsSheet is the page's style: the content policy takes none that stands in a page.
func (a *API) docsSheet(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	send(w, r, http.StatusOK, "text/css; charset=utf-8", docsStyle)
}

// shape writes the zero value of a type as JSON with its types in place of values.
func shape(v any) string {
	if v == nil {
		return ""
	}
	b, err := json.MarshalIndent(sketch(reflect.TypeOf(v), 0), "", "  ")
	if err != nil {
		return ""
	}
	return string(b)
}

func sketch(t reflect.Type, depth int) any {
	s := &schemas{object{}}
	switch t.Kind() {
	case reflect.Pointer:
		return sketch(t.Elem(), depth)
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 && depth < 4 {
			return []any{sketch(t.Elem(), depth+1)}
		}
	case reflect.Map:
		return object{"…": sketch(t.Elem(), depth+1)}
	case reflect.Struct:
		if s.of(t)["$ref"] == nil {
			break
		}
		out := object{}
		for f := range fieldsOf(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			out[name] = sketch(f.Type, depth+1)
		}
		return out
	}
	d := s.of(t)
	if format, ok := d["format"]; ok {
		return format
	}
	if kind, ok := d["type"]; ok {
		return kind
	}
	return "…"
}

// rolesOf names who may use a route.
func rolesOf(p access.Permission, lang language) string {
	if p == access.Anybody {
		return text{"无须登录", "nobody needs to sign in"}.in(lang)
	}
	var all []string
	for _, role := range access.Roles() {
		if access.May(role, p) {
			name := access.OfficeOf(role).Name
			all = append(all, text{name.ZH, name.EN}.in(lang))
		}
	}
	return strings.Join(all, text{"、", ", "}.in(lang))
}
