// Package signal decides what a person sees and hears at a window: one table
// of lamp and buzzer patterns, and the order in which they are shown. It is
// told the time and reads no clock; it knows neither pins nor why a signal is given.
package signal
