package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"hallkeeper/simulator/hand"
	"hallkeeper/wire"
)

const (
	hubData   = "/var/lib/hallkeeper-hub"
	agentData = "/var/lib/hallkeeper"
	hallID    = "county"
	device    = "w01"
)

// window is the hand at the agent's simulated pins.
type window struct {
	hand    *hand.Hand
	presses int
}

// ask asks the hub that runs in the Debian: as its operator, or as a screen of
// which nothing is known.
func (t *trial) ask(asOperator bool, method, path string, body, into any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://127.0.0.1"+path, content)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if asOperator {
		var control struct {
			Secret string `json:"secret"`
		}
		text, err := os.ReadFile(filepath.Join(t.root, hubData, "control.json"))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, &control); err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+control.Secret)
	}
	res, err := t.web.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s %s %v", method, path, res.Status, answer, err) //nolint:errorlint // it is mostly none
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// serves waits until the hub can store.
func (t *trial) serves() error {
	return t.await("the hub can store", func() (bool, error) {
		err := t.ask(false, http.MethodGet, "/readyz", nil, nil)
		return err == nil, err
	})
}

// shown waits until a lobby screen shows the window as one that is there.
func (t *trial) shown() error {
	err := t.await("the window is in the lobby", func() (bool, error) {
		var live wire.Live
		err := t.ask(false, http.MethodGet, "/api/v1/live", nil, &live)
		w := live.Windows["1"]
		return w.Agent == device && (w.State == wire.WindowUnstaffed || w.State == wire.WindowOpen), err
	})
	if err != nil {
		return err
	}
	return t.ask(false, http.MethodGet, "/lobby", nil, nil)
}

// press presses a button n times and waits until the hub has stored as many as there ever were.
func (t *trial) press(n int) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	for range n { // another button each time: the one before may still be held
		if err := t.window.hand.Press(ctx, fmt.Sprintf("rating%d", 1+t.window.presses%5)); err != nil {
			return err
		}
		t.window.presses++
	}
	return t.await("the presses are in the log", func() (bool, error) {
		got, err := t.stored()
		if got > t.window.presses {
			return false, fmt.Errorf("%w: %d presses became %d", errUnavailable, t.window.presses, got)
		}
		return got == t.window.presses, err
	})
}

// stored counts the window's presses in the log.
func (t *trial) stored() (all int, err error) {
	for after := uint64(0); ; {
		var page struct {
			Events []wire.Record `json:"events"`
			Next   uint64        `json:"next"`
		}
		if err := t.ask(true, http.MethodGet, fmt.Sprintf("/api/v1/events?after=%d&limit=500", after), nil, &page); err != nil {
			return 0, err
		}
		for _, r := range page.Events {
			if r.Agent == device && r.Kind == wire.KindRatingPressed {
				all++
			}
		}
		if len(page.Events) == 0 || page.Next == after {
			return all, nil
		}
		after = page.Next
	}
}
