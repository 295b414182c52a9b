package main

import (
	"errors"
	"net/url"
	"os"
	"slices"
	"strings"

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
	// Data is the folder of the browser's profile, in which the page keeps the screen's key.
	Data string `yaml:"data"`
	// Cursors is a folder with a theme of cursors that cannot be seen; empty shows the system's.
	Cursors string `yaml:"cursors"`
}

func defaults() config {
	return config{Page: "lobby", Data: "/var/lib/hallkeeper-screen", Cursors: "/usr/share/hallkeeper-screen/cursors"}
}

// Check tells all that is wrong at once.
func (c *config) Check() error {
	var wrong []error
	say := func(key, format string, args ...any) { wrong = append(wrong, settings.At(key, format, args...)) }
	if u, err := url.Parse(c.Hub); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		say("hub", "expected the hub's address like https://192.168.1.10, got %q", c.Hub)
	}
	if !slices.Contains([]string{"lobby", "kiosk", "board", "rating"}, c.Page) {
		say("page", "expected lobby, kiosk, board or rating, got %q", c.Page)
	}
	if c.Page == "rating" && c.Window == "" {
		say("window", "expected the id of the window at which the tablet stands, like w01")
	}
	if c.Authority != "" {
		if _, err := os.Stat(c.Authority); err != nil {
			say("authority", "the file cannot be read, fetch it from http://HUB/ca.crt and compare its fingerprint: %w", err)
		}
	}
	if c.Data == "" {
		say("data", "expected a folder")
	}
	return errors.Join(wrong...)
}

// address is the page that is shown.
func (c *config) address() string {
	path := "/" + c.Page
	if c.Page == "rating" {
		path = "/rate/" + url.PathEscape(c.Window)
	}
	return strings.TrimRight(c.Hub, "/") + path
}
