// Package printer puts tickets on paper: it knows the layout of a ticket, the
// ESC/POS bytes that receipt printers take, and how to ask a printer whether it has
// paper. It owns the one connection to the printer. It refuses to know the hub:
// whoever calls it gives a ticket and hears whether it is on paper.
//
// The bytes follow the ESC/POS command reference of Epson, which most makers copy;
// Chinese is GB 18030.
package printer
