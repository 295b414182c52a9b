package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hallkeeper/format"
	"hallkeeper/hub/api"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/view"
	webkiosk "hallkeeper/web-kiosk"
	"hallkeeper/wire"
)

// Health ranks a finding of the doctor.
type Health int

// The ranks of a finding.
const (
	Well Health = iota
	Note
	Ill
)

// Finding is one thing that the doctor saw, for people.
type Finding struct {
	Health Health
	ZH, EN string
}

// lowDisk is the free space below which the doctor warns, in bytes.
const lowDisk = 2 << 30

type doctor struct {
	ctx context.Context
	cfg Config
	say func(h Health, zh, en string, args ...any) bool
}

// Examine looks at the machine and the data folder of a hub that runs or not,
// and changes nothing. One finding follows another as they are made.
func Examine(ctx context.Context, cfg Config) iter.Seq[Finding] {
	return func(yield func(Finding) bool) {
		on := true
		d := doctor{ctx, cfg, func(h Health, zh, en string, args ...any) bool {
			on = on && yield(Finding{h, fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)})
			return on
		}}
		for _, look := range []func(){d.folder, d.newer, d.space, d.clock, d.keys, d.backups, d.https, d.log, d.views, d.pages, d.documents, d.running} {
			if look(); !on || ctx.Err() != nil {
				return
			}
		}
	}
}

func (d *doctor) folder() {
	info, err := os.Stat(d.cfg.Data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.say(Note, "数据文件夹 %s 还不存在，首次启动时会创建", "the data folder %s is not there yet; the first start makes it", d.cfg.Data)
	case err != nil:
		d.say(Ill, "数据文件夹 %s 无法读取：%v", "the data folder %s cannot be read: %v", d.cfg.Data, err)
	case !info.IsDir():
		d.say(Ill, "%s 不是文件夹，请用 --data 指定另一个", "%s is no folder; name another with --data", d.cfg.Data)
	case unix.Access(d.cfg.Data, unix.W_OK) != nil:
		d.say(Ill, "数据文件夹 %s 不可写，请检查权限或挂载", "the data folder %s cannot be written; look at its permissions and its mount", d.cfg.Data)
	default:
		d.say(Well, "数据文件夹 %s 可写", "the data folder %s can be written", d.cfg.Data)
	}
}

func (d *doctor) newer() {
	var newer *format.Newer
	if errors.As(Newer(d.cfg.Data), &newer) {
		d.say(Ill, strings.ReplaceAll(newer.Chinese(), "%", "%%"), strings.ReplaceAll(newer.EN(), "%", "%%"))
	}
}

func (d *doctor) space() {
	at := d.cfg.Data
	for _, err := os.Stat(at); err != nil && at != filepath.Dir(at); _, err = os.Stat(at) {
		at = filepath.Dir(at)
	}
	var s unix.Statfs_t
	if err := unix.Statfs(at, &s); err != nil {
		d.say(Ill, "无法得知 %s 的剩余空间：%v", "the free space of %s cannot be told: %v", at, err)
		return
	}
	free := s.Bavail * uint64(s.Bsize)
	gib := float64(free) / (1 << 30)
	if free < lowDisk {
		d.say(Ill, "磁盘只剩 %.1f GiB，请清理或更换", "only %.1f GiB are free on the disk; make room", gib)
		return
	}
	d.say(Well, "磁盘剩余 %.1f GiB", "%.1f GiB are free on the disk", gib)
}

func (d *doctor) clock() {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	zone, zerr := d.cfg.zone()
	if zerr != nil {
		d.say(Ill, "时区 %s 无法识别", "the time zone %s is not known", d.cfg.Hall.TimeZone)
		return
	}
	now := time.Now().In(zone).Format("2006-01-02 15:04:05 -07:00")
	if err != nil || state == unix.TIME_ERROR {
		d.say(Note, "时钟未同步，现在显示 %s；请检查 NTP（timedatectl）", "the clock is not synchronised and shows %s; look at NTP (timedatectl)", now)
		return
	}
	d.say(Well, "时钟已同步，现在 %s", "the clock is synchronised and shows %s", now)
}

func (d *doctor) keys() {
	var newer *format.Newer
	if errors.As(Newer(d.cfg.Data), &newer) { // said above, and these are not ours to judge
		return
	}
	var unfit *format.Unfit
	err := d.cfg.belongs()
	if err == nil {
		err = peopleAtRest(d.cfg.Data)
	}
	switch {
	case errors.As(err, &unfit):
		d.say(Ill, strings.ReplaceAll(unfit.ZH, "%", "%%"), strings.ReplaceAll(unfit.EN, "%", "%%"))
	case err != nil:
		d.say(Ill, "密钥无法读取：%v", "the keys cannot be read: %v", err)
	case IsHall(d.cfg.Data):
		d.say(Well, "密钥齐全，是大厅 %s 的", "the keys are all there and those of the hall %s", d.cfg.Hall.ID)
	}
}

func (d *doctor) log() {
	dir := LogDir(d.cfg.Data)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return
	}
	log, closeLog, err := eventlog.Read(dir)
	var newer *format.Newer
	switch {
	case errors.As(err, &newer): // said above
		return
	case errors.Is(err, eventlog.ErrLocked):
		d.say(Well, "主机正在运行（日志已被其锁定）", "a hub is running on this data")
		return
	case err != nil:
		d.say(Ill, "日志无法打开：%v；启动主机会修复并说明，之前请先复制整个文件夹", "the log cannot be opened: %v; starting the hub repairs it and says how; copy the folder first", err)
		return
	}
	defer func() { _ = closeLog() }()
	s := log.Stats()
	if !log.Clean() {
		d.say(Note, "上次没有正常结束；下次启动时会检查日志尾部", "the last run did not end by itself; the next start looks at the end of the log")
	}
	if last, err := log.ReadBatch(max(s.Head, 1)-1, 1); err == nil && len(last) > 0 && !synchronised() && time.Now().Before(last[0].StoredAt) {
		d.say(Ill, "时钟显示的时间早于最新记录（%s）：校准之前主机不会登记；请运行 timedatectl set-time 或接通校时服务",
			"the clock is before the newest record (%s): the hub stores nothing until it is set, by timedatectl set-time or a time server", last[0].StoredAt.Format(time.DateTime))
	}
	var by superseded
	if err := readJSONFile(supersededFile(d.cfg.Data), &by, func() bool { return true }); err == nil && by.Epoch > 0 {
		d.say(Ill, "另一台主机（%s）已接替本大厅，这台不会登记：关掉它；如果它才是应当使用的，关掉另一台后运行 hub take-over",
			"another hub (%s) has taken this hall over and this one stores nothing: switch it off; if it is the right one, switch the other off and run hub take-over", by.Address)
	}
	d.say(Well, "日志有 %d 条记录、%d 个分段，共 %.1f MiB；死信 %d 封。逐条校验请运行 hub verify",
		"the log has %d records in %d segments, %.1f MiB in all; %d dead letters. hub verify checks each record", s.Head, s.Segments, float64(s.Bytes)/(1<<20), s.DeadLetters)
}

func (d *doctor) views() {
	path := ViewsFile(d.cfg.Data)
	if _, err := os.Stat(path); err != nil {
		return
	}
	switch _, p, err := view.Digest(path); {
	case errors.Is(err, view.ErrBusy): // the running hub is writing it
	case err != nil:
		d.say(Note, "视图文件已损坏（%v）；下次启动时由日志自动重建", "the views are damaged (%v); the next start makes them again from the log", err)
	default:
		d.say(Well, "视图已算到第 %d 条记录", "the views have folded %d records", p)
	}
}

func (d *doctor) pages() {
	if !webkiosk.Built() {
		d.say(Ill, "这个程序里没有页面：请用 make build 重新构建", "this program holds no pages: build it with make build")
	}
}

// running asks a hub that serves, or tells whether one could.
func (d *doctor) running() {
	client := http.Client{Timeout: 3 * time.Second}
	req, err := http.NewRequestWithContext(d.ctx, http.MethodGet, "http://"+d.cfg.HTTP+"/readyz", nil)
	if err != nil {
		d.say(Ill, "网页地址 %s 无法识别", "the web address %s cannot be read", d.cfg.HTTP)
		return
	}
	res, err := client.Do(req)
	if err != nil {
		d.port("--http", d.cfg.HTTP)
		if d.cfg.MQTTURL == "" {
			d.port("--mqtt", d.cfg.MQTT)
		}
		return
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusOK {
		d.say(Well, "主机在 http://%s 上服务，可以保存数据", "a hub serves at http://%s and can store", d.cfg.HTTP)
		d.hall(&client)
		return
	}
	var s api.State
	_ = json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&s)
	if len(s.Why) == 0 {
		d.say(Ill, "http://%s 上答复的不是本主机（%d）", "what answers at http://%s is no hub (%d)", d.cfg.HTTP, res.StatusCode)
	}
	for _, why := range s.Why {
		d.say(Ill, "http://%s 上的主机现在不能接收事件：%s，%s", "the hub at http://%s takes no events now: %s, %s", d.cfg.HTTP, why.Code, why.Detail)
	}
}

// hall tells what a running hub's screens show.
func (d *doctor) hall(client *http.Client) {
	req, err := http.NewRequestWithContext(d.ctx, http.MethodGet, "http://"+d.cfg.HTTP+"/api/v1/live", nil)
	if err != nil {
		return
	}
	res, err := client.Do(req)
	if err != nil {
		return
	}
	defer func() { _ = res.Body.Close() }()
	var l wire.Live
	if json.NewDecoder(res.Body).Decode(&l) != nil {
		return
	}
	online := 0
	for _, dev := range l.Devices {
		if dev.State == wire.DeviceOnline {
			online++
		}
	}
	h := Well
	if len(l.Alarms) > 0 {
		h = Note
	}
	d.say(h, "大厅“%s”：%d 个窗口，%d 台设备中 %d 台在线，%d 条告警，%d 封未处理的死信",
		"hall “%s”: %d windows, of %d devices %d are online, %d alarms, %d dead letters open", l.Hall.Name, len(l.Windows), len(l.Devices), online, len(l.Alarms), l.DeadLetters)
}

func (d *doctor) port(flag, addr string) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		d.say(Ill, "地址 %s 被占用或不存在：停掉占用它的程序，或用 %s 换一个（%v）", "the address %s is taken or is none of this machine's: stop the program that has it, or choose another with %s (%v)", addr, flag, err)
		return
	}
	_ = l.Close()
	d.say(Well, "地址 %s 空闲", "the address %s is free", addr)
}
