package wire

import (
	"fmt"
	"strings"
)

// Topics builds the MQTT topics of one hall.
type Topics struct{ Hall string }

// Leaf is the last part of a device's topic.
type Leaf string

// The leaves below …/agents/{agent}/.
const (
	LeafEvents  Leaf = "events"  // device → hub, QoS 1: one event or an array in seq order
	LeafStored  Leaf = "stored"  // hub → device, QoS 0: Stored
	LeafStatus  Leaf = "status"  // device → all, QoS 1, retained, and the will: Status
	LeafCommand Leaf = "command" // hub → device, QoS 1: Command
)

const topicRoot = "hall/v1/"

// Prefix is the hall's root without a trailing slash.
func (t Topics) Prefix() string { return topicRoot + t.Hall }

// Live is where the hub publishes the same patches as the websocket.
func (t Topics) Live() string { return t.Prefix() + "/live" }

// Agent is one device's topic with the given leaf.
func (t Topics) Agent(agent string, leaf Leaf) string {
	return t.Prefix() + "/agents/" + agent + "/" + string(leaf)
}

// Every is the subscription filter for one leaf of all devices.
func (t Topics) Every(leaf Leaf) string { return t.Agent("+", leaf) }

// HallOf gives the hall of a topic of any hall, or "" for any other topic.
func HallOf(topic string) string {
	rest, found := strings.CutPrefix(topic, topicRoot)
	hall, _, more := strings.Cut(rest, "/")
	if !found || !more {
		return ""
	}
	return hall
}

// Parse splits a device topic of this hall. ok is false for any other topic.
func (t Topics) Parse(topic string) (agent string, leaf Leaf, ok bool) {
	rest, found := strings.CutPrefix(topic, t.Prefix()+"/agents/")
	if !found {
		return "", "", false
	}
	agent, last, found := strings.Cut(rest, "/")
	if !found || agent == "" || strings.Contains(last, "/") {
		return "", "", false
	}
	switch leaf := Leaf(last); leaf {
	case LeafEvents, LeafStored, LeafStatus, LeafCommand:
		return agent, leaf, true
	}
	return "", "", false
}

// CheckName refuses names that cannot stand in a topic or a file: the allowed
// ones are 1 to MaxName bytes of a–z, A–Z, 0–9, '.', '_' and '-'.
func CheckName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("a name needs 1 to %d characters, got %d", MaxName, len(name))
	}
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		default:
			return fmt.Errorf("a name may hold letters, digits, '.', '_' and '-' only, got %q", name)
		}
	}
	return nil
}
