package main

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hallkeeper/settings"
)

// config is the screen's settings: a YAML file, then HALL_… variables, then flags.
type config struct {
	// Hub is the hub's address, e.g. https://hub.hall.
	Hub string `yaml:"hub"`
	// Page is lobby, kiosk, board or rating; Window whose a rating tablet is.
	Page   string `yaml:"page"`
	Window string `yaml:"window"`
	// Authority is a PEM file with the hall's own authority, which the browser is to trust; empty where the hub has
	// a certificate that it trusts already.
	Authority string `yaml:"authority"`
	// Hours are when the screen is on, e.g. mon-fri 08:00-18:00; without any it always is. Zone is their time zone.
	Hours []hours `yaml:"hours"`
	Zone  string  `yaml:"time_zone"`
	// Restart is when the browser is started anew each day, which gives back what it has leaked.
	Restart minute `yaml:"restart"`
	// Turn is by how many degrees the picture is turned clockwise: 0, 90, 180 or 270.
	Turn int `yaml:"turn"`
	// CEC is a pattern of the devices by which a television is switched; empty leaves televisions alone.
	CEC string `yaml:"cec"`
	// Away is after how long without the hub its page gives way to the screen's own.
	Away time.Duration `yaml:"away"`
	// Patience is for how long a page may give no sign of life before the browser is started again.
	Patience time.Duration `yaml:"patience"`
	// Flags are handed to the browser as well, for graphics that want them.
	Flags []string `yaml:"flags"`
	Clock struct {
		// AssumeSynced trusts the computer's clock without asking the kernel, where nothing sets it but a battery keeps it.
		AssumeSynced bool `yaml:"assume_synced"`
	} `yaml:"clock"`
	// Data is the folder of the browser's profile, in which the page keeps the screen's key.
	Data string `yaml:"data"`
	// Cursors is a folder with a theme of cursors that cannot be seen; empty shows the system's.
	Cursors string `yaml:"cursors"`
}

const (
	defaultAway     = time.Minute
	defaultPatience = 30 * time.Second
	leastPatience   = time.Second
)

func defaults() config {
	return config{Page: "lobby", Zone: "Asia/Shanghai", Restart: at(3, 30), CEC: "/dev/cec*", Away: defaultAway, Patience: defaultPatience,
		Data: "/var/lib/hallkeeper-screen", Cursors: "/usr/share/hallkeeper-screen/cursors"}
}

// Check tells all that is wrong at once.
func (c *config) Check() error {
	var wrong []error
	say := func(key, zh, en string, args ...any) { wrong = append(wrong, settings.At(key, zh, en, args...)) }
	if u, err := url.Parse(c.Hub); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		say("hub", "应填主机地址，如 https://192.168.1.10，写的是 %q", "expected the hub's address like https://192.168.1.10, got %q", c.Hub)
	}
	if !slices.Contains([]string{"lobby", "kiosk", "board", "rating"}, c.Page) {
		say("page", "应填 lobby、kiosk、board 或 rating，写的是 %q", "expected lobby, kiosk, board or rating, got %q", c.Page)
	}
	if c.Page == "rating" && c.Window == "" {
		say("window", "应填平板所在窗口的标识，如 w01", "expected the id of the window at which the tablet stands, like w01")
	}
	if c.Authority != "" {
		if _, err := os.Stat(c.Authority); err != nil {
			say("authority", "读不了这个文件，请从 http://主机/ca.crt 下载并核对指纹：%w", "the file cannot be read, fetch it from http://HUB/ca.crt and compare its fingerprint: %w", err)
		}
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "" {
		say("time_zone", "应填时区名称，如 Asia/Shanghai，写的是 %q", "expected a time zone like Asia/Shanghai, got %q", c.Zone)
	}
	if !slices.Contains([]int{0, 90, 180, 270}, c.Turn) {
		say("turn", "应填 0、90、180 或 270 度，写的是 %d", "expected 0, 90, 180 or 270 degrees, got %d", c.Turn)
	}
	if _, err := filepath.Match(c.CEC, ""); err != nil {
		say("cec", "应填文件名通配符，如 /dev/cec*，写的是 %q", "expected a pattern like /dev/cec*, got %q", c.CEC)
	}
	if c.Away < 0 {
		say("away", "应填一段时间，如 1m，写的是 %v", "expected a duration like 1m, got %v", c.Away)
	}
	if c.Patience < leastPatience {
		say("patience", "至少应为 %v，写的是 %v", "expected at least %v, got %v", leastPatience, c.Patience)
	}
	for _, flag := range c.Flags {
		if !strings.HasPrefix(flag, "--") {
			say("flags", "应填浏览器的参数，如 --disable-gpu，写的是 %q", "expected flags of the browser like --disable-gpu, got %q", flag)
		}
	}
	if c.Data == "" {
		say("data", "应填一个文件夹", "expected a folder")
	}
	return errors.Join(wrong...)
}

// address is the page that is shown.
func (c *config) address() string {
	path := "/" + c.Page
	if c.Page == "rating" {
		path = "/rate/" + url.PathEscape(c.Window)
	}
	return c.origin() + path
}

// origin is the hub's address without a slash at its end.
func (c *config) origin() string { return strings.TrimRight(c.Hub, "/") }

// zone is the time zone, which Check has found to be one.
func (c *config) zone() *time.Location {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}
