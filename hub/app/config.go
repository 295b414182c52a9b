package app

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"path/filepath"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/settings"
	"hallkeeper/wire"
)

// Config is the hub's settings: a YAML file, then HALL_… variables, then flags.
type Config struct {
	// Data is the folder of everything the hub keeps.
	Data string     `yaml:"data"`
	Hall HallConfig `yaml:"hall"`
	// HTTP is host:port of pages and API.
	HTTP string `yaml:"http"`
	// HTTPS is host:port of the same over TLS; empty is none. Where it is set, HTTP beyond loopback leads here.
	HTTPS string `yaml:"https"`
	// Certificate and CertificateKey are PEM files that the county gave for browsers; the hall's own authority issues one where they are empty.
	Certificate    string `yaml:"certificate"`
	CertificateKey string `yaml:"certificate_key"`
	// Names are the names and addresses under which the hub is reached; empty takes this machine's own.
	Names []string `yaml:"names"`
	// MQTT is host:port of the embedded broker without TLS: loopback only, for programs of this machine.
	MQTT string `yaml:"mqtt"`
	// MQTTTLS is host:port of the embedded broker for enrolled devices, which show their certificates; empty is none.
	MQTTTLS string `yaml:"mqtt_tls"`
	// Beacon is host:port of UDP by which hubs of one hall hear of each other; empty takes 0.0.0.0:8885 where the hub serves a
	// network, none is none.
	Beacon string `yaml:"beacon"`
	// MQTTURL, where set, uses an external broker instead.
	MQTTURL string `yaml:"mqtt_url"`
	// Log is text or json; LogLevel debug, info, warn or error.
	Log      string `yaml:"log"`
	LogLevel string `yaml:"log_level"`
	// Checkpoint is the time of day, hh:mm in the hall's zone, at which the log's tree head is signed.
	Checkpoint string `yaml:"checkpoint"`
	// DayClose is the time of day, hh:mm, at which the daily check of the day is closed by itself, once its last shift is over.
	DayClose string `yaml:"day_close"`

	// PublicURL is where citizens' phones reach the hub, e.g. https://hall.example.cn; tickets carry a QR code only where it is set.
	PublicURL string `yaml:"public_url"`

	// OperatorSecret, where set, lets programs on this machine act as the operator with it, instead of the one
	// that each start writes to control.json. At least 32 characters.
	OperatorSecret string `yaml:"operator_secret"`

	// SessionIdle ends a session that is not used for so long, screens' sessions excepted; SessionMax ends any.
	SessionIdle time.Duration `yaml:"session_idle"`
	SessionMax  time.Duration `yaml:"session_max"`
	// SessionBinding is address where a session works from the network address only that it was opened from, none
	// where people's addresses change on their way, as behind some proxies.
	SessionBinding string `yaml:"session_binding"`

	// OIDC is a single sign-on beside passwords and passkeys; none where issuer is empty.
	OIDC OIDCConfig `yaml:"oidc"`

	// Bureau is the organ that issues documents, as it signs them.
	Bureau string `yaml:"bureau"`
	// Fonts is a folder with the bureau's own fonts for PDF: song, xiaobiaosong, heiti, fangsong and kaiti, .otf or
	// .ttf each. What is not there is taken from Debian's fonts-noto-cjk.
	Fonts string     `yaml:"fonts"`
	Mail  MailConfig `yaml:"mail"`
	// Notify is who is told of troubles with the machines, beside the console.
	Notify NotifyConfig `yaml:"notify"`
	// Backup is where the hub backs itself up to.
	Backup BackupConfig `yaml:"backup"`

	// Version is the program's; ReadyFile is written once the hub serves. Demo
	// says on every screen that this is no real hall.
	Version   string
	ReadyFile string
	Demo      bool
	// Now is the clock; nil is this machine's. How long things take and wait is never measured by it.
	Now func() time.Time
	// Synchronised tells whether Now is known to be right; nil asks the kernel where Now is this machine's clock.
	Synchronised func() bool
}

// HallConfig names the hall.
type HallConfig struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
	// NameEN is what pages in English call it; Name where it is empty.
	NameEN   string `yaml:"name_en"`
	TimeZone string `yaml:"time_zone"`
}

// OIDCConfig is a single sign-on by OpenID Connect.
type OIDCConfig struct {
	// Issuer is its address, as its discovery document says it.
	Issuer   string `yaml:"issuer"`
	ClientID string `yaml:"client_id"`
	// ClientSecretFile holds the secret alone; none for a public client, which PKCE protects.
	ClientSecretFile string `yaml:"client_secret_file"`
	// Name and NameEN are on the button.
	Name   string `yaml:"name"`
	NameEN string `yaml:"name_en"`
	// Claim names a person for good: sub, or another that the issuer never gives twice.
	Claim string `yaml:"claim"`
}

// Check tells all that is wrong at once.
func (c *OIDCConfig) Check() error {
	if c.Issuer == "" {
		return nil
	}
	var wrong []error
	say := func(key, zh, en string, args ...any) { wrong = append(wrong, settings.At(key, zh, en, args...)) }
	if u, err := url.Parse(c.Issuer); err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !here(u.Hostname())) {
		say("issuer", "应填统一身份认证的地址，如 https://sso.example.gov.cn，写的是 %q：不加密的话，途中任何人都能冒名登录", "expected the issuer's address like https://sso.example.gov.cn, got %q: without TLS anybody on the way could sign in as anybody", c.Issuer)
	}
	if c.ClientID == "" {
		say("client_id", "应填统一身份认证给本主机的标识", "expected the id under which the issuer knows this hub")
	}
	if c.Name == "" || c.NameEN == "" {
		say("name", "name 和 name_en 都要填，即按钮上的文字", "expected name and name_en, the words on the button")
	}
	if c.Claim == "" {
		say("claim", "应填 sub，或另一个永远只指同一个人的字段", "expected sub, or the claim that names a person for good")
	}
	return errors.Join(wrong...)
}

// MailConfig is the mail server that takes copies to departments; none where host is empty.
type MailConfig struct {
	Host string `yaml:"host"`
	Port int    `yaml:"port"`
	// TLS is starttls, tls (from the beginning on), or none for a server on this machine.
	TLS  string `yaml:"tls"`
	User string `yaml:"user"`
	// PasswordFile holds the password alone.
	PasswordFile string `yaml:"password_file"`
	// From is the sender's address, Name what stands before it; the hall's name where it is empty.
	From string `yaml:"from"`
	Name string `yaml:"name"`
}

// Check tells all that is wrong at once.
func (c *MailConfig) Check() error {
	if c.Host == "" {
		return nil
	}
	var wrong []error
	say := func(key, zh, en string, args ...any) { wrong = append(wrong, settings.At(key, zh, en, args...)) }
	if c.Port < 1 || c.Port > 65535 {
		say("port", "应填端口，如 587，写的是 %d", "expected a port like 587, got %d", c.Port)
	}
	switch c.TLS {
	case "starttls", "tls":
	case "none":
		if ip := net.ParseIP(c.Host); c.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			say("tls", "应填 starttls 或 tls：不加密的话，密码和姓名会明文经过网络；none 只用于本机上的邮件服务器", "expected starttls or tls: without, passwords and names would cross the network in clear; none is for a server on this machine only")
		}
	default:
		say("tls", "应填 starttls、tls 或 none，写的是 %q", "expected starttls, tls or none, got %q", c.TLS)
	}
	if a, err := mail.ParseAddress(c.From); err != nil || a.Address != c.From {
		say("from", "应填发件人的邮箱地址，如 hall@example.gov.cn，写的是 %q", "expected the sender's mail address like hall@example.gov.cn, got %q", c.From)
	}
	if (c.User == "") != (c.PasswordFile == "") {
		say("password_file", "user 和 password_file 应同时填写，或都不填", "expected user and password_file, or neither")
	}
	return errors.Join(wrong...)
}

// Defaults are the settings of a hub that was told nothing.
func Defaults() Config {
	return Config{Data: "data", Hall: HallConfig{ID: "hall", Name: "政务服务大厅", TimeZone: "Asia/Shanghai"},
		HTTP: "127.0.0.1:8080", MQTT: "127.0.0.1:1883", Log: "text", LogLevel: "info", Checkpoint: "23:50", DayClose: "23:30", SessionIdle: 30 * time.Minute, SessionMax: access.SessionLasts, SessionBinding: "address", OIDC: OIDCConfig{Claim: "sub", Name: "统一身份认证", NameEN: "Single sign-on"}, Mail: MailConfig{Port: 587, TLS: "starttls"}, Notify: NotifyDefaults(), Backup: BackupConfig{Every: time.Hour, KeepDays: 30}, Version: "unversioned"}
}

// Check tells all that is wrong at once.
func (c *Config) Check() error {
	var wrong []error
	say := func(key, zh, en string, args ...any) { wrong = append(wrong, settings.At(key, zh, en, args...)) }
	if c.Data == "" {
		say("data", "应填一个文件夹", "expected a folder")
	}
	if err := wire.CheckName(c.Hall.ID); err != nil {
		say("hall.id", "应填大厅的标识（1 至 64 个字符，只用字母、数字、点、下划线和减号），写的是 %[2]q", "%[1]w", err, c.Hall.ID)
	}
	if c.Hall.Name == "" {
		say("hall.name", "应填屏幕上显示的大厅名称", "expected the name on the screens")
	}
	if zh, en := ZoneFault(c.Hall.TimeZone); en != "" {
		say("hall.time_zone", "%[1]s", "%[2]s", zh, en)
	}
	if n := len(c.OperatorSecret); n > 0 && n < 32 {
		say("operator_secret", "至少 32 个字符，写了 %d 个", "expected at least 32 characters, got %d", n)
	}
	if _, _, err := net.SplitHostPort(c.HTTP); err != nil {
		say("http", "应填 地址:端口，如 127.0.0.1:8080，写的是 %q", "expected host:port like 127.0.0.1:8080, got %q", c.HTTP)
	}
	c.checkHTTPS(say)
	c.checkBeacon(say)
	if _, _, err := net.SplitHostPort(c.MQTT); err != nil && c.MQTTURL == "" {
		say("mqtt", "应填 地址:端口，如 127.0.0.1:1883，写的是 %q", "expected host:port like 127.0.0.1:1883, got %q", c.MQTT)
	}
	if _, _, err := net.SplitHostPort(c.MQTTTLS); c.MQTTTLS != "" && err != nil {
		say("mqtt_tls", "应填 地址:端口，如 0.0.0.0:8883，写的是 %q", "expected host:port like 0.0.0.0:8883, got %q", c.MQTTTLS)
	}
	if c.MQTTTLS != "" && c.MQTTURL != "" {
		say("mqtt_tls", "mqtt_tls 和 mqtt_url 只填一项：外部的消息服务自己监听", "expected mqtt_tls or mqtt_url: an external broker listens by itself")
	}
	if u, err := url.Parse(c.MQTTURL); c.MQTTURL != "" && (err != nil || u.Host == "") {
		say("mqtt_url", "应填地址，如 mqtt://主机:1883", "expected a URL like mqtt://host:1883")
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || here(u.Hostname()) {
			say("public_url", "应填手机能打开的地址，如 https://hall.example.cn，写的是 %q", "expected an address that phones can reach, like https://hall.example.cn, got %q", c.PublicURL)
		}
	}
	if c.SessionIdle < time.Minute {
		say("session_idle", "至少应为 1m，如 30m，写的是 %s", "expected at least 1m, like 30m, got %s", c.SessionIdle)
	}
	if c.SessionMax < c.SessionIdle || c.SessionMax > 7*24*time.Hour {
		say("session_max", "应填一段时间，如 12h，不短于 session_idle，不长于 168h，写的是 %s", "expected a time like 12h, not below session_idle and not above 168h, got %s", c.SessionMax)
	}
	if c.SessionBinding != "address" && c.SessionBinding != "none" {
		say("session_binding", "应填 address 或 none，写的是 %q", "expected address or none, got %q", c.SessionBinding)
	}
	if c.Log != "text" && c.Log != "json" {
		say("log", "应填 text 或 json，写的是 %q", "expected text or json, got %q", c.Log)
	}
	switch c.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		say("log_level", "应填 debug、info、warn 或 error，写的是 %q", "expected debug, info, warn or error, got %q", c.LogLevel)
	}
	for key, at := range map[string]string{"checkpoint": c.Checkpoint, "day_close": c.DayClose} {
		if _, err := time.Parse("15:04", at); err != nil {
			say(key, "应填时刻，如 23:50，写的是 %q", "expected a time of day like 23:50, got %q", at)
		}
	}
	return errors.Join(wrong...)
}

// ZoneFault says why a hall cannot go by a time zone; empty where it can.
func ZoneFault(name string) (zh, en string) {
	zone, err := time.LoadLocation(name)
	switch {
	case err != nil || name == "":
		return fmt.Sprintf("应为时区名称，如 Asia/Shanghai，而不是 %q", name), fmt.Sprintf("expected a time zone like Asia/Shanghai, got %q", name)
	case hall.ChangesItsClock(zone, time.Now().Year()):
		return name + " 实行夏令时，考勤的分钟会丢失或重复计算；应为不调整时钟的时区，如 Asia/Shanghai",
			fmt.Sprintf("the clocks of %s are put forward and back (summer time): minutes of attendance would be lost or counted twice; expected a time zone without that, like Asia/Shanghai", name)
	}
	return "", ""
}

// here tells whether a host is this machine itself, which no phone reaches.
func here(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

func (c *Config) zone() (*time.Location, error) {
	z, err := time.LoadLocation(c.Hall.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("the hall's time zone: %w", err)
	}
	return z, nil
}

// LogDir is where the log lives in a data folder.
func LogDir(data string) string { return filepath.Join(data, "log") }

// KeyDir is where the keys live in a data folder.
func KeyDir(data string) string { return filepath.Join(data, "keys") }

// ViewsFile is where the views live in a data folder.
func ViewsFile(data string) string { return filepath.Join(data, "views.db") }

// PhotoDir is where pictures of inspections live in a data folder.
func PhotoDir(data string) string { return filepath.Join(data, "photos") }

// originPrefix stands before a hall's id on checkpoints.
const originPrefix = "hallkeeper/"

// origin is the hall's name on checkpoints.
func (c *Config) origin() string { return originPrefix + c.Hall.ID }

// verifyAt is where the pages are that check documents; empty where no phone can
// reach the hub. A demo's documents lead to the demo on its own machine.
func (c *Config) verifyAt() string {
	if c.PublicURL == "" && c.Demo {
		return "http://" + c.HTTP
	}
	return c.PublicURL
}
