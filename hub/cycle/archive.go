package cycle

import (
	"fmt"
	"strconv"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Archive is what was published, for good. The zero value is that of an empty log.
type Archive struct {
	outcomes hall.Shelf // compressed, by period/revision
}

// Tables are what a view keeps.
func (a *Archive) Tables() hall.Tables { return hall.Tables{"outcome": &a.outcomes} }

// Fold applies a record and tells whether it was a publication.
func (a *Archive) Fold(r *wire.Record) bool {
	if r.Kind != wire.KindPeriodPublished && r.Kind != wire.KindPeriodRevised {
		return false
	}
	return with(r, func(d wire.PeriodPublished) {
		a.outcomes.Set(key(assess.Period(d.Period), d.Revision), hall.Freeze(d.Outcome))
	})
}

// Outcome gives what a revision of a period has published.
func (a *Archive) Outcome(p assess.Period, revision int) (o assess.Outcome, err error) {
	text, ok := a.outcomes.Get(key(p, revision))
	if !ok {
		return o, hall.Unknown("revision_unknown", fmt.Sprintf("%s 没有第 %d 版", p, revision), fmt.Sprintf("%s has no revision %d", p, revision))
	}
	if err := hall.Thaw(text, &o); err != nil {
		return o, fmt.Errorf("read revision %d of %s: %w", revision, p, err)
	}
	return o, nil
}

func key(p assess.Period, revision int) string { return string(p) + "/" + strconv.Itoa(revision) }

// Encode gives an outcome's JSON and the hex SHA-256 of it.
func Encode(o *assess.Outcome) (text []byte, digest string) { return hall.Encode(o) }
