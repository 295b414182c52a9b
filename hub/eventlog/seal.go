package eventlog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"hallkeeper/wire"
)

// roll begins the segment of a new month. Called by the committer only.
func (l *Log) roll(month string) error {
	st := l.state
	st.Month, st.Frontier = month, l.front.marshal()
	next, err := createSegment(l.opt.Dir, l.cur.number+1, st, l.marks, l.writer)
	if err != nil {
		return err
	}
	old := l.cur
	l.mu.Lock()
	l.segments = append(append([]*segment(nil), l.segments...), next)
	l.mu.Unlock()
	l.cur, l.state = next, st
	l.recent = map[markKey]*recentHashes{} // so that each outbox gets an index entry in its first commit here
	if !old.sealed {
		l.sealLater(old)
	}
	return nil
}

// sealLater seals a segment that takes no more records, beside the committer.
func (l *Log) sealLater(s *segment) {
	l.mu.Lock()
	l.sealing++
	l.mu.Unlock()
	l.sealers.Add(1)
	go func() {
		defer l.sealers.Done()
		err := l.seal(s)
		l.mu.Lock()
		l.sealing--
		l.mu.Unlock()
		if err != nil {
			l.opt.Logger.Error("a past month could not be sealed; it is tried again at the next start",
				"segment", filepath.Base(s.path), "error", err)
			return
		}
		l.opt.Logger.Info("a past month was sealed", "segment", fmt.Sprintf("%05d_%s", s.number, s.month))
	}()
}

// Sealing is the number of segments being sealed now.
func (l *Log) Sealing() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.sealing
}

// seal rewrites s compactly into a read-only file with a checksum beside it.
func (l *Log) seal(s *segment) error {
	path := segmentPath(l.opt.Dir, s.number, s.month, extSealed)
	tmp := path + ".new"
	_ = os.Remove(tmp)
	dst, err := bolt.Open(tmp, 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType, NoSync: true})
	if err != nil {
		return fmt.Errorf("make the sealed file: %w", err)
	}
	dst.AllocSize = 4096
	err = l.copySegment(dst, s)
	if err == nil {
		err = dst.Sync()
	}
	if cerr := dst.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = os.Remove(tmp)
		return fmt.Errorf("write the sealed file: %w", err)
	}
	sum, err := hashFile(tmp)
	if err != nil {
		return err
	}
	line := fmt.Sprintf("%s  %s\n", sum, filepath.Base(path))
	if err := writeFileSync(path+".sha256", []byte(line)); err != nil {
		return err
	}
	if err := os.Chmod(tmp, 0o400); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	if err := syncDir(l.opt.Dir); err != nil {
		return err
	}
	old := s.path
	s.mu.Lock()
	if s.db != nil {
		err = s.db.Close() // waits for readers; the next one opens the sealed file
	}
	s.db, s.path, s.sealed = nil, path, true
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return os.Remove(old)
}

// finishSeals ends what a stop in the middle of sealing has left: the open file beside the sealed one goes once the sealed one
// was read whole and is what its checksum says; where it is not, the open one counts and is sealed again.
func (l *Log) finishSeals(segments []*segment) error {
	for _, s := range segments {
		before := segmentPath(l.opt.Dir, s.number, s.month, extOpen)
		if !s.sealed {
			continue
		}
		if _, err := os.Lstat(before); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		if fault, _ := sealedFault(s.path); fault != "" {
			l.opt.Logger.Warn("a past month is sealed again", "fault", fault)
			s.sealed, s.path = false, before
			continue
		}
		if err := os.Remove(before); err != nil {
			return fmt.Errorf("remove what sealing has left: %w", err)
		}
	}
	return nil
}

// copySegment copies all buckets; blocks are made larger and compressed.
func (l *Log) copySegment(dst *bolt.DB, s *segment) error {
	return s.view(func(src *bolt.Tx) error {
		err := dst.Update(func(tx *bolt.Tx) error {
			return src.ForEach(func(name []byte, from *bolt.Bucket) error {
				to, err := tx.CreateBucket(name)
				if err != nil || string(name) == bktBlocks {
					return err
				}
				to.FillPercent = 1
				return from.ForEach(to.Put)
			})
		})
		if err != nil {
			return err
		}
		var run []wire.Record
		var blocks [][]byte
		var firsts []wire.Position
		flush := func(atLeast int) error {
			for len(run) >= atLeast && len(run) > 0 {
				n := min(len(run), sealedBlock)
				firsts = append(firsts, run[0].Position)
				blocks = append(blocks, l.codec.encode(run[:n], true))
				run = run[n:]
			}
			if len(blocks) < 256 && atLeast > 1 {
				return nil
			}
			err := dst.Update(func(tx *bolt.Tx) error {
				b := tx.Bucket([]byte(bktBlocks))
				b.FillPercent = 1
				for i := range blocks {
					if err := b.Put(u64(uint64(firsts[i])), blocks[i]); err != nil {
						return err
					}
				}
				return nil
			})
			blocks, firsts = nil, nil
			return err
		}
		if err := src.Bucket([]byte(bktBlocks)).ForEach(func(_, v []byte) error {
			records, err := l.codec.decode(v)
			if err != nil {
				return err
			}
			run = append(run, records...)
			return flush(sealedBlock)
		}); err != nil {
			return err
		}
		return flush(1)
	})
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func writeFileSync(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
