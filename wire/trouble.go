package wire

import "time"

// Kinds of what is wrong with the hall's machines, as people are told of it. Only the hub makes them. They
// hold nothing personal: a window's number, a device's name, figures.
const (
	KindTroubleRaised  Kind = "trouble.raised"
	KindTroubleCleared Kind = "trouble.cleared"
	KindTroubleSeen    Kind = "trouble.seen"
	KindTroubleTold    Kind = "trouble.told"
)

// TroubleRaised says that an alarm has stood long enough to be somebody's trouble.
type TroubleRaised struct {
	Trouble string `json:"trouble"`
	// Alarm is the alarm's id, as in Live; the rest is the alarm's too, as it was then.
	Alarm    string            `json:"alarm"`
	Kind     AlarmKind         `json:"kind"`
	Severity Severity          `json:"severity"`
	Subject  string            `json:"subject,omitempty"`
	Window   string            `json:"window,omitempty"`
	Number   string            `json:"number,omitempty"`
	Since    time.Time         `json:"since"`
	Detail   string            `json:"detail,omitempty"`
	Values   map[string]string `json:"values,omitempty"`
	// Times is the how manieth it is of its alarm within a day, from 1 on.
	Times int `json:"times"`
}

// TroubleCleared says that it has been over long enough.
type TroubleCleared struct {
	Trouble string    `json:"trouble"`
	Until   time.Time `json:"until"`
}

// TroubleSeen says that the actor has taken notice of it.
type TroubleSeen struct {
	Trouble string `json:"trouble"`
}

// TroubleTold says what became of a message to those who keep the hall's machines.
type TroubleTold struct {
	// Channel is mail or webhook. Addresses are settings of the hub and not in the log.
	Channel string `json:"channel"`
	Message string `json:"message"`
	// Raised, Cleared and Again are the troubles that it tells the beginning, the end and the going on of.
	Raised  []string `json:"raised,omitempty"`
	Cleared []string `json:"cleared,omitempty"`
	Again   []string `json:"again,omitempty"`
	// Test: somebody wanted to see whether it arrives.
	Test    bool `json:"test,omitempty"`
	Attempt int  `json:"attempt"`
	OK      bool `json:"ok"`
	// Answer is the server's, without addresses; Next when it is tried again, where it failed.
	Answer string     `json:"answer,omitempty"`
	Next   *time.Time `json:"next,omitempty"`
}

func troubleKinds() []KindInfo {
	return []KindInfo{{KindTroubleRaised, 1, true, TroubleRaised{}}, {KindTroubleCleared, 1, true, TroubleCleared{}},
		{KindTroubleSeen, 1, true, TroubleSeen{}}, {KindTroubleTold, 1, true, TroubleTold{}}}
}
