// Command powercut is the campaign that proves that what the hub has acknowledged
// survives a power cut: a virtual machine runs the hub on a disk whose write
// cache forgets, devices outside send events and keep the ledger, the power goes
// at a write or a moment drawn from a seed, the machine boots again from what the
// disk has left, and the log is compared with the ledger.
//
// It owns the machine, the disk (package disk) and the ledger. It touches no
// device, mount or kernel of the computer that it runs on: the disk is a file of
// its own, served to QEMU over a Unix socket. It knows the hub from outside only:
// MQTT, HTTP and `hub verify`. Programs that die while the kernel lives on are
// faults/kill's business.
package main
