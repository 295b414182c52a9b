// Package regulation holds nothing but tests: each row of what 63号 asks of the software
// is driven over HTTP at a hub that runs, by accounts of the right roles, and asserted in
// the hub's log. It refuses to reach into the hub by any other way.
package regulation
