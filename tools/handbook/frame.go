package main

import (
	_ "embed"
	"html/template"
)

//go:embed frame.html
var frameText string

// frame is what stands round every page of the handbook.
func frame() (*template.Template, error) {
	return template.New("frame").Parse(frameText)
}
