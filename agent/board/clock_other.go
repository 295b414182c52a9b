//go:build !linux

package board

import "time"

// monotonic is good enough for simulated pins on a developer's machine.
func monotonic() time.Duration { return time.Duration(time.Now().UnixNano()) }
