package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"hallkeeper/faults/operator"
	"hallkeeper/wire"
)

const (
	requestTimeout = 30 * time.Second
	pageOfEvents   = 1000
)

// hubClient speaks HTTP to the hub in one machine.
type hubClient struct{ base string }

func newHubClient(address string) hubClient { return hubClient{base: "http://" + address} }

func (h hubClient) get(ctx context.Context, path string, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.base+path, nil)
	if err != nil {
		return err
	}
	operator.Sign(request)
	request.Close = true // each machine is another hub behind another port
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		return fmt.Errorf("GET %s: %s: %s", path, response.Status, bytes.TrimSpace(text))
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// ready is nil once the hub can store.
func (h hubClient) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return h.get(ctx, "/readyz", nil)
}

// deadLetters is how many events the hub has refused.
func (h hubClient) deadLetters(ctx context.Context) (int, error) {
	var live wire.Live
	err := h.get(ctx, "/api/v1/live", &live)
	return live.DeadLetters, err
}

// events reads the log after a position to its end.
func (h hubClient) events(ctx context.Context, after wire.Position) (log []wire.Record, err error) {
	for {
		var page struct {
			Events []wire.Record `json:"events"`
		}
		if err := h.get(ctx, fmt.Sprintf("/api/v1/events?after=%d&limit=%d", after, pageOfEvents), &page); err != nil {
			return log, err
		}
		for _, r := range page.Events {
			if after++; r.Position != after {
				return log, fmt.Errorf("the log goes from position %d to %d", after-1, r.Position)
			}
			log = append(log, r)
		}
		if len(page.Events) == 0 {
			return log, nil
		}
	}
}
