// Package vm is what campaigns in virtual machines share: the first file system of
// a machine, its console, and the programs that are built for it and run around it.
// It owns no machine: what one is made of and what happens to it is each campaign's.
package vm
