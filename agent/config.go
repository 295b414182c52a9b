package agent

import (
	"errors"
	"log/slog"

	"hallkeeper/agent/board"
	"hallkeeper/agent/printer"
	"hallkeeper/agent/uplink"
	"hallkeeper/settings"
	"hallkeeper/wire"
)

// Config is the agent's settings: a YAML file, then HALL_… variables, then flags.
type Config struct {
	// Agent is the device's name in topics, e.g. w01; Hall the hall's id. A device
	// that is enrolled may leave them out, and MQTT as well.
	Agent string `yaml:"agent"`
	Hall  string `yaml:"hall"`
	// MQTT is the broker's URL, e.g. tls://192.168.1.10:8883.
	MQTT string `yaml:"mqtt"`
	// Data is the folder of the outbox and of the identity.
	Data string `yaml:"data"`
	// Board is the path of a board file, or sim, or sim:PATH for another wiring
	// on simulated pins.
	Board string `yaml:"board"`
	// SimSocket is where simulated pins are played.
	SimSocket string `yaml:"sim_socket"`
	// Log is text or json; LogLevel debug, info, warn or error.
	Log      string      `yaml:"log"`
	LogLevel slog.Level  `yaml:"log_level"`
	Clock    ClockConfig `yaml:"clock"`
	// Printer is the receipt printer of a kiosk: tcp://ADDRESS:9100, usb:/dev/usb/lp0, or
	// png:FOLDER, which draws tickets with PrinterFont instead; empty is none.
	Printer     string `yaml:"printer"`
	PrinterFont string `yaml:"printer_font"`
	// OutboxLimit is how many events the outbox holds at most.
	OutboxLimit int `yaml:"outbox_limit"`

	// Version is the program's.
	Version string `yaml:"-"`
}

// ClockConfig says how far to trust the computer's clock.
type ClockConfig struct {
	// AssumeSynced takes it for right whatever the kernel says.
	AssumeSynced bool `yaml:"assume_synced"`
}

// defaultLimit is a month of a busy window, and few enough that the whole outbox
// is checked on start within the memory that an agent may take.
const defaultLimit = 20_000

// Defaults are the settings of an agent that was told nothing; name, hall, broker and board have none.
func Defaults() Config {
	return Config{Data: "/var/lib/hallkeeper", Log: "text", OutboxLimit: defaultLimit, PrinterFont: "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", Version: "unversioned"}
}

// Check tells all that is wrong at once. What an enrolled device left out is taken from its identity.
func (c *Config) Check() error {
	var wrong []error
	say := func(key, zh, en string, args ...any) { wrong = append(wrong, settings.At(key, zh, en, args...)) }
	c.enrolled(say)
	if err := wire.CheckName(c.Agent); err != nil {
		say("agent", "应填本机的名称，如 w01（1 至 64 个字符，只用字母、数字、点、下划线和减号），写的是 %[2]q", "expected the device's name, like w01: %[1]w", err, c.Agent)
	}
	if err := wire.CheckName(c.Hall); err != nil {
		say("hall", "应填大厅的标识（1 至 64 个字符，只用字母、数字、点、下划线和减号），写的是 %[2]q", "expected the hall's id: %[1]w", err, c.Hall)
	}
	if err := uplink.CheckURL(c.MQTT); err != nil {
		say("mqtt", "%w，写的是 %q", "%w, got %q", err, c.MQTT)
	}
	if c.Data == "" {
		say("data", "应填一个文件夹", "expected a folder")
	}
	switch {
	case c.Board == "":
		say("board", "应填接线文件的路径、sim，没有按钮和读卡器的填 none", "expected the path of a board file, sim, or none where there are no buttons and readers")
	case board.IsSim(c.Board) && c.SimSocket == "":
		say("sim_socket", "board 为 sim 时应填套接字的路径", "expected the path of a socket, since board is sim")
	}
	if c.Log != "text" && c.Log != "json" {
		say("log", "应填 text 或 json，写的是 %q", "expected text or json, got %q", c.Log)
	}
	if c.Printer != "" {
		if _, err := printer.Open(c.Printer, c.PrinterFont); err != nil {
			say("printer", "%w", "%w", err)
		}
	}
	if c.OutboxLimit < 100 {
		say("outbox_limit", "至少应为 100 条，写的是 %d", "expected at least 100 events, got %d", c.OutboxLimit)
	}
	return errors.Join(wrong...)
}
