package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"hallkeeper/hub/app"
)

// secureDemo serves the demo over TLS as well, where the settings name no addresses for that.
func secureDemo(cfg *app.Config) {
	if cfg.HTTPS == "" {
		cfg.HTTPS = "127.0.0.1:8443"
	}
	if cfg.MQTTTLS == "" {
		cfg.MQTTTLS = "127.0.0.1:8883"
	}
}

// broker is where the windows' agents connect.
func (d *demoFlags) broker(addr app.Addresses) string {
	if d.tls {
		return addr.MQTTTLS
	}
	return addr.MQTT
}

// enrol makes an agent a device of the hall as people do it at a window: with a code
// of the console, which the agent's own program takes to the hub. One that is
// enrolled stays so; one whose certificate was revoked meanwhile gets another.
func (d *demoFlags) enrol(ctx context.Context, hub *app.App, a *agents, id string, addr app.Addresses) error {
	if !d.tls {
		return nil
	}
	data := filepath.Join(a.dir, id)
	if _, err := os.Stat(filepath.Join(data, "identity")); err == nil && hub.Enrolled(id) {
		return nil
	}
	u, err := url.Parse(addr.HTTPS)
	if err != nil {
		return err
	}
	code, err := hub.EnrolmentCode(ctx, demoActor(), id)
	if err != nil {
		return fmt.Errorf("make an enrolment code for the demo's %s: %w", id, err)
	}
	cmd := exec.CommandContext(ctx, a.program, "enroll", "--hub", u.Host, "--code", code, "--data", data, "--force") //nolint:gosec // the demo's own agent, which the operator named
	cmd.Env = ownSettings(os.Environ())
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("enrol the demo's %s: %w: %s", id, err, strings.TrimSpace(string(said)))
	}
	return nil
}
