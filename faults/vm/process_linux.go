package vm

import "syscall"

// DiesWithUs makes the kernel end a program when the campaign ends in whatever
// way, in a process group of its own so that Ctrl-C reaches the campaign alone.
func DiesWithUs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
