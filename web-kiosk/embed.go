// Package webkiosk holds the built pages, so that the hub is one file. It owns
// the embedding only: what address shows which page, caching and headers are
// the hub's business. The pages are built by npm (see package.json); before
// that the folder is empty and Built says so.
package webkiosk

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// FS is the root of the built pages: lobby.html, console.html, index.html and
// assets/. Files in assets/ carry a hash of their content in their name and
// never change under it; the .html files do.
func FS() fs.FS {
	pages, err := fs.Sub(dist, "dist")
	if err != nil {
		// The directive above fails the build where the folder is missing.
		panic("webkiosk: " + err.Error())
	}
	return pages
}

// Built is false in a program that was compiled before the pages were built.
func Built() bool {
	_, err := fs.Stat(dist, "dist/index.html")
	return err == nil
}
