//go:build linux

package appliance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/beevik/ntp"
	"golang.org/x/sys/unix"
)

const (
	// askEvery is how often the hub is asked for the time, askAgain after it did not answer.
	askEvery, askAgain = 10 * time.Minute, 10 * time.Second
	// askFor is how long it may take to answer.
	askFor = 5 * time.Second
	// stepFrom is how far off a clock is set at once; below that it is let run faster or slower.
	stepFrom = 100 * time.Millisecond
)

// keepTime sets the computer's clock by the hub's, and tells the kernel that it is
// set: the agent asks the kernel, and marks what people do before that.
func (k *keeper) keepTime(ctx context.Context) {
	for ctx.Err() == nil {
		wait := askAgain
		if server := k.timeServer(); server != "" {
			if off, err := setClock(server); err != nil {
				k.say("暂时无法对时，会再试：%v", "the time could not be had yet and is asked for again: %v", err)
			} else {
				wait = askEvery
				if off.Abs() >= stepFrom {
					k.say("时钟已按 %s 校准，差 %v", "the clock was set by %s, it was off by %v", server, off)
				}
			}
		}
		k.pause(ctx, wait)
	}
}

// setClock asks a server and sets the clock; off is how far it was off.
func setClock(server string) (off time.Duration, err error) {
	answer, err := ntp.QueryWithOptions(server, ntp.QueryOptions{Timeout: askFor})
	if err == nil {
		err = answer.Validate()
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", server, err)
	}
	off = answer.ClockOffset
	if off.Abs() >= stepFrom {
		to := unix.NsecToTimespec(time.Now().Add(off).UnixNano())
		err = unix.ClockSettime(unix.CLOCK_REALTIME, &to)
	} else {
		_, err = unix.Adjtimex(&unix.Timex{Modes: unix.ADJ_OFFSET_SINGLESHOT, Offset: off.Microseconds()})
	}
	if err != nil {
		return off, fmt.Errorf("set the clock: %w", err)
	}
	var now unix.Timex
	if _, err := unix.Adjtimex(&now); err != nil {
		return off, fmt.Errorf("ask the kernel for its clock's state: %w", err)
	}
	now.Modes = unix.ADJ_STATUS | unix.ADJ_MAXERROR | unix.ADJ_ESTERROR
	now.Status &^= unix.STA_UNSYNC
	now.Maxerror = max(1, answer.RootDistance.Microseconds())
	now.Esterror = max(1, (answer.RTT / 2).Microseconds())
	if _, err := unix.Adjtimex(&now); err != nil {
		return off, errors.Join(errors.New("tell the kernel that the clock is set"), err)
	}
	return off, nil
}
