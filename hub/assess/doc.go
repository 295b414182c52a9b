// Package assess is the policy as data and what follows from it: a policy file
// (docs/policy.md) with its articles, dated parameters, rules, caps, indicators,
// grades, awards and cases; the check that reports every fault of it with its
// line; and the scores that facts are worth under it. It refuses to know where
// facts come from, and a policy in which anything is wrong.
//
// It is pure: no I/O and no clock, and the order of facts never matters.
package assess
