// Command kill is the campaign that proves that nothing a person did is lost
// when anything in between dies: it runs a hub, agents and a broker as real
// programs, presses and swipes at every window, kills and cuts at random from a
// seed, and compares what the people saw with what the log holds in the end.
//
// The ledger is what a person sees: a press counts as kept when the green lamp
// lights, and as nothing otherwise. Lost is a kept press that the log lacks,
// doubled one that it holds twice, reordered one in another order than it was
// made in. SIGKILL leaves the page cache alone, so this campaign says nothing
// of fsync: faults/powercut does.
//
// It uses the programs from outside only: settings files, signals, sockets and HTTP.
package main
