// Package button turns the level of a line into presses. It owns debouncing,
// long presses and buttons that are stuck. It is told the time of every sample
// and reads no clock; it knows neither pins nor what a press means.
package button
