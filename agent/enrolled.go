package agent

import (
	"context"
	"errors"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"hallkeeper/agent/clock"
	"hallkeeper/agent/identity"
	"hallkeeper/agent/uplink"
	"hallkeeper/wire"
)

// enrolled fills in what the identity says, and refuses what contradicts it. An
// identity whose key cannot be used is no reason to keep nothing.
func (c *Config) enrolled(say func(key, format string, args ...any)) {
	home, err := identity.LoadHome(c.Data)
	if errors.Is(err, identity.ErrNone) {
		if uplink.Encrypted(c.MQTT) {
			say("mqtt", "%w", err)
		}
		return
	}
	if err != nil {
		if c.Agent == "" || c.Hall == "" || c.MQTT == "" {
			say("data", "the identity in %s cannot be used: %w", identity.Dir(c.Data), err)
		}
		return
	}
	for _, s := range []struct {
		key string
		set *string
		is  string
	}{{"agent", &c.Agent, home.Agent}, {"hall", &c.Hall, home.Hall}} {
		if *s.set == "" {
			*s.set = s.is
		} else if *s.set != s.is && (c.MQTT == "" || uplink.Encrypted(c.MQTT)) {
			say(s.key, "this computer is enrolled as %s of the hall %s: leave it out, or run agent enroll --force, got %q", home.Agent, home.Hall, *s.set)
		}
	}
	if c.MQTT == "" {
		c.MQTT = home.MQTT
		if c.MQTT == "" {
			say("mqtt", "the hub named no broker over TLS when this computer was enrolled (the hub's setting mqtt_tls): give one, or enrol again")
		}
	}
}

func (a *Agent) openIdentity() {
	trusted := func() bool { return a.clock.State() == wire.ClockSynced }
	a.identity = identity.Keep(a.cfg.Data, identity.Clock{Now: time.Now, Trusted: trusted}, a.logger)
}

// keepIdentity renews the certificate in time; a device that became another one starts again.
func (a *Agent) keepIdentity(ctx context.Context) error {
	err := a.identity.Run(ctx)
	if errors.Is(err, identity.ErrMoved) {
		a.logger.Warn("starting again", "because", err)
		return ErrRestart
	}
	return err
}

// doctorsConnection is one beside the agent's, which goes on. Where anybody is let
// in it has a will, as the agent has one: a hub of another hall refuses that.
func doctorsConnection(cfg Config) (*paho.ClientOptions, error) {
	name := "doctor-" + cfg.Agent
	o := paho.NewClientOptions().AddBroker(cfg.MQTT).SetClientID(name).SetProtocolVersion(4).SetCleanSession(true).SetAutoReconnect(false).SetConnectTimeout(5 * time.Second)
	if !uplink.Encrypted(cfg.MQTT) {
		return o.SetUsername(name).SetWill(wire.Topics{Hall: cfg.Hall}.Agent(name, wire.LeafStatus), "{}", 0, false), nil
	}
	id, err := identity.Load(cfg.Data)
	if err != nil {
		return nil, err
	}
	return o.SetUsername(cfg.Agent).SetTLSConfig(id.TLS(doctorsClock(cfg))), nil
}

func doctorsClock(cfg Config) identity.Clock {
	return identity.Clock{Now: time.Now, Trusted: func() bool {
		synced, err := clock.KernelSynced()
		return cfg.Clock.AssumeSynced || err == nil && synced
	}}
}

func examineIdentity(cfg Config, tell teller) {
	id, err := identity.Load(cfg.Data)
	switch {
	case errors.Is(err, identity.ErrNone):
		tell.say(Note, "身份：未注册，只能连接不加密的本机或测试服务器；在管理端生成注册码，再运行 agent enroll", "identity: not enrolled, so it reaches only brokers without encryption; have the console make a code and run agent enroll")
		return
	case err != nil:
		tell.say(Ill, "身份：%v", "identity: %v", err)
		return
	}
	leaf := id.Leaf()
	day := func(t time.Time) string { return t.Local().Format("2006-01-02") }
	switch now := time.Now(); {
	case now.After(leaf.NotAfter):
		tell.say(Ill, "身份：大厅 %s 的设备 %s，证书已于 %s 过期；请在管理端生成注册码，再运行 agent enroll --force", "identity: the device %[2]s of the hall %[1]s, whose certificate ended on %[3]s; have the console make a code and run agent enroll --force",
			id.Hall, id.Agent, day(leaf.NotAfter))
	case now.After(id.Due().Add(24 * time.Hour)):
		tell.say(Note, "身份：大厅 %s 的设备 %s，证书 %s 到期，本应在 %s 更新；请看代理日志，并检查能否连到 %s", "identity: the device %[2]s of the hall %[1]s until %[3]s; it should have been made anew on %[4]s: look at the agent's log, and whether %[5]s is reached",
			id.Hall, id.Agent, day(leaf.NotAfter), day(id.Due()), id.HTTPS)
	default:
		tell.say(Well, "身份：大厅 %s 的设备 %s，证书有效至 %s，%s 起自动更新；密钥文件仅本程序可读（0600）", "identity: the device %[2]s of the hall %[1]s until %[3]s, made anew by itself from %[4]s on; only this program can read the key (0600)",
			id.Hall, id.Agent, day(leaf.NotAfter), day(id.Due()))
	}
}
