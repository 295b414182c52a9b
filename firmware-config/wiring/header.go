package main

import (
	"fmt"
	"strconv"
	"strings"
)

// pinOf gives the place of a line on the 40-pin header of a Raspberry Pi, the
// same on all boards since 2014: https://pinout.xyz
func pinOf(line string) (pin int, err error) {
	places := []int{27, 28, 3, 5, 7, 29, 31, 26, 24, 21, 19, 23, 32, 33, 8, 10, 36, 11, 12, 35, 38, 40, 15, 16, 18, 22, 37, 13} // of GPIO0 on
	number, ok := strings.CutPrefix(line, "GPIO")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 0 || n >= len(places) {
		return 0, fmt.Errorf("the line %s is not on a Raspberry Pi's 40-pin header", line)
	}
	return places[n], nil
}

// supply gives what a pin of the header is where it is no line.
func supply(pin int) string {
	switch pin {
	case 1, 17:
		return "3V3"
	case 2, 4:
		return "5V"
	case 6, 9, 14, 20, 25, 30, 34, 39:
		return "GND"
	}
	return ""
}

const pins = 40
