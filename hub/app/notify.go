package app

import (
	"errors"
	"net/mail"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/trouble"
	"hallkeeper/hub/webhook"
	"hallkeeper/settings"
)

// NotifyConfig says who is told of troubles with the machines, and when.
type NotifyConfig struct {
	// Mail are the addresses of those who keep the machines; the mail server is that of the setting mail.
	Mail []string `yaml:"mail"`
	// Webhook is an address that takes JSON, signed with the secret in WebhookSecretFile.
	Webhook           string `yaml:"webhook"`
	WebhookSecretFile string `yaml:"webhook_secret_file"`
	// Language is zh, en or both.
	Language string `yaml:"language"`
	// QuietFrom and QuietUntil (hh:mm) are the hours in which only what is urgent is told; the same time is none.
	QuietFrom  string `yaml:"quiet_from"`
	QuietUntil string `yaml:"quiet_until"`
	// Gather is for how long more is waited for after the first thing to tell, Every the least time between two messages.
	Gather time.Duration `yaml:"gather"`
	Every  time.Duration `yaml:"every"`
}

// NotifyDefaults tell nobody, and do not flood whoever is entered.
func NotifyDefaults() NotifyConfig {
	return NotifyConfig{Language: "zh", QuietFrom: "19:00", QuietUntil: "07:30", Gather: 2 * time.Minute, Every: 30 * time.Minute}
}

// Check tells all that is wrong at once.
func (c *NotifyConfig) Check() error {
	var wrong []error
	say := func(key, zh, en string, args ...any) { wrong = append(wrong, settings.At(key, zh, en, args...)) }
	for _, to := range c.Mail {
		if a, err := mail.ParseAddress(to); err != nil || a.Address != to {
			say("mail", "应填邮箱地址，如 jishu@example.gov.cn，写的是 %q", "expected mail addresses like jishu@example.gov.cn, got %q", to)
		}
	}
	if len(c.Mail) > mostAddresses {
		say("mail", "最多 %d 个地址，写了 %d 个：请用邮件服务器的群组地址转发", "expected at most %d addresses, got %d: let a list of the mail server pass it on", mostAddresses, len(c.Mail))
	}
	if c.Webhook != "" {
		if err := webhook.Check(c.Webhook); err != nil {
			say("webhook", "%w", "%w", err)
		}
	}
	if (c.Webhook == "") != (c.WebhookSecretFile == "") {
		say("webhook_secret_file", "webhook 和 webhook_secret_file 应同时填写，或都不填", "expected webhook and webhook_secret_file, or neither")
	}
	switch trouble.Language(c.Language) {
	case trouble.ZH, trouble.EN, trouble.Both:
	default:
		say("language", "应填 zh、en 或 both，写的是 %q", "expected zh, en or both, got %q", c.Language)
	}
	for key, at := range map[string]string{"quiet_from": c.QuietFrom, "quiet_until": c.QuietUntil} {
		if m, ok := hall.ParseMinute(at); !ok || m >= hall.DayMinutes {
			say(key, "应填时刻，如 19:00，写的是 %q", "expected a time of day like 19:00, got %q", at)
		}
	}
	if c.Gather < 0 || c.Gather > time.Hour {
		say("gather", "应填一段时间，如 2m，最长 1h，写的是 %s", "expected a time like 2m, at most 1h, got %s", c.Gather)
	}
	if c.Every < time.Minute || c.Every > 24*time.Hour {
		say("every", "应填一段时间，如 30m，1m 至 24h，写的是 %s", "expected a time like 30m, from 1m to 24h, got %s", c.Every)
	}
	return errors.Join(wrong...)
}

// mostAddresses bounds who is told by mail.
const mostAddresses = 20

func (c *NotifyConfig) rules(zone *time.Location) trouble.Rules {
	from, _ := hall.ParseMinute(c.QuietFrom) // Check has looked at them
	until, _ := hall.ParseMinute(c.QuietUntil)
	return trouble.Rules{Gather: c.Gather, Every: c.Every, QuietFrom: from, QuietUntil: until, Zone: zone}
}
