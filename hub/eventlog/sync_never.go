//go:build nosync

package eventlog

// noSync makes bbolt skip fsync: the power-cut campaign must find the loss.
const noSync = true
