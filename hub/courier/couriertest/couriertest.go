// Package couriertest is a small mail server on this machine, which greylists, refuses and dies as it is told.
package couriertest

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

// Drop is the answer that ends a connection without a word.
const Drop = "drop"

// Server is a mail server that takes mails to anybody.
type Server struct {
	net.Listener
	Host string
	Port int
	// Roots trust its certificate.
	Roots *x509.CertPool
	// Login lets it offer AUTH PLAIN.
	Login bool
	// tls is nil for a server that knows none; implicit begins with it.
	tls      *tls.Config
	implicit bool

	mu    sync.Mutex
	say   func(n int, verb string) string
	mails []string
	tries int
	auths []string
	conns map[net.Conn]bool
}

// Serve listens at an address until the test ends.
func Serve(t testing.TB, addr string, withTLS, implicit bool) *Server {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Listener: l, Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, implicit: implicit, conns: map[net.Conn]bool{}}
	if withTLS {
		web := httptest.NewTLSServer(nil) // its certificate is for 127.0.0.1
		s.tls = &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}
		s.Roots = x509.NewCertPool()
		s.Roots.AddCert(web.Certificate())
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
	t.Cleanup(func() { s.Stop(); all.Wait() })
	return s
}

// Stop ends it and all its connections.
func (s *Server) Stop() {
	_ = s.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

// Answers lets say give the answer to a verb of the nth mail ("" greets, DATA comes before and "." after the
// text); empty is the usual one.
func (s *Server) Answers(say func(n int, verb string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.say = say
}

// Got are the mails that it has, and how often one was begun.
func (s *Server) Got() (mails []string, tries int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.mails...), s.tries
}

// Logins are how often somebody signed in.
func (s *Server) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.auths)
}

func (s *Server) talk(c net.Conn) {
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
		if text == Drop {
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
			if s.Login {
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
			if said == "" || said == Drop || strings.HasPrefix(said, "2") { // it has it, even where it does not come to say so
				s.mails = append(s.mails, text.String())
			}
			s.mu.Unlock()
			if said == Drop {
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
