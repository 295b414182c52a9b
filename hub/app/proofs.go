package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"hallkeeper/hub/api"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/score"
	"hallkeeper/wire"
)

// Publication is a published month, quarter or year as it stands in the log, and
// what came out when it was computed again.
type Publication struct {
	Position wire.Position
	Period   assess.Period
	Revision int
	// Through is the last record that was taken into account.
	Through wire.Position
	Digest  string
	// Again is the digest of what the log gives, empty where it could not be computed.
	Again string
	// Fault is in plain words; empty means that all is well.
	Fault string
	// Differs is who has another result, with the points before and after.
	Differs []assess.Change
}

// OK tells whether a publication is what its records give.
func (p *Publication) OK() bool { return p.Fault == "" && p.Digest == p.Again }

// Proof is what VerifyAll found.
type Proof struct {
	Log          eventlog.Verification
	Publications []Publication
	Files        Files

	sent *sentFiles
}

// Wrong counts the publications that are not what their records give.
func (p *Proof) Wrong() (n int) {
	for i := range p.Publications {
		if !p.Publications[i].OK() {
			n++
		}
	}
	return n + len(p.Files.Wrong)
}

// VerifyAll checks the log of a data folder, in which no hub may run, and computes
// every publication again from the records that it was made of, in one pass.
// Where the log itself has faults nothing is computed.
func VerifyAll(ctx context.Context, cfg Config, verifier note.Verifier) (proof Proof, err error) {
	proof, err = readPublications(cfg, verifier)
	if err != nil || len(proof.Log.Faults) > 0 || len(proof.Publications) == 0 {
		return proof, err
	}
	m := maker{cfg: cfg}
	proof.Files.Untold = proof.sent.untold
	err = pass(ctx, cfg, proof.Publications, proof.sent.last, func(w *recount, at wire.Position) { proof.sent.again(&m, w, at, &proof.Files) })
	return proof, err
}

// readPublications checks the log and notes what was published and which files have left the hub.
func readPublications(cfg Config, verifier note.Verifier) (proof Proof, err error) {
	if err := Newer(cfg.Data); err != nil {
		return proof, err
	}
	proof.sent = &sentFiles{queued: map[string]wire.CopyQueued{}, due: map[wire.Position][]sentFile{}, forgotten: map[string]bool{}}
	proof.Log, err = eventlog.VerifyEach(LogDir(cfg.Data), verifier, func(r *wire.Record) {
		if p, ok := publication(r); ok {
			proof.Publications = append(proof.Publications, p)
		}
		proof.sent.note(r)
	})
	return proof, err
}

// publication reads a record of one.
func publication(r *wire.Record) (p Publication, ok bool) {
	if r.Agent != "" || r.Kind != wire.KindPeriodPublished && r.Kind != wire.KindPeriodRevised {
		return p, false
	}
	p.Position = r.Position
	var d wire.PeriodPublished
	if err := json.Unmarshal(r.Data, &d); err != nil {
		p.Fault = "the record does not read: " + err.Error()
		return p, true
	}
	p.Period, p.Revision, p.Through, p.Digest = assess.Period(d.Period), d.Revision, d.Through, d.Digest
	sum := sha256.Sum256(d.Outcome)
	switch {
	case hex.EncodeToString(sum[:]) != d.Digest:
		p.Fault = "the digest is not that of the outcome in the record"
	case d.Through >= r.Position:
		p.Fault = fmt.Sprintf("it says that it was made of records up to %d, which is not before itself", d.Through)
	case p.Period.Kind() == "":
		p.Fault = "it is of no month, quarter or year"
	}
	return p, true
}

// pass folds the log once, at least up to a record, and computes each publication where its
// last record has gone by. look is called after each record.
func pass(ctx context.Context, cfg Config, all []Publication, last wire.Position, look func(*recount, wire.Position)) (err error) {
	zone, err := cfg.zone()
	if err != nil {
		return err
	}
	view, err := register.NewView(zone)
	if err != nil {
		return err
	}
	log, closeLog, err := eventlog.Read(LogDir(cfg.Data))
	if err != nil {
		return fmt.Errorf("read the log in %s: %w", cfg.Data, err)
	}
	defer func() {
		if cerr := closeLog(); err == nil {
			err = cerr
		}
	}()
	w := &recount{view: view, due: map[wire.Position][]*Publication{}, differs: map[wire.Position]*Publication{}, outcomes: map[wire.Position]*assess.Outcome{}}
	for i := range all {
		p := &all[i]
		if p.Period.Kind() != "" && p.Through < p.Position {
			w.due[p.Through] = append(w.due[p.Through], p)
		}
		last = max(last, p.Position)
	}
	w.compute(0)
	for at := wire.Position(0); at < last; {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch, err := log.ReadBatch(at, 4096)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			return fmt.Errorf("the log ends at position %d", at)
		}
		for i := range batch {
			w.apply(&batch[i])
			look(w, batch[i].Position)
		}
		at = batch[len(batch)-1].Position
	}
	return nil
}

// recount is the pass of again.
type recount struct {
	view    *register.View
	windows roster.State
	memory  score.Memory
	heads   []api.Checkpoint
	due     map[wire.Position][]*Publication
	// differs are publications, by their positions, that are compared when they go by, and outcomes what came out.
	differs  map[wire.Position]*Publication
	outcomes map[wire.Position]*assess.Outcome
}

func (w *recount) apply(r *wire.Record) {
	w.windows.Fold(r)
	w.view.Apply(r)
	if c, ok := head(r); ok {
		w.heads = append(w.heads, c)
	}
	if p := w.differs[r.Position]; p != nil {
		if o, err := w.view.Archive.Outcome(p.Period, p.Revision); err == nil {
			p.Differs = assess.Compare(&o, w.outcomes[r.Position])
		}
	}
	w.compute(r.Position)
}

func (w *recount) compute(through wire.Position) {
	for _, p := range w.due[through] {
		o := score.Of(w.view, &w.windows, &w.memory).Outcome(p.Period)
		if _, p.Again = cycle.Encode(&o); p.Again != p.Digest {
			w.differs[p.Position], w.outcomes[p.Position] = p, &o
		}
	}
	delete(w.due, through)
}
