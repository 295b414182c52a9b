package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"net"
	"net/url"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"hallkeeper/agent/board"
	"hallkeeper/agent/clock"
	"hallkeeper/agent/outbox"
	"hallkeeper/agent/uplink"
	"hallkeeper/wire"
)

// The marks of a finding.
const (
	Well = "✓"
	Note = "△"
	Ill  = "✕"
)

// Finding is one thing that the doctor saw, for people.
type Finding struct {
	Mark   string
	ZH, EN string
}

// teller tells findings to a person.
type teller func(Finding)

// say tells a finding; both texts take the same arguments.
func (t teller) say(mark, zh, en string, args ...any) {
	t(Finding{mark, fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)})
}

// Examine looks at the window computer without changing anything. With watch it
// shows for so long what is pressed and held to the readers.
func Examine(ctx context.Context, cfg Config, watch time.Duration) iter.Seq[Finding] {
	return func(yield func(Finding) bool) {
		on := true
		tell := teller(func(f Finding) { on = on && yield(f) })
		for _, look := range []func(){
			func() { examineClock(cfg, tell) }, func() { examineOutbox(cfg, tell) }, func() { examineIdentity(cfg, tell) }, func() { examineBroker(ctx, cfg, tell) },
			func() { examinePrinter(ctx, cfg, tell) }, func() { examineBoard(ctx, cfg, watch, tell) },
		} {
			if look(); !on || ctx.Err() != nil {
				return
			}
		}
	}
}

func examineClock(cfg Config, tell teller) {
	now := time.Now().Format("2006-01-02 15:04:05 -07:00")
	synced, err := clock.KernelSynced()
	switch {
	case cfg.Clock.AssumeSynced:
		tell.say(Note, "时钟：按设置视为已同步，现在 %s", "clock: taken for synchronised by the settings, it is %s", now)
	case err != nil:
		tell.say(Ill, "时钟：无法得知是否同步：%v", "clock: whether it is synchronised cannot be told: %v", err)
	case !synced:
		tell.say(Note, "时钟：尚未同步，显示 %s；请检查网络与 chrony（事件照常保存，同步后自动更正时间）",
			"clock: not synchronised, it shows %s; look at the network and chrony (events are kept and their times put right later)", now)
	default:
		tell.say(Well, "时钟：已同步，现在 %s", "clock: synchronised, it is %s", now)
	}
}

func examineOutbox(cfg Config, tell teller) {
	s, err := outbox.Inspect(cfg.Data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		tell.say(Note, "待发箱：%s 里还没有，首次运行时创建", "outbox: none in %s yet; the first run makes it", cfg.Data)
	case err != nil:
		tell.say(Note, "待发箱：现在读不到（%v）；若代理正在运行，这是正常的", "outbox: it cannot be read now (%v); that is as it should be while the agent runs", err)
	case s.Pending > 0:
		tell.say(Note, "待发箱：%d 条等待送达，最早一条在 %s", "outbox: %d events wait, the oldest since %s", s.Pending, s.Oldest.Local().Format("01-02 15:04:05"))
	default:
		tell.say(Well, "待发箱：空，已送达到第 %d 号", "outbox: empty, all up to number %d are stored in the hall", s.Last)
	}
}

func examineBroker(ctx context.Context, cfg Config, tell teller) {
	u, err := url.Parse(cfg.MQTT)
	if err != nil {
		return // the settings were checked
	}
	dialer := net.Dialer{Timeout: 3 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		tell.say(Ill, "连接：%s 连不上：%v；请检查网线、地址和主机是否开机", "connection: %s is not reached: %v; look at the cable, the address and whether the hub is on", u.Host, err)
		return
	}
	_ = conn.Close()
	if uplink.Encrypted(cfg.MQTT) {
		examineTLS(ctx, cfg, u.Host, tell)
		return
	}
	// With a will, as the agent has one: a hub of another hall refuses that.
	name := "doctor-" + cfg.Agent
	client := paho.NewClient(paho.NewClientOptions().AddBroker(cfg.MQTT).SetClientID(name).SetUsername(name).SetProtocolVersion(4).SetCleanSession(true).
		SetWill(wire.Topics{Hall: cfg.Hall}.Agent(name, wire.LeafStatus), "{}", 0, false).SetAutoReconnect(false).SetConnectTimeout(5 * time.Second))
	t := client.Connect()
	switch answered := t.WaitTimeout(6 * time.Second); {
	case answered && uplink.Refused(t.Error()):
		tell.say(Ill, "连接：%s 拒绝了大厅 %s 的设备；请核对设置 hall 与主机的 hall.id", "connection: %s refuses devices of the hall %s; compare the setting hall with the hub's hall.id", u.Host, cfg.Hall)
		return
	case !answered || t.Error() != nil:
		tell.say(Ill, "连接：%s 有程序在听，但不接受 MQTT 连接：%v", "connection: a program listens at %s and takes no MQTT connection: %v", u.Host, t.Error())
		return
	}
	client.Disconnect(100)
	tell.say(Well, "连接：%s 可以连接", "connection: %s is reached", u.Host)
}

func examineBoard(ctx context.Context, cfg Config, watch time.Duration, tell teller) {
	b, err := board.Open(cfg.Board, cfg.SimSocket, slog.New(slog.DiscardHandler))
	if err != nil {
		tell.say(Ill, "接线：%v", "board: %v", err)
		return
	}
	defer func() { _ = b.Close() }()
	file := b.File()
	tell.say(Well, "接线：%s，%d 个按键，%d 个读卡器，%d 个灯或蜂鸣器", "board: %s with %d buttons, %d readers, %d lamps or buzzers",
		file.Name, len(file.Buttons), len(file.Readers), len(file.Outputs))
	if board.IsSim(cfg.Board) {
		tell.say(Note, "引脚是模拟的（sim），没有接真实硬件", "the pins are simulated (sim), no hardware is looked at")
	}
	examineOutputs(b, watch > 0, tell)
	inputs := openInputs(b)
	for _, in := range inputs {
		tell(in.describe())
	}
	if watch <= 0 {
		return
	}
	tell.say(Note, "请在 %v 内试按、试刷：", "press and swipe within %v:", watch)
	ctx, cancel := context.WithTimeout(ctx, watch)
	defer cancel()
	seen := make(chan Finding, 64)
	go func() {
		defer close(seen)
		witness(ctx, b, inputs, func(h Happening) {
			select {
			case seen <- h.Finding:
			default: // nobody reads so many
			}
		})
	}()
	for f := range seen {
		tell(f)
	}
}

// examineOutputs says how lamps and buzzer are wired; with light it switches
// each on for a moment, so that a technician sees which is which.
func examineOutputs(b board.Board, light bool, tell teller) {
	names := map[string][2]string{board.LampGreen: {"绿灯", "green lamp"}, board.LampRed: {"红灯", "red lamp"}, board.Buzzer: {"蜂鸣器", "buzzer"}}
	for _, name := range []string{board.LampGreen, board.LampRed, board.Buzzer} {
		wiring, ok := b.File().Outputs[name]
		if !ok {
			continue
		}
		zh, en := names[name][0], names[name][1]
		s, err := b.Output(name)
		if err != nil {
			tell.say(Ill, zh+"（%s）：%v；代理正在运行时引脚由它占用", en+" (%s): %v; while the agent runs, it has the line", wiring.Pin, err)
			continue
		}
		if !light {
			tell.say(Well, zh+"（%s）：已熄灭，加 --watch 会亮（响）一下", en+" (%s): off; with --watch it is on for a moment", wiring.Pin)
			continue
		}
		err = s.Set(true)
		time.Sleep(lampTest)
		if err = errors.Join(err, s.Set(false)); err != nil {
			tell.say(Ill, zh+"（%s）：%v", en+" (%s): %v", wiring.Pin, err)
			continue
		}
		tell.say(Well, zh+"（%s）：刚才亮（响）了一下；没有的话，请检查接线", en+" (%s): it was on for a moment; if not, look at its wires", wiring.Pin)
	}
}

// lampTest is how long the doctor switches a lamp on.
const lampTest = 500 * time.Millisecond
