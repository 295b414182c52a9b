// Package lintcheck tests the rules in .golangci.yml: it plants an offence
// against each of them, and an honest file beside it, in a module of its own and
// sees the offence refused and the honest file pass. It owns no rule and checks
// none of the product's code; `make lint` does that.
package lintcheck
