package main

import "syscall"

// diesWithUs makes the kernel end a program when the campaign ends in whatever
// way, in a process group of its own so that Ctrl-C reaches the campaign alone.
func diesWithUs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
