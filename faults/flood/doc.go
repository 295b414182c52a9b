// Command flood is the campaign that proves that the hall's own screens and people
// are served while strangers hold all the sockets that they can get: thousands of
// idle websockets from processes of their own, over plain HTTP and over TLS,
// callers that dribble, and bodies of a gigabyte, against the real hub.
//
// What it holds against the hub: a lobby screen that is connected hears from it
// all the time, one that comes back during the flood finds a place, somebody signs
// in at the console, and afterwards everything has been given back.
//
// It uses the hub from outside only: flags, signals, sockets, HTTP and what the
// kernel says of its process.
package main
