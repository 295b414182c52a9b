// Package push shows the live view to screens over websockets, and hands the
// same patches to whoever mirrors them. It owns the numbering of the patches,
// what a screen is sent when it connects or falls behind, and when it is let go.
//
// It keeps one short run of recent patches for everybody, and for each screen
// only the number of the last one it was sent: a slow screen costs nothing and
// delays nobody. One that has fallen out of the run gets one whole snapshot as
// soon as it takes bytes again; one that takes none for the write timeout is closed.
//
// It refuses to know what a patch says, to hold a screen's messages for it, and
// to take anything from a screen: what a screen sends is read and thrown away.
package push
