package attendance

import (
	"slices"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// SwapFacts are the confirmed swaps of a day's sheet (63号 第十三条(二)): the day is
// that of the swipes, and the events are the swipes and the judgement.
func (b *Book) SwapFacts(day hall.Date, suspects []wire.Suspect) (all []assess.Fact) {
	for _, x := range suspects {
		if x.State != wire.SuspectConfirmed {
			continue
		}
		events := slices.Clone(x.Events)
		slices.Sort(events) // swipes come in any order
		if j, ok := b.Swaps.Get(x.ID); ok {
			events = append(events, j.Signed.Event)
		}
		all = append(all, assess.Fact{ID: "swap." + x.ID, Kind: "swap", Day: day, Window: x.Window, Department: x.Department, Events: events})
	}
	return all
}
