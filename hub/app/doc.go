// Package app joins the rooms of the hub into one program: broker, ingest, log,
// views, live view, screens and API, with their schedules. It owns the order in
// which they start and stop and nothing else; every rule lives in the room
// that it hands things to. Tests embed it as the program runs it.
package app
