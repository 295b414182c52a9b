package wire

// Kinds of screens that enrolled by a code shown on themselves. Only the hub makes
// them. A screen ends with its certificate; see certificate.revoked.
const (
	KindScreenConfirmed Kind = "screen.confirmed"
	KindScreenRenewed   Kind = "screen.renewed"
	KindScreenSignedIn  Kind = "screen.signed_in"
)

// ScreenUse is what an enrolled screen is for; what each may do is in hub/access.
type ScreenUse string

// The uses.
const (
	UseLobby ScreenUse = "lobby" // the big screen
	UseBoard ScreenUse = "board" // the notice board
	UseKiosk ScreenUse = "kiosk" // takes tickets
	UseRate  ScreenUse = "rate"  // the rating tablet of one window
	UsePanel ScreenUse = "panel" // the computer of one window, on which people sign in
)

// ScreenConfirmed says that a person typed the code that a screen showed; the event of its certificate comes with it.
// Window is of a rating tablet or a panel, Printer the device that prints a kiosk's tickets.
type ScreenConfirmed struct {
	Screen  string    `json:"screen"`
	Name    string    `json:"name"`
	Use     ScreenUse `json:"use"`
	Window  string    `json:"window,omitempty"`
	Printer string    `json:"printer,omitempty"`
	ScreenProof
}

// ScreenProof is what a screen proves itself with. Nothing in it is secret.
type ScreenProof struct {
	// Key is the hex SHA-256 of its public key (DER of SubjectPublicKeyInfo), Serial its certificate's number in hex.
	Key    string `json:"key"`
	Serial string `json:"serial"`
	// Certificate is PEM: a screen that did not hear the answer is given it again.
	Certificate string `json:"certificate"`
}

// ScreenRenewed says that a screen has made itself another key.
type ScreenRenewed struct {
	Screen string `json:"screen"`
	ScreenProof
}

// ScreenSignedIn says that a screen has proved itself: once a day of the hall, and when its address changes.
type ScreenSignedIn struct {
	Screen  string `json:"screen"`
	Serial  string `json:"serial"`
	Day     string `json:"day"`
	Address string `json:"address"`
}

func screenKinds() []KindInfo {
	return []KindInfo{
		{KindScreenConfirmed, 1, true, ScreenConfirmed{}}, {KindScreenRenewed, 1, true, ScreenRenewed{}},
		{KindScreenSignedIn, 1, true, ScreenSignedIn{}},
	}
}
