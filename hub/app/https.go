package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"hallkeeper/bilingual"
	"hallkeeper/hub/api"
	"hallkeeper/hub/ca"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/gate"
)

// certificatesEvery is how often a given certificate's files and the machine's addresses are looked at.
const certificatesEvery = 10 * time.Second

// reservedScreens are the places at the live socket that strangers cannot take.
const reservedScreens = 200

// checkHTTPS says what is wrong with the settings of HTTPS.
func (c *Config) checkHTTPS(say func(key, zh, en string, args ...any)) {
	if c.HTTPS != "" {
		if _, _, err := net.SplitHostPort(c.HTTPS); err != nil {
			say("https", "应填 地址:端口，如 0.0.0.0:443，写的是 %q", "expected host:port like 0.0.0.0:443, got %q", c.HTTPS)
		}
	} else if host, _, err := net.SplitHostPort(c.HTTP); err == nil && !gate.Loopback(host) {
		say("http", "其他电脑能访问 %q，密码会明文经过网络：请同时设置 https（如 0.0.0.0:443）；本机前面有反向代理的，把 http 设为 127.0.0.1", "%q can be reached from other machines, which would send passwords in clear: set https as well (like 0.0.0.0:443), or, behind a reverse proxy on this machine, bind http to 127.0.0.1", c.HTTP)
	}
	if (c.Certificate == "") != (c.CertificateKey == "") {
		say("certificate_key", "certificate 和 certificate_key 应同时填写，或都不填", "expected certificate and certificate_key, or neither")
	}
	if c.Certificate != "" && c.HTTPS == "" {
		say("certificate", "没有 https 时证书没有用处：请把 https 设为地址，如 0.0.0.0:443", "a certificate serves nothing without https: set it to an address like 0.0.0.0:443")
	}
	if slices.Contains(c.Names, "") {
		say("names", "应填名称和地址，如 hall.example.cn、192.168.1.10", "expected names and addresses like hall.example.cn, 192.168.1.10")
	}
}

// openHTTPS opens the authority of the hall's certificates, and HTTPS where it is set.
func (a *App) openHTTPS() (err error) {
	if a.authority, err = ca.Open(KeyDir(a.cfg.Data), a.cfg.Hall.ID, a.notBefore); err != nil {
		return bilingual.Errorf("打不开大厅的证书：%w", "open the hall's certificates: %w", err)
	}
	if a.cfg.HTTPS == "" {
		return nil
	}
	a.certificates, err = gate.NewCertificates(a.authority, gate.Given{File: a.cfg.Certificate, Key: a.cfg.CertificateKey}, a.cfg.Names, a.cfg.Now(), a.logger.With("part", "https"))
	if err != nil {
		return bilingual.Errorf("HTTPS 开不了：%w", "open HTTPS: %w", err)
	}
	if a.secure, err = net.Listen("tcp", a.cfg.HTTPS); err != nil {
		return bilingual.Errorf("HTTPS 地址 %s 用不了（被别的程序占用、本机没有这个地址，或 1024 以下的端口没有权限）：停掉那个程序，或用 --https 另选：%w", "the HTTPS address %s cannot be used (another program has it, this machine has no such address, or a port below 1024 asks for a right): stop that program or choose another with --https: %w", a.cfg.HTTPS, err)
	}
	return nil
}

// notBefore is the clock for certificates: an authority that is made before the clock is set would have ended when it is.
func (a *App) notBefore() time.Time {
	now := a.cfg.Now()
	if least := eventlog.Earliest(); now.Before(least) {
		return least
	}
	return now
}

// servePages serves plain HTTP and HTTPS until ctx ends.
func (a *App) servePages(ctx context.Context, group *errgroup.Group) {
	handler := a.handler()
	plain := handler
	if host, _, err := net.SplitHostPort(a.listener.Addr().String()); err == nil && !gate.Loopback(host) {
		plain = gate.Plain(handler, a.securePort(), api.Refuse)
	}
	limits := gate.NewLimits(0, 0, a.metrics)
	open := a.server(plain, limits)
	servers := []*http.Server{open}
	group.Go(func() error { return serving("pages", open.Serve(limits.Listener(a.listener))) })
	if a.secure != nil {
		s := a.server(handler, limits)
		s.TLSConfig = a.certificates.Config()
		servers = append(servers, s)
		group.Go(func() error { return serving("pages over HTTPS", s.ServeTLS(limits.Listener(a.secure), "", "")) })
		group.Go(func() error { return a.lookAtCertificates(ctx) })
		a.logger.Info("the hall's own certificates can be checked by this fingerprint", "sha256", gate.Fingerprint(a.authority.Certificate()), "at", gate.AuthorityPath)
	}
	for _, s := range servers {
		group.Go(func() error {
			<-ctx.Done()
			ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			err := s.Shutdown(ending)
			if errors.Is(err, context.DeadlineExceeded) { // a connection on which nobody has asked anything yet, or a caller that is slow
				err = s.Close()
			}
			return err
		})
	}
}

func serving(what string, err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve %s: %w", what, err)
}

func (a *App) server(h http.Handler, limits *gate.Limits) *http.Server {
	return gate.Server(h, limits, api.Refuse, a.logger)
}

// lookAtCertificates takes certificates that are replaced while the hub runs.
func (a *App) lookAtCertificates(ctx context.Context) error {
	t := time.NewTicker(certificatesEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			a.certificates.Look(a.cfg.Now())
		}
	}
}

// httpsEnds is when a given certificate ends; see live.Config.
func (a *App) httpsEnds(now time.Time) (ends time.Time, within int) {
	if a.certificates == nil {
		return ends, 0
	}
	return a.certificates.Ending(now)
}

func (a *App) securePort() string {
	_, port, _ := net.SplitHostPort(a.secure.Addr().String()) // a listener's own address
	return port
}

// door is where people open the hub: over HTTPS where it is served, by its first
// name, as their computers have another loopback.
func (a *App) door() string {
	at := a.addresses()
	if a.secure == nil {
		return at.HTTP
	}
	return doorOf(a.secure.Addr().String(), a.certificates.Names(), at.HTTPS)
}

// doorOf is an address of HTTPS by the first name of the hub where it is all addresses of the machine; at where it is one.
func doorOf(addr string, names []string, at string) string {
	host, port, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	if err != nil || host != "" && (ip == nil || !ip.IsUnspecified()) {
		return at
	}
	if port == "443" {
		return "https://" + names[0]
	}
	return "https://" + net.JoinHostPort(names[0], port)
}
