package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"hallkeeper/bilingual"
	"hallkeeper/hub/app"
	"hallkeeper/hub/hall"
	"hallkeeper/simulator"
	"hallkeeper/wire"
)

type demoFlags struct {
	settings settingFlags
	windows  int
	speed    float64
	seed     uint64
	history  string
	ready    string
	agent    string
	tls      bool
}

func (d *demoFlags) define(fs *flag.FlagSet) {
	d.settings.define(fs)
	fs.IntVar(&d.windows, "windows", 12, "窗口数 / number of `WINDOWS`, 1 to 99")
	fs.Float64Var(&d.speed, "speed", 6, "模拟人员的日程加快的倍数；时钟不变 / how many minutes of the simulated people's day pass in a real minute")
	fs.Uint64Var(&d.seed, "seed", 63, "随机种子 / `SEED` of everything left to chance")
	fs.StringVar(&d.history, "history", "0d", "先补多少天的历史，如 90d / past `DAYS` to tell first, e.g. 90d")
	fs.StringVar(&d.ready, "ready-file", "", "就绪后写入地址的文件 / `FILE` to write the addresses to once all is up")
	fs.BoolVar(&d.tls, "tls", false, "页面走 HTTPS，窗口程序各有证书、经 TLS 连接 / pages over HTTPS, and each window's agent enrolled, with a certificate over TLS")
	fs.StringVar(&d.agent, "agent", "", "代理程序的路径 / `PATH` of the agent program (default: beside this program)")
}

// runDemo shows a whole hall: this program is the hub, every window is an agent
// program of its own on simulated pins, and the simulator plays the people.
func runDemo(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var d demoFlags
	shown, err := flagSet("demo", stdout, args, d.define)
	if shown || err != nil {
		return err
	}
	history, err := strconv.Atoi(strings.TrimSuffix(d.history, "d"))
	if err != nil || history < 0 || history > simulator.MaxHistoryDays {
		return wrongUse("--history 应写天数，如 90d，而不是 %q", "--history takes a number of days like 90d, got %q", d.history)
	}
	if d.windows < 1 || d.windows > 99 {
		return wrongUse("--windows 应为 1 到 99，而不是 %d", "--windows takes 1 to 99, got %d", d.windows)
	}
	if d.speed < simulator.MinSpeed || d.speed > simulator.MaxSpeed {
		return wrongUse("--speed 应在 %v 到 %v 之间，而不是 %v", "--speed takes %v to %v, got %v", simulator.MinSpeed, float64(simulator.MaxSpeed), d.speed)
	}
	cfg := app.Defaults()
	cfg.Version, cfg.Demo = version, true
	cfg.Hall = app.HallConfig{ID: "demo", Name: "演示政务服务大厅", TimeZone: "Asia/Shanghai"}
	if err := d.settings.load(&cfg); err != nil {
		return err
	}
	if d.tls {
		secureDemo(&cfg)
	}
	if err := demoOnly(cfg.Data); err != nil {
		return err
	}
	agents, err := newAgents(d, cfg)
	if err != nil {
		return err
	}
	logger := newLogger(cfg, stderr)
	hub, err := app.New(cfg, logger)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return hub.Run(ctx) })
	group.Go(func() error { return d.play(ctx, hub, agents, cfg, history, logger, stdout) })
	return group.Wait()
}

// demoOnly refuses the data folder of a real hall: what the demo's people do stays in its
// records for ever. Its own has the folder of its agents.
func demoOnly(data string) error {
	if _, err := os.Stat(filepath.Join(data, "sim")); !errors.Is(err, fs.ErrNotExist) || !app.IsHall(data) {
		return nil
	}
	return bilingual.Errorf("%s 是真实大厅的数据，演示不能用它：用 --data 另指一个空文件夹", "%s is the data of a real hall, and what the demo's people do would stay in its records: name an empty folder with --data", data)
}

// play waits for the hub, brings up the windows and lets people come.
func (d *demoFlags) play(ctx context.Context, hub *app.App, a *agents, cfg app.Config, history int, logger *slog.Logger, stdout io.Writer) error {
	addr, err := hub.Ready(ctx)
	if err != nil {
		return nil //nolint:nilerr // the hub's own error says why
	}
	zone, err := time.LoadLocation(cfg.Hall.TimeZone)
	if err != nil {
		return err
	}
	works, err := worksBy()
	if err != nil {
		return err
	}
	told := &past{hub: hub, windows: d.windows, seed: d.seed, zone: zone, works: works, log: logger.With("part", "past")}
	outer := ctx
	group, ctx := errgroup.WithContext(outer)
	sim := simulator.Config{Hall: cfg.Hall.ID, Seed: d.seed, Speed: d.speed, Zone: zone, HistoryDays: history,
		MQTTURL: addr.MQTT, HubURL: addr.HTTP, StateFile: filepath.Join(cfg.Data, "sim", "past.json"), Works: works, PastTold: told.furnish, Log: logger.With("part", "simulator")}
	for i := range d.windows {
		id := fmt.Sprintf("w%02d", i+1)
		socket, err := a.prepare(id, d.broker(addr))
		if err != nil {
			return err
		}
		if err := d.enrol(ctx, hub, a, id, addr); err != nil {
			return ignoreEnd(ctx, err)
		}
		sim.Windows = append(sim.Windows, simulator.Window{ID: id, Agent: id, Socket: socket})
		group.Go(func() error { return a.keep(ctx, id, logger) })
	}
	if err := a.kiosk(d.broker(addr)); err != nil {
		return err
	}
	if err := d.enrol(ctx, hub, a, demoKiosk, addr); err != nil {
		return ignoreEnd(ctx, err)
	}
	group.Go(func() error { return a.keep(ctx, demoKiosk, logger) })
	keys, err := openKeys(ctx, hub, a.dir)
	if err != nil {
		return ignoreEnd(ctx, err)
	}
	sim.KioskToken, sim.PanelToken = keys.Kiosk, keys.Panel
	player, err := simulator.New(sim)
	if err != nil {
		return err
	}
	if err := defineWindows(ctx, hub, d.windows); err != nil {
		return err
	}
	group.Go(func() error { return furnish(ctx, hub, d.windows, history > 0) })
	from := min(hall.Date("2026-01-01"), hall.DateOf(time.Now(), zone).AddDays(-history))
	if err := staffDemo(ctx, hub, d.windows, d.seed, string(from)); err != nil {
		return err
	}
	if err := openLine(ctx, hub, d.windows, d.seed); err != nil {
		return err
	}
	group.Go(func() error { return squeeze(ctx, hub, zone) })
	group.Go(func() error { return player.Run(ctx) })
	accounts, err := openDoors(ctx, hub)
	if err != nil {
		return ignoreEnd(ctx, err)
	}
	if err := proposeInDemo(ctx, hub, hall.DateOf(time.Now(), zone)); err != nil {
		return err
	}
	if err := d.announce(stdout, addr, hub.Fingerprint(), accounts, keys.Kiosk, a.tickets()); err != nil {
		return err
	}
	if err := group.Wait(); err != nil && outer.Err() == nil {
		return bilingual.Errorf("演示里的人无法继续：%w", "the demo's people cannot go on: %w", err)
	}
	return nil
}

// departments are those that county halls have; the demo's windows go round them.
func departments() [][2]string {
	return [][2]string{{"综合受理", "政务服务局"}, {"企业开办", "市场监督管理局"}, {"不动产登记", "自然资源局"}, {"社会保险", "人力资源和社会保障局"},
		{"医疗保障", "医疗保障局"}, {"税务", "税务局"}, {"户籍", "公安局"}, {"公积金", "住房公积金中心"},
		{"建设工程", "住房和城乡建设局"}, {"民政", "民政局"}, {"卫生健康", "卫生健康委员会"}, {"农牧", "农牧局"}}
}

// defineWindows defines the windows; what is there already stays.
func defineWindows(ctx context.Context, hub *app.App, windows int) error {
	list := departments()
	for i := range windows {
		d := list[i%len(list)]
		name := d[0]
		if i >= len(list) {
			name += strconv.Itoa(i/len(list) + 1)
		}
		w := wire.WindowSet{Window: fmt.Sprintf("w%02d", i+1), Number: fmt.Sprintf("%02d", i+1), Name: name, Department: d[1]}
		if err := hub.SetWindowOnce(ctx, demoActor(), w); err != nil {
			return ignoreEnd(ctx, err)
		}
	}
	return nil
}

// furnish assigns the windows' devices.
// A past comes from an outbox of its own, and the device's own one then looks
// like a replaced storage card: the demo says that this is as it should be.
func furnish(ctx context.Context, hub *app.App, windows int, past bool) error {
	for i := range windows {
		id := fmt.Sprintf("w%02d", i+1)
		if err := hub.AssignOnceSeen(ctx, demoActor(), wire.DeviceAssigned{Agent: id, Window: id}); err != nil {
			return ignoreEnd(ctx, err)
		}
	}
	for i := 0; past && i < windows; i++ {
		id := fmt.Sprintf("w%02d", i+1)
		if err := hub.AcceptOutbox(ctx, demoActor(), wire.DeviceAssigned{Agent: id, Window: id}, 2); err != nil {
			return ignoreEnd(ctx, err)
		}
	}
	return nil
}

func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // Ctrl-C is no error
	}
	return err
}

func (d *demoFlags) announce(w io.Writer, addr app.Addresses, fingerprint string, accounts []demoAccount, kiosk, tickets string) error {
	pages := addr.HTTP
	if d.tls {
		pages = addr.HTTPS
	}
	if _, err := fmt.Fprintf(w, `
Hallkeeper 演示大厅已启动 / the demo hall is up

  大屏 lobby     %[1]s/lobby
  取号机 kiosk   %[1]s/kiosk#key=%[3]s&printer=kiosk1
                 号票图片 tickets as pictures: %[4]s
  登记屏幕 enrol %[1]s/screen（代码由 dudao 在控制台“屏幕”里输入 / dudao types its code at the console）
  窗口 panel     %[1]s/window/w01
  评价器 tablet  %[1]s/rate/w01#key=%[3]s
  控制台 console %[1]s/console
  接口 API       %[1]s/docs
  本人 me        %[1]s/me
  MQTT           %[2]s

`, pages, d.broker(addr), kiosk, tickets); err != nil {
		return err
	}
	if d.tls {
		if _, err := fmt.Fprintf(w, `  证书 authority %[1]s/ca.crt（浏览器会先警告；核对指纹后信任它 / browsers warn first; compare, then trust it）
                 SHA-256 %[2]s

`, addr.HTTP, fingerprint); err != nil {
			return err
		}
	}
	if err := showDoors(w, accounts); err != nil {
		return err
	}
	if _, err := fmt.Fprint(w, "Ctrl-C 停止；再次启动将接着原有数据继续 / stops; a second start goes on from the same data\n"); err != nil {
		return err
	}
	return app.WriteReady(d.ready, addr)
}

// agents are the programs at the windows.
type agents struct {
	program string
	dir     string
	hall    string
}

func newAgents(d demoFlags, cfg app.Config) (*agents, error) {
	program := d.agent
	if program == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, bilingual.Errorf("找不到本程序所在的文件夹：%w", "find this program's folder: %w", err)
		}
		program = filepath.Join(filepath.Dir(self), "agent")
	}
	if _, err := os.Stat(program); err != nil {
		return nil, bilingual.Errorf("演示需要代理程序 agent：请先 make build，或用 --agent 指明（%w）", "the demo needs the agent program: run make build, or name it with --agent (%w)", err)
	}
	program, err := filepath.Abs(program) // a bare name would be looked for elsewhere
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Join(cfg.Data, "sim"))
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, bilingual.Errorf("建不了演示的文件夹：%w", "make the demo's folder: %w", err)
	}
	return &agents{program: program, dir: dir, hall: cfg.Hall.ID}, nil
}

// prepare writes one agent's settings and gives the socket of its simulated pins.
func (a *agents) prepare(id, mqtt string) (socket string, err error) {
	socket = filepath.Join(a.dir, id+".sock")
	if len(socket) > 100 { // sun_path holds 108 bytes
		return "", bilingual.Errorf("路径 %s 太长，不能用作套接字：请用 --data 另选较短的文件夹", "the path %s is too long for a socket: choose a shorter --data", socket)
	}
	if u, err := url.Parse(mqtt); err != nil || u.Host == "" {
		return "", bilingual.New("演示的代理需要内置 MQTT 的地址", "the demo's agents need the broker's address")
	}
	text := fmt.Sprintf("agent: %s\nhall: %s\nmqtt: %s\ndata: %q\nboard: sim\nsim_socket: %q\nlog: text\nlog_level: info\nclock:\n  assume_synced: true\n",
		id, a.hall, mqtt, filepath.Join(a.dir, id), socket)
	return socket, os.WriteFile(filepath.Join(a.dir, id+".yaml"), []byte(text), 0o600)
}

// demoKiosk is the device that prints the kiosk's tickets.
const demoKiosk = "kiosk1"

// tickets is the folder where the demo's printer draws them.
func (a *agents) tickets() string { return filepath.Join(a.dir, "tickets") }

// kiosk writes the settings of the kiosk's agent.
func (a *agents) kiosk(mqtt string) error {
	text := fmt.Sprintf("agent: %s\nhall: %s\nmqtt: %s\ndata: %q\nboard: none\nprinter: %q\nlog: text\nlog_level: info\nclock:\n  assume_synced: true\n",
		demoKiosk, a.hall, mqtt, filepath.Join(a.dir, demoKiosk), "png:"+a.tickets())
	return os.WriteFile(filepath.Join(a.dir, demoKiosk+".yaml"), []byte(text), 0o600)
}
