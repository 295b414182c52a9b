package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"hallkeeper/simulator/hand"
)

// steps are the life of the packages in one hall.
func (t *trial) steps() error {
	for _, step := range []struct {
		says string
		do   func() error
	}{
		{"the hub's image, unpacked, serves as its user", t.container},
		{"the version before is installed with what it needs", t.install},
		{"what the screen needs can be had", t.screen},
		{"the machine starts without network: the hub waits for its settings, the agent for its enrolment; neither has failed", t.first},
		{"hub init, and the hub serves, still without network", t.found},
		{"a window is enrolled, shown in the lobby, and its presses are stored", t.enrol},
		{"a hub that hangs is started again, and the window goes on", t.hang},
		{"an upgrade that is cut off goes on with dpkg --configure -a; settings and records are kept", t.upgrade},
		{"the same version once more changes nothing", t.again},
		{"removed: nothing runs, settings and records are kept", t.remove},
		{"purged: the settings are gone, the records are kept", t.purge},
		{"installed again: the hall has its records, the window its identity", t.reinstall},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: NOT: %w", step.says, err)
		}
		t.log("✓ %s", step.says)
	}
	return nil
}

func (t *trial) install() error {
	for _, name := range []string{"hub", "agent"} {
		file, err := newest(t.packages, name)
		if err != nil {
			return err
		}
		if _, err := t.host("cp", file, filepath.Join(t.root, "packages", name+".deb")); err != nil {
			return err
		}
		if _, err := t.older(file, name); err != nil {
			return err
		}
	}
	if _, err := t.inside("apt-get", "update"); err != nil {
		return fmt.Errorf("%w: %w", errUnavailable, err)
	}
	if _, err := t.inside("apt-get", "install", "--yes", "--no-install-recommends", "/packages/older-hub.deb", "/packages/older-agent.deb"); err != nil {
		return err
	}
	for _, ours := range []struct{ dir, mode string }{{hubData, "hallkeeper-hub:hallkeeper-hub 700"}, {agentData, "hallkeeper:hallkeeper 700"}} {
		if said, err := t.inside("stat", "--format=%U:%G %a", ours.dir); err != nil || strings.TrimSpace(said) != ours.mode {
			return fmt.Errorf("%s is of %s, not %s: %w", ours.dir, strings.TrimSpace(said), ours.mode, err)
		}
	}
	if said, err := t.inside("id", "--name", "--groups", "hallkeeper"); err != nil || !strings.Contains(said, "gpio") || !strings.Contains(said, "input") {
		return fmt.Errorf("the agent's user is in the groups %s: %w", said, err)
	}
	// What the technician writes.
	return t.write("/etc/hallkeeper/agent.yaml", 0o644, "data: "+agentData+"\nboard: sim\nsim_socket: "+agentData+"/s\nclock:\n  assume_synced: true\n")
}

func (t *trial) screen() error {
	file, err := newest(t.packages, "screen")
	if err != nil {
		return err
	}
	if _, err := t.host("cp", file, filepath.Join(t.root, "packages", "screen.deb")); err != nil {
		return err
	}
	if t.short {
		_, err := t.inside("apt-get", "install", "--simulate", "--no-install-recommends", "/packages/screen.deb")
		return err
	}
	if _, err := t.inside("apt-get", "install", "--yes", "--no-install-recommends", "/packages/screen.deb"); err != nil {
		return err
	}
	said, err := t.inside("hallkeeper-screen", "command", "--config", "/etc/hallkeeper/screen.conf")
	if err != nil || !strings.HasSuffix(strings.TrimSpace(said), "https://hub.hall/lobby") {
		return fmt.Errorf("it would show %s: %w", said, err)
	}
	for _, program := range []string{"/usr/bin/sway", "/usr/bin/chromium", "/usr/bin/certutil"} {
		if _, err := t.inside("test", "-x", program); err != nil {
			return err
		}
	}
	_, err = t.inside("apt-get", "purge", "--yes", "hallkeeper-screen") // there is no screen here
	return err
}

func (t *trial) first() error {
	// A hang is found out sooner than in a hall.
	for _, name := range []string{"hub", "agent"} {
		if err := t.write("/etc/systemd/system/hallkeeper-"+name+".service.d/trial.conf", 0o644, "[Service]\nWatchdogSec=6s\n"); err != nil {
			return err
		}
	}
	if err := t.boot(); err != nil {
		return err
	}
	return errors.Join(t.is("hub", "ActiveState", "inactive"), t.is("hub", "ConditionResult", "no"),
		t.is("agent", "ActiveState", "inactive"), t.is("agent", "ConditionResult", "no"))
}

func (t *trial) found() error {
	if _, err := t.inside("hallkeeper-hub", "init", "--yes", "--hall", hallID, "--name", "测试大厅"); err != nil {
		return err
	}
	if _, err := t.inside("systemctl", "enable", "--now", "hallkeeper-hub"); err != nil {
		return err
	}
	return errors.Join(t.is("hub", "ActiveState", "active"), t.is("hub", "NRestarts", "0"), t.serves())
}

func (t *trial) enrol() error {
	if err := t.ask(true, http.MethodPut, "/api/v1/windows/1", map[string]string{"number": "1", "name": "一号窗口"}, nil); err != nil {
		return err
	}
	var made struct {
		Code string `json:"code"`
	}
	if err := t.ask(true, http.MethodPost, "/api/v1/enrolments", map[string]string{"device": device}, &made); err != nil {
		return err
	}
	if _, err := t.inside("hallkeeper-agent", "enroll", "--hub", "127.0.0.1", "--code", made.Code); err != nil {
		return err
	}
	if _, err := t.inside("systemctl", "start", "hallkeeper-agent"); err != nil {
		return err
	}
	if err := t.await("the device is known", func() (bool, error) {
		err := t.ask(true, http.MethodPost, "/api/v1/devices/"+device+"/assign", map[string]string{"window": "1"}, nil)
		return err == nil, err
	}); err != nil {
		return err
	}
	t.window = &window{hand: hand.New(filepath.Join(t.root, agentData, "s"), 1, nil)}
	return errors.Join(t.shown(), t.press(3))
}

func (t *trial) hang() error {
	if _, err := t.inside("systemctl", "kill", "--signal=STOP", "hallkeeper-hub"); err != nil {
		return err
	}
	if err := errors.Join(t.is("hub", "NRestarts", "1"), t.is("hub", "ActiveState", "active"), t.serves(), t.shown()); err != nil {
		return err
	}
	if _, err := t.inside("systemctl", "kill", "--signal=STOP", "hallkeeper-agent"); err != nil {
		return err
	}
	return errors.Join(t.is("agent", "NRestarts", "1"), t.is("agent", "ActiveState", "active"), t.shown(), t.press(2))
}

// upgrade is cut off twice: dpkg is killed while a package's script runs.
func (t *trial) upgrade() error {
	const trap = "/usr/local/sbin/deb-systemd-invoke"
	if err := t.write(trap, 0o755, "#!/bin/sh\nread -r _ _ _ dpkg _ </proc/$PPID/stat\nkill -9 \"$dpkg\" $PPID\n"); err != nil {
		return err
	}
	if said, err := t.inside("dpkg", "--force-confold", "--install", "/packages/hub.deb", "/packages/agent.deb"); err == nil {
		return fmt.Errorf("nobody has killed dpkg: %s", said)
	}
	if said, err := t.inside("dpkg", "--force-confold", "--configure", "-a"); err == nil {
		return fmt.Errorf("nobody has killed dpkg again: %s", said)
	}
	if err := os.Remove(filepath.Join(t.root, trap)); err != nil {
		return err
	}
	if _, err := t.inside("dpkg", "--force-confold", "--configure", "-a"); err != nil {
		return err
	}
	if said, err := t.inside("dpkg", "--audit"); err != nil || strings.TrimSpace(said) != "" {
		return fmt.Errorf("dpkg finds fault with %s: %w", said, err)
	}
	for _, name := range []string{"hub", "agent"} {
		if said, err := t.inside("dpkg-query", "--show", "--showformat=${Version} ${db:Status-Status}", "hallkeeper-"+name); err != nil || strings.HasPrefix(said, "0.0~1 ") || !strings.HasSuffix(said, " installed") {
			return fmt.Errorf("hallkeeper-%s is %s: %w", name, said, err)
		}
	}
	if err := t.settingsKept(); err != nil {
		return err
	}
	return errors.Join(t.is("hub", "ActiveState", "active"), t.serves(), t.shown(), t.press(2))
}

func (t *trial) settingsKept() error {
	text, err := os.ReadFile(filepath.Join(t.root, "etc", "hallkeeper", "hub.yaml"))
	if err != nil || !strings.Contains(string(text), "id: "+hallID) {
		return fmt.Errorf("the hub's settings are not those of the technician (%w):\n%s", err, text)
	}
	text, err = os.ReadFile(filepath.Join(t.root, "etc", "hallkeeper", "agent.yaml"))
	if err != nil || !strings.Contains(string(text), "board: sim") {
		return fmt.Errorf("the agent's settings are not those of the technician (%w):\n%s", err, text)
	}
	return nil
}

func (t *trial) again() error {
	if _, err := t.inside("dpkg", "--force-confold", "--install", "/packages/hub.deb", "/packages/agent.deb"); err != nil {
		return err
	}
	return errors.Join(t.settingsKept(), t.is("hub", "ActiveState", "active"), t.serves(), t.shown(), t.press(1))
}

func (t *trial) remove() error {
	if _, err := t.inside("systemctl", "stop", "hallkeeper-agent"); err != nil {
		return err
	}
	if _, err := t.inside("dpkg", "--remove", "hallkeeper-hub", "hallkeeper-agent"); err != nil {
		return err
	}
	if said, err := t.inside("systemctl", "list-units", "--plain", "--no-legend", "--state=active", "hallkeeper-*"); err != nil || strings.TrimSpace(said) != "" {
		return fmt.Errorf("this still runs: %s: %w", said, err)
	}
	for _, file := range []string{"usr/bin/hallkeeper-hub", "usr/bin/hallkeeper-agent", "lib/systemd/system/hallkeeper-hub.service"} {
		if _, err := os.Lstat(filepath.Join(t.root, file)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is left: %w", file, err)
		}
	}
	return t.settingsKept()
}

func (t *trial) purge() error {
	before, err := t.records()
	if err != nil {
		return err
	}
	settings, err := os.ReadFile(filepath.Join(t.root, "etc", "hallkeeper", "hub.yaml"))
	if err != nil {
		return err
	}
	t.settings = string(settings) // as the technician has noted them
	said, err := t.inside("dpkg", "--purge", "hallkeeper-hub", "hallkeeper-agent")
	if err != nil {
		return err
	}
	if !strings.Contains(said, hubData+" is kept") || !strings.Contains(said, agentData+" is kept") {
		return fmt.Errorf("it does not say what is kept: %s", said)
	}
	if _, err := os.Stat(filepath.Join(t.root, "etc", "hallkeeper")); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the settings are left: %w", err)
	}
	after, err := t.records()
	if err != nil || before != after {
		return fmt.Errorf("the records are not what they were: %w", err)
	}
	return nil
}

// records is a digest of all that hub and agent have kept.
func (t *trial) records() (string, error) {
	sum := sha256.New()
	for _, dir := range []string{hubData, agentData} {
		files := 0
		err := filepath.WalkDir(filepath.Join(t.root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path) //nolint:gosec // nobody but this trial writes there
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			owner, _ := info.Sys().(*syscall.Stat_t)
			files++
			fmt.Fprintf(sum, "%s %v %d %x\n", path, info.Mode(), owner.Uid, sha256.Sum256(text))
			return nil
		})
		if err != nil || files == 0 {
			return "", fmt.Errorf("%s holds %d files: %w", dir, files, err)
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

func (t *trial) reinstall() error {
	if _, err := t.inside("dpkg", "--install", "/packages/hub.deb", "/packages/agent.deb"); err != nil {
		return err
	}
	if err := t.is("hub", "ActiveState", "inactive"); err != nil {
		return err
	}
	// Purge took the settings, and init does not found a hall on another's records.
	if said, err := t.inside("hallkeeper-hub", "init", "--yes", "--hall", hallID, "--name", "测试大厅"); err == nil {
		return fmt.Errorf("a hall was founded on the records of another: %s", said)
	}
	if err := t.write("/etc/hallkeeper/hub.yaml", 0o644, t.settings); err != nil {
		return err
	}
	if err := t.write("/etc/hallkeeper/agent.yaml", 0o644, "data: "+agentData+"\nboard: sim\nsim_socket: "+agentData+"/s\nclock:\n  assume_synced: true\n"); err != nil {
		return err
	}
	if _, err := t.inside("systemctl", "start", "hallkeeper-hub"); err != nil {
		return err
	}
	if _, err := t.inside("systemctl", "restart", "hallkeeper-agent"); err != nil {
		return err
	}
	return errors.Join(t.serves(), t.shown(), t.press(1))
}
