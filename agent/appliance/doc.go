// Package appliance keeps the agent going where it is the computer's only program:
// on the appliance image there is neither systemd nor chrony nor a person with a
// keyboard. It owns what those do elsewhere: it enrols the computer by what a
// technician has put on the persistent partition, starts the agent, again when it
// ends or hangs, keeps the clock by the hub's, and says on the console what is
// missing, in both languages. It refuses to do an agent's work, and a fault of its
// own never keeps the agent from starting.
package appliance
