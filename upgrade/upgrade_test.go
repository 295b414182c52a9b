package upgrade_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"hallkeeper/agent"
	"hallkeeper/format"
	"hallkeeper/hub/app"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/live"
	"hallkeeper/hub/register"
	"hallkeeper/hub/vault"
	"hallkeeper/hub/view"
	"hallkeeper/settings"
	"hallkeeper/upgrade"
	"hallkeeper/wire"
)

var update = flag.Bool("update", false, "write anew what the fixtures give; look at each line that changes")

const patience = 60 * time.Second

// fixture is one that was unpacked.
type fixture struct {
	upgrade.About
	t    *testing.T
	name string
	dir  string
	hub  app.Config
	head wire.Position // of its log
}

const secret = "a-secret-of-the-operator-of-32-characters"

func open(t *testing.T, file string) *fixture {
	t.Helper()
	f := &fixture{t: t, name: strings.TrimSuffix(filepath.Base(file), ".tar.zst"), dir: t.TempDir()}
	packed, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	if f.About, err = upgrade.Unpack(packed, f.dir); err != nil {
		t.Fatal(err)
	}
	f.hub = app.Defaults()
	if err := settings.Load(&f.hub, filepath.Join(f.dir, "hub.yaml"), nil); err != nil {
		t.Fatal(err)
	}
	f.hub.Data, f.hub.HTTP, f.hub.MQTT, f.hub.Demo, f.hub.Version, f.hub.OperatorSecret = filepath.Join(f.dir, "data"), "127.0.0.1:0", "127.0.0.1:0", true, "test", secret
	if f.TLS {
		f.hub.HTTPS, f.hub.MQTTTLS = "127.0.0.1:0", "127.0.0.1:0"
	}
	return f
}

// Data of every form that programs have written opens with those of today: the log verifies, every view is what it must
// be, its administrator signs in, and what waits in an agent's outbox of that time is delivered.
func TestDataOfEveryFormOpens(t *testing.T) {
	all, err := filepath.Glob(filepath.Join("testdata", "*.tar.zst"))
	if err != nil || len(all) == 0 {
		t.Fatal("there are no fixtures", err)
	}
	for _, file := range all {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".tar.zst"), func(t *testing.T) {
			f := open(t, file)
			f.verify()
			f.compare()
			f.missed()
			f.serve()
			f.verify()
			f.replayed()
		})
	}
}

func (f *fixture) verify() {
	f.t.Helper()
	key, err := vault.Verifier(app.KeyDir(f.hub.Data))
	if err != nil {
		f.t.Fatal(err)
	}
	proof, err := app.VerifyAll(f.t.Context(), f.hub, key)
	if err != nil {
		f.t.Fatal(err)
	}
	if len(proof.Log.Faults) > 0 || proof.Log.Records == 0 || proof.Log.Segments < 2 {
		f.t.Errorf("the log: %+v", proof.Log)
	}
	for _, p := range proof.Publications {
		if !p.OK() {
			f.t.Errorf("what was published: %+v", p)
		}
	}
}

// compare holds the records by kind and the rows of every view against what is written beside the fixture.
func (f *fixture) compare() {
	t := f.t
	t.Helper()
	log, closeLog, err := eventlog.Read(app.LogDir(f.hub.Data))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closeLog() }()
	zone, err := time.LoadLocation(f.hub.Hall.TimeZone)
	if err != nil {
		t.Fatal(err)
	}
	v, err := register.NewView(zone)
	if err != nil {
		t.Fatal(err)
	}
	folds := []view.Fold{v, live.NewFacts(zone)}
	kinds := map[wire.Kind]int{}
	for at := wire.Position(0); at < log.Head(); {
		batch, err := log.ReadBatch(at, 1000)
		if err != nil || len(batch) == 0 {
			t.Fatalf("the log ends at %d: %v", at, err)
		}
		for i := range batch {
			kinds[batch[i].Kind]++
			for _, fold := range folds {
				fold.Apply(&batch[i])
			}
		}
		at = batch[len(batch)-1].Position
		f.head = at
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# What %s gives. Counts of records never change. Where a view's line does, its version has to be raised: run go test ./upgrade -update.\n", f.name)
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(&b, "record %s %d\n", k, kinds[k])
	}
	for _, fold := range folds {
		parts := map[string]map[string]string{}
		fold.Save(func(key string, value []byte) {
			part, _, _ := strings.Cut(key, "/")
			if parts[part] == nil {
				parts[part] = map[string]string{}
			}
			parts[part][key] = string(value)
		}, func(string) {})
		for _, part := range slices.Sorted(maps.Keys(parts)) {
			sum := sha256.New()
			for _, key := range slices.Sorted(maps.Keys(parts[part])) {
				fmt.Fprintf(sum, "%d %s %d %s\n", len(key), key, len(parts[part][key]), parts[part][key])
			}
			fmt.Fprintf(&b, "view %s %s %d rows %x\n", fold.Name(), part, len(parts[part]), sum.Sum(nil)[:8])
		}
	}
	golden := filepath.Join("testdata", f.name+".txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(b.String())) {
		had := strings.Split(string(want), "\n")
		for _, line := range strings.Split(b.String(), "\n") {
			if !slices.Contains(had, line) {
				t.Errorf("now: %s", line)
			}
		}
		t.Errorf("the views of %s are not those of %s", f.name, golden)
	}
}

// missed takes each key away that nobody makes anew: no hub of today starts without it, nor as another hall, and none makes it.
func (f *fixture) missed() {
	t := f.t
	t.Helper()
	refused := func(what, word string, cfg app.Config) {
		t.Helper()
		hub, err := app.New(cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		var unfit *format.Unfit
		if err := hub.Run(ctx); !errors.As(err, &unfit) || !strings.Contains(unfit.EN, word) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, name := range []string{"card.key", "checkpoint.key", "ca.key", "ca.pem", filepath.Join("people", "staff-s01.key")} {
		path := filepath.Join(app.KeyDir(f.hub.Data), name)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			continue // a form that has no such key
		}
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		refused("without "+name, strings.TrimSuffix(filepath.Base(name), ".key"), f.hub)
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s was made anew", name)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
	}
	other := f.hub
	other.Hall.ID = "another"
	refused("as another hall", "hall.id", other)
}

// serve starts hub and agent of today on the fixture, which has lost what can be made again.
func (f *fixture) serve() {
	t := f.t
	t.Helper()
	public := filepath.Join(app.KeyDir(f.hub.Data), "checkpoint.pub")
	before, err := os.ReadFile(public)
	if err == nil {
		err = os.Remove(public)
	}
	if err != nil {
		t.Fatal(err)
	}
	hub, err := app.New(f.hub, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- hub.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	wait, done := context.WithTimeout(ctx, patience)
	defer done()
	addr, err := hub.Ready(wait)
	if err != nil {
		t.Fatal(err)
	}
	f.signIn(addr)
	f.deliver(addr)
	if after, err := os.ReadFile(public); err != nil || strings.TrimSpace(string(after)) != strings.TrimSpace(string(before)) {
		t.Errorf("the checkpoints' public key was %s and is %s, %v", before, after, err)
	}
}

func (f *fixture) signIn(addr app.Addresses) {
	t := f.t
	t.Helper()
	for password, want := range map[string]int{f.Password: http.StatusCreated, f.Password + "x": http.StatusUnauthorized} {
		body, err := json.Marshal(map[string]string{"account": f.Account, "password": password})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, addr.HTTP+"/api/v1/session", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		said, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if res.StatusCode/100 != want/100 {
			t.Errorf("sign in as the fixture's administrator: %s %s", res.Status, said)
		}
	}
}

// deliver runs the agent on its outbox of then until the hub has all of it.
func (f *fixture) deliver(addr app.Addresses) {
	t := f.t
	t.Helper()
	broker := addr.MQTT
	if f.TLS {
		broker = addr.MQTTTLS
	}
	cfg := agent.Defaults()
	data := filepath.Join(f.dir, "agent")
	if err := settings.Load(&cfg, filepath.Join(f.dir, "agent.yaml"), nil, settings.Flag{Name: "--mqtt", Key: "mqtt", Value: broker},
		settings.Flag{Name: "--data", Key: "data", Value: data}, settings.Flag{Name: "--sim-socket", Key: "sim_socket", Value: filepath.Join(data, "pins.sock")}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- agent.Run(ctx, cfg, slog.New(slog.DiscardHandler)) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	var got []int
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		got = f.pressed(addr)
		if slices.Equal(got, f.Presses) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("of the presses %v that waited in the outbox %v were stored", f.Presses, got)
		}
	}
}

// pressed gives the levels of presses at w01 that the hub has stored since the fixture was opened, in order.
func (f *fixture) pressed(addr app.Addresses) (levels []int) {
	t := f.t
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("%s/api/v1/events?after=%d&limit=1000", addr.HTTP, f.head), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	var page struct {
		Events []wire.Record `json:"events"`
	}
	err = json.NewDecoder(res.Body).Decode(&page)
	if err := errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res.Status, err)
	}
	for _, r := range page.Events {
		switch r.Kind {
		case wire.KindRatingPressed:
			var d wire.RatingPressed
			if err := json.Unmarshal(r.Data, &d); err != nil || r.Agent != "w01" {
				t.Fatal(r, err)
			}
			levels = append(levels, d.Level)
		case wire.KindOutboxGap:
			t.Fatalf("a gap where there is none: %s", r.Data)
		}
	}
	return levels
}

// replayed makes the views again from the log that has grown.
func (f *fixture) replayed() {
	f.t.Helper()
	at, digest, err := app.Replay(f.t.Context(), f.hub, slog.New(slog.DiscardHandler))
	if err != nil || at <= f.head || len(digest) == 0 {
		f.t.Errorf("replay up to %d: %v", at, err)
	}
}
