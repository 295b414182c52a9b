package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/google/uuid"

	"hallkeeper/bilingual"
	"hallkeeper/hub/api"
	"hallkeeper/hub/courier"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/trouble"
	"hallkeeper/hub/webhook"
	"hallkeeper/wire"
)

// teller is one way by which those who keep the machines are told.
type teller struct {
	channel string
	// receivers are who is told by it: addresses of mail, or the webhook's host.
	receivers []string
	// send makes one attempt to tell one of them, by number; it may take its time, nobody waits for it.
	send func(ctx context.Context, to int, message string, at time.Time, l *trouble.Letter, test bool) (answer string, ok bool)
}

// all makes one attempt to tell all; one that fails lets all be told again, under the same id.
func (t *teller) all(ctx context.Context, message string, at time.Time, l *trouble.Letter) (answer string, ok bool) {
	for to := range t.receivers {
		if answer, ok = t.send(ctx, to, message, at, l, false); !ok {
			return answer, false
		}
	}
	return answer, true
}

// test sends all a test, one after the other, and gives what became of each.
func (t *teller) test(ctx context.Context, message string, at time.Time) (answers []api.TestAnswer) {
	for to, name := range t.receivers {
		answer, ok := t.send(ctx, to, message, at, &trouble.Letter{Attempt: 1}, true)
		answers = append(answers, api.TestAnswer{Channel: t.channel, To: name, OK: ok, Answer: answer})
	}
	return answers
}

// tellEvery is how often is looked for what is to be told.
const tellEvery = time.Second

// openTellers makes the ways that the settings name.
func (a *App) openTellers() error {
	c := a.cfg.Notify
	from := trouble.Sender{Hall: a.cfg.Hall.ID, Name: a.cfg.Hall.Name, Zone: a.zone}
	if a.cfg.PublicURL != "" {
		from.Console = a.cfg.PublicURL + "/console#/alarms"
	}
	lang := trouble.Language(c.Language)
	if len(c.Mail) > 0 {
		if a.courier == nil {
			return bilingual.New("notify.mail 写了地址，却没有设置邮件服务器：请填写 mail.host，或去掉这些地址", "notify.mail names addresses and no mail server is set: set mail.host, or take the addresses out")
		}
		a.tellers = append(a.tellers, &teller{channel: trouble.ByMail, receivers: c.Mail, send: func(ctx context.Context, to int, message string, at time.Time, l *trouble.Letter, test bool) (string, bool) {
			r := a.courier.Send(ctx, courier.Mail{ID: fmt.Sprintf("%s-%d", message, to+1), Kind: "trouble", Attempt: l.Attempt, To: c.Mail[to], Subject: from.Subject(l, lang, test), Body: from.Body(l, lang, test), At: at})
			return r.Answer, r.OK
		}})
	}
	if c.Webhook != "" {
		secret, err := os.ReadFile(c.WebhookSecretFile)
		if err != nil {
			return bilingual.Errorf("读不了 webhook 的密钥文件（notify.webhook_secret_file）：%w", "read the secret of the webhook (notify.webhook_secret_file): %w", err)
		}
		hook, err := webhook.New(c.Webhook, bytes.TrimSpace(secret))
		if err != nil {
			return bilingual.Errorf("webhook 用不了（notify.webhook）：%w", "open the webhook (notify.webhook): %w", err)
		}
		a.tellers = append(a.tellers, &teller{channel: trouble.ByWebhook, receivers: []string{hostOf(c.Webhook)}, send: func(ctx context.Context, _ int, message string, at time.Time, l *trouble.Letter, test bool) (string, bool) {
			body, err := json.Marshal(from.Payload(l, message, at, lang, test))
			if err != nil {
				return err.Error(), false
			}
			return hook.Send(ctx, message, time.Now(), body)
		}})
	}
	return nil
}

// hostOf is the host of an address; the rest of a webhook's may hold a secret.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// noteTroubles makes troubles of alarms that stand, until ctx ends.
func (a *App) noteTroubles(ctx context.Context) error {
	var watch trouble.Watch
	actor := wire.Actor{Kind: wire.ActorSchedule, ID: "troubles"}
	for {
		alarms := a.views.live.Alarms()
		var n trouble.Note
		changed := false
		a.Read(func(v *register.View, _ *roster.State) {
			n, changed = watch.Look(a.cfg.Now(), alarms, &v.State.Troubles)
		})
		if changed {
			for i := range n.Raised {
				a.namePlace(&n.Raised[i])
			}
			if _, _, err := a.decide(ctx, actor, "", n); err != nil && ctx.Err() == nil {
				// Where nothing can be stored the tellers say that much by themselves. The alarms stand: they are noted once it works again.
				a.logger.Warn("troubles could not be noted; they are noted again", "error", err)
				if !wait(ctx, 10*time.Second) {
					return nil
				}
			}
		}
		if !wait(ctx, tellEvery) {
			return nil
		}
	}
}

// namePlace writes into the alarm of an old backup the place that it is of. The live view, which everybody sees, has its number only.
func (a *App) namePlace(alarm *wire.Alarm) {
	to := a.cfg.Backup.To
	n := 1
	if number := alarm.Values["place"]; number != "" {
		n, _ = strconv.Atoi(number)
	}
	if alarm.Kind != wire.AlarmBackup || n < 1 || n > len(to) {
		return
	}
	values := maps.Clone(alarm.Values) // the live view's own
	if values == nil {
		values = map[string]string{}
	}
	values[trouble.PlaceName] = to[n-1]
	alarm.Values = values
}

// tell tells by one way until ctx ends. Each way has its own: one whose server hangs holds up nothing else.
func (a *App) tell(ctx context.Context, t *teller) error {
	rules := a.cfg.Notify.rules(a.zone)
	var outage outage
	for {
		now := a.cfg.Now()
		var l trouble.Letter
		due := false
		if s := a.log.Stats(); !s.Writable || outage.told {
			if l, due = outage.letter(now, s); due {
				if _, ok := a.attempt(ctx, t, &l); ok {
					outage.done(s.Writable)
				} else {
					outage.next = now.Add(time.Minute)
				}
			}
		} else {
			a.Read(func(v *register.View, _ *roster.State) { l, due = v.State.Troubles.Due(t.channel, now, rules) })
			if due {
				a.tellOnce(ctx, t, &l)
			}
		}
		timer := time.NewTimer(tellEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// tellOnce makes one attempt and stores what became of it.
func (a *App) tellOnce(ctx context.Context, t *teller, l *trouble.Letter) {
	told, ok := a.attempt(ctx, t, l)
	if !ok && ctx.Err() != nil {
		return // the hub ends: this was no failure of the server's
	}
	storing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if _, _, err := a.decide(storing, wire.Actor{Kind: wire.ActorSchedule, ID: "troubles"}, "", told); err != nil {
		a.logger.Warn("what became of a message about troubles could not be stored; it may come twice", "channel", t.channel, "error", err)
		wait(ctx, 10*time.Second)
	}
}

func (a *App) attempt(ctx context.Context, t *teller, l *trouble.Letter) (trouble.Tell, bool) {
	message := messageID(t.channel, l)
	answer, ok := t.all(ctx, message, a.cfg.Now(), l)
	told := l.Told(t.channel, message, ok, answer)
	if ok {
		a.messages.WithLabelValues(t.channel, "sent").Inc()
		a.logger.Info("a message about troubles was sent", "channel", t.channel, "raised", len(l.Raised), "cleared", len(l.Cleared))
	} else if ctx.Err() == nil {
		a.messages.WithLabelValues(t.channel, "failed").Inc()
		a.logger.Warn("a message about troubles could not be sent", "channel", t.channel, "answer", answer)
	}
	return told, ok
}

// messageID is the same for each attempt to tell the same, by which whoever gets it twice can drop the second one.
func messageID(channel string, l *trouble.Letter) string {
	b, err := json.Marshal(l.Told(channel, "", true, ""))
	if err != nil {
		return uuid.NewString() // plain data: it cannot fail
	}
	return uuid.NewSHA1(uuid.Nil, b).String()
}

// outage is a time in which the hub cannot store: no event can say so, and people must be told all the same.
type outage struct {
	told bool
	of   trouble.Trouble
	next time.Time
}

// letter is what is to be told of the outage now: once that it is, and once that it is over.
func (o *outage) letter(now time.Time, s eventlog.Stats) (l trouble.Letter, due bool) {
	l.Attempt = 1
	switch {
	case now.Before(o.next):
		return l, false
	case s.Writable:
		over := o.of
		over.Until = &now
		l.Cleared = []trouble.Trouble{over}
		return l, true
	case o.told, now.Sub(s.UnwritableSince) < trouble.Kinds()[wire.AlarmNotWritable].Raise:
		return l, false
	}
	o.of = trouble.Trouble{TroubleRaised: wire.TroubleRaised{Trouble: "outage-" + s.UnwritableSince.UTC().Format(time.RFC3339), Kind: wire.AlarmNotWritable, Severity: wire.SeverityAlarm, Since: s.UnwritableSince, Detail: cause(&s)}}
	l.Raised, l.Open = []trouble.Trouble{o.of}, 1
	return l, true
}

func (o *outage) done(writable bool) { o.told, o.next = !writable, time.Time{} }

// TestMessage sends a test message to all whom the settings name, whether the hub runs or not, and gives what became of each.
func TestMessage(ctx context.Context, cfg Config, logger *slog.Logger) (answers []api.TestAnswer, err error) {
	a, err := New(cfg, logger)
	if err == nil {
		err = errors.Join(a.openCourier(), a.openTellers())
	}
	if err != nil {
		return nil, err
	}
	if len(a.tellers) == 0 {
		return nil, bilingual.New("没有设置通知对象：请在设置中填写 notify.mail 或 notify.webhook", "nobody is set to be told: fill in notify.mail or notify.webhook in the settings")
	}
	for _, t := range a.tellers {
		answers = append(answers, t.test(ctx, uuid.NewString(), a.cfg.Now())...)
	}
	return answers, nil
}
