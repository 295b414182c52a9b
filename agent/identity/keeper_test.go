package identity

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

type notes struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(p)
}

func (n *notes) has(text string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Contains(n.b.String(), text)
}

func keep(data string, clock Clock) (*Keeper, *notes) {
	n := new(notes)
	return Keep(data, "tls://192.168.1.10:8883", clock, slog.New(slog.NewTextHandler(n, nil))), n
}

func take(t *testing.T, k *Keeper) bool {
	t.Helper()
	select {
	case <-k.Changed():
		return true
	default:
		return false
	}
}

func using(t *testing.T, k *Keeper) string {
	t.Helper()
	c, err := k.TLS()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := c.GetClientCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return cert.Leaf.SerialNumber.Text(16)
}

func TestACertificateIsMadeAnewInTime(t *testing.T) {
	h, data := newHub(t, nil), t.TempDir()
	first := h.enrolled(data)
	life := first.Leaf().NotAfter.Sub(first.Leaf().NotBefore)
	if due := first.Due(); due.Before(first.Leaf().NotBefore.Add(life*7/10-time.Second)) || due.After(first.Leaf().NotBefore.Add(life*3/4)) {
		t.Errorf("due %v of a life from %v to %v", due, first.Leaf().NotBefore, first.Leaf().NotAfter)
	}
	now := first.Due().Add(-time.Minute)
	clock := Clock{Now: func() time.Time { return now }, Trusted: func() bool { return true }}
	k, said := keep(data, clock)
	take(t, k)
	look := func() {
		t.Helper()
		if err := k.look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	look()
	if h.asked.Load() != 1 || take(t, k) {
		t.Fatal("made anew before it was due")
	}
	now = first.Due()
	h.refuses.Store(true)
	look()
	look()
	if !said.has("tried again in an hour") || h.asked.Load() != 1 || using(t, k) != first.serial() {
		t.Error("a hub that refuses")
	}
	k.tried = k.tried.Add(-renewAgain)
	h.refuses.Store(false)
	look()
	second, err := Load(data)
	if err != nil || !take(t, k) || using(t, k) != second.serial() || second.serial() == first.serial() {
		t.Fatalf("not made anew: %v", err)
	}
	if a, b := first.cert.PrivateKey, second.cert.PrivateKey; a == b || first.Leaf().PublicKey == second.Leaf().PublicKey {
		t.Error("with the key of before")
	}
	// The one before is there until the hub has taken the new one.
	if kept, err := load(filepath.Join(data, folderOld)); err != nil || kept.serial() != first.serial() {
		t.Errorf("the one before: %v", err)
	}
	k.Answered(nil)
	if _, err := os.Stat(filepath.Join(data, folderOld)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the one before is left: %v", err)
	}
	look()
	if h.asked.Load() != 2 {
		t.Error("made anew again")
	}
}

// A hub that was restored from a backup may not know the new certificate.
func TestTheOneBeforeIsUsedWhereTheNewOneIsNotTaken(t *testing.T) {
	h, data := newHub(t, nil), t.TempDir()
	first := h.enrolled(data)
	second, err := Renew(t.Context(), data, first, clockAt(time.Now(), true))
	if err != nil {
		t.Fatal(err)
	}
	k, _ := keep(data, clockAt(time.Now(), true))
	h.refuses.Store(true)
	for _, want := range []*Identity{second, first, second} {
		if got := using(t, k); got != want.serial() {
			t.Fatalf("it uses %s, not %s", got, want.serial())
		}
		c, err := k.TLS()
		if err != nil {
			t.Fatal(err)
		}
		k.Answered(shake(t, h.addr, c))
	}
	h.refuses.Store(false)
	k.Answered(nil) // with the first
	if _, err := load(filepath.Join(data, folderOld)); err != nil {
		t.Errorf("the one that works is removed: %v", err)
	}
}

func TestANewIdentityIsTakenUpWithoutARestart(t *testing.T) {
	h, data := newHub(t, nil), t.TempDir()
	k, said := keep(data, clockAt(time.Now(), true))
	if _, err := k.TLS(); !errors.Is(err, ErrNone) {
		t.Fatalf("%v", err)
	}
	take(t, k)
	h.enrolled(data)
	if err := k.look(t.Context()); err != nil || !take(t, k) {
		t.Fatalf("not taken up: %v", err)
	}
	using(t, k)
	// Spoilt, it is kept apart until it is whole again.
	path := filepath.Join(Dir(data), keyFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(path), os.WriteFile(path, whole[:40], 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := k.look(t.Context()); err != nil || !said.has("events are kept meanwhile") {
		t.Errorf("spoilt: %v", err)
	}
	if _, err := k.TLS(); err == nil {
		t.Error("a spoilt key is used")
	}
	if err := errors.Join(os.Remove(path), os.WriteFile(path, whole, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := k.look(t.Context()); err != nil {
		t.Error(err)
	}
	using(t, k)
	// Another name is another device.
	h.agent = "w02"
	e := h.enrolment(data)
	e.Replace = true
	if _, err := Enrol(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := k.Run(ctx); !errors.Is(err, ErrMoved) {
		t.Errorf("another device: %v", err)
	}
}
