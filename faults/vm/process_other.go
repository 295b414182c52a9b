//go:build !linux

package vm

import "syscall"

// DiesWithUs does nothing here: no virtual machine of ours runs.
func DiesWithUs() *syscall.SysProcAttr { return nil }
