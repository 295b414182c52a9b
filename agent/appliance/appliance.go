//go:build linux

package appliance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"hallkeeper/agent/identity"
	"hallkeeper/bilingual"
	"hallkeeper/settings"
)

// Config says where things are. All of it is the image's, none a technician's.
type Config struct {
	// Settings is the folder on the persistent partition, Default the agent's settings in the image.
	Settings string
	Default  string
	// Program is the agent, started with `run` and its settings.
	Program string
	// Console is where a person reads, beside the standard output.
	Console string
	// KeepTime lets it set the computer's clock.
	KeepTime bool
	// Clock judges certificates while the computer is enrolled.
	Clock identity.Clock
	// Pace is how often what is missing is looked for; Patience how long an agent may be silent.
	Pace, Patience time.Duration
}

// Defaults are the image's.
func Defaults() Config {
	return Config{Settings: "/perm/hallkeeper", Default: "/etc/hallkeeper/agent.yaml", Program: "/user/agent", Console: "/dev/console",
		KeepTime: true, Pace: 5 * time.Second, Patience: time.Minute}
}

const (
	// again is how long after its end an agent is started again, and most where it ends at once each time.
	again, most = 2 * time.Second, 30 * time.Second
	// steady is how long an agent runs for its next end to be a new one.
	steady = time.Minute
	// reminder is how often the same thing is said.
	reminder = time.Minute
)

// keeper is one run.
type keeper struct {
	Config
	out io.Writer

	mu   sync.Mutex
	said map[string]saying // by its English words
}

// saying is what was said, and when.
type saying struct {
	text string
	at   time.Time
}

// Run works until ctx ends. What goes wrong is said on the console and tried again:
// there is nobody to start this program a second time.
func Run(ctx context.Context, c Config, stdout io.Writer) error {
	k := &keeper{Config: c, out: stdout, said: map[string]saying{}}
	if console, err := os.OpenFile(c.Console, os.O_WRONLY|os.O_APPEND, 0); err == nil {
		defer console.Close()
		k.out = &both{to: []io.Writer{stdout, console}}
	}
	k.readCard()
	var parts sync.WaitGroup
	defer parts.Wait()
	if c.KeepTime {
		parts.Go(func() { k.keepTime(ctx) })
	}
	for wait := again; ctx.Err() == nil; {
		if !k.ready(ctx) {
			k.pause(ctx, k.Pace)
			continue
		}
		began := time.Now()
		err := k.runAgent(ctx)
		if ctx.Err() != nil {
			break
		}
		if time.Since(began) > steady {
			wait = again
		}
		k.say("代理已结束，%v 后重新启动：%v", "the agent has ended and is started again in %v: %v", wait, err)
		k.pause(ctx, wait)
		wait = min(2*wait, most)
	}
	return nil
}

// ready sees to what an agent needs before it can be started, and says what is missing.
func (k *keeper) ready(ctx context.Context) bool {
	if err := os.MkdirAll(k.data(), 0o700); err != nil {
		// The agent bears that, and its lamps say so; people see why here.
		k.say("数据分区不可用，刷卡和按键无法保存：%v", "the persistent partition cannot be used, so that no swipe and no press is kept: %v", err)
	}
	k.enrol(ctx)
	if k.knowsBroker() {
		return true // a test hub's, that takes devices without an identity
	}
	_, err := identity.LoadHome(k.data())
	if !errors.Is(err, identity.ErrNone) {
		return true // the agent judges the identity itself
	}
	if _, found, _ := k.readEnrolment(); !found {
		k.say("这台电脑还没有注册，缺 enrol.yaml（主机地址和注册码）：写到存储卡第一个分区的 hallkeeper 文件夹里再开机，或放入 %s", "this computer is not enrolled: enrol.yaml with the hub's address and a code is missing: write it on the card's first partition, folder hallkeeper, and start again, or put it into %s", k.Settings)
	}
	return false
}

// enrol makes this computer the hall's with the code that a technician has put
// there. A code is tried until the hub has said yes or no to it, and then no more;
// another code enrols the computer anew.
func (k *keeper) enrol(ctx context.Context) {
	e, found, err := k.readEnrolment()
	switch {
	case !found:
		return
	case err != nil:
		zh, en := oneLine(err)
		k.say("enrol.yaml 有错：%[1]s", "mistakes in enrol.yaml: %[2]s", zh, en)
		return
	case k.used(e.Code):
		if _, err := identity.LoadHome(k.data()); errors.Is(err, identity.ErrNone) {
			k.say("enrol.yaml 里的注册码已用过或被拒绝：请在管理端生成新的注册码", "the code in enrol.yaml was used or refused: have the console make a new one")
		}
		return
	}
	id, err := identity.Enrol(ctx, identity.Enrolment{Hub: e.Hub, Code: e.Code, Data: k.data(), Replace: true, Clock: k.Clock})
	var denied *identity.Denied
	switch {
	case err == nil:
		k.say("已注册为大厅 %s 的设备 %s", "enrolled in the hall %s as the device %s", id.Hall, id.Agent)
	case errors.As(err, &denied) && denied.Status < 500 && denied.Status != 429:
		if home, err := identity.LoadHome(k.data()); err == nil {
			// Also where the power went between the enrolment and its note.
			k.say("enrol.yaml 里的注册码未被接受，仍是大厅 %s 的设备 %s：%v", "the code in enrol.yaml was not taken, and this stays the device %[2]s of the hall %[1]s: %[3]v", home.Hall, home.Agent, denied)
			break
		}
		k.say("注册被拒绝，请在管理端生成新的注册码：%v", "the enrolment was refused, have the console make a new code: %v", err)
	default:
		k.say("暂时无法注册，会再试：%v", "it could not be enrolled yet and is tried again: %v", err)
		return
	}
	if err := k.use(e.Code); err != nil {
		k.say("无法记下注册码已用过：%v", "that the code was used could not be noted: %v", err)
	}
}

// say tells a person something, in Chinese and then in English, and the same again
// after a minute only.
func (k *keeper) say(zh, en string, args ...any) {
	text := "hallkeeper: " + fmt.Sprintf(zh, args...) + "\nhallkeeper: " + fmt.Sprintf(en, args...) + "\n"
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	if last := k.said[en]; text == last.text && now.Sub(last.at) < reminder {
		return
	}
	k.said[en] = saying{text, now}
	_, _ = io.WriteString(k.out, text) // a console that is gone is no reason to stop
}

func (k *keeper) pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// oneLine puts a list of mistakes on one line of the console, in Chinese and in English.
func oneLine(err error) (zh, en string) {
	var faults *settings.Faults
	if !errors.As(err, &faults) {
		return bilingual.InChinese(err), err.Error()
	}
	var all []string
	for _, f := range faults.List {
		all = append(all, cmp.Or(f.Chinese(), f.String()))
	}
	return strings.Join(all, "；"), strings.ReplaceAll(faults.Error(), "\n", "; ")
}

// both writes to all, whatever becomes of one.
type both struct {
	mu sync.Mutex
	to []io.Writer
}

// Write implements io.Writer.
func (b *both) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.to {
		_, _ = w.Write(p)
	}
	return len(p), nil
}
