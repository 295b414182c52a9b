package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"hallkeeper/hub/api"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/register"
	"hallkeeper/hub/report"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/vault"
	"hallkeeper/wire"
)

// Sameness is what came out when a document was compared with what the log gives.
type Sameness string

// The outcomes of a comparison.
const (
	// Same is equal byte for byte.
	Same Sameness = "same"
	// OtherLooks shows the same text, with other bytes.
	OtherLooks Sameness = "other_looks"
	// OtherText shows another text than the log gives.
	OtherText Sameness = "other_text"
	// OtherBytes is not the same; whether its text is cannot be told.
	OtherBytes Sameness = "other_bytes"
	// Unmade could not be made again, so only the digest was compared.
	Unmade Sameness = "unmade"
)

// DocumentProof is what VerifyDocument found.
type DocumentProof struct {
	Format report.Format
	Stamp  report.Stamp
	// Publication is the one that the document is of; nil where it is of none of this log.
	Publication *Publication
	// Newest is the last revision of its period, 0 where none was published.
	Newest     int
	Sameness   Sameness
	Difference *report.Difference
	// Removed are keys that what is personal in it was sealed under and that were destroyed as prescribed: with
	// them it can be made again only without these names.
	Removed []string
	// Foreign are what it says of hall, bureau and address where the settings say otherwise.
	Foreign []Foreign
	// Why says why it could not be made again.
	Why error
	// Again is the document as the log gives it, where it could be made.
	Again []byte
}

// Foreign is something that a document says and the settings don't.
type Foreign struct{ Name, Says, Settings string }

// OK tells whether a document is what the log gives of the newest revision, byte for byte.
func (p *DocumentProof) OK() bool {
	return p.Publication != nil && p.Publication.OK() && p.Sameness == Same && len(p.Foreign) == 0 && p.Newest == p.Publication.Revision
}

// VerifyDocument finds out which publication a document is of, computes that again from
// the log in the data folder, makes the document anew and compares. Where the log has
// faults nothing is compared.
func VerifyDocument(ctx context.Context, cfg Config, verifier note.Verifier, file []byte) (log []string, d *DocumentProof, err error) {
	d = &DocumentProof{}
	d.Stamp, d.Format, err = report.ReadStamp(file)
	if errors.Is(err, report.ErrNoDocument) {
		return nil, nil, err
	}
	stamped := err == nil
	proof, err := readPublications(cfg, verifier)
	if err != nil {
		return nil, nil, err
	}
	if len(proof.Log.Faults) > 0 {
		for _, f := range proof.Log.Faults {
			log = append(log, fmt.Sprint(f))
		}
		return log, nil, nil
	}
	printed := []string{d.Stamp.Digest}
	if !stamped {
		printed = report.Digests(file)
	}
	for i := range proof.Publications {
		p := &proof.Publications[i]
		if slices.Contains(printed, p.Digest) && (!stamped || p.Period == d.Stamp.Period && p.Revision == d.Stamp.Revision) {
			d.Publication = p
		}
	}
	period := d.Stamp.Period
	if d.Publication != nil {
		period = d.Publication.Period
	}
	for i := range proof.Publications {
		if p := &proof.Publications[i]; p.Period == period {
			d.Newest = max(d.Newest, p.Revision)
		}
	}
	if d.Publication == nil {
		return nil, d, nil
	}
	m := maker{cfg: cfg}
	var again []byte
	at := wire.Position(0)
	switch {
	case !stamped:
		d.Why = report.ErrNoStamp
	case wire.Position(d.Stamp.Through) < d.Publication.Position || d.Stamp.Through > uint64(proof.Log.Records):
		d.Why = fmt.Errorf("it says that it was made when the log had %d records", d.Stamp.Through)
	default:
		at = wire.Position(d.Stamp.Through)
		for _, x := range []Foreign{{"hall.name", d.Stamp.Hall, cfg.Hall.Name}, {"bureau", d.Stamp.Bureau, cfg.Bureau}, {"public_url", d.Stamp.URL, cfg.verifyAt()}} {
			if x.Says != x.Settings {
				d.Foreign = append(d.Foreign, x)
			}
		}
	}
	one := []Publication{*d.Publication}
	err = pass(ctx, cfg, one, at, func(w *recount, position wire.Position) {
		if at > 0 && position == at {
			again, d.Why = m.make(w, d.Publication.Period, d.Publication.Revision, d.Format, &wire.DocumentMade{Through: at, Part: d.Stamp.Part, Lang: string(d.Stamp.Lang),
				Number: d.Stamp.Number, Hall: d.Stamp.Hall, Bureau: d.Stamp.Bureau, URL: d.Stamp.URL, Version: d.Stamp.Version})
		}
	})
	if err != nil {
		return nil, nil, err
	}
	d.Publication, d.Again, d.Removed = &one[0], again, proof.sent.lawful(m.missed)
	d.Sameness, d.Difference = compareDocuments(d.Format, file, again)
	return nil, d, nil
}

func compareDocuments(f report.Format, file, again []byte) (Sameness, *report.Difference) {
	switch {
	case again == nil:
		return Unmade, nil
	case bytes.Equal(file, again):
		return Same, nil
	case f == report.PDF:
		return OtherBytes, nil
	}
	diff, err := report.TextDifference(file, again)
	switch {
	case err != nil:
		return OtherBytes, nil
	case diff != nil:
		return OtherText, diff
	}
	return OtherLooks, nil
}

// maker makes documents of a log that no hub serves.
type maker struct {
	cfg   Config
	fonts fonts
	keys  *vault.Vault
	// missed are the keys that the last document needed and that are not there.
	missed map[string]bool
}

// make makes a document as it was made when the log was as long as it is in a pass.
func (m *maker) make(w *recount, p assess.Period, revision int, f report.Format, made *wire.DocumentMade) ([]byte, error) {
	if m.keys == nil {
		m.keys, m.fonts.own = vault.Unsealer(KeyDir(m.cfg.Data)), m.cfg.Fonts
	}
	m.missed = map[string]bool{}
	deps := api.Deps{Register: frozen{w.view, &w.windows, m.keys, m.missed}, Checkpoints: frozenHeads(w.heads), Zone: w.view.Days.Zone, HallName: made.Hall, Bureau: made.Bureau,
		VerifyAt: made.URL, Version: made.Version}
	in, err := api.DocumentInput(&deps, p, revision, made.Part)
	if err != nil {
		return nil, err
	}
	in.Number = made.Number
	if f == report.PDF {
		if in.Fonts, err = m.fonts.load(); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if err := report.Build(&b, in, f, report.Lang(made.Lang)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// frozen is a register in the middle of a pass.
type frozen struct {
	view    *register.View
	windows *roster.State
	keys    *vault.Vault
	missed  map[string]bool
}

// Read gives the register as it is; see api.Register.
func (f frozen) Read(fn func(*register.View, *roster.State)) { fn(f.view, f.windows) }

// Unseal reads what is sealed; see api.Register.
func (f frozen) Unseal(s *wire.Sealed) map[string]string {
	fields := unseal(f.keys, s)
	if fields == nil && s != nil {
		f.missed[s.Person] = true
	}
	return fields
}

// SealPlace seals nothing here.
func (frozen) SealPlace(string) (string, error) { return "", vault.ErrForgotten }

// OpenPlace gives a sealed address back; see api.Register.
func (f frozen) OpenPlace(place string) (string, error) { return f.keys.OpenPlace(place) }

// CardToken is not known here.
func (frozen) CardToken(string) string { return "" }

// CitizenToken is not known here.
func (frozen) CitizenToken(string) string { return "" }

// SubjectToken is not known here.
func (frozen) SubjectToken(string, string) string { return "" }

// TicketCode is not known here.
func (frozen) TicketCode(string) string { return "" }

type frozenHeads []api.Checkpoint

// Checkpoints are those that have gone by; see api.Checkpoints.
func (h frozenHeads) Checkpoints() ([]api.Checkpoint, string, error) { return h, "", nil }

// head reads a signed tree head.
func head(r *wire.Record) (c api.Checkpoint, ok bool) {
	var d wire.LogCheckpoint
	if r.Agent != "" || r.Kind != wire.KindLogCheckpoint || json.Unmarshal(r.Data, &d) != nil {
		return c, false
	}
	return api.Checkpoint{At: r.StoredAt, Size: d.Size, Root: d.Root, Note: d.Note}, true
}

// Files is what became of the files that the log says have left the hub.
type Files struct {
	// Equal were made again byte for byte; Other by another version of this program, and are different now.
	Equal, Other int
	// Untold are of records that don't say how they were made, Unmade those for which fonts or settings are missing.
	Untold, Unmade int
	// Removed can't be made again byte for byte: a name in them was removed as prescribed, and the log says so.
	Removed int
	Wrong   []string
	// Why says why the first of Unmade was not made.
	Why error
}

// sentFile is a file of a record.
type sentFile struct {
	record   wire.Position
	period   assess.Period
	revision int
	format   report.Format
	hash     string
	made     wire.DocumentMade
}

// sentFiles collects them from the records of a log.
type sentFiles struct {
	queued map[string]wire.CopyQueued
	due    map[wire.Position][]sentFile
	last   wire.Position
	untold int
	// forgotten are the keys that were destroyed as prescribed.
	forgotten map[string]bool
}

// lawful gives the missed keys, where the log says of all that they were destroyed as prescribed; none where a key is
// missing of which it does not.
func (s *sentFiles) lawful(missed map[string]bool) (keys []string) {
	for key := range missed {
		if !s.forgotten[key] {
			return nil
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (s *sentFiles) note(r *wire.Record) {
	if r.Agent != "" {
		return
	}
	switch r.Kind {
	case wire.KindPersonalForgotten:
		var d wire.PersonalForgotten
		if json.Unmarshal(r.Data, &d) == nil {
			s.forgotten[d.Whose] = true
		}
	case wire.KindCopyQueued:
		var d wire.CopyQueued
		if json.Unmarshal(r.Data, &d) == nil {
			s.queued[d.Copy] = d
		}
	case wire.KindCopySent:
		var d wire.CopySent
		if json.Unmarshal(r.Data, &d) == nil {
			q := s.queued[d.Copy]
			for _, f := range d.Files {
				s.file(r, q.Period, q.Revision, f.Format, f.SHA256, f.Made)
			}
		}
	case wire.KindCopyDownloaded:
		var d wire.CopyDownloaded
		if json.Unmarshal(r.Data, &d) == nil {
			s.file(r, d.Period, d.Revision, d.Format, d.SHA256, d.Made)
		}
	}
}

func (s *sentFiles) file(r *wire.Record, period string, revision int, format, hash string, made *wire.DocumentMade) {
	if made == nil || made.Through >= r.Position {
		s.untold++
		return
	}
	s.due[made.Through] = append(s.due[made.Through], sentFile{r.Position, assess.Period(period), revision, report.Format(format), hash, *made})
	s.last = max(s.last, made.Through)
}

// again makes the files that were made when the log was as long as it is now.
func (s *sentFiles) again(m *maker, w *recount, at wire.Position, into *Files) {
	for _, f := range s.due[at] {
		data, err := m.make(w, f.period, f.revision, f.format, &f.made)
		sum := sha256.Sum256(data)
		switch {
		case err != nil:
			into.Unmade++
			if into.Why == nil {
				into.Why = err
			}
		case hex.EncodeToString(sum[:]) == f.hash:
			into.Equal++
		case len(s.lawful(m.missed)) > 0:
			into.Removed++
		case f.made.Version != m.cfg.Version:
			into.Other++
		default:
			into.Wrong = append(into.Wrong, fmt.Sprintf("%s %d %s %s: position %d has %.12s, the log gives %.12s", f.period, f.revision, f.made.Part, f.format, f.record, f.hash, hex.EncodeToString(sum[:])))
		}
	}
	delete(s.due, at)
}
