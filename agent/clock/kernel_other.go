//go:build !linux

package clock

import "errors"

// KernelSynced is known on Linux only.
func KernelSynced() (bool, error) {
	return false, errors.New("only Linux says whether its clock is synchronised")
}
