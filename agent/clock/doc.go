// Package clock says when something happened and how far that can be trusted.
// It owns the kernel's synchronisation state, the boot id, and the correction of
// what was dated before the clock was set: a Pi has no battery clock. It sets no
// clock.
package clock
