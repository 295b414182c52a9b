package wire

import "time"

// Kinds of ratings (好差评, 国办发〔2019〕51号). A press of a button is
// rating.pressed of its device; these only the hub makes. Free text and phone
// numbers travel sealed in Personal.
const (
	KindRatingGiven       Kind = "rating.given"
	KindRatingExplained   Kind = "rating.explained"
	KindRatingReasonsSet  Kind = "rating.reasons_set"
	KindRatingPublished   Kind = "rating.published"
	KindRatingUnpublished Kind = "rating.unpublished"
	KindExclusionProposed Kind = "exclusion.proposed"
	KindExclusionDecided  Kind = "exclusion.decided"
)

// RatingSource says where a rating was given.
type RatingSource string

// The sources of a rating.
const (
	RatingButton RatingSource = "button" // a button of the window's device
	RatingTablet RatingSource = "tablet" // the window's tablet
	RatingPhone  RatingSource = "phone"  // the ticket's page on a phone
)

// RatingGiven is a rating that a screen sent (评价). A tablet that was cut off
// sends it later, with the time of the touch.
type RatingGiven struct {
	// Visit is what the screen showed; empty where it knew of none, and then
	// Window and At tell which it was.
	Visit  string `json:"visit,omitempty"`
	Window string `json:"window"`
	// Day is the visit's civil day, or that of At where there is no visit.
	Day string `json:"day"`
	// Level is 5 非常满意 to 1 非常不满意.
	Level  int          `json:"level"`
	Source RatingSource `json:"source"`
	// At is the touch by the hub's clock, as far as the screen knew it.
	At time.Time `json:"at"`
	// Doubt is true where the screen did not know the hub's clock.
	Doubt bool `json:"doubt,omitempty"`
}

// RatingExplained says why a citizen gave a bad rating (差评原因). Words and a
// phone number, if they left any, are sealed under the key of the rating.
type RatingExplained struct {
	Visit  string `json:"visit"`
	Window string `json:"window"`
	Day    string `json:"day"`
	// Reasons are ids of the list of reasons.
	Reasons []string `json:"reasons,omitempty"`
	// Words and Contact tell that free text and a phone number are sealed.
	Words   bool `json:"words,omitempty"`
	Contact bool `json:"contact,omitempty"`
}

// RatingReason is one reason that a citizen can choose.
type RatingReason struct {
	ID string `json:"id"`
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// RatingReasonsSet puts a list of reasons in place of the one before.
type RatingReasonsSet struct {
	Reasons []RatingReason `json:"reasons"`
}

// RatingFigures count visits and presses. Pressed + Unrated = Rateable, and
// Rateable + Excluded + Passed + Open = Visits.
type RatingFigures struct {
	// Visits are all that began.
	Visits int `json:"visits"`
	// Open are those that can still be rated and are not; Passed were sent on to
	// another window or service without a rating of their own.
	Open   int `json:"open"`
	Passed int `json:"passed"`
	// Excluded are those whose rating two people have taken out.
	Excluded int `json:"excluded"`
	Rateable int `json:"rateable"`
	Pressed  int `json:"pressed"`
	Unrated  int `json:"unrated"`
	// Levels are the pressed ones by level, 1 first.
	Levels [5]int `json:"levels"`
	// Corrected are visits whose first press was corrected.
	Corrected int `json:"corrected"`
	// Invalid are presses that count nowhere.
	Invalid int `json:"invalid"`
}

// RatingRate is an indicator (指标): Above ÷ Below of counts that the policy names.
type RatingRate struct {
	// ID is the indicator's, e.g. good_rate (好评率).
	ID string `json:"id"`
	// Value is from 0 to 1; nil where Below is 0.
	Value *float64 `json:"value"`
	Above int      `json:"above"`
	Below int      `json:"below"`
}

// LiveRating is whether the visit at a window can be rated. It says no level.
type LiveRating struct {
	Visit string `json:"visit"`
	// State is open (nobody has rated it yet) or rated.
	State string `json:"state"`
	// RatedAt is when the rating that counts was given.
	RatedAt *time.Time `json:"rated_at,omitempty"`
}

// LiveSatisfaction is what the hall has published last of a day (公示), with the size of the sample.
type LiveSatisfaction struct {
	Day     string        `json:"day"`
	AsOf    time.Time     `json:"as_of"`
	Final   bool          `json:"final"`
	Figures RatingFigures `json:"figures"`
	Rates   []RatingRate  `json:"rates"`
}

// RatingChange is one figure that differs from the revision before.
type RatingChange struct {
	// Name is the figure's name in JSON, like pressed or level_1.
	Name   string `json:"name"`
	Before int    `json:"before"`
	After  int    `json:"after"`
}

// RatingPublished publishes the hall's figures of a day or a month (公示). Each
// further one of a period is a revision with what it changed.
type RatingPublished struct {
	// Period is a day (2026-11-23) or a month (2026-11).
	Period   string        `json:"period"`
	Revision int           `json:"revision"`
	AsOf     time.Time     `json:"as_of"`
	Figures  RatingFigures `json:"figures"`
	// Final is true where the period is over.
	Final   bool           `json:"final,omitempty"`
	Changes []RatingChange `json:"changes,omitempty"`
}

// RatingUnpublished takes the newest figures of a day or a month back (撤下公示): they stay in the
// log, and a person publishes the next revision. Sealed: reason.
type RatingUnpublished struct {
	Period   string `json:"period"`
	Revision int    `json:"revision"`
}

// ExclusionProposed asks to take a rating out that was given by mistake or with
// malice; another person decides. The reason is sealed.
type ExclusionProposed struct {
	Exclusion string `json:"exclusion"`
	Visit     string `json:"visit"`
	Window    string `json:"window"`
	Day       string `json:"day"`
	// Why is mistaken (误评) or malicious (恶意).
	Why string `json:"why"`
	// Case is the one that it follows from, if any.
	Case string `json:"case,omitempty"`
}

// ExclusionDecided is the second person's decision. The reason is sealed.
type ExclusionDecided struct {
	Exclusion string `json:"exclusion"`
	Visit     string `json:"visit"`
	Window    string `json:"window"`
	Day       string `json:"day"`
	Case      string `json:"case,omitempty"`
	Approved  bool   `json:"approved"`
}

func ratingKinds() []KindInfo {
	return []KindInfo{
		{KindRatingGiven, 1, true, RatingGiven{}}, {KindRatingExplained, 1, true, RatingExplained{}}, {KindRatingReasonsSet, 1, true, RatingReasonsSet{}},
		{KindRatingPublished, 1, true, RatingPublished{}}, {KindRatingUnpublished, 1, true, RatingUnpublished{}}, {KindExclusionProposed, 1, true, ExclusionProposed{}}, {KindExclusionDecided, 1, true, ExclusionDecided{}},
	}
}
