package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// devtools speaks the browser's DevTools protocol over two pipes that only the
// launcher and the browser hold: no port is open, and no page needs to help.
// Each message is one JSON text ended by a zero byte.
type devtools struct {
	to     io.WriteCloser
	events chan event
	done   chan struct{} // closed when the browser has closed its end

	mu      sync.Mutex
	last    int
	waiting map[int]chan message
}

type event struct {
	Method string
	Params json.RawMessage
}

type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *toolsError     `json:"error,omitempty"`
}

// toolsError is the browser's answer that it could not do what was asked: it is alive.
type toolsError struct {
	Message string `json:"message"`
}

func (e *toolsError) Error() string { return e.Message }

var errGone = errors.New("the browser has closed the connection")

// eventsKept is how many events may wait to be looked at; more are dropped, of which none is asked for that often.
const eventsKept = 64

func newDevtools(from io.Reader, to io.WriteCloser) *devtools {
	d := &devtools{to: to, events: make(chan event, eventsKept), done: make(chan struct{}), waiting: map[int]chan message{}}
	go d.read(bufio.NewReader(from))
	return d
}

func (d *devtools) read(from *bufio.Reader) {
	defer close(d.done)
	for {
		text, err := from.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue
		}
		if m.ID == 0 {
			select {
			case d.events <- event{m.Method, m.Params}:
			default:
			}
			continue
		}
		d.mu.Lock()
		answer := d.waiting[m.ID]
		delete(d.waiting, m.ID)
		d.mu.Unlock()
		if answer != nil {
			answer <- m
		}
	}
}

// call asks the browser, or with a session a page of it, and reads the answer into result, which may be nil.
func (d *devtools) call(ctx context.Context, session, method string, params map[string]any, result any) error {
	answer := make(chan message, 1)
	d.mu.Lock()
	d.last++
	id := d.last
	d.waiting[id] = answer
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		delete(d.waiting, id)
		d.mu.Unlock()
	}()

	ask := map[string]any{"id": id, "method": method}
	if params != nil {
		ask["params"] = params
	}
	if session != "" {
		ask["sessionId"] = session
	}
	text, err := json.Marshal(ask)
	if err != nil {
		return fmt.Errorf("ask the browser %s: %w", method, err)
	}
	// A browser that hangs reads nothing: whoever waits for it is let go by ctx.
	written := make(chan error, 1)
	go func() {
		_, err := d.to.Write(append(text, 0))
		written <- err
	}()
	for {
		select {
		case err := <-written:
			if err != nil {
				return fmt.Errorf("ask the browser %s: %w", method, err)
			}
			written = nil
		case m := <-answer:
			switch {
			case m.Error != nil:
				return fmt.Errorf("%s: %w", method, m.Error)
			case result == nil:
				return nil
			}
			if err := json.Unmarshal(m.Result, result); err != nil {
				return fmt.Errorf("read the browser's answer to %s: %w", method, err)
			}
			return nil
		case <-d.done:
			return fmt.Errorf("%s: %w", method, errGone)
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", method, ctx.Err())
		}
	}
}
