// Package board gives the agent its lines by name: buttons, lamps, a buzzer
// and card readers, as one board file wires them. It owns everything that knows
// pins: periph's GPIO driver for buttons and lamps, a reader of the kernel's GPIO
// character device for pulses that need the kernel's timestamps, and the
// simulated board, whose lines are played over a socket. Debounce and decoding
// are not here, so that they run the same on both.
package board
