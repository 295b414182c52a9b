package api

import (
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// help sends the operator's handbook, which tools/handbook made for the build: /help/zh/ are
// its contents, /help/zh/wiring a chapter, beside them the pictures and what its search
// looks through. It tells nothing of this hall and is open to whoever stands before a
// screen that does not work.
func (p *pages) help(a *API, w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	switch {
	case name == "", name == "zh", name == "en":
		to := "/help/zh/"
		if l, ok := match(r.URL.Query().Get("lang")); name == "en" || ok && l == english {
			to = "/help/en/"
		}
		w.Header().Set("Cache-Control", "no-cache")
		http.Redirect(w, r, to, http.StatusFound)
		return
	case strings.HasSuffix(name, "/"):
		name += "index"
	}
	if !fs.ValidPath(name) { // an escaped .. leads nowhere else
		p.lost(a, w, r)
		return
	}
	media := mime.TypeByExtension(path.Ext(name))
	if path.Ext(name) == "" {
		name, media = name+".html", "text/html; charset=utf-8"
	}
	body, err := p.read(path.Join("help", name))
	switch {
	case err != nil && !p.has("help/zh/index.html"):
		a.fail(w, r, problem("pages_not_built"))
	case err != nil:
		p.lost(a, w, r)
	default:
		p.tagged(w, r, media, body)
	}
}

func (p *pages) has(name string) bool {
	_, err := p.read(name)
	return err == nil
}
