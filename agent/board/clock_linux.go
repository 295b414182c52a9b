package board

import (
	"time"

	"golang.org/x/sys/unix"
)

// monotonic is the kernel's CLOCK_MONOTONIC, which GPIO events are dated by.
func monotonic() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic("the kernel has no monotonic clock: " + err.Error()) // every Linux has one
	}
	return time.Duration(ts.Nano())
}
