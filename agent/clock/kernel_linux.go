package clock

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// KernelSynced asks the kernel (adjtimex) whether a time service keeps its clock.
func KernelSynced() (bool, error) {
	var t unix.Timex // no modes: nothing is changed
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return false, fmt.Errorf("ask the kernel for its clock's state: %w", err)
	}
	return state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0, nil
}
