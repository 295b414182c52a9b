//go:build !race

package app_test

// dayTickets are those of TestADayOfTickets.
const dayTickets = 3000
