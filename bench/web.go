package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"hallkeeper/faults/operator"
)

// callers is how many programs ask at once, each on a connection that it keeps, as pages do.
const callers = 16

// web measures what TLS and authorization cost a request: the same hub and the
// same route, in turn over plain HTTP by nobody and over HTTPS with a token.
func (b *bench) web(ctx context.Context) error {
	h, err := b.startHub(ctx, filepath.Join(b.folder, "web"), "--https", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer h.stop()
	for n := range 20 {
		if err := h.change(ctx, http.MethodPut, fmt.Sprintf("windows/w%02d", n+1), fmt.Sprintf(`{"number":"%02d","name":"窗口"}`, n+1)); err != nil {
			return err
		}
	}
	pool, err := h.authority(ctx)
	if err != nil {
		return err
	}
	p, err := inPairs(b.pairs(), func(secured bool) (reading, error) {
		base := h.HTTP
		if secured {
			base = h.HTTPS
		}
		m := meter{hub: h}
		if err := m.begin(); err != nil {
			return reading{}, err
		}
		all, err := ask(ctx, base+"/api/v1/windows", pool, secured, b.span/3)
		if err != nil {
			return reading{}, err
		}
		p50, p99, _ := quantiles(all)
		r := reading{rate: float64(len(all)) / (b.span / 3).Seconds(), p50: p50, p99: p99}
		err = m.read(&r, len(all))
		return r, err
	})
	if err != nil {
		return err
	}
	b.addPairs("w", fmt.Sprintf("requests of %d callers", callers), "a second", &p)
	return nil
}

// ask asks as fast as answers come, for a span, and gives how long each took.
func ask(ctx context.Context, url string, pool *x509.CertPool, signed bool, span time.Duration) (all []time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, span+time.Minute)
	defer cancel()
	var mu sync.Mutex
	var group sync.WaitGroup
	end := time.Now().Add(span)
	for range callers {
		group.Go(func() {
			tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}}
			defer tr.CloseIdleConnections()
			var own []time.Duration
			var failed error
			for failed == nil && time.Now().Before(end) {
				began := time.Now()
				failed = askOnce(ctx, &http.Client{Transport: tr}, url, signed)
				own = append(own, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			all, err = append(all, own...), errors.Join(err, failed)
		})
	}
	group.Wait()
	return all, err
}

func askOnce(ctx context.Context, client *http.Client, url string, signed bool) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if signed {
		operator.Sign(req)
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, res.Status)
	}
	return nil
}

// authority is what the hub's certificate is checked with.
func (h *hub) authority(ctx context.Context) (*x509.CertPool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.HTTP+"/ca.crt", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("no certificate at /ca.crt: %s", res.Status)
	}
	return pool, nil
}
