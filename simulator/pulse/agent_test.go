package pulse

import (
	"math/rand/v2"
	"testing"
	"time"

	"hallkeeper/agent/button"
	"hallkeeper/agent/card"
)

func TestTheAgentReadsOurCards(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var decoder card.Wiegand
	var now time.Duration
	var seq uint32
	for range 500 {
		size, number := 34, r.Uint32()
		want := "wiegand34"
		if r.IntN(3) == 0 {
			size, number, want = 26, number&0xFFFFFF, "wiegand26"
		}
		train, err := Wiegand(r, size, number)
		if err != nil {
			t.Fatal(err)
		}
		now += time.Second
		for _, step := range train {
			now += time.Duration(step.AfterUS) * time.Microsecond
			if step.High {
				continue
			}
			if _, complete := decoder.Push(card.Edge{At: now, Seq: seq, One: step.Line == LineD1}); complete {
				t.Fatal("a frame broke in two")
			}
			seq++
		}
		frame, complete := decoder.Idle(now + 100*time.Millisecond)
		if !complete || frame.Problem != "" || frame.Format != want || len(frame.Card) != (size-2)/4 {
			t.Fatalf("card %X of %d bits was read as %+v", number, size, frame)
		}
	}
}

func TestTheAgentFeelsOurPressesOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	machine := button.New(button.Timing{Debounce: 20 * time.Millisecond, Stuck: 20 * time.Second}, button.Sample{})
	var now time.Duration
	presses := 0
	count := func(events []button.Event) {
		for _, e := range events {
			if e.Kind != button.Press {
				t.Fatalf("a press gave %+v", e)
			}
			presses++
		}
	}
	for range 300 {
		now += 50 * time.Millisecond
		for _, step := range Press(r, "rating5", Hold(r)) {
			now += time.Duration(step.AfterUS) * time.Microsecond
			count(machine.Feed(button.Sample{At: now, Down: !step.High}))
		}
	}
	if presses != 300 {
		t.Errorf("300 presses were felt as %d", presses)
	}
}
