package wire

// Kinds about the hall's assessment policy. Only the hub makes them, for a person
// who is named in Actor. Nothing in them is personal.
const (
	KindPolicyAdopted  Kind = "policy.adopted"
	KindPolicyExtended Kind = "policy.extended"
)

// PolicyAdopted puts a policy file into force from a day on; what was in force
// until then ends on the day before.
type PolicyAdopted struct {
	// Policy and Version are those in the file: findings name it as policy@version.
	Policy  string `json:"policy"`
	Version string `json:"version"`
	From    string `json:"from"`
	// Document is the number of the document by which it was adopted.
	Document string `json:"document"`
	// Text is the whole file, SHA256 its hash in hex.
	Text   string `json:"text"`
	SHA256 string `json:"sha256"`
}

// PolicyExtended records a decision by which a trial policy goes on after its end (63号 第十八条).
type PolicyExtended struct {
	Policy  string `json:"policy"`
	Version string `json:"version"`
	From    string `json:"from"`
	// Until is included; empty is no end.
	Until    string `json:"until,omitempty"`
	Document string `json:"document"`
	// Reference says why, or what else the decision stands on.
	Reference string `json:"reference,omitempty"`
	// Fictional is true where there is no such document: a demo's.
	Fictional bool `json:"fictional,omitempty"`
}

func policyKinds() []KindInfo {
	return []KindInfo{{KindPolicyAdopted, 1, true, PolicyAdopted{}}, {KindPolicyExtended, 1, true, PolicyExtended{}}}
}
