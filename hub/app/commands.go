package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"hallkeeper/hub/api"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Do carries out a command of the API; see api.Commands.
func (a *App) Do(ctx context.Context, actor wire.Actor, key string, cmd any) ([]wire.Record, bool, error) {
	switch c := cmd.(type) {
	case api.SetWindow:
		return a.decide(ctx, actor, key, roster.SetWindow{Window: c.ID, Number: c.Number, Name: c.Name, Department: c.Department, Direction: c.Direction})
	case api.AssignDevice:
		return a.decide(ctx, actor, key, roster.AssignDevice{
			DeviceAssigned: wire.DeviceAssigned{Agent: c.Agent, Window: c.Window}, Heard: a.views.live.Online(c.Agent)})
	case api.DismissDevice:
		return a.decide(ctx, actor, key, roster.DismissDevice{
			DeviceDismissed: wire.DeviceDismissed{Agent: c.Agent}, Heard: a.views.live.Online(c.Agent)})
	case api.IdentifyDevice:
		return nil, false, a.order(c.Agent, wire.CommandIdentify)
	case api.RestartDevice:
		return nil, false, a.order(c.Agent, wire.CommandRestart)
	case api.DismissDeadLetter:
		return a.dismissLetter(ctx, actor, c)
	}
	if register.Command(cmd) {
		return a.decide(ctx, actor, key, cmd)
	}
	return nil, false, fmt.Errorf("no command is a %T", cmd)
}

// decide stores what a command makes and shows it before it is answered.
func (a *App) decide(ctx context.Context, actor wire.Actor, key string, cmd any) ([]wire.Record, bool, error) {
	actor, err := a.placed(actor)
	if err != nil {
		return nil, false, err
	}
	return a.append(ctx, actor, key, func(m eventlog.Moment) ([]wire.Event, error) { return a.decider.decide(m, actor, cmd) })
}

// placed seals where somebody acts from: the log has no address in clear.
func (a *App) placed(actor wire.Actor) (wire.Actor, error) {
	from, err := a.SealPlace(actor.From)
	if err != nil {
		return actor, fmt.Errorf("%w: %w", a.notWritable(), err)
	}
	actor.From = from
	return actor, nil
}

func (a *App) notWritable() *hall.Error {
	switch s := a.log.Stats(); {
	case errors.Is(s.Cause, eventlog.ErrClockBehind):
		return &hall.Error{Code: hall.CodeUnavailable, Name: "not_writable",
			ZH: "主机的时钟还没有校准，暂停登记，什么都没有改变；请管理员校准主机时间，之后自动恢复", EN: "the hub's clock is not set, so nothing can be stored and nothing was changed; have the administrator set it, it goes on by itself"}
	case errors.Is(s.Cause, eventlog.ErrSuperseded):
		return &hall.Error{Code: hall.CodeUnavailable, Name: "not_writable",
			ZH: "另一台主机已接替本大厅，这台不再登记，什么都没有改变；请打开现用主机的页面", EN: "another hub has taken over, this one stores nothing and nothing was changed; open the pages of the other"}
	}
	return &hall.Error{Code: hall.CodeUnavailable, Name: "not_writable",
		ZH: "主机现在无法保存数据，什么都没有改变；请稍后再试，并查看控制台的告警", EN: "the hub cannot store now and nothing was changed; try again later and look at the console's alarms"}
}

// Tell stores what happened before this hub was there, as it was told: a demo's past. Each key tells once.
func (a *App) Tell(ctx context.Context, actor wire.Actor, key string, past []hall.Draft) error {
	if len(past) == 0 {
		return nil
	}
	_, _, err := a.append(ctx, actor, key, func(eventlog.Moment) ([]wire.Event, error) {
		events := make([]wire.Event, 0, len(past))
		for _, x := range past {
			e, err := a.decider.seal(x)
			if err != nil {
				return nil, err
			}
			events = append(events, e)
		}
		return events, nil
	})
	return err
}

func (a *App) append(ctx context.Context, actor wire.Actor, key string, decide eventlog.Decide) ([]wire.Record, bool, error) {
	records, again, err := a.log.Append(ctx, key, func(m eventlog.Moment) ([]wire.Event, error) {
		events, err := decide(m)
		for i := range events {
			if events[i].Actor == nil {
				events[i].Actor = &actor
			}
		}
		return events, err
	})
	if errors.Is(err, eventlog.ErrUnavailable) || errors.Is(err, eventlog.ErrClosed) {
		return nil, false, fmt.Errorf("%w: %w", a.notWritable(), err)
	}
	if err != nil || len(records) == 0 {
		return nil, false, err
	}
	last := records[len(records)-1]
	if err := a.views.runner.Await(ctx, last.Position); err != nil {
		return nil, false, err
	}
	if err := a.destroy(records); err != nil {
		return nil, false, err
	}
	for i := range records {
		switch records[i].Kind {
		case wire.KindPeriodPublished, wire.KindPeriodRevised:
			select {
			case a.proofs <- struct{}{}:
			default: // one checkpoint covers all
			}
		case wire.KindDeviceAssigned, wire.KindDeviceDismissed:
			var d wire.DeviceDismissed
			if json.Unmarshal(records[i].Data, &d) == nil {
				a.sendCommandedState(d.Agent)
			}
		}
	}
	return records, again, nil
}

// dismissLetter says that a person has dealt with a dead letter, once.
func (a *App) dismissLetter(ctx context.Context, actor wire.Actor, c api.DismissDeadLetter) ([]wire.Record, bool, error) {
	number := strconv.FormatUint(c.Number, 10)
	if c.Number == 0 || c.Number > uint64(a.log.Stats().DeadLetters) {
		return nil, false, hall.Unknown("dead_letter_unknown", "没有编号为 "+number+" 的死信", "there is no dead letter "+number)
	}
	actor, err := a.placed(actor)
	if err != nil {
		return nil, false, err
	}
	return a.append(ctx, actor, "deadletter/"+number, func(eventlog.Moment) ([]wire.Event, error) {
		data, err := json.Marshal(wire.DeadLetterDismissed{Number: c.Number})
		if err != nil || c.Note == "" {
			return []wire.Event{{Kind: wire.KindDeadLetterDismissed, Data: data}}, err
		}
		// Free text may name a person: a key of its own, so that it can be forgotten.
		note, err := a.vault.Seal("deadletter-"+number, map[string]string{"note": c.Note})
		return []wire.Event{{Kind: wire.KindDeadLetterDismissed, Data: data, Personal: []wire.Sealed{note}}}, err
	})
}

// order tells a connected device something that is not stored.
func (a *App) order(agent string, kind wire.CommandKind) error {
	online := a.views.live.Online(agent)
	if _, known := a.views.assignment(agent); !known && !online {
		return hall.Unknown("device_unknown", "本大厅从未收到设备“"+agent+"”的消息", "nothing was ever heard from device "+agent)
	}
	if !online {
		return hall.Refuse("device_offline", "设备“"+agent+"”现在不在线，收不到指令", "device "+agent+" is not connected and would not get the order")
	}
	return a.send(agent, kind)
}

func (a *App) send(agent string, kind wire.CommandKind) error { return a.sendWith(agent, kind, nil) }

func (a *App) sendWith(agent string, kind wire.CommandKind, data json.RawMessage) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	payload, err := json.Marshal(wire.Command{ID: id.String(), Kind: kind, Data: data})
	if err != nil {
		return err
	}
	if err := a.broker.Publish(a.topics.Agent(agent, wire.LeafCommand), payload, 1, false); err != nil {
		return fmt.Errorf("%w: %w", &hall.Error{Code: hall.CodeUnavailable, Name: "broker_lost",
			ZH: "主机与 MQTT 服务器的连接已断开，指令未发出", EN: "the hub has lost the MQTT broker; the order was not sent"}, err)
	}
	return nil
}

// sendCommandedState tells a device all that the hall wants of it: a device that
// was dismissed takes no ratings, any other does.
func (a *App) sendCommandedState(agent string) {
	kind := wire.CommandRatingOpen
	if as, _ := a.views.assignment(agent); as == wire.DeviceNotOurs {
		kind = wire.CommandRatingClose
	}
	if err := a.send(agent, kind); err != nil {
		a.logger.Warn("a device could not be told the hall's state; it is told when it comes online", "agent", agent, "error", err)
	}
}

// devices hears what devices say of themselves; see ingest.Devices.
type devices struct {
	app *App
}

// DeviceStatus shows a device's own words on the screens.
func (d devices) DeviceStatus(agent string, s wire.Status, at time.Time) {
	d.app.views.live.DeviceStatus(agent, s, at)
}

// CameOnline hands over to the sender: the broker must not wait for its own answers.
func (d devices) CameOnline(agent string) {
	select {
	case d.app.online <- agent:
	default: // a hall full of devices came at once: they say so again with their next status
		d.app.logger.Warn("too many devices came online at once", "agent", agent)
	}
}

// greet sends devices that came online the hall's state.
func (a *App) greet(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case agent := <-a.online:
			a.sendCommandedState(agent)
		}
	}
}

// SetWindowOnce defines a window that is not there yet.
func (a *App) SetWindowOnce(ctx context.Context, actor wire.Actor, w wire.WindowSet) error {
	known := false
	a.views.runner.Read(func() { _, known = a.views.facts.Roster.Windows[w.Window] })
	if known {
		return nil
	}
	_, _, err := a.decide(ctx, actor, "", roster.SetWindow(w))
	return err
}

// AssignOnceSeen waits until a device has stored its first event and assigns it,
// unless somebody has decided about it before.
func (a *App) AssignOnceSeen(ctx context.Context, actor wire.Actor, d wire.DeviceAssigned) error {
	for p := a.views.runner.Position(); ; p++ {
		switch as, known := a.views.assignment(d.Agent); {
		case known && as != wire.DeviceUnassigned:
			return nil
		case known:
			_, _, err := a.decide(ctx, actor, "", roster.AssignDevice{DeviceAssigned: d})
			return err
		}
		if err := a.views.runner.Await(ctx, p+1); err != nil {
			return err
		}
	}
}

// AcceptOutbox waits until a device has had so many outboxes and then says, where
// the hall still asks, that somebody has looked at it and that all is well.
func (a *App) AcceptOutbox(ctx context.Context, actor wire.Actor, d wire.DeviceAssigned, outboxes int) error {
	for p := a.views.runner.Position(); ; p++ {
		var had int
		var asked bool
		a.views.runner.Read(func() {
			had = len(a.views.facts.Roster.Devices[d.Agent].Outboxes)
			_, asked = a.views.facts.Incidents[string(wire.AlarmOutboxNew)+"/"+d.Agent]
		})
		if had >= outboxes {
			if !asked {
				return nil
			}
			_, _, err := a.decide(ctx, actor, "", roster.AssignDevice{DeviceAssigned: d})
			return err
		}
		if err := a.views.runner.Await(ctx, p+1); err != nil {
			return err
		}
	}
}
