// Package gate is how connections come into the hub: its HTTPS certificate, what
// plain HTTP is answered, and how many connections and how much patience one
// caller gets. It refuses to know who somebody is and what they ask for: that is
// the handler's behind it.
package gate
