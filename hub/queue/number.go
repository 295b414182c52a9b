package queue

import (
	"fmt"
	"strconv"
	"strings"

	"hallkeeper/hub/hall"
)

// splitNumber takes a ticket's number apart: A012 is A and 12.
func splitNumber(number string) (prefix string, n int) {
	prefix = strings.TrimRight(number, "0123456789")
	n, err := strconv.Atoi(number[len(prefix):])
	if err != nil {
		return prefix, 0
	}
	return prefix, n
}

// next gives the number, the day and the place of the next ticket. Where the
// clock has gone back a day it goes on with the day that has begun, and a number
// that somebody still holds from yesterday is left out.
func (s *State) next(prefix string, day hall.Date) (number string, on hall.Date, place int64) {
	last, _ := s.numbers.Get(prefix)
	n := 0
	if on = max(day, last.Day); on == last.Day {
		n = last.Last
	}
	held := map[string]bool{}
	for _, t := range s.Tickets.Each() {
		if !t.Stage.Ended() {
			held[t.Number] = true
		}
	}
	for number = ""; number == "" || held[number]; {
		n++
		number = fmt.Sprintf("%s%03d", prefix, n)
	}
	p, _ := s.places.Get(lastPlace)
	return number, on, (p/step + 1) * step
}

// back gives the place behind the first n who wait for a service.
func (s *State) back(service string, n int) int64 {
	line := s.Line(service)
	if len(line) > n {
		line = line[:n]
	}
	if len(line) == 0 {
		p, _ := s.places.Get(lastPlace)
		return p + 1
	}
	return line[len(line)-1].Place + 1
}
