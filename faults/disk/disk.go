// Package disk is the disk under the machine of the power-cut campaign: it has a
// write cache that forgets, like the cache of a real disk, and it is reached
// over NBD. What was written is kept in memory until a flush (or FUA) puts it
// into the file; when the power goes, a part of the rest, drawn from a seed, has
// reached the file, in any order, and what remains is gone.
//
// It refuses to be kinder than a real disk: nothing leaves the cache by itself,
// and what the kernel did not flush may be torn in any way. It also refuses to be
// unkinder: a sector of 512 bytes is whole, and what was flushed stays.
package disk

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
)

// Sector is what the disk writes whole or not at all, in bytes.
const Sector = 512

// ErrOff means that the disk has no power: nothing was read or written.
var ErrOff = errors.New("the disk has no power")

// Disk is a file with a volatile write cache. Its methods may be called at once.
type Disk struct {
	mu   sync.Mutex
	file *os.File
	size int64
	// writes are the sectors in the cache in the order in which they came;
	// latest finds the last one of a sector.
	writes []write
	latest map[int64]int
	off    bool
	// life numbers the times that the power came. What a machine asked for in an
	// earlier one is never done, not even where it is heard only now.
	life int

	armed   int // the power goes at this many writes and flushes from now; 0 is never
	lot     *rand.Rand
	tripped chan struct{}
	lost    Loss // in the last power cut
	count   Count
}

type write struct {
	sector int64
	data   []byte
	// request numbers what was written at once.
	request int
}

// Count is what the disk was asked for since it was opened.
type Count struct {
	Writes, Flushes int
	// Sectors were written.
	Sectors int64
}

// Loss is what a power cut did to the cache.
type Loss struct {
	// Cached sectors were in the cache; Kept of them had reached the disk anyway.
	Cached, Kept int
}

// String says it in words.
func (l Loss) String() string {
	return fmt.Sprintf("%d of %d unflushed sectors lost", l.Cached-l.Kept, l.Cached)
}

// Open opens an image: a regular file, never a device of this machine, whose
// size is a multiple of Sector.
func Open(path string) (*Disk, error) {
	before, err := os.Stat(path)
	if err == nil && !before.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open the disk: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open the disk: %w", err)
	}
	info, err := file.Stat()
	if err == nil && (info.Size() == 0 || info.Size()%Sector != 0) {
		err = fmt.Errorf("%s has %d bytes, expected a multiple of %d", path, info.Size(), Sector)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Disk{file: file, size: info.Size(), latest: map[int64]int{}}, nil
}

// Close closes the file. What is in the cache is gone.
func (d *Disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
	return d.file.Close()
}

// Size is in bytes.
func (d *Disk) Size() int64 { return d.size }

// Count tells what the disk was asked for so far.
func (d *Disk) Count() Count {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count
}

// ReadAt reads what was written last, flushed or not. Offset and length are
// multiples of Sector.
func (d *Disk) ReadAt(p []byte, off int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.read(p, off)
}

// read is ReadAt with d.mu held.
func (d *Disk) read(p []byte, off int64) error {
	if err := d.check(p, off); err != nil {
		return err
	}
	if _, err := d.file.ReadAt(p, off); err != nil {
		return fmt.Errorf("read the disk: %w", err)
	}
	if len(d.latest) == 0 {
		return nil
	}
	for i := 0; i < len(p); i += Sector {
		if w, cached := d.latest[(off+int64(i))/Sector]; cached {
			copy(p[i:i+Sector], d.writes[w].data)
		}
	}
	return nil
}

// WriteAt puts p into the cache; with fua it is on the disk when WriteAt returns.
// It keeps p. Offset and length are multiples of Sector.
func (d *Disk) WriteAt(p []byte, off int64, fua bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.write(p, off, fua)
}

// write is WriteAt with d.mu held.
func (d *Disk) write(p []byte, off int64, fua bool) error {
	if err := d.check(p, off); err != nil {
		return err
	}
	for i := 0; i < len(p); i += Sector {
		sector := (off + int64(i)) / Sector
		d.latest[sector] = len(d.writes)
		d.writes = append(d.writes, write{sector, p[i : i+Sector], d.count.Writes})
	}
	d.count.Writes++
	d.count.Sectors += int64(len(p) / Sector)
	if d.step() {
		return ErrOff
	}
	if fua {
		// An earlier write of the same sectors must not come back later.
		first, last := off/Sector, (off+int64(len(p)))/Sector
		d.writes = slices.DeleteFunc(d.writes, func(w write) bool { return w.sector >= first && w.sector < last })
		clear(d.latest)
		for i, w := range d.writes {
			d.latest[w.sector] = i
		}
		if _, err := d.file.WriteAt(p, off); err != nil {
			return fmt.Errorf("write the disk: %w", err)
		}
	}
	return nil
}

// Flush puts the whole cache on the disk.
func (d *Disk) Flush() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.flush()
}

// flush is Flush with d.mu held.
func (d *Disk) flush() error {
	if d.off {
		return ErrOff
	}
	d.count.Flushes++
	if d.step() {
		return ErrOff
	}
	return d.empty(slices.Sorted(maps.Keys(d.latest)))
}

// empty writes the last content of the sectors and forgets the whole cache.
// Neighbours are written at once. d.mu is held.
func (d *Disk) empty(sectors []int64) error {
	var run []byte
	for i, s := range sectors {
		run = append(run, d.writes[d.latest[s]].data...)
		if i+1 < len(sectors) && sectors[i+1] == s+1 && len(run) < 1<<20 {
			continue
		}
		if _, err := d.file.WriteAt(run, (s+1)*Sector-int64(len(run))); err != nil {
			return fmt.Errorf("write the disk: %w", err)
		}
		run = run[:0]
	}
	d.writes = nil
	clear(d.latest)
	return nil
}

// Arm makes the power go at the nth write or flush from now, before it is
// answered. lot decides what of the cache survives. The channel is then closed.
func (d *Disk) Arm(n int, lot *rand.Rand) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.armed, d.lot, d.tripped = max(1, n), lot, make(chan struct{})
	return d.tripped
}

// step counts to the armed end. True where the power went. d.mu is held.
func (d *Disk) step() bool {
	if d.armed == 0 {
		return false
	}
	if d.armed--; d.armed > 0 {
		return false
	}
	d.cut(d.lot)
	close(d.tripped)
	return true
}

// Cut takes the power away: from now on nothing is answered, and what lot does
// not save of the cache is gone. Without power already, it does nothing but tell
// what the cut before has lost.
func (d *Disk) Cut(lot *rand.Rand) Loss {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut(lot)
	return d.lost
}

// On gives the disk its power back, with an empty cache.
func (d *Disk) On() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off, d.armed = false, 0
	d.life++
}

// now is the life that is under way.
func (d *Disk) now() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.life
}

// in does something, with d.mu held, unless that life is over.
func (d *Disk) in(life int, do func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off || life != d.life {
		return ErrOff
	}
	return do()
}

// cut draws what of the cache had reached the disk. d.mu is held.
func (d *Disk) cut(lot *rand.Rand) {
	if d.off {
		return
	}
	d.off, d.armed = true, 0
	loss := Loss{Cached: len(d.writes)}
	survives := survivors(lot, d.writes)
	for i, w := range d.writes {
		if !survives(i) {
			continue
		}
		if _, err := d.file.WriteAt(w.data, w.sector*Sector); err != nil {
			break // the image's own disk is full: the rest counts as lost
		}
		loss.Kept++
	}
	d.writes, d.lost = nil, loss
	clear(d.latest)
}

// survivors draws one of the things that happen to a cache: nothing of it had
// reached the disk; all up to some sector had, in the order of the writes, the
// last one torn; or a random part had, by whole writes, by pages of 4096 bytes
// or by single sectors, in no order.
func survivors(lot *rand.Rand, writes []write) func(i int) bool {
	share := lot.Float64()
	part := func(of func(write) int64) func(int) bool {
		drawn := map[int64]bool{}
		return func(i int) bool {
			of := of(writes[i])
			if _, found := drawn[of]; !found {
				drawn[of] = lot.Float64() < share
			}
			return drawn[of]
		}
	}
	switch lot.IntN(6) {
	case 0, 5: // twice as often: it shows best what was never flushed
		return func(int) bool { return false }
	case 1:
		end := lot.IntN(len(writes) + 1)
		return func(i int) bool { return i < end }
	case 2:
		return part(func(w write) int64 { return int64(w.request) })
	case 3:
		const sectors = 4096 / Sector
		return part(func(w write) int64 { return int64(w.request)<<40 | w.sector/sectors })
	}
	return func(int) bool { return lot.Float64() < share }
}

// check refuses what no disk could do. d.mu is held.
func (d *Disk) check(p []byte, off int64) error {
	if d.off {
		return ErrOff
	}
	if off < 0 || off%Sector != 0 || len(p)%Sector != 0 || off > d.size-int64(len(p)) {
		return fmt.Errorf("%d bytes at %d are outside a disk of %d or no whole sectors", len(p), off, d.size)
	}
	return nil
}
