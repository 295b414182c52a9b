package outbox

import (
	"fmt"
	"os"
	"testing"

	"pgregory.net/rapid"

	"hallkeeper/wire"
)

// Whatever is done in whatever order, the outbox holds exactly what was kept and
// not settled, numbered as it came.
func TestTheOutboxAgreesWithAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "outbox")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		const limit = 12
		reopen := func() *Outbox {
			o, err := Open(dir, limit, quiet())
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		o := reopen()
		defer func() { _ = o.Close() }()
		id, made := o.ID(), 0
		var first, last uint64 = 1, 0
		names := map[uint64]string{}
		t.Repeat(map[string]func(*rapid.T){
			"keep": func(t *rapid.T) {
				made++
				kept := make(chan error, 1)
				err := o.Add(wire.Event{ID: fmt.Sprintf("e%d", made), Agent: "w01", Kind: wire.KindCallPressed}, func(err error) { kept <- err })
				if full := last+1-first >= limit; full != (err != nil) {
					t.Fatalf("with %d held: %v", last+1-first, err)
				}
				if err != nil {
					return
				}
				if err := <-kept; err != nil {
					t.Fatal(err)
				}
				last++
				names[last] = fmt.Sprintf("e%d", made)
			},
			"settle": func(t *rapid.T) {
				seq := rapid.Uint64Range(0, last).Draw(t, "seq")
				o.DeleteTo(seq)
				first = max(first, seq+1)
				if err := o.Close(); err != nil { // deletes without the usual delay
					t.Fatal(err)
				}
				o = reopen()
			},
			"restart": func(t *rapid.T) {
				if err := o.Close(); err != nil {
					t.Fatal(err)
				}
				o = reopen()
			},
			"": func(t *rapid.T) {
				start, raw, err := o.Read(0, 1000, 1<<20)
				if err != nil || start != first || len(raw) != int(last+1-first) || o.ID() != id {
					t.Fatalf("outbox %s gives %d events from %d, %v; it should hold %d to %d of %s", o.ID(), len(raw), start, err, first, last, id)
				}
				for i, r := range raw {
					p := wire.ParseEvents("w01", r)[0].Event
					if seq := first + uint64(i); p.Seq != seq || p.ID != names[seq] || p.First != first || p.Outbox != id {
						t.Fatalf("seq %d is %s", seq, r)
					}
				}
				if s, err := o.State(); err != nil || s.First != first || s.Last != last || s.Pending != int(last+1-first) {
					t.Fatalf("state %+v, %v", s, err)
				}
			},
		})
	})
}
