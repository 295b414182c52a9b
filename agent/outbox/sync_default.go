//go:build !nosync

package outbox

// noSync is true only in builds that must fail the rig's power cuts.
const noSync = false
