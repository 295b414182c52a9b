package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"time"

	"hallkeeper/wire"
)

// order is a command with what a log that knows its key must have made of it.
type order struct {
	cmd any
	// status is the answer's where it is done.
	status int
	// kind and data are of the event it makes; data nil where it makes none.
	kind wire.Kind
	data any
	// answer makes the answer of what was done, where it says more than the events.
	answer func(Changed) (any, error)
}

// made tells whether r is the event of o: the same key with another request is a mistake.
func (o order) made(r *wire.Record) bool {
	if o.data == nil {
		return (o.kind == "" || r.Kind == o.kind) && agrees(o.cmd, r.Data, o.kind != "")
	}
	if r.Kind != o.kind {
		return false
	}
	got := reflect.New(reflect.TypeOf(o.data))
	return json.Unmarshal(r.Data, got.Interface()) == nil && got.Elem().Interface() == o.data
}

// agrees tells whether what a command says is what an event says, where both say it.
// Where they say nothing of the same thing, it is enough that the kind was expected.
func agrees(cmd any, data json.RawMessage, expected bool) bool {
	text, err := json.Marshal(cmd)
	var asked, stored map[string]json.RawMessage
	if err != nil || json.Unmarshal(text, &asked) != nil || json.Unmarshal(data, &stored) != nil {
		return false
	}
	both := 0
	for name, v := range asked {
		if s, ok := stored[name]; ok && string(v) != `""` {
			both++
			if !bytes.Equal(v, s) {
				return false
			}
		}
	}
	return both > 0 || len(asked) == 0 || expected
}

// enter makes an order of a command whose body is the command itself; fill adds
// what the path says.
func enter[T any](fill func(*http.Request, *T)) func(*http.Request, []byte) (order, error) {
	return func(r *http.Request, body []byte) (order, error) {
		var c T
		if err := decode(body, &c); err != nil {
			return order{}, err
		}
		if fill != nil {
			fill(r, &c)
		}
		return order{cmd: c, status: http.StatusOK}, nil
	}
}

// makes says which kind of event an order makes first, where its command and the event name different things.
func makes(kind wire.Kind, build func(*http.Request, []byte) (order, error)) func(*http.Request, []byte) (order, error) {
	return func(r *http.Request, body []byte) (order, error) {
		o, err := build(r, body)
		o.kind = kind
		return o, err
	}
}

func jsonInto(data json.RawMessage, into any) error { return json.Unmarshal(data, into) }

// Changed answers a request that changed something, after it is on disk.
type Changed struct {
	// Events are what was stored; none where nothing had to change.
	Events []Made `json:"events"`
}

// Made is one event that a request made.
type Made struct {
	Position wire.Position `json:"position"`
	StoredAt time.Time     `json:"stored_at"`
	ID       string        `json:"id"`
	Kind     wire.Kind     `json:"kind"`
	// Data is the event's, with the id of what was made in it; what is personal is not in it.
	Data json.RawMessage `json:"data,omitempty"`
}

// carryOut makes a handler of what builds an order from a request.
func (a *API) carryOut(build func(r *http.Request, body []byte) (order, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		key, err := idempotencyKey(r)
		if err != nil {
			return err
		}
		body, err := readBody(w, r)
		if err != nil {
			return err
		}
		o, err := build(r, body)
		if err != nil {
			return err
		}
		i := who(r)
		actor := i.Actor()
		if key == "" {
			done, err := a.do(r, actor, "", o)
			if err != nil {
				return err
			}
			send(w, r, done.status, "application/json", done.body)
			return nil
		}
		return a.once(w, r, actor, i.Account+"/"+key, fingerprint(r, body), o)
	}
}

// once gives every request of one key the first one's answer.
func (a *API) once(w http.ResponseWriter, r *http.Request, actor wire.Actor, key string, request [32]byte, o order) error {
	try, own := a.repeats.begin(key, request)
	if try.request != request {
		return problem("key_reused")
	}
	if own {
		var done *answer
		failed := problem("internal") // what a panic leaves
		defer func() { a.repeats.finish(try, done, failed) }()
		var err error
		if done, err = a.do(r, actor, "http/"+key, o); err != nil {
			failed = asFailure(err)
			return err
		}
		failed = nil
		send(w, r, done.status, "application/json", done.body)
		return nil
	}
	select {
	case <-try.done:
	case <-r.Context().Done():
		return problem("timeout")
	}
	if try.failure != nil {
		return try.failure
	}
	w.Header().Set("Idempotency-Replayed", "true")
	send(w, r, try.answer.status, "application/json", try.answer.body)
	return nil
}

// do runs a command to its end even where the one who asked has gone: they
// will ask again, with the same key.
func (a *API) do(r *http.Request, actor wire.Actor, key string, o order) (*answer, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer cancel()
	records, again, err := a.Commands.Do(ctx, actor, key, o.cmd)
	if err != nil {
		return nil, err
	}
	if again && (len(records) == 0 || !o.made(&records[0])) {
		return nil, problem("key_reused")
	}
	changed := Changed{Events: []Made{}}
	for _, m := range records {
		changed.Events = append(changed.Events, Made{Position: m.Position, StoredAt: m.StoredAt, ID: m.ID, Kind: m.Kind, Data: m.Data})
	}
	a.Logger.DebugContext(ctx, "changed by request", "request", requestID(r), "path", r.URL.Path,
		"account", actor.ID, "session", actor.Session, "events", len(records), "again", again)
	var says any = changed
	if o.answer != nil {
		if says, err = o.answer(changed); err != nil {
			return nil, err
		}
	}
	body, err := encode(says)
	if err != nil {
		return nil, err
	}
	status := o.status
	if status == http.StatusAccepted && len(records) == 0 {
		status = http.StatusOK // nothing waits for a second person
	}
	return &answer{status: status, body: body}, nil
}

func idempotencyKey(r *http.Request) (string, error) {
	key, given := r.Header["Idempotency-Key"]
	if !given {
		return "", nil
	}
	if len(key) != 1 || key[0] == "" || len(key[0]) > 128 ||
		strings.ContainsFunc(key[0], func(c rune) bool { return c < ' ' || c > '~' }) {
		return "", problem("key_malformed")
	}
	return key[0], nil
}

var errNoView = errors.New("the live view cannot be read")

// live reads the live view into its type.
func (a *API) live() (wire.Live, error) {
	var l wire.Live
	data, _, err := a.Live.Current()
	if err != nil {
		return l, errors.Join(errNoView, err)
	}
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&l); err != nil {
		return l, errors.Join(errNoView, err)
	}
	return l, nil
}
