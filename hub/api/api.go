package api

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/mod/sumdb/tlog"

	"hallkeeper/hub/access"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/score"
	"hallkeeper/hub/signin"
	"hallkeeper/wire"
)

// Live is the live view as screens get it.
type Live interface {
	// Current gives the whole view as JSON, not older than the call, and the
	// number of the last patch in it.
	Current() (data []byte, seq uint64, err error)
}

// Log is the ordered log, for auditors.
type Log interface {
	Head() wire.Position
	// ReadBatch gives up to limit records after a position, oldest first; fewer only at the head.
	ReadBatch(after wire.Position, limit int) ([]wire.Record, error)
	// Find looks for a record that the hub itself has made by its id; nil where there is none.
	Find(id string) (*wire.Record, error)
	// HashReader reads the hashes of the log's Merkle tree.
	tlog.HashReader
}

// Checkpoint is a signed tree head of the log.
type Checkpoint struct {
	At   time.Time `json:"at"`
	Size uint64    `json:"size"`
	Root string    `json:"root"`
	Note string    `json:"note"`
}

// Checkpoints is the list of all signed tree heads.
type Checkpoints interface {
	// Checkpoints gives them oldest first, and the key that checks their
	// signatures (golang.org/x/mod/sumdb/note).
	Checkpoints() (all []Checkpoint, verifierKey string, err error)
}

// DeadLetters is what could not be stored.
type DeadLetters interface {
	// DeadLetters gives up to limit with numbers below before (0 means all),
	// newest first, how many there are in all, and how many nobody has dismissed.
	DeadLetters(before uint64, limit int) (page []wire.DeadLetter, total, open int, err error)
}

// The commands that Commands.Do takes. Their fields have been checked for form
// only: whether the window or the device exists is for the decision to say.
type (
	// SetWindow adds a window or changes its name.
	SetWindow struct{ ID, Number, Name, Department, Direction string }
	// AssignDevice says which window a device serves.
	AssignDevice struct{ Agent, Window string }
	// DismissDevice says that a device is not part of this hall.
	DismissDevice struct{ Agent string }
	// IdentifyDevice makes a device show itself. It makes no event.
	IdentifyDevice struct{ Agent string }
	// RestartDevice makes a device's program start again. It makes no event.
	RestartDevice struct{ Agent string }
	// DismissDeadLetter says that a person has dealt with a dead letter. Note is free text: seal it.
	DismissDeadLetter struct {
		Number uint64
		Note   string
	}
)

// Commands changes the hall.
type Commands interface {
	// Do decides a command and gives the events it made after they are on disk,
	// none for a command that makes none. A key that is not empty makes it
	// idempotent, also after a restart: the second time it decides nothing and
	// gives what the first made, with again true. A refusal is a *hall.Error.
	Do(ctx context.Context, actor wire.Actor, key string, cmd any) (made []wire.Record, again bool, err error)
}

// Register is everything that the hall knows besides the log and the live view.
type Register interface {
	// Read runs fn while nothing changes; it keeps nothing of what it is given.
	Read(fn func(v *register.View, windows *roster.State))
	// Unseal reads what is sealed; nil where the key was destroyed.
	Unseal(s *wire.Sealed) map[string]string
	// SealPlace seals a network address as the log keeps it; OpenPlace gives it back, also one that is not sealed, and an
	// error where the key of its month was destroyed.
	SealPlace(address string) (string, error)
	OpenPlace(place string) (string, error)
	// CardToken is the keyed hash of a card's number.
	CardToken(number string) string
	// CitizenToken is the keyed hash of a citizen's ID or phone number.
	CitizenToken(number string) string
	// SubjectToken is the keyed hash of whom an issuer of a single sign-on means.
	SubjectToken(issuer, subject string) string
	// TicketCode is what only the holder of a ticket has beside its id.
	TicketCode(ticket string) string
}

// Photos keeps pictures beside the log by their content.
type Photos interface {
	// Put keeps a picture and gives the hex SHA-256 of it, after it is on disk.
	Put(picture []byte) (hash string, err error)
	// Get gives a picture back; fs.ErrNotExist where there is none.
	Get(hash string) ([]byte, error)
}

// Unready is one reason why the hub cannot store what comes in.
type Unready struct {
	// Code is "not_writable", "broker_lost" or another stable word.
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
}

// Deps is what the API needs. All fields are required but Pages.
type Deps struct {
	Logger     *slog.Logger
	Live       Live
	LiveSocket http.Handler
	// LiveKnown serves the live socket to those who have signed in, for whom places are kept; nil serves all alike.
	LiveKnown   http.Handler
	Log         Log
	Checkpoints Checkpoints
	DeadLetters DeadLetters
	Commands    Commands
	// Register is master data, days and accounts.
	Register Register
	// Authority signs devices' certificates.
	Authority Authority
	// DeviceBroker is where a device's messages go, for one that reached the hub under a host's name; empty where there is no such place.
	DeviceBroker func(host string) string
	// Photos keeps the pictures of inspections.
	Photos Photos
	// Sockets knows the websockets of screens.
	Sockets *Sockets
	// Documents is what copies for departments are made of; nil where nothing is ever published.
	Documents Documents
	// Upkeep is the hub's own machine.
	Upkeep Upkeep
	// Secret lets a program on this machine act as the operator; empty for none. SetupCode is of the link of
	// the first start, empty where there is none.
	Secret    string
	SetupCode func() string
	// Sessions are how long sessions live and where they work.
	Sessions SessionRules
	// SingleSignOn is nil where there is none.
	SingleSignOn *signin.OIDC
	Now          func() time.Time
	Zone         *time.Location
	// Ready gives why the hub cannot store now; nothing means that it can.
	Ready func() []Unready
	// Metrics is what /metrics shows; the API registers its own at Registry.
	Metrics  prometheus.Gatherer
	Registry prometheus.Registerer
	// Pages holds lobby.html, console.html, index.html and assets/; nil or empty before they are built.
	Pages fs.FS
	// Hall is the hall's id, Version the program's.
	Hall    string
	Version string
	// HallName and Bureau are on documents.
	HallName, Bureau string
	// PasskeyNames are the hub's names, at which there can be passkeys; see signin.SiteOf.
	PasskeyNames []string
	// PublicURL is where phones reach the hub, for QR codes; empty is nowhere.
	PublicURL string
	// VerifyAt is where those are who check a document by its QR code; empty is nowhere.
	VerifyAt string
	// ChangesPerSecond bounds the requests of one caller that change something, with bursts of twice as many; 50 where it is 0.
	ChangesPerSecond int
}

// API answers HTTP requests.
type API struct {
	Deps
	routes  []route
	mux     *http.ServeMux
	repeats *repeats
	// changes bounds how often each caller changes something.
	changes access.Limits
	pages   *pages
	metrics *metrics
	limits  access.Limits
	// screens is what they prove themselves with.
	screens screenDoor
	uses    uses
	// tries bounds how often anybody at all tries an enrolment code; each address is bounded besides.
	tries access.Limits
	// passkeys are the ceremonies that are open, ceremonies bounds how many one address begins, hashing how many
	// passwords are hashed at once.
	passkeys   *signin.Passkeys
	ceremonies access.Limits
	hashing    *signin.Hashing
	// failures are what the log is told of refusals, at most once a minute each.
	failures notes
	// memory keeps what was read of closed days for months and scores.
	memory score.Memory
	// outcomes keeps what the notice board shows.
	outcomes outcomes
	// dossiers lets one export be made at a time: each reads the whole log.
	dossiers sync.Mutex
	// touches bounds the tickets of one screen: no citizens come as fast as a broken touch panel.
	touches access.Limits
	// tests bounds test messages.
	tests access.Limits
}

// How long a command may take until its answer is "unknown".
const patience = 15 * time.Second

// New makes the hub's whole HTTP handler.
func New(d Deps) http.Handler {
	if d.ChangesPerSecond <= 0 {
		d.ChangesPerSecond = 50
	}
	if d.Sessions.Max <= 0 {
		d.Sessions.Max = access.SessionLasts
	}
	d.Commands = placed{d.Commands}
	a := &API{Deps: d, uses: uses{began: d.Now()}, passkeys: signin.NewPasskeys(), ceremonies: access.Limits{AtOnce: 20, Every: 2 * time.Second}, hashing: signin.NewHashing(), mux: http.NewServeMux(), repeats: newRepeats(10_000, 24*time.Hour, time.Now),
		tries:   access.Limits{AtOnce: enrolsAtOnce, Every: enrolEvery},
		touches: access.Limits{AtOnce: touchesAtOnce, Every: touchEvery}, tests: access.Limits{AtOnce: testsAtOnce, Every: testEvery}, changes: access.Limits{AtOnce: 2 * d.ChangesPerSecond, Every: time.Second / time.Duration(d.ChangesPerSecond)}, pages: newPages(d.Pages), metrics: newMetrics(d.Registry)}
	a.LiveSocket = a.placed(d.LiveSocket, d.LiveKnown)
	a.routes = a.table()
	for _, r := range a.routes {
		a.mux.Handle(r.method+" "+r.path, a.guarded(r))
	}
	return a.outer()
}
