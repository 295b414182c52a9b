package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hallkeeper/faults/operator"
	"hallkeeper/wire"
)

const (
	requestTimeout = 10 * time.Second
	pageOfEvents   = 1000
)

// hubClient speaks HTTP to the hub, wherever it is at the time.
type hubClient struct {
	// address gives the hub's web address, or nothing while it is not up.
	address func() string
}

func (h hubClient) do(ctx context.Context, method, path string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	address := h.address()
	if address == "" {
		return fmt.Errorf("%s %s: the hub is not up", method, path)
	}
	request, err := http.NewRequestWithContext(ctx, method, address+"/api/v1/"+path, content)
	if err != nil {
		return err
	}
	operator.Sign(request)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", method+" "+path)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, bytes.TrimSpace(text))
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// furnish defines a window and assigns its device.
func (h hubClient) furnish(ctx context.Context, number int, id string) error {
	window := map[string]string{"number": fmt.Sprintf("%02d", number), "name": "窗口 " + id}
	if err := h.do(ctx, http.MethodPut, "windows/"+id, window, nil); err != nil {
		return err
	}
	return h.do(ctx, http.MethodPost, "devices/"+id+"/assign", map[string]string{"window": id}, nil)
}

func (h hubClient) live(ctx context.Context) (live wire.Live, err error) {
	err = h.do(ctx, http.MethodGet, "live", nil, &live)
	return live, err
}

// follow appends to log what the hub has stored since its last record.
func (h hubClient) follow(ctx context.Context, log []wire.Record) ([]wire.Record, error) {
	for {
		var after wire.Position
		if len(log) > 0 {
			after = log[len(log)-1].Position
		}
		var page struct {
			Events []wire.Record `json:"events"`
		}
		if err := h.do(ctx, http.MethodGet, fmt.Sprintf("events?after=%d&limit=%d", after, pageOfEvents), nil, &page); err != nil {
			return log, err
		}
		for _, r := range page.Events {
			if r.Position != after+1 {
				return log, fmt.Errorf("the log goes from position %d to %d", after, r.Position)
			}
			after++
			log = append(log, r)
		}
		if len(page.Events) == 0 {
			return log, nil
		}
	}
}

// cardToken reads the hub's card key and gives what its log holds of a card number.
func cardToken(data string) (func(card string) string, error) {
	text, err := os.ReadFile(filepath.Join(data, "keys", "card.key"))
	if err != nil {
		return nil, fmt.Errorf("read the hub's card key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != sha256.Size {
		return nil, fmt.Errorf("the hub's card key is not %d bytes in hexadecimal", sha256.Size)
	}
	return func(card string) string {
		m := hmac.New(sha256.New, key)
		_, _ = m.Write([]byte(card))
		return "h1:" + base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:16])
	}, nil
}
