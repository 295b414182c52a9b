package attendance

import (
	"reflect"
	"testing"

	"hallkeeper/hub/assess"
	"hallkeeper/wire"
)

// 63号 第十三条(二): only a confirmed swap is a fact; it stands on the swipes and the judgement.
func TestAConfirmedSwapIsAFact(t *testing.T) {
	var b Book
	b.Fold(&wire.Record{Event: wire.Event{ID: "judged", Kind: wire.KindSwapJudged, Data: []byte(`{"swap":"2026-11-23.w1.s2","confirmed":true,"department":"civil"}`)}})
	suspects := []wire.Suspect{
		{ID: "2026-11-23.w1.s2", Window: "w1", Staff: "s2", Department: "civil", Events: []string{"swipe-2", "swipe-1"}, State: wire.SuspectConfirmed},
		{ID: "2026-11-23.w1.s3", Window: "w1", State: wire.SuspectOpen, Events: []string{"swipe-3"}},
		{ID: "2026-11-23.w1.s4", Window: "w1", State: wire.SuspectCleared, Events: []string{"swipe-4"}},
	}
	want := []assess.Fact{{ID: "swap.2026-11-23.w1.s2", Kind: "swap", Day: "2026-11-23", Window: "w1", Department: "civil", Events: []string{"swipe-1", "swipe-2", "judged"}}}
	if got := b.SwapFacts("2026-11-23", suspects); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}
