// Package webhook sends a message to one address that the hub's settings name, signed as Standard Webhooks
// (standardwebhooks.com) says. It refuses to go anywhere else: redirects are not followed, no proxy of the
// environment is used, and what the other side answers is read no further than to tell whether it took it.
package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"hallkeeper/bilingual"
)

// patience bounds one attempt.
const patience = 15 * time.Second

// mostAnswer is how much of an answer is read, in bytes.
const mostAnswer = 4 << 10

// Hook is one address.
type Hook struct {
	url    string
	signer *standardwebhooks.Webhook
	client *http.Client
}

// Check refuses an address to which nothing may be sent: without TLS anybody on the way could read it, except on this machine.
func Check(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return bilingual.New("应填地址，如 https://alerts.example.gov.cn/hall，不带用户名和 # 后的部分", "expected an address like https://alerts.example.gov.cn/hall, without a user or a fragment")
	}
	ip := net.ParseIP(u.Hostname())
	if here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback(); u.Scheme != "https" && (u.Scheme != "http" || !here) {
		return bilingual.New("应填 https 的地址；http 只用于本机上的程序", "expected https: http is for a program on this machine only")
	}
	return nil
}

// MinSecret is how many bytes a secret has at least.
const MinSecret = 24

// New makes a hook; secret is what signatures are made with.
func New(address string, secret []byte) (*Hook, error) {
	if err := Check(address); err != nil {
		return nil, err
	}
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("the secret of the webhook has %d bytes, expected at least %d: make one with openssl rand -base64 32", len(secret), MinSecret)
	}
	signer, err := standardwebhooks.NewWebhookRaw(secret)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, TLSHandshakeTimeout: 5 * time.Second,
		ResponseHeaderTimeout: 10 * time.Second, MaxResponseHeaderBytes: 16 << 10, DisableKeepAlives: true}
	return &Hook{url: address, signer: signer, client: &http.Client{Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// Send makes one attempt; id is the same for each attempt of a message. Any 2xx says that it was taken. The answer
// is the status or what stood in the way, and never the address, which may hold a secret.
func (h *Hook) Send(ctx context.Context, id string, now time.Time, body []byte) (answer string, ok bool) {
	signature, err := h.signer.Sign(id, now, body)
	if err != nil {
		return err.Error(), false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return "the address cannot be used", false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "hallkeeper")
	req.Header.Set(standardwebhooks.HeaderWebhookID, id)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	res, err := h.client.Do(req)
	if err != nil {
		var at *url.Error
		if errors.As(err, &at) {
			err = at.Err
		}
		return err.Error(), false
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, mostAnswer))
	return res.Status, res.StatusCode >= 200 && res.StatusCode < 300
}
