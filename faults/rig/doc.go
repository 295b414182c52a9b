// Command rig proves the window computer's program on a real kernel's pins: a
// virtual machine runs Debian's arm64 kernel with the kernel's own GPIO simulator
// and the agent as it is shipped for a Raspberry Pi; its hub runs on this
// computer. The rig bounces buttons, pulses cards, takes the chip away, pulls the
// network cable and kills the agent, and compares the hub's log with what it did.
//
// It owns the machine and the list of what is done. It proves logic and the
// kernel's interface, not a Pi's timing: nothing here judges how long anything takes.
package main
