package courier_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// drop is the answer that ends a connection without a word.
const drop = "drop"

// smtpServer is a small mail server on this machine. Say gives its answer to a verb of the
// nth mail (DATA is asked before, "." after its text); empty is the usual one.
type smtpServer struct {
	net.Listener
	host string
	port int
	// tls is nil for a server that knows none; implicit begins with it.
	tls      *tls.Config
	implicit bool
	roots    *x509.CertPool
	login    bool

	mu    sync.Mutex
	say   func(n int, verb string) string
	mails []string
	tries int
	auths []string
	conns map[net.Conn]bool
}

func serve(t *testing.T, addr string, withTLS, implicit bool) *smtpServer {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	s := &smtpServer{Listener: l, host: "127.0.0.1", port: l.Addr().(*net.TCPAddr).Port, implicit: implicit, conns: map[net.Conn]bool{}}
	if withTLS {
		web := httptest.NewTLSServer(nil) // its certificate is for 127.0.0.1
		s.tls = &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}
		s.roots = x509.NewCertPool()
		s.roots.AddCert(web.Certificate())
		web.Close()
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[c] = true
			s.mu.Unlock()
			all.Go(func() { s.talk(c) })
		}
	})
	t.Cleanup(func() { s.stop(); all.Wait() })
	return s
}

func (s *smtpServer) stop() {
	_ = s.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

func (s *smtpServer) answers(say func(n int, verb string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.say = say
}

func (s *smtpServer) got() (mails []string, tries int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.mails...), s.tries
}

func (s *smtpServer) talk(c net.Conn) {
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	secure := false
	if s.implicit {
		c, secure = tls.Server(c, s.tls), true
	}
	in := bufio.NewReader(c)
	n := 0
	answer := func(verb, usual string) bool {
		s.mu.Lock()
		if verb == "MAIL" {
			s.tries++
		}
		n = s.tries
		text := ""
		if s.say != nil {
			text = s.say(n, verb)
		}
		s.mu.Unlock()
		if text == "" {
			text = usual
		}
		if text == drop {
			return false
		}
		_, err := fmt.Fprintf(c, "%s\r\n", text)
		return err == nil && strings.HasPrefix(text, usual[:1])
	}
	if !answer("", "220 demo ESMTP") {
		return
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSpace(line)
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		verb, _, _ = strings.Cut(verb, ":")
		switch verb {
		case "EHLO":
			text := "250-demo"
			if s.tls != nil && !secure {
				text += "\r\n250-STARTTLS"
			}
			if s.login {
				text += "\r\n250-AUTH PLAIN"
			}
			answer(verb, text+"\r\n250 ENHANCEDSTATUSCODES")
		case "STARTTLS":
			answer(verb, "220 go on")
			c, secure = tls.Server(c, s.tls), true
			in = bufio.NewReader(c)
		case "AUTH":
			s.mu.Lock()
			s.auths = append(s.auths, line)
			s.mu.Unlock()
			answer(verb, "235 welcome")
		case "DATA":
			if !answer(verb, "354 go on") {
				continue
			}
			var text strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				text.WriteString(strings.TrimPrefix(line, "."))
			}
			s.mu.Lock()
			said := ""
			if s.say != nil {
				said = s.say(n, ".")
			}
			if said == "" || said == drop || strings.HasPrefix(said, "2") { // it has it, even where it does not come to say so
				s.mails = append(s.mails, text.String())
			}
			s.mu.Unlock()
			if said == drop {
				return
			}
			answer(".", "250 2.0.0 Ok: queued as 4F2")
		case "QUIT":
			answer(verb, "221 bye")
			return
		default:
			answer(verb, "250 2.0.0 Ok")
		}
	}
}
