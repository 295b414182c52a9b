package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"hallkeeper/agent/board"
	"hallkeeper/agent/button"
	"hallkeeper/agent/card"
	"hallkeeper/agent/clock"
	"hallkeeper/agent/outbox"
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

// Examine looks at the window computer without changing anything. With watch it
// shows for so long what is pressed and held to the readers.
func Examine(ctx context.Context, cfg Config, watch time.Duration) iter.Seq[Finding] {
	return func(yield func(Finding) bool) {
		on := true
		say := func(mark, zh, en string, args ...any) {
			on = on && yield(Finding{mark, fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)})
		}
		for _, look := range []func(){
			func() { examineClock(cfg, say) }, func() { examineOutbox(cfg, say) }, func() { examineBroker(ctx, cfg, say) },
			func() { examineBoard(ctx, cfg, watch, say) },
		} {
			if look(); !on || ctx.Err() != nil {
				return
			}
		}
	}
}

type sayFunc func(mark, zh, en string, args ...any)

func examineClock(cfg Config, say sayFunc) {
	now := time.Now().Format("2006-01-02 15:04:05 -07:00")
	synced, err := clock.KernelSynced()
	switch {
	case cfg.Clock.AssumeSynced:
		say(Note, "时钟：按设置视为已同步，现在 %s", "clock: taken for synchronised by the settings, it is %s", now)
	case err != nil:
		say(Ill, "时钟：无法得知是否同步：%v", "clock: whether it is synchronised cannot be told: %v", err)
	case !synced:
		say(Note, "时钟：尚未同步，显示 %s；请检查网络与 chrony（事件照常保存，同步后自动更正时间）",
			"clock: not synchronised, it shows %s; look at the network and chrony (events are kept and their times put right later)", now)
	default:
		say(Well, "时钟：已同步，现在 %s", "clock: synchronised, it is %s", now)
	}
}

func examineOutbox(cfg Config, say sayFunc) {
	s, err := outbox.Inspect(cfg.Data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		say(Note, "待发箱：%s 里还没有，首次运行时创建", "outbox: none in %s yet; the first run makes it", cfg.Data)
	case err != nil:
		say(Note, "待发箱：现在读不到（%v）；若代理正在运行，这是正常的", "outbox: it cannot be read now (%v); that is as it should be while the agent runs", err)
	case s.Pending > 0:
		say(Note, "待发箱：%d 条等待送达，最早一条在 %s", "outbox: %d events wait, the oldest since %s", s.Pending, s.Oldest.Local().Format("01-02 15:04:05"))
	default:
		say(Well, "待发箱：空，已送达到第 %d 号", "outbox: empty, all up to number %d are stored in the hall", s.Last)
	}
}

func examineBroker(ctx context.Context, cfg Config, say sayFunc) {
	u, err := url.Parse(cfg.MQTT)
	if err != nil {
		return // the settings were checked
	}
	dialer := net.Dialer{Timeout: 3 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		say(Ill, "连接：%s 连不上：%v；请检查网线、地址和主机是否开机", "connection: %s is not reached: %v; look at the cable, the address and whether the hub is on", u.Host, err)
		return
	}
	_ = conn.Close()
	client := paho.NewClient(paho.NewClientOptions().AddBroker(cfg.MQTT).SetClientID("doctor-" + cfg.Agent).SetCleanSession(true).
		SetAutoReconnect(false).SetConnectTimeout(5 * time.Second))
	if t := client.Connect(); !t.WaitTimeout(6*time.Second) || t.Error() != nil {
		say(Ill, "连接：%s 有程序在听，但不接受 MQTT 连接：%v", "connection: a program listens at %s and takes no MQTT connection: %v", u.Host, t.Error())
		return
	}
	client.Disconnect(100)
	say(Well, "连接：%s 可以连接", "connection: %s is reached", u.Host)
}

func examineBoard(ctx context.Context, cfg Config, watch time.Duration, say sayFunc) {
	b, err := board.Open(cfg.Board, cfg.SimSocket, slog.New(slog.DiscardHandler))
	if err != nil {
		say(Ill, "接线：%v", "board: %v", err)
		return
	}
	defer func() { _ = b.Close() }()
	file := b.File()
	say(Well, "接线：%s，%d 个按键，%d 个读卡器，%d 个灯或蜂鸣器", "board: %s with %d buttons, %d readers, %d lamps or buzzers",
		file.Name, len(file.Buttons), len(file.Readers), len(file.Outputs))
	if cfg.Board == board.Sim {
		say(Note, "引脚是模拟的（sim），没有接真实硬件", "the pins are simulated (sim), no hardware is looked at")
	}
	lines := map[string]button.Line{}
	first := map[string]button.Sample{}
	for _, name := range slices.Sorted(maps.Keys(file.Buttons)) {
		wiring := file.Buttons[name]
		line, sample, err := b.Button(name)
		switch {
		case err != nil:
			say(Ill, "按键 %s（%s）：%v；代理正在运行时引脚被其占用", "button %s (%s): %v; while the agent runs, it has the line", name, wiring.Pin, err)
			continue
		case sample.Down:
			say(Ill, "按键 %s（%s）：现在是按下状态；没人按的话，请检查接线和上下拉", "button %s (%s): it is down now; where nobody presses it, look at its wires and its resistor", name, wiring.Pin)
		default:
			say(Well, "按键 %s（%s，按下时电平 %s）：已松开", "button %s (%s, %s while pressed): it is up", name, wiring.Pin, wiring.Active)
		}
		lines[name], first[name] = line, sample
	}
	for _, name := range slices.Sorted(maps.Keys(file.Readers)) {
		r := file.Readers[name]
		say(Well, "读卡器 %s：%s，D0 %s，D1 %s", "reader %s: %s, D0 %s, D1 %s", name, r.Kind, r.D0, r.D1)
	}
	if watch <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, watch)
	defer cancel()
	seen := make(chan Finding, 64)
	var watchers sync.WaitGroup
	tell := func(f Finding) {
		select {
		case seen <- f:
		default:
		}
	}
	watchers.Go(func() { _ = b.Serve(ctx) })
	for name, line := range lines {
		watchers.Go(func() {
			_ = button.Watch(ctx, line, file.Buttons[name].Timing, first[name], func(e button.Event) {
				tell(Finding{Well, fmt.Sprintf("按键 %s：%s", name, map[button.Kind]string{button.Press: "按下", button.LongPress: "长按", button.Stuck: "卡住", button.Freed: "松开"}[e.Kind]),
					fmt.Sprintf("button %s: %s", name, map[button.Kind]string{button.Press: "pressed", button.LongPress: "held", button.Stuck: "stuck", button.Freed: "freed"}[e.Kind])})
			})
		})
	}
	for name := range file.Readers {
		src, err := b.Pulses(name)
		if err != nil {
			say(Ill, "读卡器 %s：%v", "reader %s: %v", name, err)
			continue
		}
		watchers.Go(func() {
			_ = card.Watch(ctx, src, func(s card.Swipe) bool {
				tell(Finding{Well, fmt.Sprintf("读卡器 %s：读到一张 %s 卡", name, s.Format), fmt.Sprintf("reader %s: a %s card", name, s.Format)})
				return true
			}, func(f card.Frame) {
				tell(Finding{Note, fmt.Sprintf("读卡器 %s：没读成（%s，%d 位）", name, f.Problem, len(f.Bits)), fmt.Sprintf("reader %s: not read (%s, %d bits)", name, f.Problem, len(f.Bits))})
			})
		})
	}
	go func() { watchers.Wait(); close(seen) }()
	for f := range seen {
		say(f.Mark, f.ZH+"%.0s", f.EN+"%.0s", "")
	}
}
