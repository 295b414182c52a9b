// Command handbook makes the pages of the operator's handbook, which the hub
// serves at /help, from the Markdown of docs/handbook and of the documents that
// its contents name. It owns the list of pages, the links between them, and what
// the search looks through; how a page looks is web-kiosk/help.html, as Vite has
// built it. It refuses a link or a picture that leads nowhere, and a document of
// the handbook that the contents do not name.
//
//	go run -C tools ./handbook -root .. -out ../web-kiosk/dist
package main
