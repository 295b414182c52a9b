package main

import (
	_ "embed"
	"html/template"
)

//go:embed frame.html
var frameText string

// frames is what stands round every page of the handbook.
var frames = template.Must(template.New("frame").Parse(frameText))
