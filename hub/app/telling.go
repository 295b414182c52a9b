package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/google/uuid"

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
	// send makes one attempt; it may take its time, nobody waits for it.
	send func(ctx context.Context, message string, at time.Time, l *trouble.Letter, test bool) (answer string, ok bool)
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
			return errors.New("notify.mail names addresses and no mail server is set: set mail.host, or take the addresses out")
		}
		a.tellers = append(a.tellers, &teller{channel: trouble.ByMail, send: func(ctx context.Context, message string, at time.Time, l *trouble.Letter, test bool) (answer string, ok bool) {
			for i, to := range c.Mail { // one that fails lets all be sent again, under the same Message-ID
				r := a.courier.Send(ctx, courier.Mail{ID: fmt.Sprintf("%s-%d", message, i+1), Kind: "trouble", Attempt: l.Attempt, To: to, Subject: from.Subject(l, lang, test), Body: from.Body(l, lang, test), At: at})
				if !r.OK {
					return r.Answer, false
				}
				answer = r.Answer
			}
			return answer, true
		}})
	}
	if c.Webhook != "" {
		secret, err := os.ReadFile(c.WebhookSecretFile)
		if err != nil {
			return fmt.Errorf("read the secret of the webhook (notify.webhook_secret_file): %w", err)
		}
		hook, err := webhook.New(c.Webhook, bytes.TrimSpace(secret))
		if err != nil {
			return fmt.Errorf("open the webhook (notify.webhook): %w", err)
		}
		a.tellers = append(a.tellers, &teller{channel: trouble.ByWebhook, send: func(ctx context.Context, message string, at time.Time, l *trouble.Letter, test bool) (string, bool) {
			body, err := json.Marshal(from.Payload(l, message, at, lang, test))
			if err != nil {
				return err.Error(), false
			}
			return hook.Send(ctx, message, time.Now(), body)
		}})
	}
	return nil
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
	answer, ok := t.send(ctx, message, a.cfg.Now(), l, false)
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

// TestMessage sends a test message by every way that the settings name, whether the hub runs or not, and gives what each server
// answered by channel, and which took it.
func TestMessage(ctx context.Context, cfg Config, logger *slog.Logger) (answers map[string]string, took map[string]bool, err error) {
	a, err := New(cfg, logger)
	if err == nil {
		err = errors.Join(a.openCourier(), a.openTellers())
	}
	if err != nil {
		return nil, nil, err
	}
	if len(a.tellers) == 0 {
		return nil, nil, errors.New("nobody is set to be told: fill in notify.mail or notify.webhook in the settings")
	}
	answers, took = map[string]string{}, map[string]bool{}
	for _, t := range a.tellers {
		answers[t.channel], took[t.channel] = t.send(ctx, uuid.NewString(), a.cfg.Now(), &trouble.Letter{Attempt: 1}, true)
	}
	return answers, took, nil
}
