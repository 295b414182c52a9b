package uplink

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"

	"hallkeeper/agent/identity"
	"hallkeeper/bilingual"
	"hallkeeper/wire"
)

// Outbox is what is sent.
type Outbox interface {
	// ID is the UUID that was made with it.
	ID() string
	// Read gives events from seq from on as JSON, the first of them being start.
	Read(from uint64, maxEvents, maxBytes int) (start uint64, events [][]byte, err error)
	// Next is the seq from which on the hub may lack events.
	Next() uint64
	// Span gives the oldest seq it holds and the latest.
	Span() (first, last uint64)
	// DeleteTo says that the hub has all up to and with seq.
	DeleteTo(seq uint64)
	// Changed is sent to when there may be more.
	Changed() <-chan struct{}
}

// Identity is who a device is to a broker over TLS.
type Identity interface {
	// TLS is for the next connection.
	TLS() (*tls.Config, error)
	// Changed is sent to when TLS gives another certificate than before.
	Changed() <-chan struct{}
	// Answered is told how a connection began: nil where the broker took the device.
	Answered(err error)
}

// Config is what an uplink needs.
type Config struct {
	// Broker is a URL as CheckURL accepts it.
	Broker string
	// Identity is who the device is, for a broker over TLS; others need none.
	Identity Identity
	Hall     string
	Agent    string
	Outbox   Outbox
	// Status gives the device's state; uplink fills in State.
	Status func() wire.Status
	// Command is called for each command, one after the other; it must not wait.
	Command func(wire.Command)
	// Refused is called for events that went to the hub's dead letters.
	Refused func([]wire.Refusal)
	Logger  *slog.Logger
}

// As measured in the delivery experiments: short enough that a person at the
// window hears of an outage, long enough for a busy network.
const (
	keepAlive      = 5 * time.Second
	pingTimeout    = 3 * time.Second
	connectTimeout = 5 * time.Second
	writeTimeout   = 3 * time.Second
	// byeTimeout is how long the last status, and then the word that the connection ends, may take on the way out.
	byeTimeout = time.Second
	// lingers is how long the broker may take to end a connection that the device has ended.
	lingers = time.Second

	// window is how many events may be sent and not settled.
	window = 256
	// resendAfter is how long nothing may move before all is sent again; it
	// grows to resendMost while the hub is silent, and after giveUpAfter the
	// connection is made anew.
	resendAfter = time.Second
	resendMost  = 5 * time.Second
	giveUpAfter = 30 * time.Second

	backoffLeast = 50 * time.Millisecond
	backoffMost  = 5 * time.Second
	// backoffRefused is for a certificate that the broker does not take: only a new one mends that, and is not waited for.
	backoffRefused = 30 * time.Second

	// statusLook is how often a changed status is looked for, statusEvery how
	// often it is sent unchanged.
	statusLook  = 500 * time.Millisecond
	statusEvery = 15 * time.Second

	maxCommands = 64
)

// errSilent ends a connection on which the hub settles nothing.
var errSilent = errors.New("the hub has settled nothing for a long time")

// errAnew ends a connection whose certificate was made anew.
var errAnew = errors.New("the certificate was made anew")

// Uplink is the connection of one device.
type Uplink struct {
	cfg    Config
	topics wire.Topics

	connected atomic.Bool
	since     atomic.Int64 // when connected last changed, Unix nanoseconds
	asked     atomic.Int64 // since when the hub owes an answer, Unix nanoseconds; 0 while it does not
}

// New makes an uplink; Run connects it.
func New(cfg Config) *Uplink {
	u := &Uplink{cfg: cfg, topics: wire.Topics{Hall: cfg.Hall}}
	u.since.Store(time.Now().UnixNano())
	return u
}

// Connected tells whether the broker is connected, and since when it is or is not.
func (u *Uplink) Connected() (connected bool, since time.Time) {
	return u.connected.Load(), time.Unix(0, u.since.Load())
}

// Away is for how long the hub has not been reached: the broker is not connected,
// or nobody answers behind it. 0 while it is reached, as far as is known.
func (u *Uplink) Away(now time.Time) time.Duration {
	if connected, since := u.Connected(); !connected {
		return now.Sub(since)
	}
	if asked := u.asked.Load(); asked != 0 {
		return now.Sub(time.Unix(0, asked))
	}
	return 0
}

// owes notes whether an answer of the hub is awaited.
func (u *Uplink) owes(answer bool) {
	if !answer {
		u.asked.Store(0)
		return
	}
	u.asked.CompareAndSwap(0, time.Now().UnixNano())
}

func (u *Uplink) set(connected bool) {
	if u.connected.Swap(connected) != connected {
		u.since.Store(time.Now().UnixNano())
	}
}

// CheckURL refuses what is no broker's address.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Port() == "":
		return bilingual.New("应填地址，如 tcp://192.168.1.10:1883", "expected an address like tcp://192.168.1.10:1883")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.User != nil:
		return bilingual.New("只填协议、主机和端口，如 tcp://192.168.1.10:1883", "expected no more than scheme, host and port, like tcp://192.168.1.10:1883")
	}
	switch u.Scheme {
	case "tcp", "mqtt", "ssl", "tls", "mqtts":
		return nil
	}
	return bilingual.Errorf("应以 tcp:// 开头，加密的用 mqtts://，写的是 %s://", "expected tcp:// or, encrypted, mqtts://, got %s://", u.Scheme)
}

// Encrypted tells whether a broker's URL asks for TLS.
func Encrypted(text string) bool {
	scheme, _, _ := strings.Cut(text, ":")
	return scheme == "ssl" || scheme == "tls" || scheme == "mqtts"
}

// Run keeps the device connected until ctx ends; then it says that the device is
// offline. Its error is the outbox's: what is wrong with a connection is logged
// and tried again.
func (u *Uplink) Run(ctx context.Context) error {
	wait := backoffLeast
	said := plightNone   // the same fault is logged once
	var ends []time.Time // of the latest connections that stood for a short time
	for ctx.Err() == nil {
		began := time.Now()
		up, err := u.session(ctx)
		u.set(false)
		var fatal *outboxError
		switch {
		case errors.As(err, &fatal):
			return err
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the end of ctx is no error
		case errors.Is(err, errAnew):
			wait = backoffLeast
			u.cfg.Logger.Info("connecting anew with the new certificate")
		case up:
			said = plightNone
			u.cfg.Logger.Warn("the connection to the broker is lost", "error", err)
			if ends = shortLived(ends, began, time.Now()); len(ends) < suspicious {
				wait = backoffLeast
			} else {
				wait = backoffMost // so that the other one gets some peace as well
				u.cfg.Logger.Error("the broker ends the connection again and again: has another device the same name? Each needs its own (setting agent)", "agent", u.cfg.Agent)
				ends = nil
			}
		case identity.Refused(err):
			if said != plightCertificate {
				u.cfg.Logger.Error("the broker does not take this device's certificate: it was revoked, has ended or is another hall's; have the console make a code and run agent enroll --force (events are kept meanwhile)",
					"broker", u.cfg.Broker, "agent", u.cfg.Agent, "error", err)
			}
			said, wait = plightCertificate, backoffRefused
		case Refused(err):
			if said != plightRefused {
				u.cfg.Logger.Error("the hub refuses this device: is the hall's id right (setting hall), and is the device allowed?",
					"broker", u.cfg.Broker, "hall", u.cfg.Hall, "agent", u.cfg.Agent, "error", err)
			}
			said = plightRefused
		case said == plightNone: // that it is away between two refusals is no news
			said = plightAway
			u.cfg.Logger.Warn("the broker cannot be reached; trying again until it can", "broker", u.cfg.Broker, "error", err)
		}
		// Jitter keeps all the windows of a hall from coming at once.
		timer := time.NewTimer(wait/2 + rand.N(wait/2+1)) //nolint:gosec // nothing secret hangs on it
		select {
		case <-ctx.Done():
		case <-u.changed():
			wait, said = backoffLeast, plightNone
		case <-timer.C:
		}
		timer.Stop()
		wait = min(2*wait, backoffMost)
	}
	return nil
}

// changed is sent to when there is another certificate; never where there is none.
func (u *Uplink) changed() <-chan struct{} {
	if u.cfg.Identity == nil {
		return nil
	}
	return u.cfg.Identity.Changed()
}

// plight is why there is no connection, as the log has it last: each is said once, and
// said when it takes the place of another.
type plight int

const (
	plightNone plight = iota
	plightAway
	plightCertificate
	plightRefused
)

const (
	// suspicious is so many connections in a row that each stood for less than shortLife.
	suspicious = 4
	shortLife  = 10 * time.Second
)

// shortLived adds a connection to those in a row that did not last.
func shortLived(ends []time.Time, began, ended time.Time) []time.Time {
	if ended.Sub(began) >= shortLife {
		return nil
	}
	return append(ends, ended)
}

// Refused tells a broker that does not want this device from one that is away.
func Refused(err error) bool {
	return errors.Is(err, packets.ErrorRefusedNotAuthorised) || errors.Is(err, packets.ErrorRefusedIDRejected) || errors.Is(err, packets.ErrorRefusedBadUsernameOrPassword)
}

// outboxError is a fault of the outbox, which no new connection mends.
type outboxError struct{ err error }

func (e *outboxError) Error() string { return "read the outbox: " + e.err.Error() }
func (e *outboxError) Unwrap() error { return e.err }

// session is one connection from its beginning to its end; up tells whether the
// broker took it.
func (u *Uplink) session(ctx context.Context) (up bool, err error) {
	s := &session{Uplink: u, stored: make(chan wire.Stored, 1), commands: make(chan wire.Command, maxCommands), lost: make(chan error, 1)}
	options, err := s.options()
	if err != nil {
		return false, err
	}
	client := mqtt.NewClient(options)
	s.client = client
	defer client.Disconnect(uint(byeTimeout.Milliseconds())) // where there is a connection, it ends on purpose
	err = wait(ctx, client.Connect(), connectTimeout+writeTimeout)
	if u.cfg.Identity != nil {
		u.cfg.Identity.Answered(err)
	}
	if err != nil {
		return false, err
	}
	filters := map[string]byte{u.topics.Agent(u.cfg.Agent, wire.LeafStored): 0, u.topics.Agent(u.cfg.Agent, wire.LeafCommand): 1}
	if err := wait(ctx, client.SubscribeMultiple(filters, s.take), connectTimeout); err != nil {
		return true, fmt.Errorf("subscribe: %w", err)
	}
	u.set(true)
	u.cfg.Logger.Info("connected to the broker", "broker", u.cfg.Broker)
	err = s.run(ctx)
	if ctx.Err() != nil {
		s.bye()
	}
	return true, err
}

func (s *session) options() (*mqtt.ClientOptions, error) {
	var secure *tls.Config
	if Encrypted(s.cfg.Broker) {
		if s.cfg.Identity == nil {
			return nil, identity.ErrNone
		}
		select {
		case <-s.changed(): // what it tells is seen now
		default:
		}
		var err error
		if secure, err = s.cfg.Identity.TLS(); err != nil {
			return nil, err
		}
	}
	id := "hallkeeper-agent-" + s.cfg.Hall + "-" + s.cfg.Agent
	if secure != nil {
		id = s.cfg.Agent // as the certificate says: brokers take no other
	}
	topic := s.topics.Agent(s.cfg.Agent, wire.LeafStatus)
	return mqtt.NewClientOptions().AddBroker(s.cfg.Broker).
		SetClientID(id).
		SetUsername(s.cfg.Agent). // whose will it is, for the hub's own broker
		SetProtocolVersion(4).    // MQTT 3.1.1, and no second try with 3.1 where that is refused
		SetCleanSession(true).SetAutoReconnect(false).SetConnectRetry(false).
		SetKeepAlive(keepAlive).SetPingTimeout(pingTimeout).SetConnectTimeout(connectTimeout).SetWriteTimeout(writeTimeout).
		SetOrderMatters(true). // the handlers do not wait
		SetBinaryWill(topic, s.status(wire.DeviceOffline), 1, true).
		SetTLSConfig(secure).
		SetCustomOpenConnectionFn(dial).
		SetDefaultPublishHandler(s.take).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { s.lost <- err }), nil
}

// wait waits for a token.
func wait(ctx context.Context, token mqtt.Token, limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-token.Done():
		return token.Error()
	case <-timer.C:
		return fmt.Errorf("no answer within %v", limit)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// take is called by paho for what the hub sends; it only hands over.
func (s *session) take(_ mqtt.Client, m mqtt.Message) {
	switch {
	case strings.HasSuffix(m.Topic(), "/"+string(wire.LeafStored)):
		var answer wire.Stored
		if err := json.Unmarshal(m.Payload(), &answer); err != nil {
			s.cfg.Logger.Warn("a stored answer cannot be read", "error", err)
			return
		}
		if answer.Outbox != s.cfg.Outbox.ID() {
			return // of the outbox that this one replaced
		}
		if len(answer.Refused) > 0 {
			s.cfg.Refused(answer.Refused)
		}
		select { // the latest answer says it all
		case <-s.stored:
		default:
		}
		s.stored <- answer
	case strings.HasSuffix(m.Topic(), "/"+string(wire.LeafCommand)):
		var c wire.Command
		if err := json.Unmarshal(m.Payload(), &c); err != nil {
			s.cfg.Logger.Warn("a command cannot be read", "error", err)
			return
		}
		select {
		case s.commands <- c:
		default:
			s.cfg.Logger.Warn("too many commands at once, one is dropped", "command", c.Kind)
		}
	}
}
