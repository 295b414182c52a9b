// Command appliance starts the card image of a window computer under QEMU's Pi 3, with
// the image's own kernel, device tree and kernel's words, as a Pi's firmware would: it
// is enrolled by a file on the card, its power is cut, an update is cut off half-way,
// another is brought whole, and the card is turned back. It plays the firmware and the
// hub's network, and shows nothing of real pins, of a Pi's firmware and its watchdog.
package main
