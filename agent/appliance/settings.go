//go:build linux

package appliance

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"hallkeeper/agent"
	"hallkeeper/agent/identity"
	"hallkeeper/settings"
	"hallkeeper/wire"
)

// The files on the persistent partition, in the folder that Config names.
const (
	enrolFile  = "enrol.yaml"
	agentFile  = "agent.yaml"
	dataFolder = "data"
	// usedFile names the code that was tried to its end: each is tried once.
	usedFile = "enrol.used"
)

// Enrolment is what a technician writes into enrol.yaml.
type Enrolment struct {
	// Hub is the hub's host or host:port for HTTPS, Code the console's.
	Hub  string `yaml:"hub"`
	Code string `yaml:"code"`
	// Time is the host or host:port that gives the time; the hub where it is empty.
	Time string `yaml:"time"`
}

// Check implements what settings asks for.
func (e *Enrolment) Check() error {
	var wrong []error
	if _, err := identity.Addresses(e.Hub); err != nil {
		wrong = append(wrong, settings.At("hub", "%w", "%w", err))
	}
	if _, err := wire.ParseEnrolCode(e.Code); err != nil {
		wrong = append(wrong, settings.At("code", "注册码不对，请照管理端显示的重新填写%[2]s", "%[1]w", err, ""))
	}
	return errors.Join(wrong...)
}

// readEnrolment gives what the technician has written; found is false where there is nothing.
func (c Config) readEnrolment() (e Enrolment, found bool, err error) {
	path := filepath.Join(c.Settings, enrolFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return e, false, nil
	}
	err = settings.Load(&e, path, nil)
	return e, true, err
}

// timeServer is who gives the time: what the technician has said, or the hub.
func (c Config) timeServer() string {
	e, found, err := c.readEnrolment()
	if found && err == nil && e.Time != "" {
		return e.Time
	}
	at := ""
	if home, err := identity.LoadHome(c.data()); err == nil {
		at = home.HTTPS
	} else if found {
		at = e.Hub
	}
	at = strings.TrimSuffix(strings.TrimPrefix(at, "https://"), "/")
	if host, _, err := net.SplitHostPort(at); err == nil {
		return host
	}
	return at
}

func (c Config) data() string { return filepath.Join(c.Settings, dataFolder) }

// agentSettings is the technician's file, or the image's.
func (c Config) agentSettings() string {
	path := filepath.Join(c.Settings, agentFile)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	return c.Default
}

// knowsBroker tells whether the agent's settings name a broker. What is wrong with them the agent tells.
func (c Config) knowsBroker() bool {
	var s agent.Config
	_ = settings.Load(&s, c.agentSettings(), os.Environ())
	return s.MQTT != ""
}

// used tells whether a code was tried to its end before.
func (c Config) used(code string) bool {
	text, err := os.ReadFile(filepath.Join(c.Settings, usedFile))
	return err == nil && strings.TrimSpace(string(text)) == digest(code)
}

// use notes a code, on the disk before it returns: after a power cut it would be tried again.
func (c Config) use(code string) error {
	return replace(filepath.Join(c.Settings, usedFile), []byte(digest(code)+"\n"))
}

// digest names a code without telling it.
func digest(code string) string {
	sum := sha256.Sum256([]byte(strings.TrimSpace(code)))
	return hex.EncodeToString(sum[:])
}
