package eventlog

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hallkeeper/wire"
)

// damage changes the bytes of a file as edits say: four bytes for the place, two
// for how far the change goes and what it is. The first four shorten the file.
func damage(file, edits []byte) []byte {
	file = append([]byte(nil), file...)
	if len(edits) >= 4 {
		if n := binary.BigEndian.Uint32(edits); n != 0 {
			file = file[:int(n)%(len(file)+1)]
		}
		edits = edits[4:]
	}
	for ; len(edits) >= 6 && len(file) > 0; edits = edits[6:] {
		at := int(binary.BigEndian.Uint32(edits)) % len(file)
		for i := at; i < min(len(file), at+1+int(edits[4])/16); i++ {
			file[i] = edits[5]
		}
	}
	return file
}

// FuzzSegment damages a segment anywhere: whoever inspects, verifies or opens it
// hears of it, and is not drawn into the damage.
func FuzzSegment(f *testing.F) {
	home, err := os.MkdirTemp("", "segment")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = os.RemoveAll(home) })
	l, err := Open(Options{Dir: home})
	if err != nil {
		f.Fatal(err)
	}
	for seq := uint64(1); seq <= 40; seq++ {
		if _, err := trySubmit(l, "w01", press(seq, 5)); err != nil {
			f.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		f.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(home, "*.open"))
	if err != nil || len(found) != 1 {
		f.Fatal(found, err)
	}
	whole, err := os.ReadFile(found[0])
	if err != nil {
		f.Fatal(err)
	}
	edit := func(cut uint32, edits ...[3]uint32) []byte {
		b := binary.BigEndian.AppendUint32(nil, cut)
		for _, e := range edits {
			b = append(binary.BigEndian.AppendUint32(b, e[0]), byte(e[1]), byte(e[2]))
		}
		return b
	}
	f.Add(edit(0))
	f.Add(edit(5000))
	for page := uint32(0); page < uint32(len(whole)); page += 4096 {
		f.Add(edit(0, [3]uint32{page + 8, 64, 0xff}))
		f.Add(edit(0, [3]uint32{page + 10, 16, 1}, [3]uint32{page + 24, 255, 0}))
		if page > 60_000 {
			break
		}
	}
	f.Fuzz(func(t *testing.T, edits []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, filepath.Base(found[0]))
		if err := os.WriteFile(path, damage(whole, edits), 0o600); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			fault := InspectFile(path)
			v, err := Verify(dir, nil)
			if fault == nil && err == nil && len(v.Faults) == 0 && v.Records > 40 {
				t.Errorf("%d records are said to be whole, of 40", v.Records)
			}
			l, err := Open(Options{Dir: dir})
			if err != nil {
				return
			}
			if n := int(l.Head()); n > 0 {
				records, err := l.ReadBatch(0, n)
				if err == nil && (len(records) != n || records[0].Kind != wire.KindRatingPressed) {
					t.Errorf("of %d records %d were read", n, len(records))
				}
			}
			_ = l.Close()
		}()
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			t.Fatalf("still at it after 30 s")
		}
	})
}
