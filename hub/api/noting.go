package api

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/wire"
)

// notes bounds what the log is told of failures: one event a minute for each thing, with how often it
// happened, and so many in all. What is left over is told with the next, or when its minute ends.
type notes struct {
	mu   sync.Mutex
	all  access.Limits
	seen map[string]*note
}

type note struct {
	count int
	until time.Time // before it nothing more is told
	tell  func(count int)
	timer *time.Timer
}

const (
	noteEvery = time.Minute
	// notesAtOnce is for how many different things the log is told at once, and one more a second: an attack from
	// a thousand addresses fills no disk.
	notesAtOnce = 60
	mostNotes   = 10_000
)

// add counts one failure and tells of it where its time has come.
func (n *notes) add(now time.Time, key string, tell func(count int)) {
	n.mu.Lock()
	if n.seen == nil {
		n.seen, n.all = map[string]*note{}, access.Limits{AtOnce: notesAtOnce, Every: time.Second}
	}
	if len(n.seen) >= mostNotes {
		for k, x := range n.seen {
			if x.count == 0 && !now.Before(x.until) {
				delete(n.seen, k)
			}
		}
	}
	x := n.seen[key]
	if x == nil {
		if len(n.seen) >= mostNotes {
			key = "more" // what there is no place for is counted together
		}
		if x = n.seen[key]; x == nil {
			x = &note{}
			n.seen[key] = x
		}
	}
	x.count++
	x.tell = tell
	count := 0
	if !now.Before(x.until) {
		if _, ok := n.all.Take(now, "all"); ok {
			count, x.count, x.until = x.count, 0, now.Add(noteEvery)
		}
	}
	if x.count > 0 && x.timer == nil {
		x.timer = time.AfterFunc(noteEvery, func() { n.flush(key) })
	}
	n.mu.Unlock()
	if count > 0 {
		tell(count)
	}
}

// flush tells what one thing has left over.
func (n *notes) flush(key string) {
	n.mu.Lock()
	x := n.seen[key]
	if x == nil {
		n.mu.Unlock()
		return
	}
	count, tell := x.count, x.tell
	x.count, x.timer = 0, nil
	n.mu.Unlock()
	if count > 0 {
		tell(count)
	}
}

type triedKey struct{}

// tried notes the account with which somebody tries to sign in.
func tried(r *http.Request, account string) {
	if into, ok := r.Context().Value(triedKey{}).(*string); ok {
		*into = account
	}
}

// noteFailure tells the log of a sign-in that failed, and of a request for what is not theirs.
func (a *API) noteFailure(r *http.Request, rt route, i *access.Identity, err error) {
	f := asFailure(err)
	switch {
	case slices.Contains([]string{"sign_in_failed", "too_many_tries", "setup_code", "passkey_refused", "passkey_over", "passkey_cloned"}, f.name):
		name := i.Account
		if into, ok := r.Context().Value(triedKey{}).(*string); ok && *into != "" {
			name = *into
		}
		a.noteSignIn(r, i, name, methodOf(rt.path), f.name)
	case i.Account != "" && f.status == http.StatusForbidden && f.name != "password_temporary":
		route := rt.method + " " + rt.path
		a.tellLog(r, "refused/"+i.Account+"/"+i.Session+"/"+route+"/"+f.name, i.Actor(), func(count int) any {
			return access.NoteRefused{Route: route, Why: f.name, Count: count}
		})
	}
}

// noteSignIn tells the log that somebody could not show who they are: to sign in, or once more in their session.
func (a *API) noteSignIn(r *http.Request, i *access.Identity, name, method, why string) {
	a.metrics.signins.WithLabelValues(why).Inc()
	a.tellLog(r, "signin/"+address(r)+"/"+name+"/"+method, i.Actor(), func(count int) any {
		return access.NoteSignIn{Name: name, Method: method, Why: why, Count: count}
	})
}

// methodOf is how one signs in by a route; empty where nobody does.
func methodOf(path string) string {
	switch path, _, _ := strings.Cut(strings.TrimPrefix(path, v1), "/begin"); path {
	case "session", "password":
		return wire.MethodPassword
	case "session/passkey", "passkeys":
		return wire.MethodPasskey
	case "session/single-sign-on", "link":
		return wire.MethodOIDC
	case "setup":
		return wire.MethodSetup
	}
	return ""
}

// tellLog tells the log of something beside the answer to a request: nobody waits for it.
func (a *API) tellLog(r *http.Request, key string, actor wire.Actor, cmd func(count int) any) {
	ctx := context.WithoutCancel(r.Context())
	a.failures.add(a.Now(), key, func(count int) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if _, _, err := a.Commands.Do(ctx, actor, "", cmd(count)); err != nil {
			a.Logger.WarnContext(ctx, "the log could not be told of a refused request", "error", err)
		}
	})
}

// noteLogRead tells the log that somebody reads it, once for a session and day. The operator can read its files anyway.
func (a *API) noteLogRead(r *http.Request) {
	i := who(r)
	if i.Operator || i.Account == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer cancel()
	key := "log-read/" + i.Account + "/" + i.Session + "/" + string(a.today())
	if _, _, err := a.Commands.Do(ctx, i.Actor(), key, access.NoteLogRead{}); err != nil {
		a.Logger.WarnContext(ctx, "the log could not be told that it is read", "error", err)
	}
}

// exports makes a route whose files are noted in the log before they are given out.
func exports(rt route) route {
	rt.exports = true
	return rt
}

// kept holds an answer until the log has noted it.
type kept struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *kept) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *kept) Write(b []byte) (int, error) { h.WriteHeader(http.StatusOK); return h.body.Write(b) }

// exported carries out a route of files: none is given out before the log has it.
func (a *API) exported(w http.ResponseWriter, r *http.Request, rt route) error {
	h := &kept{ResponseWriter: w}
	if err := rt.handle(h, r); err != nil {
		return err
	}
	media := w.Header().Get("Content-Type")
	if h.status == http.StatusOK && h.body.Len() > 0 && !strings.HasPrefix(media, "application/json") {
		sum := sha256.Sum256(h.body.Bytes())
		format := formatOf(media)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
		defer cancel()
		i := who(r)
		_, _, err := a.Commands.Do(ctx, i.Actor(), "", access.NoteExport{What: rt.method + " " + r.URL.Path, Query: asked(r.URL.Query()), Format: format,
			Rows: rowsIn(format, h.body.Bytes()), SHA256: hex.EncodeToString(sum[:])})
		if err != nil {
			for _, name := range []string{"Content-Type", "Content-Length", "Content-Disposition"} {
				w.Header().Del(name)
			}
			return err
		}
	}
	w.WriteHeader(h.status)
	_, _ = w.Write(h.body.Bytes()) // who asked may have gone
	return nil
}

// asked is what was filtered by; a citizen's number is not repeated in the log.
func asked(q url.Values) string {
	q.Del("citizen")
	text := q.Encode()
	return text[:min(len(text), 300)]
}

func formatOf(media string) string {
	switch media, _, _ := strings.Cut(media, ";"); media {
	case "text/csv":
		return "csv"
	case "application/pdf":
		return "pdf"
	case "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":
		return "xlsx"
	case "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
		return "docx"
	default:
		return media
	}
}

// rowsIn counts the rows of a table's file without its heading; 0 for what is no table.
func rowsIn(format string, body []byte) (n int) {
	switch format {
	case "csv":
		n = bytes.Count(body, []byte("\n"))
	case "xlsx":
		z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
		if err != nil {
			return 0
		}
		for _, f := range z.File {
			if !strings.HasPrefix(f.Name, "xl/worksheets/") {
				continue
			}
			part, err := f.Open()
			if err != nil {
				return 0
			}
			text, err := io.ReadAll(part)
			if err = errors.Join(err, part.Close()); err != nil {
				return 0
			}
			n = max(n, bytes.Count(text, []byte("<row "))) // the longest sheet is what counts
		}
	}
	return max(0, n-1)
}
