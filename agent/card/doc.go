// Package card turns the pulses or keys of a card reader into swipes. It owns
// Wiegand frames and the numbers that keyboard-wedge readers type, the refusal of
// bad ones, and that a card held to the reader is one swipe. It is told the time
// of every pulse and key and reads no clock; it knows neither pins, devices nor
// whose card it is.
package card
