package disk

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

const testSectors = 64

func newDisk(t *testing.T) *Disk {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, make([]byte, testSectors*Sector), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// sectors is n sectors that are full of one letter.
func sectors(letter byte, n int) []byte { return bytes.Repeat([]byte{letter}, n*Sector) }

func put(t *testing.T, d *Disk, letter byte, sector, n int, fua bool) {
	t.Helper()
	if err := d.WriteAt(sectors(letter, n), int64(sector*Sector), fua); err != nil {
		t.Fatal(err)
	}
}

func flush(t *testing.T, d *Disk) {
	t.Helper()
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
}

// letters is the first byte of each of the first n sectors, after checking that
// each sector is whole.
func letters(t *testing.T, d *Disk, n int) string {
	t.Helper()
	got := make([]byte, n*Sector)
	if err := d.ReadAt(got, 0); err != nil {
		t.Fatal(err)
	}
	var first []byte
	for i := range n {
		sector := got[i*Sector : (i+1)*Sector]
		if !bytes.Equal(sector, bytes.Repeat(sector[:1], Sector)) {
			t.Fatalf("sector %d is torn within", i)
		}
		first = append(first, max(sector[0], '.'))
	}
	return string(first)
}

func lot(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// What the disk may hold after a power cut, over many draws: exactly want,
// neither more nor less.
func TestWhatAPowerCutLeaves(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		do   func(t *testing.T, d *Disk)
		want []string
	}{
		{"what was flushed stays", func(t *testing.T, d *Disk) {
			put(t, d, 'a', 0, 2, false)
			flush(t, d)
		}, []string{"aa"}},
		{"what was written with FUA stays", func(t *testing.T, d *Disk) { put(t, d, 'a', 0, 2, true) }, []string{"aa"}},
		{"FUA keeps nothing but itself", func(t *testing.T, d *Disk) {
			put(t, d, 'a', 0, 1, false)
			put(t, d, 'b', 1, 1, true)
		}, []string{".b", "ab"}},
		{"an unflushed write may be lost, kept or torn between sectors", func(t *testing.T, d *Disk) { put(t, d, 'a', 0, 2, false) },
			[]string{"..", ".a", "a.", "aa"}},
		{"an unflushed write over a flushed one leaves the one or the other", func(t *testing.T, d *Disk) {
			put(t, d, 'a', 0, 1, false)
			flush(t, d)
			put(t, d, 'b', 0, 1, false)
		}, []string{"a.", "b."}},
		{"of two unflushed writes the later may be kept and the earlier lost", func(t *testing.T, d *Disk) {
			put(t, d, 'a', 0, 1, false)
			put(t, d, 'b', 1, 1, false)
		}, []string{"..", ".b", "a.", "ab"}},
		{"of two unflushed writes to one sector either or none is there", func(t *testing.T, d *Disk) {
			put(t, d, 'a', 0, 1, false)
			put(t, d, 'b', 0, 1, false)
		}, []string{"..", "a.", "b."}},
		{"an earlier write never comes back over one with FUA", func(t *testing.T, d *Disk) {
			put(t, d, 'a', 0, 1, false)
			put(t, d, 'b', 0, 1, true)
		}, []string{"b."}},
		{"a flush covers nothing that comes after it", func(t *testing.T, d *Disk) {
			flush(t, d)
			put(t, d, 'a', 0, 1, false)
		}, []string{"..", "a."}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			seen := map[string]bool{}
			for seed := range uint64(200) {
				d := newDisk(t)
				row.do(t, d)
				d.Cut(lot(seed))
				d.On()
				seen[letters(t, d, 2)] = true
				_ = d.Close()
			}
			for _, w := range row.want {
				if !seen[w] {
					t.Errorf("never saw %q", w)
				}
				delete(seen, w)
			}
			for w := range seen {
				t.Errorf("saw %q, which cannot be", w)
			}
		})
	}
}

// Whatever is asked for in whatever order, a sector holds after a cut what was
// made durable last, or something written since, and nothing else.
func TestNothingDurableIsEverLost(t *testing.T) {
	t.Parallel()
	const sectors = 12
	for seed := range uint64(300) {
		draw := lot(seed)
		d := newDisk(t)
		// may holds what each sector may be after a cut, its newest content last.
		may := make([][]byte, sectors)
		for i := range may {
			may[i] = []byte{'.'}
		}
		after := func() {
			d.On()
			for i, letter := range []byte(letters(t, d, sectors)) {
				if !bytes.Contains(may[i], []byte{letter}) {
					t.Fatalf("seed %d: sector %d is %q after a cut, it may be any of %q", seed, i, letter, may[i])
				}
				may[i] = []byte{letter}
			}
		}
		for step := range 200 {
			if draw.IntN(40) == 0 {
				d.Arm(1+draw.IntN(5), lot(draw.Uint64()))
			}
			var err error
			switch draw.IntN(10) {
			case 0:
				d.Cut(lot(draw.Uint64()))
				after()
			case 1, 2:
				if err = d.Flush(); err == nil {
					for i := range may {
						may[i] = may[i][len(may[i])-1:]
					}
				}
			default:
				first, n := draw.IntN(sectors), 1+draw.IntN(8)
				n = min(n, sectors-first)
				letter, fua := 'a'+byte(step%26), draw.IntN(4) == 0
				err = d.WriteAt(bytes.Repeat([]byte{letter}, n*Sector), int64(first*Sector), fua)
				for i := first; i < first+n; i++ {
					if may[i] = append(may[i], letter); fua && err == nil {
						may[i] = []byte{letter}
					}
				}
			}
			if errors.Is(err, ErrOff) {
				after()
			} else if err != nil {
				t.Fatal(err)
			}
		}
		_ = d.Close()
	}
}

func TestACutTearsAlsoBetweenPages(t *testing.T) {
	t.Parallel()
	whole, torn := 0, 0
	for seed := range uint64(500) {
		d := newDisk(t)
		put(t, d, 'a', 0, 16, false)
		d.Cut(lot(seed))
		d.On()
		switch letters(t, d, 16) {
		case "aaaaaaaaaaaaaaaa", "................":
			whole++
		case "aaaaaaaa........", "........aaaaaaaa":
			torn++
		}
		_ = d.Close()
	}
	if whole < 50 || torn < 20 {
		t.Errorf("of 500 writes of two pages %d were kept or lost whole and %d torn between the pages", whole, torn)
	}
}

func TestTheSameSeedLosesTheSame(t *testing.T) {
	t.Parallel()
	var before string
	for range 2 {
		d := newDisk(t)
		for i := range 20 {
			put(t, d, 'a'+byte(i), i, 2, false)
		}
		loss := d.Cut(lot(7))
		d.On()
		after := letters(t, d, 21) + loss.String()
		if before != "" && after != before {
			t.Errorf("%s, then %s", before, after)
		}
		before = after
	}
}

func TestADiskReadsWhatItsCacheHolds(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	put(t, d, 'a', 0, 4, false)
	flush(t, d)
	put(t, d, 'b', 1, 2, false)
	put(t, d, 'c', 2, 1, false)
	if got := letters(t, d, 5); got != "abca." {
		t.Errorf("before the flush %s", got)
	}
	flush(t, d)
	if got := letters(t, d, 5); got != "abca." {
		t.Errorf("after the flush %s", got)
	}
	if loss := d.Cut(lot(1)); loss != (Loss{}) {
		t.Errorf("a flushed disk lost %v", loss)
	}
}

func TestThePowerGoesAtAnArmedRequest(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	tripped := d.Arm(3, lot(1))
	put(t, d, 'a', 0, 1, false)
	flush(t, d)
	select {
	case <-tripped:
		t.Fatal("the power went too early")
	default:
	}
	if err := d.WriteAt(sectors('b', 1), Sector, true); !errors.Is(err, ErrOff) {
		t.Fatalf("the third request: %v", err)
	}
	<-tripped
	if err := d.ReadAt(make([]byte, Sector), 0); !errors.Is(err, ErrOff) {
		t.Errorf("read without power: %v", err)
	}
	if err := d.Flush(); !errors.Is(err, ErrOff) {
		t.Errorf("flush without power: %v", err)
	}
	if loss := d.Cut(lot(2)); loss.Cached != 1 {
		t.Errorf("told that the cut lost %+v", loss)
	}
	d.On()
	if got := letters(t, d, 1); got != "a" {
		t.Errorf("what was flushed is %q", got)
	}
}

func TestAnArmedFlushFlushesNothing(t *testing.T) {
	t.Parallel()
	lost := 0
	for seed := range uint64(50) {
		d := newDisk(t)
		put(t, d, 'a', 0, 1, false)
		d.Arm(1, lot(seed))
		if err := d.Flush(); !errors.Is(err, ErrOff) {
			t.Fatal(err)
		}
		d.On()
		if letters(t, d, 1) == "." {
			lost++
		}
		_ = d.Close()
	}
	if lost == 0 {
		t.Error("a flush that was never answered always kept everything")
	}
}

func TestNoDiskDoesThat(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	for _, row := range []struct {
		name        string
		length, off int64
	}{
		{"half a sector", Sector / 2, 0},
		{"between sectors", Sector, 1},
		{"before the beginning", Sector, -Sector},
		{"after the end", Sector, testSectors * Sector},
		{"over the end", 2 * Sector, (testSectors - 1) * Sector},
		{"far away, so that sums overflow", Sector, 1<<63 - Sector},
	} {
		if err := d.WriteAt(make([]byte, row.length), row.off, false); err == nil {
			t.Errorf("write %s was taken", row.name)
		}
		if err := d.ReadAt(make([]byte, row.length), row.off); err == nil {
			t.Errorf("read %s was taken", row.name)
		}
	}
}

func TestOpenRefusesWhatIsNoDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	odd := filepath.Join(dir, "odd")
	if err := os.WriteFile(odd, []byte("odd"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{odd, filepath.Join(dir, "missing"), dir, os.DevNull} {
		if d, err := Open(path); err == nil {
			t.Errorf("%s was opened", path)
			_ = d.Close()
		}
	}
}
