package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hallkeeper/hub/access"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
)

// FuzzRequests sends any body, ids and query to any route as any role: whatever it
// is, it is answered by what the route answers or by a problem, never by a fault of
// the hub.
func FuzzRequests(f *testing.F) {
	s := newStageAt(f, 1_000_000)
	s.people()
	s.adopted()
	begin, err := s.log.ReadBatch(0, 1_000)
	if err != nil {
		f.Fatal(err)
	}
	routes := (&API{Deps: Deps{ChangesPerSecond: 1}}).table()
	roles := append(access.Roles(), "")
	other := newStageAt(f, 1_000_000)
	other.people()
	whole := append(story(other), periodStory()...)
	for n, r := range routes {
		f.Add(uint16(n), "", "", byte(0), "application/json", `{"id":[null],"reason":1e999}`)
		for _, x := range whole {
			if x.route != r.method+" "+r.path {
				continue
			}
			path, query, _ := strings.Cut(x.path, "?")
			role := len(roles) - 1
			for i := range roles {
				if string(roles[i]) == x.as {
					role = i
				}
			}
			f.Add(uint16(n), idsIn(r.path, path), query, byte(role), "application/json", x.body)
		}
	}
	changes := 0
	f.Fuzz(func(t *testing.T, n uint16, ids, query string, role byte, media, body string) {
		r := &routes[int(n)%len(routes)]
		path := r.path
		for _, id := range strings.Split(ids, "/") {
			before, after, _ := strings.Cut(path, "{")
			if _, after, ok := strings.Cut(after, "}"); ok {
				path = before + url.PathEscape(id) + after
			}
		}
		path = strings.NewReplacer("{", "", "}", "").Replace(path)
		values := url.Values{}
		for _, pair := range strings.Split(query, "&") {
			if name, value, _ := strings.Cut(pair, "="); name != "" {
				values.Add(name, value)
			}
		}
		if query = values.Encode(); query != "" {
			path += "?" + query
		}
		s.said.Reset()
		w := told{route: r.method + " " + path, path: path, body: body, as: string(roles[int(role)%len(roles)]), media: oneLine(media)}.ask(s)
		if w.Code >= http.StatusInternalServerError && !strings.Contains(w.Body.String(), `"single_sign_on_down"`) { // nobody serves one here
			t.Fatalf("%s %s: %d %s\n%s", r.method, path, w.Code, w.Body, s.said.String())
		}
		kind := w.Header().Get("Content-Type")
		if w.Code >= http.StatusBadRequest && kind != "application/problem+json" {
			t.Fatalf("%s %s: %d is answered as %q", r.method, path, w.Code, kind)
		}
		if strings.Contains(kind, "json") && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s %s: the answer is no JSON: %s", r.method, path, w.Body)
		}
		if r.changes && w.Code < http.StatusBadRequest {
			changes++
		}
		if changes > 200 { // what has piled up would slow down the rest
			changes = 0
			view, err := register.NewView(zone)
			if err != nil {
				t.Fatal(err)
			}
			s.view, s.photos, s.asked = view, map[string][]byte{}, nil
			s.windows = roster.State{}
			s.fold(begin)
		}
	})
}

// idsIn gives the parts of a path that stand in the places of a route's parameters.
func idsIn(route, path string) string {
	var ids []string
	parts := strings.Split(path, "/")
	for i, name := range strings.Split(route, "/") {
		if strings.HasPrefix(name, "{") && i < len(parts) {
			ids = append(ids, parts[i])
		}
	}
	return strings.Join(ids, "/")
}

// oneLine drops what may not stand in a header.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}
