// Package simulator plays the people of a hall on a working day, at a chosen
// speed and from a seed, so that a demo, a test or a benchmark has a hall that
// lives: hands at the pins of real agents (Simulator, through package hand) and
// a past of working days that devices are said to have sent (history). What
// people do is decided in package day; how it looks on a line, in package
// pulse. It refuses to touch the clock: speed squeezes the people's schedule
// onto real time, and events are made by the agents as ever. It knows the hub
// only from outside, by MQTT and HTTP.
package simulator
