package main

// What the image is made of besides programs: pinned in go.mod, put into it by gok.
import (
	_ "github.com/gokrazy/firmware"   // the Pi's first stages
	_ "github.com/gokrazy/gokrazy"    // its init
	_ "github.com/gokrazy/kernel.rpi" // Linux and the device trees
)
