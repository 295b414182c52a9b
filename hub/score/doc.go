// Package score makes scores of what the log says (核算): it gathers the facts of
// all domains, has the policy in force on each day judge them, and puts people,
// windows and departments, months, quarters and years together. It decides
// nothing and keeps nothing but what it can make again.
//
// It is pure: the same view gives the same outcome.
package score
