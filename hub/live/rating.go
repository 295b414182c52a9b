package live

import (
	"reflect"

	"hallkeeper/wire"
)

// rate shows which visits can be rated and what was published last. It says of no rating how it was.
func (l *Live) rate() {
	if l.cfg.Ratings == nil {
		return
	}
	before := l.ratings
	var published *wire.LiveSatisfaction
	l.ratings, published = l.cfg.Ratings(l.now)
	for id := range l.facts.Roster.Windows {
		if !reflect.DeepEqual(before[id], l.ratings[id]) {
			l.window(id)
		}
	}
	if !reflect.DeepEqual(published, l.doc.Satisfaction) {
		l.doc.Satisfaction, l.changed.satisfaction = published, true
	}
}

// rating says whether the visit at a window can be rated.
func (l *Live) rating(v *wire.LiveWindow) {
	if r, ok := l.ratings[v.ID]; ok {
		v.Rating = &r
	}
}

// rates tells whether a kind may change what is shown of ratings.
func rates(k wire.Kind) bool {
	switch k {
	case wire.KindRatingPressed, wire.KindRatingGiven, wire.KindRatingPublished, wire.KindRatingUnpublished, wire.KindExclusionDecided, wire.KindInputStuck, wire.KindClockCorrected:
		return true
	}
	return false
}
