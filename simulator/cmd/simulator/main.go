// Command simulator plays the people of a hall: hands at agents on simulated
// pins, and past working days told to the hub. It owns its flags and exit
// status (0 done, 1 failed, 2 wrong usage); package simulator does the work.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"hallkeeper/bilingual"
)

// version is set by the linker.
var version = "unversioned"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		bilingual.Print(os.Stderr, "simulator", err)
		os.Exit(exitStatus(err))
	}
}
