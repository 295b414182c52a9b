package wire

// Kinds of what is done with personal data itself (个人信息保护法). Only the hub makes
// them. Whose is the name of a key, as in Sealed.Person; reasons travel sealed in Personal.
const (
	KindPersonalViewed    Kind = "personal.viewed"
	KindPersonalExported  Kind = "personal.exported"
	KindPersonalForgotten Kind = "personal.forgotten"
	KindRetentionSet      Kind = "retention.set"
	KindBackupTaken       Kind = "backup.taken"
)

// PersonalViewed says that somebody is about to see personal fields whole. Sealed: reason.
type PersonalViewed struct {
	Whose string `json:"whose"`
	// Kind is what the fields are of: case, appointment, staff and so on.
	Kind string `json:"kind"`
	// Fields are their names.
	Fields []string `json:"fields"`
}

// PersonalExported says that somebody is about to get all that is held about a person. Sealed: reason, where it is another who asks.
type PersonalExported struct {
	Whose string `json:"whose"`
	Kind  string `json:"kind"`
	// Own: it is the person who gets it.
	Own bool `json:"own,omitempty"`
}

// PersonalForgotten says that a key is destroyed: what was sealed under it can be read by nobody any more. Sealed under a key of its own: reason.
type PersonalForgotten struct {
	Whose string `json:"whose"`
	// Why is retention (the time is over) or request (the person asked).
	Why string `json:"why"`
	// Article is the rule or law that asks for it.
	Article string `json:"article"`
	// Reference is the letter in which the person asked.
	Reference string `json:"reference,omitempty"`
}

// RetentionSet says for how long a kind of personal data is kept, from a day on.
type RetentionSet struct {
	Kind string `json:"kind"`
	// Days are counted from the end of what the data is for: a case's end, a person's departure.
	Days int    `json:"days"`
	From string `json:"from"`
	// Reference is the article or document that it stands on.
	Reference string `json:"reference"`
}

// BackupTaken says that somebody is about to get an encrypted copy of everything.
type BackupTaken struct {
	// Recipients are the public keys for which it is encrypted.
	Recipients []string `json:"recipients"`
}

func personalKinds() []KindInfo {
	return []KindInfo{
		{KindPersonalViewed, 1, true, PersonalViewed{}}, {KindPersonalExported, 1, true, PersonalExported{}},
		{KindPersonalForgotten, 1, true, PersonalForgotten{}}, {KindRetentionSet, 1, true, RetentionSet{}}, {KindBackupTaken, 1, true, BackupTaken{}},
	}
}
