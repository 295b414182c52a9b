//go:build !nosync

package eventlog

// noSync is true only in builds that must fail the power-cut campaign.
const noSync = false
