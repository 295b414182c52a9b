//go:build race

package access

// Under the race detector a hash of full cost takes seconds, and there is nothing
// in it to find: the tests that it runs hash at the least cost that there is.
const (
	passes = 1
	memory = 8 // KiB
)
