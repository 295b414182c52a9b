//go:build !race

package access

// The cost of argon2id: the second choice of RFC 9106, 4, with less memory and
// more passes, for a hub that runs on a small computer (OWASP Password Storage
// Cheat Sheet). About 60 ms on one core of a small PC.
const (
	passes = 2
	memory = 19 * 1024 // KiB
)
