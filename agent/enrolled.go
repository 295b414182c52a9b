package agent

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"time"

	"hallkeeper/agent/clock"
	"hallkeeper/agent/identity"
	"hallkeeper/agent/uplink"
	"hallkeeper/wire"
)

// enrolled fills in what the identity says, and refuses what contradicts it. An
// identity whose key cannot be used is no reason to keep nothing.
func (c *Config) enrolled(say func(key, zh, en string, args ...any)) {
	home, err := identity.LoadHome(c.Data)
	if errors.Is(err, identity.ErrNone) {
		if uplink.Encrypted(c.MQTT) {
			say("mqtt", "%w", "%w", err)
		}
		return
	}
	if err != nil {
		if c.Agent == "" || c.Hall == "" || c.MQTT == "" {
			say("data", "%s 里的本机身份用不了：%w", "the identity in %s cannot be used: %w", identity.Dir(c.Data), err)
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
			say(s.key, "本机已注册为 %s，属于大厅 %s：请去掉这一项，或运行 agent enroll --force，写的是 %q", "this computer is enrolled as %s of the hall %s: leave it out, or run agent enroll --force, got %q", home.Agent, home.Hall, *s.set)
		}
	}
	if c.MQTT == "" {
		c.MQTT = home.MQTT
		if c.MQTT == "" {
			say("mqtt", "注册时主机没有给出加密的消息服务地址（主机的设置 mqtt_tls）：请填写，或重新注册", "the hub named no broker over TLS when this computer was enrolled (the hub's setting mqtt_tls): give one, or enrol again")
		}
	}
}

func (a *Agent) openIdentity() {
	trusted := func() bool { return a.clock.State() == wire.ClockSynced }
	a.identity = identity.Keep(a.cfg.Data, a.cfg.MQTT, identity.Clock{Now: time.Now, Trusted: trusted}, a.logger)
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

// examineTLS shows the device's certificate and sends nothing more: a connection
// under the device's name would end the agent's.
func examineTLS(ctx context.Context, cfg Config, host string, tell teller) {
	id, err := identity.Load(cfg.Data)
	if err != nil {
		return // the identity's own line has said it
	}
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: id.TLS(doctorsClock(cfg))}
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err == nil {
		defer conn.Close()
		if err = conn.SetReadDeadline(time.Now().Add(refusalTime)); err == nil {
			_, err = conn.Read(make([]byte, 1)) // with TLS 1.3 a refusal comes after the handshake
		}
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded): // it waits for what the device has to say
		tell.say(Well, "连接：%s 接受这台设备的证书，通信已加密", "connection: %s takes this device's certificate, and all is encrypted", host)
	case identity.Refused(err):
		tell.say(Ill, "连接：%s 不接受这台设备的证书（%v）；它已被撤销、已过期或属于其他大厅：请在管理端生成注册码，再运行 agent enroll --force",
			"connection: %s does not take this device's certificate (%v): it was revoked, has ended or is another hall's; have the console make a code and run agent enroll --force", host, err)
	case errors.Is(err, identity.ErrForeign):
		tell.say(Ill, "连接：%s 不是本大厅的主机；请核对地址，主机换过身份时请重新注册", "connection: what listens at %s is not the hub of this hall; look at the address, and enrol again where the hub is a new one", host)
	default:
		tell.say(Ill, "连接：%s 有程序在听，但不接受加密连接：%v", "connection: a program listens at %s and takes no encrypted connection: %v", host, err)
	}
}

// refusalTime is how long a broker may take to refuse a certificate.
const refusalTime = 2 * time.Second

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
