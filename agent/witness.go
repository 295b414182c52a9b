package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"hallkeeper/agent/board"
	"hallkeeper/agent/button"
	"hallkeeper/agent/card"
)

// Happening is what somebody or something did at an input, for people.
type Happening struct {
	// At is the time on the board's clock.
	At time.Duration
	Finding
}

// input is one of a board's inputs, opened or not.
type input struct {
	name   string
	wiring board.Button // of a button
	reader board.Reader // of a card reader: its Kind is not empty

	line  button.Line
	first button.Sample
	cards card.Reader
	err   error
}

// openInputs opens all inputs, the buttons first, by name.
func openInputs(b board.Board) []*input {
	file := b.File()
	var inputs []*input
	for _, name := range slices.Sorted(maps.Keys(file.Buttons)) {
		inputs = append(inputs, &input{name: name, wiring: file.Buttons[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(file.Readers)) {
		inputs = append(inputs, &input{name: name, reader: file.Readers[name]})
	}
	for _, in := range inputs {
		in.open(b)
	}
	return inputs
}

func (in *input) open(b board.Board) {
	if in.reader.Kind == "" {
		in.line, in.first, in.err = b.Button(in.name)
		return
	}
	in.cards, in.err = board.OpenReader(b, in.name)
}

// describe says how an input is wired and whether it is well.
func (in *input) describe() Finding {
	model := strings.TrimSpace(in.reader.USB + " " + in.reader.Model)
	zh, en := fmt.Sprintf("读卡器 %s（USB %s）", in.name, model), fmt.Sprintf("reader %s (USB %s)", in.name, model)
	switch in.reader.Kind {
	case "":
		zh = fmt.Sprintf("按键 %s（%s，按下时%s电平）", in.name, in.wiring.Pin, map[board.Level]string{"low": "低", "high": "高"}[in.wiring.Active])
		en = fmt.Sprintf("button %s (%s, %s while pressed)", in.name, in.wiring.Pin, in.wiring.Active)
	case board.WiegandLines:
		zh = fmt.Sprintf("读卡器 %s（韦根，D0 %s，D1 %s）", in.name, in.reader.D0, in.reader.D1)
		en = fmt.Sprintf("reader %s (wiegand, D0 %s, D1 %s)", in.name, in.reader.D0, in.reader.D1)
	}
	switch {
	case in.err != nil && in.reader.Kind == board.Keyboard:
		return Finding{Ill, fmt.Sprintf("%s：%v；请检查读卡器是否插好、型号是否与接线文件一致（lsusb）；代理正在运行时由它占用", zh, in.err),
			fmt.Sprintf("%s: %v; see whether it is plugged in and of the model in the board file (lsusb); while the agent runs, it has the reader", en, in.err)}
	case in.err != nil:
		return Finding{Ill, fmt.Sprintf("%s：%v；代理正在运行时引脚由它占用", zh, in.err), fmt.Sprintf("%s: %v; while the agent runs, it has the lines", en, in.err)}
	case in.first.Down:
		return Finding{Ill, zh + "：现在是按下状态；没人按的话，请检查接线和上下拉", en + ": it is down now; where nobody presses it, look at its wires and its resistor"}
	case in.reader.Kind == "":
		return Finding{Well, zh + "：已松开", en + ": it is up"}
	}
	return Finding{Well, zh + "：已打开，用 --watch 刷卡试试", en + ": it is open; try a card with --watch"}
}

// witness tells what happens at the inputs until ctx ends or they are played to
// their end. One that goes away is opened again.
func witness(ctx context.Context, b board.Board, inputs []*input, tell func(Happening)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var server, watchers sync.WaitGroup
	server.Go(func() { _ = b.Serve(ctx) })
	for _, in := range inputs {
		watchers.Go(func() { in.watch(ctx, b, tell) })
	}
	watchers.Wait()
	cancel()
	server.Wait()
}

func (in *input) watch(ctx context.Context, b board.Board, tell func(Happening)) {
	said := false // that it is away
	for ctx.Err() == nil {
		if in.err == nil {
			said = false
			in.err = in.follow(ctx, tell)
		}
		if ctx.Err() != nil || errors.Is(in.err, board.ErrPlayed) || errors.Is(in.err, board.ErrRecording) {
			return
		}
		if !said {
			said = true
			at, played := board.LostAt(in.err)
			if !played {
				at = b.Now()
			}
			teller(func(f Finding) { tell(Happening{at, f}) }).say(Ill, "%s 断开：%v", "%s went away: %v", in.name, in.err)
		}
		pause(ctx, b)
		in.open(b)
	}
}

// pause waits before an input is opened again; a recording that is read is not waited for.
func pause(ctx context.Context, b board.Board) {
	if board.IsPlayed(b) {
		return
	}
	timer := time.NewTimer(reopenAfter)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (in *input) follow(ctx context.Context, tell func(Happening)) error {
	alive := func() {}
	at := func(at time.Duration) teller { return func(f Finding) { tell(Happening{at, f}) } }
	if in.reader.Kind == "" {
		return button.Watch(ctx, in.line, in.wiring.Timing, in.first, func(e button.Event) {
			zh := map[button.Kind]string{button.Press: "按下", button.LongPress: "长按", button.Stuck: "卡住", button.Freed: "松开"}[e.Kind]
			en := map[button.Kind]string{button.Press: "pressed", button.LongPress: "held", button.Stuck: "stuck", button.Freed: "freed"}[e.Kind]
			tell(Happening{e.At, Finding{Well, "按键 " + in.name + "：" + zh, "button " + in.name + ": " + en}})
		}, alive)
	}
	return card.Watch(ctx, in.cards, func(s card.Swipe) bool {
		at(s.At).say(Well, "读卡器 %s：读到一张 %s 卡，尾号 %s", "reader %s: a %s card that ends with %s", in.name, s.Format, s.Tail())
		return true
	}, func(f card.Frame) {
		at(f.At).say(Note, "读卡器 %s：没读成（%s，%d 位）", "reader %s: not read (%s, %d bits or keys)", in.name, f.Problem, f.Length)
	}, alive)
}

// Record writes what the inputs of the configured board do into out until ctx
// ends, and tells it besides. The agent must not run.
func Record(ctx context.Context, cfg Config, out io.Writer) iter.Seq2[Happening, error] {
	return func(yield func(Happening, error) bool) {
		b, err := board.Open(cfg.Board, cfg.SimSocket, slog.New(slog.DiscardHandler))
		if err != nil {
			yield(Happening{}, err)
			return
		}
		defer func() { _ = b.Close() }()
		r, err := board.Record(b, out, board.RecordingHead{At: time.Now().Round(0), Agent: cfg.Agent, Version: cfg.Version})
		if err != nil {
			yield(Happening{}, err)
			return
		}
		start := b.Now()
		tellAll(ctx, r, start, yield)
		if err := r.Finish(); err != nil {
			yield(Happening{}, err)
		}
	}
}

// Replay tells what the agent makes of a recording, in the order of time,
// without a hub: At counts from its beginning.
func Replay(ctx context.Context, path string) (head board.RecordingHead, happened []Happening, err error) {
	b, head, err := board.Replay(path)
	if err != nil {
		return head, nil, err
	}
	var mu sync.Mutex
	witness(ctx, b, openInputs(b), func(h Happening) {
		mu.Lock()
		defer mu.Unlock()
		happened = append(happened, h)
	})
	slices.SortStableFunc(happened, func(a, b Happening) int { return int(a.At - b.At) })
	return head, happened, ctx.Err()
}

// tellAll yields what happens, times counted from start, until ctx ends.
func tellAll(ctx context.Context, b board.Board, start time.Duration, yield func(Happening, error) bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	seen := make(chan Happening, 64)
	go func() {
		defer close(seen)
		witness(ctx, b, openInputs(b), func(h Happening) {
			h.At -= start
			select {
			case seen <- h:
			case <-ctx.Done():
			}
		})
	}()
	for h := range seen {
		if ctx.Err() == nil && !yield(h, nil) {
			cancel()
		}
	}
}
