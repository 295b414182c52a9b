package eventlog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// CheckSealed reads every sealed month whole and compares it with its checksum, while the log goes on. What
// it finds is in plain words, in order; nothing means that all is well. A disk that forgets is found before
// somebody needs what was on it.
func (l *Log) CheckSealed(ctx context.Context) (faults []string, err error) {
	l.mu.RLock()
	segments := l.segments
	l.mu.RUnlock()
	for _, s := range segments {
		if err := ctx.Err(); err != nil {
			return faults, err
		}
		s.mu.RLock()
		path, sealed := s.path, s.sealed
		s.mu.RUnlock()
		if !sealed {
			continue
		}
		if fault, _ := sealedFault(path); fault != "" {
			faults = append(faults, fault)
		}
	}
	return faults, nil
}

// sealedFault is what is wrong with a sealed file beside its checksum; altered tells that its content is another.
func sealedFault(path string) (fault string, altered bool) {
	name := filepath.Base(path)
	want, err := os.ReadFile(path + ".sha256")
	if err != nil {
		return fmt.Sprintf("%s has no checksum file beside it", name), false
	}
	got, err := hashFile(path)
	if err != nil {
		return fmt.Sprintf("%s: %v", name, err), false
	}
	if !strings.HasPrefix(string(want), got+" ") {
		return fmt.Sprintf("%s was altered or damaged: its checksum is %s", name, got), true
	}
	return "", false
}
