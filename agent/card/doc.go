// Package card turns the pulses of a card reader into swipes. It owns Wiegand
// frames, the refusal of bad ones, and that a card held to the reader is one
// swipe. It is told the time of every pulse and reads no clock; it knows
// neither pins nor whose card it is.
package card
