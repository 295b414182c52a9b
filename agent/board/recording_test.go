package board

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"hallkeeper/agent/board/simlink"
	"hallkeeper/agent/button"
	"hallkeeper/agent/card"
	"hallkeeper/simulator/pulse"
)

const usbWindow = "../../firmware-config/boards/usb-window.yaml"

// typed gives the levels of a number typed by the reader of a simulated board.
func typed(number string) (train []simlink.Level) {
	codes := map[rune]int{'0': 11, '\n': 28}
	for i := range 9 {
		codes[rune('1'+i)] = 2 + i
	}
	for _, c := range number + "\n" {
		line := fmt.Sprint("key.", codes[c])
		train = append(train, simlink.Level{AfterUS: 4000, Line: line}, simlink.Level{AfterUS: 1000, Line: line, High: true})
	}
	return train
}

// follow watches one input of a board until it is lost, and gives what it did.
func follow(ctx context.Context, b Board, name string, tell func(string)) error {
	if wiring, ok := b.File().Buttons[name]; ok {
		line, first, err := b.Button(name)
		if err != nil {
			return err
		}
		return button.Watch(ctx, line, wiring.Timing, first, func(e button.Event) { tell(fmt.Sprint(name, " ", e.Kind)) }, func() {})
	}
	r, err := OpenReader(b, name)
	if err != nil {
		return err
	}
	return card.Watch(ctx, r, func(s card.Swipe) bool { tell(s.Card); return true }, func(f card.Frame) { tell(string(f.Problem)) }, func() {})
}

func simWith(t *testing.T, setting string, out *bytes.Buffer) (*sim, func()) {
	t.Helper()
	s := &sim{socket: filepath.Join(t.TempDir(), "s"), happened: make(chan string, 64)}
	b, err := Open(setting, s.socket, quiet())
	if err != nil {
		t.Fatal(err)
	}
	s.Board = b
	finish := func() {}
	if out != nil {
		r, err := Record(b, out, RecordingHead{Agent: "w01", Version: "test", At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		s.Board = r
		finish = func() {
			if err := r.Finish(); err != nil {
				t.Error(err)
			}
		}
	}
	return s, finish
}

func TestAReaderThatTypesIsReadUnpluggedAndPluggedIn(t *testing.T) {
	s, _ := simWith(t, Sim+":"+usbWindow, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- s.Serve(ctx) }()
	s.client = s.dial(t)
	lost := make(chan error, 1)
	watch := func() { lost <- follow(ctx, s, "front", func(what string) { s.happened <- what }) }
	go watch()
	// What is typed before the reader is opened is lost, so type until it is read.
	for begin := time.Now(); len(s.happened) == 0; time.Sleep(10 * time.Millisecond) {
		if s.play(t, typed("0000000001")); time.Since(begin) > 20*time.Second {
			t.Fatal("no card is read")
		}
	}
	if got := s.next(t); got != "00000001" {
		t.Errorf("the first card is read as %s", got)
	}
	s.play(t, []simlink.Level{{Line: "plug"}})
	if err := <-lost; !errors.Is(err, ErrLost) {
		t.Errorf("unplugged, the reader ends with %v", err)
	}
	if _, err := s.Keys("front"); !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "not plugged in") {
		t.Errorf("an unplugged reader opens with %v", err)
	}
	s.play(t, []simlink.Level{{Line: "plug", High: true}})
	go watch()
	for begin := time.Now(); len(s.happened) == 0; time.Sleep(10 * time.Millisecond) {
		if s.play(t, typed("0000000002")); time.Since(begin) > 20*time.Second {
			t.Fatal("no card is read after it was plugged in")
		}
	}
	cancel()
	for _, end := range []chan error{done, lost} {
		if err := <-end; err != nil {
			t.Error(err)
		}
	}
}

func TestARecordingPlaysWhatHappened(t *testing.T) {
	var out bytes.Buffer
	s, finish := simWith(t, Sim, &out)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 8)
	line, first, err := s.Button("rating5")
	if err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(s.Board, "front")
	if err != nil {
		t.Fatal(err)
	}
	go func() { done <- s.Serve(ctx) }()
	go func() {
		done <- button.Watch(ctx, line, s.File().Buttons["rating5"].Timing, first, func(e button.Event) { s.happened <- fmt.Sprint("rating5 ", e.Kind) }, func() {})
	}()
	go func() {
		done <- card.Watch(ctx, r, func(c card.Swipe) bool { s.happened <- c.Card; return true }, func(f card.Frame) { s.happened <- string(f.Problem) }, func() {})
	}()
	s.client = s.dial(t)
	good, err := pulse.Wiegand(chance(), 34, 0x04A2B9C1)
	if err != nil {
		t.Fatal(err)
	}
	s.play(t, pulse.Press(chance(), "rating5", 100*time.Millisecond))
	want := []string{s.next(t)}
	s.play(t, good)
	want = append(want, s.next(t))
	s.play(t, good[2:])
	want = append(want, s.next(t))
	cancel()
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	finish()
	if !reflect.DeepEqual(want, []string{"rating5 1", "04A2B9C1", "length"}) {
		t.Fatalf("what happened is %q", want)
	}

	path := filepath.Join(t.TempDir(), "r")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	replay := func(path string) (got []string) {
		b, head, err := Replay(path)
		if err != nil {
			t.Fatal(err)
		}
		if head.Agent != "w01" || !reflect.DeepEqual(head.Board, Standard()) {
			t.Errorf("the head is %+v", head)
		}
		for _, name := range []string{"rating5", "front"} {
			if err := follow(t.Context(), b, name, func(what string) { got = append(got, what) }); !errors.Is(err, ErrPlayed) {
				t.Errorf("%s ends with %v", name, err)
			}
		}
		return got
	}
	if got := replay(path); !reflect.DeepEqual(got, want) {
		t.Errorf("played back it is %q, it was %q", got, want)
	}
	// A power cut may leave half a line.
	whole := bytes.TrimRight(out.Bytes(), "\n")
	if err := os.WriteFile(path, whole[:len(whole)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	if got := replay(path); !reflect.DeepEqual(got, want) {
		t.Errorf("cut off it is %q, it was %q", got, want)
	}
}

func TestADayOfAStuckButtonIsOneReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r")
	text := `{"hallkeeper_recording":1,"board":{"name":"b","buttons":{"call":{"pin":"GPIO5","active":"low","bias":"up","debounce":10000000,"stuck":10000000000}}}}
{"at":0,"in":"call","open":true,"down":false}
{"at":1000000000,"in":"call","down":true}
{"at":86401000000000,"in":"call","down":false}
{"at":86402000000000,"in":"call","down":true}
{"at":86402100000000,"in":"call","down":false}
{"at":86403000000000,"end":true}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	b, _, err := Replay(path)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := follow(t.Context(), b, "call", func(what string) { got = append(got, what) }); !errors.Is(err, ErrPlayed) {
		t.Errorf("it ends with %v", err)
	}
	want := []string{fmt.Sprint("call ", button.Press), fmt.Sprint("call ", button.Stuck), fmt.Sprint("call ", button.Freed), fmt.Sprint("call ", button.Press)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("a day of a stuck button is %q, want %q", got, want)
	}
}

func TestAFileThatIsNoRecordingIsRefused(t *testing.T) {
	head := `{"hallkeeper_recording":1,"board":{"name":"b","buttons":{"call":{"pin":"GPIO5","active":"low","bias":"up","debounce":10000000,"stuck":10000000000}}}}` + "\n"
	for says, c := range map[string]struct{ text, want string }{
		"an empty file":            {"", ":1: it has no head"},
		"another file":             {"name: standard\n", ":1: expected a recording"},
		"a newer one":              {`{"hallkeeper_recording":2}` + "\n", ":1: a newer agent has made it"},
		"a board that is none":     {`{"hallkeeper_recording":1,"board":{"name":"b"}}` + "\n", ":1: expected buttons or readers"},
		"a button without timings": {strings.Replace(head, `"debounce":10000000,`, "", 1), "button call: debounce: expected"},
		"a line that is no mark":   {head + "{half\n", ":2: expected a line that agent record has written"},
		"a time before it began":   {head + `{"at":-1,"in":"call"}` + "\n", ":2: expected a time"},
		"an unknown input":         {head + `{"at":1,"in":"rating9"}` + "\n", `:2: its board has no input "rating9"`},
	} {
		path := filepath.Join(t.TempDir(), "r")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Replay(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", says, err, c.want)
		}
	}
	if _, _, err := Replay(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there was played")
	}
}

// failing takes so many bytes.
type failing int

func (f *failing) Write(p []byte) (int, error) {
	if *f -= failing(len(p)); *f < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestARecordingThatCannotBeWrittenEnds(t *testing.T) {
	b, err := Open(Sim, "", quiet())
	if err != nil {
		t.Fatal(err)
	}
	room := failing(2000)
	r, err := Record(b, &room, RecordingHead{})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, _, err = r.Button("call"); err != nil {
			t.Fatal(err)
		}
	}
	line, _, err := r.Button("call")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := line.Next(time.Millisecond); !errors.Is(err, ErrRecording) {
		t.Errorf("on a full disk a button ends with %v", err)
	}
	if err := r.Finish(); !errors.Is(err, ErrRecording) {
		t.Errorf("and the recording with %v", err)
	}
}

// FuzzRecording holds that any file is refused or can be played to its end.
func FuzzRecording(f *testing.F) {
	const head = `{"hallkeeper_recording":1,"board":{"name":"b","buttons":{"call":{"pin":"GPIO5","active":"low","bias":"up","debounce":10000000,"stuck":10000000000}},` +
		`"readers":{"front":{"kind":"wiegand","d0":"GPIO17","d1":"GPIO27","bias":"up"}}}}` + "\n"
	f.Add(`{"at":0,"in":"call","open":true,"down":true}` + "\n" + `{"at":99,"in":"call","down":false}` + "\n")
	f.Add(`{"at":5,"in":"front","open":true}` + "\n" + `{"at":9,"in":"front","d1":true,"seq":4}` + "\n" + `{"at":9,"in":"front","lost":"gone"}` + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, line, err := parseRecording(strings.NewReader(head + text))
		if err != nil {
			if line < 2 {
				t.Fatalf("a good head is refused: %v", err)
			}
			return
		}
		if r.end > 24*time.Hour {
			return // it plays, but takes too long for this
		}
		b := newPlayback(r, false)
		for _, name := range []string{"call", "front"} {
			var err error
			for tries := 0; !errors.Is(err, ErrPlayed); tries++ {
				if err = follow(t.Context(), b, name, func(string) {}); tries > 1000+len(text) {
					t.Fatalf("%s does not end: %v", name, err)
				}
			}
		}
	})
}
