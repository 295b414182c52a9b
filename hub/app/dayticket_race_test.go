//go:build race

package app_test

// dayTickets are those of TestADayOfTickets: 3,000 take four minutes under the race
// detector; make test-go has them without it.
const dayTickets = 600
