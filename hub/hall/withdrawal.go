package hall

import (
	"fmt"
	"time"

	"hallkeeper/wire"
)

// Withdrawal is by whom, when and why something published was taken back (撤下公示).
type Withdrawal struct {
	Revision   int           `json:"revision,omitempty"`
	At         time.Time     `json:"at"`
	By         string        `json:"by"`
	ProposedBy string        `json:"proposed_by,omitempty"`
	Event      wire.Position `json:"event"`
	Reason     *wire.Sealed  `json:"reason,omitempty"`
}

// WithdrawalOf reads it from the record.
func WithdrawalOf(r *wire.Record, revision int) *Withdrawal {
	w := &Withdrawal{Revision: revision, At: r.StoredAt, By: r.ActorID(), Event: r.Position, Reason: r.FirstSealed()}
	if r.Actor != nil {
		w.ProposedBy = r.Actor.ProposedBy
	}
	return w
}

// MostWhy is how many characters its reason may have: the public reads it on a screen.
const MostWhy = 200

// ShowKey is whose key seals why what was published of a period was changed or taken back.
func ShowKey(period string) string { return "period-" + period }

// NotThatRevision refuses to take back what is not on show: whoever proposed it has seen another.
func NotThatRevision(period string, shown int) *Error {
	return Refuse("outcome_changed", fmt.Sprintf("%s 现在公示的是第 %d 版，请重新查看后再提出", period, shown), fmt.Sprintf("revision %d of %s is published now; look at it before you propose this", shown, period))
}
