package eventlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hallkeeper/wire"
)

type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func open(t *testing.T, dir string, change ...func(*Options)) *Log {
	t.Helper()
	opt := Options{Dir: dir, Zone: time.FixedZone("CST", 8*3600)}
	for _, f := range change {
		f(&opt)
	}
	l, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func press(seq uint64, level int) wire.Event {
	return wire.Event{ID: fmt.Sprintf("019ab3c1-0000-7000-8000-%012d", seq), Outbox: "b1d00000-0000-4000-8000-000000000001", Seq: seq,
		At: time.Date(2026, 11, 23, 8, 0, 0, int(seq%1000)*1e6, time.UTC), Kind: wire.KindRatingPressed,
		Data: json.RawMessage(fmt.Sprintf(`{"level":%d}`, level))}
}

func submit(t *testing.T, l *Log, agent string, events ...wire.Event) []Result {
	t.Helper()
	r, err := trySubmit(l, agent, events...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func trySubmit(l *Log, agent string, events ...wire.Event) ([]Result, error) {
	s := Submission{Agent: agent}
	for _, e := range events {
		s.Items = append(s.Items, Item{Event: e})
	}
	type answer struct {
		r   []Result
		err error
	}
	got := make(chan answer, 1)
	s.Done = func(r []Result, err error) { got <- answer{r, err} }
	if err := l.Submit(s); err != nil {
		return nil, err
	}
	a := <-got
	return a.r, a.err
}

func outcomes(r []Result) string {
	names := map[Outcome]string{Stored: "stored", Duplicate: "duplicate", Ahead: "ahead", DeadLettered: "dead"}
	var out []string
	for _, x := range r {
		out = append(out, names[x.Outcome])
	}
	return strings.Join(out, " ")
}

func TestAcceptance(t *testing.T) {
	with := func(e wire.Event, first uint64) wire.Event { e.First = first; return e }
	loose := func(id string, level int) wire.Event {
		e := press(1, level)
		e.ID, e.Outbox, e.Seq = id, "", 0
		return e
	}
	for _, c := range []struct {
		sentence string
		send     []wire.Event
		want     string
		mark     uint64
	}{
		{"events in order are stored", []wire.Event{press(1, 5), press(2, 4)}, "stored stored", 2},
		{"the same event again is a duplicate", []wire.Event{press(1, 5), press(1, 5)}, "stored duplicate", 1},
		{"an old seq with other content is a dead letter", []wire.Event{press(1, 5), press(1, 4)}, "stored dead", 1},
		{"a later seq waits", []wire.Event{press(1, 5), press(3, 5), press(2, 5)}, "stored ahead stored", 2},
		{"an outbox that begins late is a gap", []wire.Event{with(press(7, 5), 7)}, "stored", 7},
		{"the same id without an outbox is a duplicate", []wire.Event{loose("a", 5), loose("a", 5)}, "stored duplicate", 0},
		{"the same id with other content is a dead letter", []wire.Event{loose("a", 5), loose("a", 1)}, "stored dead", 0},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			l := open(t, t.TempDir())
			r := submit(t, l, "w01", c.send...)
			if got := outcomes(r); got != c.want {
				t.Errorf("in one delivery: got %s, want %s", got, c.want)
			}
			if r[len(r)-1].Mark != c.mark {
				t.Errorf("mark %d, want %d", r[len(r)-1].Mark, c.mark)
			}
			apart := open(t, t.TempDir())
			var all []Result
			for _, e := range c.send {
				all = append(all, submit(t, apart, "w01", e)...)
			}
			if got := outcomes(all); got != c.want {
				t.Errorf("in deliveries of their own: got %s, want %s", got, c.want)
			}
		})
	}
}

func TestAGapIsAnEvent(t *testing.T) {
	l := open(t, t.TempDir())
	e := press(7, 5)
	e.First = 7
	submit(t, l, "w01", e)
	records, err := l.ReadBatch(0, 10)
	if err != nil || len(records) != 2 || records[0].Kind != wire.KindOutboxGap || records[0].Actor == nil {
		t.Fatalf("%v %+v", err, records)
	}
	if !strings.Contains(string(records[0].Data), `"from":1,"to":6`) {
		t.Errorf("gap %s", records[0].Data)
	}
}

func TestDuplicatesAreKnownAfterARestartAndAcrossMonths(t *testing.T) {
	dir := t.TempDir()
	c := &clock{time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)}
	l := open(t, dir, func(o *Options) { o.Now = c.now })
	loose := press(1, 3)
	loose.Outbox, loose.Seq = "", 0
	for seq := uint64(1); seq <= 600; seq++ {
		submit(t, l, "w01", press(seq, 5))
	}
	submit(t, l, "w01", loose)
	c.t = c.t.AddDate(0, 1, 0)
	submit(t, l, "w01", press(601, 5))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir, func(o *Options) { o.Now = c.now })
	for _, seq := range []uint64{1, 2, 255, 256, 257, 300, 512, 513, 600, 601} {
		if got := outcomes(submit(t, l, "w01", press(seq, 5), press(seq, 4))); got != "duplicate dead" {
			t.Errorf("seq %d: %s", seq, got)
		}
	}
	if got := outcomes(submit(t, l, "w01", loose)); got != "duplicate" {
		t.Errorf("without an outbox: %s", got)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	v, err := Verify(dir, nil)
	if err != nil || len(v.Faults) != 0 || v.Records != 602 || v.Segments != 2 {
		t.Fatalf("%v %+v", err, v)
	}
	sealed, _ := filepath.Glob(filepath.Join(dir, "*.sealed"))
	if len(sealed) != 1 {
		t.Fatalf("sealed: %v", sealed)
	}
	st, _ := os.Stat(sealed[0])
	t.Logf("%d bytes for 601 events", st.Size())
}

// A past month moves into another file while somebody reads it and counts the log's bytes.
func TestAMonthIsSealedUnderItsReaders(t *testing.T) {
	c := &clock{time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)}
	l := open(t, t.TempDir(), func(o *Options) { o.Now = c.now })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for ctx.Err() == nil {
				if s := l.Stats(); s.Bytes == 0 && s.Segments > 0 {
					t.Errorf("the log's size is %+v", s)
				}
				head := l.Head()
				if got, err := l.ReadBatch(0, 10); err != nil || head > 0 && len(got) == 0 {
					t.Errorf("%d records of %d: %v", len(got), head, err)
					return
				}
			}
		})
	}
	for seq := uint64(1); seq <= 12; seq++ {
		submit(t, l, "w01", press(seq, 5))
		c.t = c.t.AddDate(0, 1, 0)
	}
	l.sealers.Wait()
	cancel()
	readers.Wait()
	if s := l.Stats(); s.Segments != 12 {
		t.Errorf("%+v", s)
	}
}

func TestADeadLetterAdvancesTheMarkOnceAndIsListed(t *testing.T) {
	l := open(t, t.TempDir())
	bad := Item{Event: press(1, 0), Dead: &wire.DeadLetter{Reason: wire.ReasonBadData, Detail: "level", Payload: "{}", Size: 2}}
	for i, want := range []string{"dead", "duplicate"} {
		got := make(chan []Result, 1)
		if err := l.Submit(Submission{Agent: "w01", Items: []Item{bad}, Done: func(r []Result, _ error) { got <- r }}); err != nil {
			t.Fatal(err)
		}
		r := <-got
		if outcomes(r) != want || r[0].Mark != 1 {
			t.Errorf("time %d: %s, mark %d", i+1, outcomes(r), r[0].Mark)
		}
	}
	if got := outcomes(submit(t, l, "w01", press(2, 5))); got != "stored" {
		t.Error(got)
	}
	letters, total, err := l.DeadLetters(0, 10)
	if err != nil || total != 1 || len(letters) != 1 || letters[0].Agent != "w01" || letters[0].Seq != 1 {
		t.Fatalf("%v %d %+v", err, total, letters)
	}
}

func TestProofsHoldForEveryRecord(t *testing.T) {
	l := open(t, t.TempDir())
	for seq := uint64(1); seq <= 200; seq += 8 {
		var batch []wire.Event
		for i := range uint64(8) {
			batch = append(batch, press(seq+i, 5))
		}
		submit(t, l, "w01", batch...)
	}
	size, root := l.Tree()
	records, _ := l.ReadBatch(0, 1000)
	for i := range records {
		for _, n := range []uint64{size, records2size(i), 128} {
			if n < uint64(i+1) {
				continue
			}
			proof, _, err := l.Proof(records[i].Position, n)
			if err != nil {
				t.Fatal(err)
			}
			h := root
			if n != size {
				h, err = tlog.TreeHash(int64(n), l)
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := tlog.CheckRecord(proof, int64(n), h, int64(i), tlog.RecordHash(wire.AppendRecord(nil, &records[i]))); err != nil {
				t.Fatalf("record %d in %d: %v", i, n, err)
			}
		}
	}
}

func records2size(i int) uint64 { return uint64(i + 1) }

func TestAppendIsIdempotentByKeyAndSeesEarlierDecisions(t *testing.T) {
	dir := t.TempDir()
	seen := 0
	l := open(t, dir, func(o *Options) { o.Decided = func(r []wire.Record) { seen += len(r) } })
	add := func(m Moment) ([]wire.Event, error) {
		if int(m.Size) != seen {
			return nil, fmt.Errorf("decided on %d records, %d are there", seen, m.Size)
		}
		return []wire.Event{{Kind: wire.KindWindowSet, Data: json.RawMessage(`{}`), Actor: &wire.Actor{Kind: wire.ActorPerson, ID: "x"}}}, nil
	}
	ctx := context.Background()
	first, again, err := l.Append(ctx, "key", add)
	if err != nil || again {
		t.Fatal(err, again)
	}
	for range 2 {
		second, again, err := l.Append(ctx, "key", add)
		if err != nil || !again || second[0].Position != first[0].Position {
			t.Fatal(err, again, second)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, dir)
	}
	refusal := errors.New("no")
	if _, _, err := l.Append(ctx, "", func(Moment) ([]wire.Event, error) { return nil, refusal }); !errors.Is(err, refusal) {
		t.Error(err)
	}
	if l.Head() != 1 {
		t.Errorf("head %d", l.Head())
	}
}

func TestASecondProgramIsKeptOff(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if _, err := Open(Options{Dir: dir}); !errors.Is(err, ErrLocked) {
		t.Fatal(err)
	}
	if _, err := Verify(dir, nil); !errors.Is(err, ErrLocked) {
		t.Fatal(err)
	}
}

func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	files, _ := os.ReadDir(from)
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if f.Name() == cleanMark {
			continue
		}
		if err := os.WriteFile(filepath.Join(to, f.Name()), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// Damage of any page of the open segment is found at the next start, said, and
// never costs more than the records from the first damaged block on.
func TestDamageIsFoundSaidAndRepaired(t *testing.T) {
	src := t.TempDir()
	l := open(t, src)
	for seq := uint64(1); seq <= 80; seq++ {
		submit(t, l, "w01", press(seq, 5))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Base(mustGlob(t, src, "*.open"))
	size := func() int64 { st, _ := os.Stat(filepath.Join(src, name)); return st.Size() }()
	hit := 0
	for at := int64(0); at < size; at += 4096 {
		dir := copyDir(t, src)
		path := filepath.Join(dir, name)
		b, _ := os.ReadFile(path)
		if bytes.Equal(b[at:at+4096], make([]byte, 4096)) {
			continue // never written
		}
		clean := bytes.Clone(b)
		for i := range 64 {
			b[int(at)+8+i*60] ^= 0xff
		}
		if bytes.Equal(clean, b) {
			t.Fatal("nothing flipped")
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Open(Options{Dir: dir})
		if err != nil {
			t.Fatalf("page at %d: %v", at, err)
		}
		if r := l.Repairs(); len(r) > 0 {
			hit++
			if r[0].Found == "" || r[0].Did == "" || r[0].SetAside == "" {
				t.Errorf("page at %d: said too little: %+v", at, r[0])
			}
		}
		head := l.Head()
		if r, err := l.ReadBatch(0, 1000); err != nil || len(r) != int(head) {
			t.Errorf("page at %d: %d of %d records read: %v", at, len(r), head, err)
		}
		e := press(uint64(head)+1, 5)
		e.First = e.Seq
		if r, err := trySubmit(l, "w01", e); err != nil || (outcomes(r) != "stored" && outcomes(r) != "duplicate") {
			t.Errorf("page at %d: after the repair: %v %v", at, outcomes(r), err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if v, err := Verify(dir, nil); err != nil || len(v.Faults) > 0 {
			t.Errorf("page at %d: %v %v", at, err, v.Faults)
		}
	}
	if hit == 0 {
		t.Error("no damage was found at all")
	}
}

func TestATornTailIsRepaired(t *testing.T) {
	src := t.TempDir()
	l := open(t, src)
	for seq := uint64(1); seq <= 100; seq++ {
		submit(t, l, "w01", press(seq, 5))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Base(mustGlob(t, src, "*.open"))
	for _, cut := range []float64{0.9, 0.5, 0.1, 0} {
		dir := copyDir(t, src)
		path := filepath.Join(dir, name)
		st, _ := os.Stat(path)
		if err := os.Truncate(path, int64(cut*float64(st.Size()))); err != nil {
			t.Fatal(err)
		}
		l, err := Open(Options{Dir: dir})
		if err != nil {
			t.Fatalf("cut at %v: %v", cut, err)
		}
		t.Logf("cut at %v: kept %d, %+v", cut, l.Head(), l.Repairs())
		_ = l.Close()
	}
}

func TestVerifyFindsAnAlteredSealedSegment(t *testing.T) {
	dir := t.TempDir()
	c := &clock{time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)}
	l := open(t, dir, func(o *Options) { o.Now = c.now })
	for seq := uint64(1); seq <= 100; seq++ {
		submit(t, l, "w01", press(seq, 5))
	}
	c.t = c.t.AddDate(0, 1, 0)
	submit(t, l, "w01", press(101, 5))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := mustGlob(t, dir, "*.sealed")
	b, _ := os.ReadFile(path)
	b[len(b)/2] ^= 1
	_ = os.Chmod(path, 0o600)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := Verify(dir, nil)
	if err != nil || len(v.Faults) == 0 {
		t.Fatalf("%v: an altered segment passed", err)
	}
}

func mustGlob(t *testing.T, dir, pattern string) string {
	t.Helper()
	m, _ := filepath.Glob(filepath.Join(dir, pattern))
	if len(m) != 1 {
		t.Fatalf("%s: %v", pattern, m)
	}
	return m[0]
}

func TestFollowGivesEveryRecordOnceInOrder(t *testing.T) {
	l := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const n = 3000
	done := make(chan wire.Position)
	go func() {
		var last wire.Position
		for batch, err := range l.Follow(ctx, 0) {
			if err != nil {
				break
			}
			for _, r := range batch {
				if r.Position != last+1 {
					done <- 0
					return
				}
				last = r.Position
			}
			if last == n {
				break
			}
		}
		done <- last
	}()
	for seq := uint64(1); seq <= n; seq += 100 {
		var batch []wire.Event
		for i := range uint64(100) {
			batch = append(batch, press(seq+i, 5))
		}
		submit(t, l, "w01", batch...)
	}
	if last := <-done; last != n {
		t.Fatalf("followed to %d", last)
	}
}
