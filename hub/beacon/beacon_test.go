package beacon_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"hallkeeper/hub/beacon"
)

type key struct {
	signer   note.Signer
	verifier note.Verifier
}

func newKey(t *testing.T) (k key) {
	t.Helper()
	secret, public, err := note.GenerateKey(rand.Reader, "hallkeeper/t")
	if err == nil {
		k.signer, err = note.NewSigner(secret)
	}
	if err == nil {
		k.verifier, err = note.NewVerifier(public)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (k key) sign(text string) (string, error) {
	b, err := note.Sign(&note.Note{Text: text}, k.signer)
	return string(b), err
}

// freePort gives one on which nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	c, err := net.ListenUDP("udp4", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return strconv.Itoa(c.LocalAddr().(*net.UDPAddr).Port)
}

type heard struct {
	said beacon.Said
	from netip.Addr
}

// Hubs of one hall hear each other and themselves; one of another hall, or one that has not the hall's key, is heard by nobody.
func TestHubsOfOneHallHearEachOther(t *testing.T) {
	port, ours, theirs := freePort(t), newKey(t), newKey(t)
	all := make(chan heard, 1000)
	run := func(k key, say beacon.Said, hear chan<- heard) {
		b, err := beacon.Open("127.0.0.1:"+port, k.sign, k.verifier, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx, say, func(s beacon.Said, from netip.Addr) { hear <- heard{s, from} }) }()
		t.Cleanup(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	none := make(chan heard, 1000)
	run(ours, beacon.Said{Hall: "t", Epoch: 1, Run: "a"}, all)
	run(theirs, beacon.Said{Hall: "t", Epoch: 9, Run: "stranger"}, none)
	run(ours, beacon.Said{Hall: "other", Epoch: 9, Run: "other"}, none)
	run(ours, beacon.Said{Hall: "t", Epoch: 2, Run: "b"}, make(chan heard, 1000))
	seen := map[string]uint64{}
	for end := time.After(30 * time.Second); seen["a"] == 0 || seen["b"] == 0; {
		select {
		case h := <-all:
			seen[h.said.Run] = h.said.Epoch
			if !h.from.IsValid() {
				t.Error("from nowhere")
			}
		case <-end:
			t.Fatalf("heard %v", seen)
		}
	}
	if len(seen) != 2 || seen["b"] != 2 {
		t.Errorf("heard %v", seen)
	}
}

// What is signed with the hall's key and is no beacon, as a checkpoint, is not taken for one.
func TestACheckpointIsNoBeacon(t *testing.T) {
	port, k := freePort(t), newKey(t)
	b, err := beacon.Open("127.0.0.1:"+port, k.sign, k.verifier, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	got, ended := make(chan beacon.Said, 100), make(chan error, 1)
	go func() {
		ended <- b.Run(ctx, beacon.Said{Hall: "t", Run: "own"}, func(s beacon.Said, _ netip.Addr) { got <- s })
	}()
	<-got // it listens
	c, err := net.Dial("udp4", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	send := func(text string) {
		t.Helper()
		signed, err := k.sign(text)
		if err == nil {
			_, err = c.Write([]byte(signed))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	send("hallkeeper/t\n" + `{"hall":"t","epoch":9,"run":"checkpoint"}` + "\n")
	send("hallkeeper-beacon/1\n" + `{"hall":"t","epoch":9,"run":"last"}` + "\n")
	for s := range got {
		if s.Run == "checkpoint" {
			t.Fatal("a checkpoint was heard")
		}
		if s.Run == "last" {
			break
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
