package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/app"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/fixture"
	"hallkeeper/hub/vault"
	"hallkeeper/wire"
)

// playedMonth are the settings and the data folder of the first month of the year in hub/score/testdata, published.
func playedMonth(t *testing.T) app.Config {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"00-hall.txt", "01.txt"} {
		text, err := os.ReadFile(filepath.Join("..", "score", "testdata", "year", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	f, err := fixture.ReadFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	cfg := app.Defaults()
	cfg.Data, cfg.Hall.ID = filepath.Join(t.TempDir(), "hall"), f.Hall
	if _, err := f.Run(t.Context(), cfg.Data, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// rewritten copies a log record by record into a new one, with its hashes, as
// somebody does who has the disk but not the hub's key. Where sign is set, the
// original has a signed checkpoint at its end, which is copied too.
func rewritten(t *testing.T, cfg app.Config, sign bool, alter func(*wire.Record)) app.Config {
	t.Helper()
	ctx := context.Background()
	old, closeOld, err := eventlog.Read(app.LogDir(cfg.Data))
	if err != nil {
		t.Fatal(err)
	}
	records, err := old.ReadBatch(0, 1<<20)
	for err == nil && wire.Position(len(records)) < old.Head() {
		var more []wire.Record
		more, err = old.ReadBatch(wire.Position(len(records)), 1<<20)
		records = append(records, more...)
	}
	if err = errors.Join(err, closeOld()); err != nil {
		t.Fatal(err)
	}
	whole, err := eventlog.Verify(app.LogDir(cfg.Data), nil)
	if err != nil || len(whole.Faults) > 0 {
		t.Fatalf("the log that was played has faults: %v %v", err, whole.Faults)
	}
	size, root := uint64(whole.Records), whole.Root
	to := cfg
	to.Data = filepath.Join(t.TempDir(), "altered")
	if err := os.CopyFS(app.KeyDir(to.Data), os.DirFS(app.KeyDir(cfg.Data))); err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(app.KeyDir(to.Data), func(path string, d fs.DirEntry, err error) error { // keys that others can read are refused
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	}); err != nil {
		t.Fatal(err)
	}
	if sign {
		v, err := vault.Open(app.KeyDir(cfg.Data), "hallkeeper/year", "test")
		if err != nil {
			t.Fatal(err)
		}
		note, err := v.SignCheckpoint(eventlog.CheckpointText("hallkeeper/year", size, root))
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(wire.LogCheckpoint{Size: size, Root: root.String(), Note: note})
		if err != nil {
			t.Fatal(err)
		}
		last := records[len(records)-1]
		records = append(records, wire.Record{StoredAt: last.StoredAt, Event: wire.Event{ID: "checkpoint", At: last.StoredAt, Kind: wire.KindLogCheckpoint, Data: data, Actor: last.Actor}})
	}
	r := &records[0]
	zone := records[0].StoredAt.Location()
	log, err := eventlog.Open(eventlog.Options{Dir: app.LogDir(to.Data), Logger: slog.New(slog.DiscardHandler), Zone: zone,
		Now: func() time.Time { return r.StoredAt }, NewID: func() string { return r.ID }})
	if err != nil {
		t.Fatal(err)
	}
	for i := range records {
		r = &records[i]
		alter(r)
		if r.Agent == "" {
			_, _, err = log.Append(ctx, "", func(eventlog.Moment) ([]wire.Event, error) { return []wire.Event{r.Event}, nil })
		} else {
			done := make(chan error, 1)
			err = log.Submit(eventlog.Submission{Agent: r.Agent, Items: []eventlog.Item{{Event: r.Event}}, Done: func(_ []eventlog.Result, err error) { done <- err }})
			if err == nil {
				err = <-done
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return to
}

func verified(t *testing.T, cfg app.Config) app.Proof {
	t.Helper()
	key, err := vault.Verifier(app.KeyDir(cfg.Data))
	if err != nil {
		t.Fatal(err)
	}
	p, err := app.VerifyAll(t.Context(), cfg, key)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// better gives s02, who was seven minutes late, the full points, and the record a digest that fits.
func better(t *testing.T) func(*wire.Record) {
	return func(r *wire.Record) {
		if r.Kind != wire.KindPeriodPublished {
			return
		}
		var d wire.PeriodPublished
		var o assess.Outcome
		if err := errors.Join(json.Unmarshal(r.Data, &d), json.Unmarshal(d.Outcome, &o)); err != nil {
			t.Fatal(err)
		}
		x := o.Find(assess.ToPerson, "s02")
		x.Points, x.Off, x.Findings, x.Rules = 100, 0, nil, nil
		d.Outcome, d.Digest = cycle.Encode(&o)
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		r.Data = text
	}
}

// earlier lets s02 come at half past eight.
func earlier(r *wire.Record) {
	if r.Kind == wire.KindCardSwiped && r.At.Format("2006-01-02 15:04") == "2021-01-12 08:37" {
		r.At = r.At.Add(-7 * time.Minute)
	}
}

func TestWhatWasPublishedIsProved(t *testing.T) {
	cfg := playedMonth(t)
	as := func(*wire.Record) {}
	for _, x := range []struct {
		says   string
		sign   bool
		alter  func(*wire.Record)
		faults bool
		wrong  string // who differs
	}{
		{"the same log is whole", true, as, false, ""},
		{"a swipe that a finding stands on was moved: the signed checkpoint tells", true, earlier, true, ""},
		{"a published outcome was changed and all hashes made anew: the signed checkpoint tells", true, better(t), true, ""},
		{"the swipe, before any checkpoint was signed: what was published is not what the records give", false, earlier, false, "person s02"},
		{"the outcome, before any checkpoint was signed: so it is", false, better(t), false, "person s02"},
		{"the outcome, and nobody cared for the digest", false, func(r *wire.Record) {
			if r.Kind == wire.KindPeriodPublished {
				r.Data = bytes.Replace(r.Data, []byte(`"points":99,`), []byte(`"points":100,`), 1)
			}
		}, false, "digest"},
	} {
		p := verified(t, rewritten(t, cfg, x.sign, x.alter))
		if got := len(p.Log.Faults) > 0; got != x.faults {
			t.Errorf("%s: the log has the faults %v", x.says, p.Log.Faults)
			continue
		}
		if x.faults {
			continue
		}
		if len(p.Publications) != 1 {
			t.Fatalf("%s: there are %d publications", x.says, len(p.Publications))
		}
		pub := &p.Publications[0]
		text := pub.Fault
		for _, c := range pub.Differs {
			text += " " + string(c.To) + " " + c.ID
		}
		if pub.OK() != (x.wrong == "") || !strings.Contains(text, x.wrong) {
			t.Errorf("%s: %+v", x.says, pub)
		}
	}
}
