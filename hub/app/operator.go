package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
)

// Control is how programs on the hub's machine reach a running hub: whoever can
// read the data folder is its operator.
type Control struct {
	HTTP   string `json:"http"`
	Secret string `json:"secret"`
}

func controlFile(data string) string { return filepath.Join(data, "control.json") }

// ReadControl finds the running hub of a data folder; fs.ErrNotExist where none ran.
func ReadControl(data string) (c Control, err error) {
	b, err := os.ReadFile(controlFile(data))
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("read %s: %w", controlFile(data), err)
	}
	return c, nil
}

// letIn tries again to write control.json until it can.
func (a *App) letIn(ctx context.Context) error {
	t := time.NewTicker(letInAgain)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil
		}
		if a.writeControl() == nil {
			a.logger.Info("programs on this machine find the hub again")
			return nil
		}
	}
}

// letInAgain is the time between two tries of letIn.
const letInAgain = 5 * time.Second

// writeControl lets programs on this machine in until the hub ends.
func (a *App) writeControl() error {
	b, err := json.Marshal(Control{a.addresses().HTTP, a.secret}) //nolint:gosec // the file is how programs of the same user get it
	if err != nil {
		return err
	}
	tmp := controlFile(a.cfg.Data) + ".new"
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the file by which programs on this machine find the hub: %w", err)
	}
	if err := os.Rename(tmp, controlFile(a.cfg.Data)); err != nil {
		return err
	}
	a.control.Store(true)
	return nil
}

// removeControl takes back what this hub has written, never what another one has.
func (a *App) removeControl() error {
	if !a.control.Load() {
		return nil
	}
	if err := os.Remove(controlFile(a.cfg.Data)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// makeSecrets makes the operator's secret and the code of the first start, which hub init may have made.
func (a *App) makeSecrets() (err error) {
	if a.secret = a.cfg.OperatorSecret; a.secret == "" {
		if a.secret, err = access.NewSecret(rand.Reader); err != nil {
			return err
		}
	}
	left, ok, err := firstStart(a.cfg.Data)
	if err != nil {
		return err
	}
	if !ok {
		left.Code, err = access.NewSecret(rand.Reader)
	}
	a.first = left
	return err
}

// setupCode is of the link by which the first administrator is made; empty once there is one.
func (a *App) setupCode() string {
	n := 0
	a.Read(func(v *register.View, _ *roster.State) { n = v.State.Access.Administrators() })
	if n > 0 {
		return ""
	}
	return a.first.Code
}

// SetupLink is where the first administrator is made; empty once there is one.
func (a *App) SetupLink() string {
	if a.setupCode() == "" {
		return ""
	}
	return a.first.link(a.door())
}
