package api

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// contentPolicy lets pages load and ask nothing elsewhere, and run and style nothing that
// is written in them: whatever somebody smuggles into a page stays text. blob: is a picture
// that was just chosen, data: the empty icon. Scripts style elements one by one, which needs no word here.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; media-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"

// secured sets what every answer says to browsers: it is shown in no frame, shares its
// window with no other site's page, and uses nothing of the machine that no page here needs.
func secured(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()")
}

// pages serves what the front end's build made.
type pages struct {
	files fs.FS
}

func newPages(files fs.FS) *pages { return &pages{files} }

// addresses are the pages by their paths.
func addresses() map[string]string {
	return map[string]string{"/{$}": "index.html", "/lobby": "lobby.html", "/console": "console.html", "/login": "account.html", "/setup": "account.html", "/account": "account.html", "/me": "me.html",
		"/kiosk": "kiosk.html", "/window/{id}": "window.html", "/t/{token}": "ticket.html", "/rate/{id}": "rate.html",
		"/board": "board.html", "/screen": "screen.html", "/verify/{period}/{revision}": "verify.html", "/verify": "verify.html"}
}

func (p *pages) register(a *API) {
	for at, file := range addresses() {
		a.mux.HandleFunc("GET "+at, func(w http.ResponseWriter, r *http.Request) { p.page(a, w, r, file) })
	}
	a.mux.HandleFunc("GET /help", func(w http.ResponseWriter, r *http.Request) { p.help(a, w, r) })
	a.mux.HandleFunc("GET /help/{name...}", func(w http.ResponseWriter, r *http.Request) { p.help(a, w, r) })
	a.mux.HandleFunc("GET /assets/{name...}", func(w http.ResponseWriter, r *http.Request) { p.asset(a, w, r) })
}

// page sends an .html file, which may change with the program: it is asked for again each time.
func (p *pages) page(a *API, w http.ResponseWriter, r *http.Request, file string) {
	body, err := p.read(file)
	if err != nil {
		a.fail(w, r, problem("pages_not_built"))
		return
	}
	p.tagged(w, r, "text/html; charset=utf-8", body)
}

// tagged sends what may change with the program, whole or not at all where the browser has it.
func (p *pages) tagged(w http.ResponseWriter, r *http.Request, media string, body []byte) {
	h := w.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Cache-Control", "no-cache")
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	h.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	send(w, r, http.StatusOK, media, body)
}

// lost tells a person who opened an address without a page which pages there are.
func (p *pages) lost(a *API, w http.ResponseWriter, r *http.Request) {
	body, err := p.read("index.html")
	if err != nil {
		a.fail(w, r, problem("not_found"))
		return
	}
	w.Header().Set("Content-Security-Policy", contentPolicy)
	w.Header().Set("Cache-Control", "no-cache")
	send(w, r, http.StatusNotFound, "text/html; charset=utf-8", body)
}

// asset sends a file whose name carries a hash of its content: it never changes under that name.
func (p *pages) asset(a *API, w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	body, err := p.read(path.Join("assets", name))
	if err != nil || strings.HasSuffix(name, "/") {
		a.fail(w, r, problem("not_found"))
		return
	}
	media := mime.TypeByExtension(path.Ext(name))
	if media == "" {
		media = "application/octet-stream"
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	send(w, r, http.StatusOK, media, body)
}

func (p *pages) read(name string) ([]byte, error) {
	if p.files == nil {
		return nil, fs.ErrNotExist
	}
	return fs.ReadFile(p.files, name)
}
