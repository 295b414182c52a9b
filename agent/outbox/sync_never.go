//go:build nosync

package outbox

// noSync makes bbolt skip fsync: the rig's power cuts must find the loss.
const noSync = true
