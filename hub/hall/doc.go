// Package hall is the vocabulary that the domains share: civil dates of the hall
// and errors for people. It imports nothing of ours but wire, does no I/O and
// asks no clock.
package hall
