package app

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"hallkeeper/bilingual"
	"hallkeeper/hub/api"
	"hallkeeper/hub/beacon"
	"hallkeeper/hub/broker"
	"hallkeeper/hub/ca"
	"hallkeeper/hub/courier"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/gate"
	"hallkeeper/hub/ingest"
	"hallkeeper/hub/push"
	"hallkeeper/hub/score"
	"hallkeeper/hub/signin"
	"hallkeeper/hub/vault"
	"hallkeeper/hub/view"
	"hallkeeper/wire"
)

// App is one hub.
type App struct {
	cfg    Config
	logger *slog.Logger
	zone   *time.Location
	topics wire.Topics
	began  time.Time

	vault    *vault.Vault
	log      *eventlog.Log
	decider  *decider
	views    *views
	push     *push.Hub
	broker   broker.Broker
	ingest   *ingest.Ingest
	metrics  *prometheus.Registry
	scores   score.Memory // what was read of closed days
	listener net.Listener
	// secure is the listener of HTTPS, nil where there is none; certificates are its.
	secure       net.Listener
	certificates *gate.Certificates
	authority    *ca.Authority // of the hall's certificates
	// revoked wakes who ends connections, seen has the serials of certificates that were used.
	revoked chan struct{}
	seen    chan string
	met     chan func() // what connections have met and screens are to show
	denials *prometheus.CounterVec
	// messages counts what those who keep the machines are told.
	messages *prometheus.CounterVec
	online   chan string   // devices that came online
	proofs   chan struct{} // something was published that a checkpoint is to cover
	presses  chan press    // of call buttons
	prints   chan struct{} // wakes the sender of prints
	answers  chan lamp     // presses that lamps answer
	reviews  chan struct{} // wakes the opener of cases
	news     chan struct{} // wakes who orders copies of what is published
	// assessing is what screens are told of the assessment, machine of the hub's own computer.
	assessing assessment
	machine   machine
	rivals    rivals
	beacon    *beacon.Beacon // nil where no other hub can be heard
	saving    saving
	courier   *courier.Courier // nil where no mail server is set
	tellers   []*teller        // who is told of troubles
	// singleSignOn is nil where none is set.
	singleSignOn *signin.OIDC
	fonts        fonts
	// periods are what tests take for published results; nil for those of the log.
	periods periods
	// sockets are the websockets of screens.
	sockets api.Sockets
	control atomic.Bool // control.json is this hub's
	// secret lets programs on this machine act as the operator; first is of the first start's link.
	secret string
	first  FirstStart

	ready chan struct{}
	done  chan struct{}
}

// Addresses is where a running hub is reached.
type Addresses struct {
	HTTP string `json:"http"`
	// HTTPS is empty where the hub serves none.
	HTTPS string `json:"https,omitempty"`
	MQTT  string `json:"mqtt"`
	// MQTTTLS is where enrolled devices connect; empty where the embedded broker serves none.
	MQTTTLS string `json:"mqtt_tls,omitempty"`
	PID     int    `json:"pid"`
	// HubPID is the same as PID: in the demo the hub is the demo's own process.
	HubPID int `json:"hub_pid"`
}

// New checks the settings. Nothing is opened before Run.
func New(cfg Config, logger *slog.Logger) (*App, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	zone, err := cfg.zone()
	if err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
		if cfg.Synchronised == nil {
			cfg.Synchronised = synchronised
		}
	}
	return &App{cfg: cfg, logger: logger, zone: zone, fonts: fonts{own: cfg.Fonts}, topics: wire.Topics{Hall: cfg.Hall.ID}, began: cfg.Now(),
		revoked: make(chan struct{}, 1), seen: make(chan string, 1024), met: make(chan func(), 1024), online: make(chan string, 1024), presses: make(chan press, pressesAhead), prints: make(chan struct{}, 1), answers: make(chan lamp, answersAhead), reviews: make(chan struct{}, 1), proofs: make(chan struct{}, 1), news: make(chan struct{}, 1), assessing: assessment{wake: make(chan struct{}, 1)}, ready: make(chan struct{}), done: make(chan struct{})}, nil
}

// Ready waits until the hub serves and gives its addresses; it fails when ctx
// or the hub ends first.
func (a *App) Ready(ctx context.Context) (Addresses, error) {
	select {
	case <-a.ready:
		return a.addresses(), nil
	case <-a.done:
		return Addresses{}, errors.New("the hub ended before it served")
	case <-ctx.Done():
		return Addresses{}, ctx.Err()
	}
}

func (a *App) addresses() Addresses {
	mqtt := a.cfg.MQTTURL
	if mqtt == "" {
		mqtt = "tcp://" + a.broker.Addr()
	}
	at := Addresses{HTTP: "http://" + reachable(a.listener), MQTT: mqtt, PID: os.Getpid(), HubPID: os.Getpid()}
	if e, ok := a.broker.(*broker.Embedded); ok && e.SecureAddr() != "" {
		at.MQTTTLS = "tls://" + fromHere(e.SecureAddr())
	}
	if a.secure != nil {
		at.HTTPS = "https://" + reachable(a.secure)
	}
	return at
}

// reachable is a listener's address; one that works here where it is all addresses.
func reachable(l net.Listener) string { return fromHere(l.Addr().String()) }

func fromHere(web string) string {
	if host, port, err := net.SplitHostPort(web); err == nil {
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			return net.JoinHostPort("127.0.0.1", port)
		}
	}
	return web
}

// Run serves until ctx ends. Its error says what to do.
func (a *App) Run(ctx context.Context) (err error) {
	defer close(a.done)
	if err := a.open(); err != nil {
		return errors.Join(err, a.close())
	}
	defer func() { err = errors.Join(err, a.close()) }()
	return a.serve(ctx)
}

// open brings the parts up in the order in which they need each other.
func (a *App) open() error {
	if err := Newer(a.cfg.Data); err != nil { // before anything is written
		return err
	}
	if err := os.MkdirAll(a.cfg.Data, 0o700); err != nil {
		return bilingual.Errorf("数据文件夹建不了，请用 --data 另选：%w", "the data folder cannot be made: choose another with --data: %w", err)
	}
	// A hub that runs here already is the second commonest mistake, and its ports are taken too.
	release, err := eventlog.Hold(LogDir(a.cfg.Data))
	if errors.Is(err, eventlog.ErrLocked) {
		return bilingual.Errorf("本大厅的主机已经在这个数据文件夹上运行：%w", "a hub runs on this data folder already: %w", err)
	} else if err == nil {
		err = release()
	}
	if err != nil {
		return bilingual.Errorf("看不出 %s 上有没有主机在运行：%w", "look whether a hub runs on %s: %w", a.cfg.Data, err)
	}
	if err := a.cfg.belongs(); err != nil {
		return err
	}
	if err := a.makeSecrets(); err != nil {
		return err
	}
	// Ports first: a taken one is the commonest mistake and should cost nothing.
	if a.listener, err = net.Listen("tcp", a.cfg.HTTP); err != nil {
		return bilingual.Errorf("页面地址 %s 用不了（被别的程序占用、本机没有这个地址，或 1024 以下的端口没有权限）：停掉那个程序，或用 --http 另选：%w", "the web address %s cannot be used (another program has it, this machine has no such address, or a port below 1024 asks for a right): stop that program or choose another with --http: %w", a.cfg.HTTP, err)
	}
	if err := a.openHTTPS(); err != nil {
		return err
	}
	a.metrics = newRegistry()
	a.denials, a.messages = newDenials(a.metrics), newMessages(a.metrics)
	m := newLogMetrics(a.metrics)
	a.decider = newDecider()
	a.log, err = eventlog.Open(eventlog.Options{Dir: LogDir(a.cfg.Data), Logger: a.logger.With("part", "log"), Zone: a.zone, Now: a.cfg.Now, Program: a.cfg.Version, Synchronised: a.cfg.Synchronised,
		Inspect: inspectApart, Decided: a.decider.decided, Failed: a.decider.failed,
		Committed: func(c eventlog.Commit) {
			m.committed(c)
			a.decider.committed()
		}})
	if err != nil {
		return bilingual.Errorf("打不开 %s 里的日志：%w", "open the log in %s: %w", a.cfg.Data, err)
	}
	if a.vault, err = vault.Open(KeyDir(a.cfg.Data), a.cfg.origin(), a.cfg.Version); err != nil {
		return fmt.Errorf("open the keys in %s: %w", a.cfg.Data, err)
	}
	if err := vault.Remember(KeyDir(a.cfg.Data), a.cfg.Version, authorityFiles()...); err != nil {
		return err
	}
	if err := a.openRivals(); err != nil {
		return err
	}
	if a.views, err = a.openViews(); err != nil {
		return err
	}
	a.decider.load, a.decider.vault = a.views.known, a.vault
	a.openMachine()
	a.openSaving()
	if err := a.openDelivery(); err != nil {
		return err
	}
	if err := a.openCourier(); err != nil {
		return err
	}
	if err := a.openTellers(); err != nil {
		return err
	}
	if err := a.openSingleSignOn(); err != nil {
		return err
	}
	a.watch()
	return nil
}

// Newer refuses the data folder of a newer program; its views are made again from its log anyway.
func Newer(data string) error {
	if f, err := os.Stat(data); err != nil || !f.IsDir() {
		return nil //nolint:nilerr // there is nothing yet, or what is no folder; whoever opens it says so
	}
	if err := vault.Newer(KeyDir(data)); err != nil {
		return err
	}
	return eventlog.Newer(LogDir(data))
}

func (a *App) openDelivery() error {
	var err error
	a.push = push.New(a.logger.With("part", "push"), a.metrics, a.views.live, push.Config{Reserved: reservedScreens, Mirror: a.mirror, Refuse: api.Refuse})
	a.views.live.SetSink(a.push)
	a.ingest, err = ingest.New(ingest.Config{Topics: a.topics, Log: a.log, Cards: a.vault, Devices: devices{a},
		Logger: a.logger.With("part", "ingest"), Metrics: a.metrics})
	if err != nil {
		return err
	}
	logger := a.logger.With("part", "broker")
	if a.cfg.MQTTURL != "" {
		var secure *tls.Config
		if secure, err = a.externalTLS(); err != nil {
			return err
		}
		a.broker, err = broker.NewExternal(broker.ExternalConfig{URL: a.cfg.MQTTURL, Topics: a.topics, TLS: secure}, a.ingest, logger)
	} else {
		a.broker, err = a.newEmbedded(broker.EmbeddedConfig{Addr: a.cfg.MQTT, Topics: a.topics,
			Refused: func(device, hall string) {
				now := a.cfg.Now()
				a.show(func() { a.views.live.Refused(device, hall, now) })
			}})
	}
	if err != nil {
		return bilingual.Errorf("MQTT 启动不了：%w", "start MQTT: %w", err)
	}
	return nil
}

// serve runs the parts together; the first that fails ends the others.
func (a *App) serve(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	caughtUp := make(chan struct{})
	from := a.views.runner.Position()
	group.Go(func() error { return a.views.run(ctx, caughtUp) })
	if !a.waitForViews(ctx, caughtUp, from, feedEvery) { // screens never see a hall that is half read
		return group.Wait()
	}
	if err := a.allBelong(); err != nil { // before anything is stored
		group.Go(func() error { return err })
		return group.Wait()
	}
	a.destroyAgain()
	if err := a.announceStart(ctx); err != nil {
		a.logger.Error("the start of the hub could not be stored", "error", err)
	}
	group.Go(func() error { return a.push.Run(ctx) })
	group.Go(func() error { return a.ingest.Run(ctx, a.broker) })
	group.Go(func() error { return a.broker.Run(ctx) })
	group.Go(func() error { return a.greet(ctx) })
	group.Go(func() error { return a.tick(ctx) })
	group.Go(func() error { return a.checkpoints(ctx) })
	group.Go(func() error { return a.closeDays(ctx) })
	group.Go(func() error { return a.lapseProposals(ctx) })
	group.Go(func() error { return a.endLines(ctx) })
	group.Go(func() error { return a.callButtons(ctx) })
	group.Go(func() error { return a.printTickets(ctx) })
	group.Go(func() error { return a.answerPresses(ctx) })
	group.Go(func() error { return a.openCases(ctx) })
	group.Go(func() error { return a.release(ctx) })
	group.Go(func() error { return a.watchAssessment(ctx) })
	group.Go(func() error { return a.lapse(ctx) })
	group.Go(func() error { return a.watchMachine(ctx) })
	group.Go(func() error { return a.noteTroubles(ctx) })
	if a.beacon != nil {
		group.Go(func() error { return a.hearRivals(ctx) })
	}
	for _, t := range a.tellers {
		group.Go(func() error { return a.tell(ctx, t) })
	}
	if a.courier != nil {
		group.Go(func() error { return a.courier.Run(ctx) })
		group.Go(func() error { return a.orderCopies(ctx) })
	}
	saved := newBackupMetrics(a.metrics)
	for _, to := range a.cfg.Backup.To {
		group.Go(func() error { return a.backUp(ctx, saved, to) })
	}
	group.Go(func() error { return a.watchCertificates(ctx) })
	group.Go(func() error { return a.showMet(ctx) })
	a.servePages(ctx, group)
	addr := a.addresses()
	a.logger.Info("the hub serves", "http", addr.HTTP, "https", addr.HTTPS, "mqtt", addr.MQTT, "mqtt_tls", addr.MQTTTLS, "data", a.cfg.Data, "position", a.log.Head(), "version", a.cfg.Version)
	if link := a.SetupLink(); link != "" && !a.cfg.Demo {
		a.logger.Warn("the hall has no administrator yet: open this link once to make one", "link", link)
	}
	a.forgetFirstStart()
	if err := a.writeControl(); err != nil { // a full disk keeps nobody from serving
		a.logger.Error("programs on this machine (backup, token, forget) cannot find the hub until this works: make room on the disk, or see who may write in the folder", "error", err)
		group.Go(func() error { return a.letIn(ctx) })
	}
	if err := WriteReady(a.cfg.ReadyFile, addr); err != nil {
		group.Go(func() error { return err })
		return group.Wait()
	}
	close(a.ready) // whoever waits for it finds the hub by its files as well
	group.Go(func() error { return a.watchdog(ctx) })
	err := group.Wait()
	a.logger.Info("the hub has stopped", "position", a.log.Head())
	return err
}

func (a *App) close() error {
	errs := []error{a.removeControl()}
	if e, ok := a.broker.(*broker.Embedded); ok && e != nil {
		errs = append(errs, e.Close())
	}
	for _, l := range []net.Listener{a.listener, a.secure} {
		if l == nil {
			continue
		}
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if a.beacon != nil {
		if err := a.beacon.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if a.log != nil {
		errs = append(errs, a.log.Close())
	}
	return errors.Join(errs...)
}

// announceStart stores that the hub runs, which keys were made anew before, and what opening the log repaired.
func (a *App) announceStart(ctx context.Context) error {
	renewed, err := vault.Renewed(KeyDir(a.cfg.Data))
	if err != nil {
		return err
	}
	_, _, err = a.log.Append(ctx, "", func(eventlog.Moment) ([]wire.Event, error) {
		actor := &wire.Actor{Kind: wire.ActorSchedule, ID: "start"}
		data, err := json.Marshal(wire.HubStarted{Version: a.cfg.Version, Clean: a.log.Clean(), Renewed: renewed})
		events := []wire.Event{{Kind: wire.KindHubStarted, Data: data, Actor: actor}}
		for _, r := range a.log.Repairs() {
			data, rerr := json.Marshal(r)
			err = errors.Join(err, rerr)
			events = append(events, wire.Event{Kind: wire.KindLogRepaired, Data: data, Actor: actor})
		}
		return events, err
	})
	if err != nil || len(renewed) == 0 {
		return err
	}
	if err := vault.RenewalTold(KeyDir(a.cfg.Data), a.cfg.Version); err != nil {
		a.logger.Warn("that keys were made anew is in the log, and will be told again with the next start", "error", err)
	}
	return nil
}

// mirror publishes what screens get to …/live, for third-party screens.
func (a *App) mirror(message []byte) {
	if err := a.broker.Publish(a.topics.Live(), message, 0, false); err != nil {
		a.logger.Debug("a live patch was not published", "error", err)
	}
}

// WriteReady writes the addresses to path, whole or not at all; "" writes nothing.
func WriteReady(path string, addr Addresses) error {
	if path == "" {
		return nil
	}
	b, err := json.Marshal(addr)
	if err != nil {
		return err
	}
	tmp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return bilingual.Errorf("写不了就绪文件：%w", "write the ready file: %w", err)
	}
	return os.Rename(tmp, path)
}

var _ view.Source = (*eventlog.Log)(nil)
