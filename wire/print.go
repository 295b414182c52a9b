package wire

// The events of tickets on paper. Only the hub makes them.
const (
	KindPrintOrdered   Kind = "print.ordered"
	KindTicketReceived Kind = "ticket.received"
)

// PrintOrdered orders a ticket to be printed again, as a job of its own.
type PrintOrdered struct {
	Ticket string `json:"ticket"`
	Job    string `json:"job"`
	// Kiosk is the device that prints it.
	Kiosk string `json:"kiosk"`
}

// TicketReceived says that a citizen has the number without paper.
type TicketReceived struct {
	Ticket string `json:"ticket"`
}

// PrintTicket is the data of CommandPrint: what a ticket on paper says.
type PrintTicket struct {
	// Job is answered by print.done or print.failed; the same job is printed once.
	Job    string `json:"job"`
	Hall   string `json:"hall"`
	Number string `json:"number"`
	// Service is its name.
	Service string `json:"service"`
	Class   string `json:"class"`
	// Ahead is how many wait before it; Wait the expected wait in seconds, nil where it is not known.
	Ahead int  `json:"ahead"`
	Wait  *int `json:"wait,omitempty"`
	// Windows are their numbers.
	Windows []string `json:"windows,omitempty"`
	// Slot is the time of an appointment, hh:mm.
	Slot string `json:"slot,omitempty"`
	// At is when it was taken, by the hall's wall clock: yyyy-mm-dd hh:mm.
	At string `json:"at"`
	// URL is the page that follows the ticket; empty where phones cannot reach it.
	URL string `json:"url,omitempty"`
}
