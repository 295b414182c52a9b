package wire

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write golden files of kinds that have none; an old one never changes")

// sample is one record of each kind, as the log holds it.
func sample(k Kind) Record {
	at := time.Date(2026, 11, 23, 8, 58, 31, 204e6, time.FixedZone("", 8*3600))
	r := Record{Position: 1042, StoredAt: at.Add(9 * time.Millisecond), Event: Event{
		ID: "019ab3c1-7a10-7c3e-9b1f-0242ac120002", At: at, Kind: k, Clock: ClockSynced}}
	r.Agent, r.Outbox, r.Seq, r.Boot, r.UptimeMS = "w01", "b1d0c7e4-5a0e-4b8f-9d43-3c5a2f10e7aa", 7, "6f1c2d9e-8b1a-4c57-a1c4-90e7d52f3b11", 83211
	data := map[Kind]any{
		KindCardSwiped:    CardSwiped{"front", "h1:Zm9vYmFyYmF6cXV4MTIzNA", "wiegand34"},
		KindRatingPressed: RatingPressed{5}, KindCallPressed: CallPressed{"call", false},
		KindAgentStarted: AgentStarted{"1.0.0", "standard"}, KindOutboxFull: OutboxFull{3, 9000},
		KindPrintDone: PrintDone{"A012"}, KindPrintFailed: PrintFailed{"A012", "paper_out"}, KindPrinterState: PrinterState{"paper_low"},
		KindInputStuck: InputStuck{"rating5", 30000}, KindReaderFault: ReaderFault{"front", "parity", 2},
		KindClockCorrected: ClockCorrected{r.Boot, 1500}, KindHubStarted: HubStarted{Version: "1.0.0", Clean: true},
		KindOutboxGap: OutboxGap{"w01", r.Outbox, 3, 6}, KindWindowSet: WindowSet{"w01", "01", "综合受理", "政务服务局", "left"},
		KindWindowRemoved: WindowRemoved{"w01"}, KindDeviceAssigned: DeviceAssigned{"w01", "w01"}, KindDeviceDismissed: DeviceDismissed{"w01"},
		KindDeadLetterDismissed: DeadLetterDismissed{4},
		KindLogCheckpoint:       LogCheckpoint{1041, "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=", "hallkeeper/demo\n1041\n"},
		KindLogRepaired:         LogRepaired{"00001_2026-11.open", "found", "did", 1041, "aside"},
		KindLogRecovered:        LogRecovered{12, "no space left on device"},
	}[k]
	if data == nil {
		data = sampleOfPeople(k)
	}
	r.Data, _ = json.Marshal(data)
	if hubOnly(k) {
		r.Agent, r.Outbox, r.Seq, r.Boot, r.UptimeMS, r.Clock = "", "", 0, "", 0, ""
		r.Actor = &Actor{Kind: ActorSchedule, ID: "daily"}
	}
	if info := sealedKinds[k]; info != "" {
		r.Actor = &Actor{Kind: ActorPerson, ID: "supervisor", Session: "5e1f"}
		r.Personal = []Sealed{{Person: info, Box: []byte{1, 2, 3, 4}}}
	}
	if k == KindDeadLetterDismissed {
		r.Actor = &Actor{Kind: ActorPerson, ID: "operator", Session: "s1"}
		r.Personal = []Sealed{{Person: "operator", Box: []byte{1, 2, 3, 4}}}
	}
	return r
}

func TestEveryKindHasItsGoldenFile(t *testing.T) {
	for _, info := range Kinds() {
		path := filepath.Join("testdata", fmt.Sprintf("v%d", info.Version), string(info.Kind)+".json")
		r := sample(info.Kind)
		got := append(AppendRecord(nil, &r), '\n')
		want, err := os.ReadFile(path)
		if os.IsNotExist(err) && *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v (run go test ./wire -update once for a new kind)", info.Kind, err)
			continue
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s changed:\n got %s\nwant %s", info.Kind, got, want)
		}
		var back Record
		if err := json.Unmarshal(want, &back); err != nil {
			t.Errorf("%s: %v", info.Kind, err)
		} else if again := append(AppendRecord(nil, &back), '\n'); !bytes.Equal(again, want) {
			t.Errorf("%s does not come back:\n got %s\nwant %s", info.Kind, again, want)
		}
		if info.HubOnly != hubOnly(info.Kind) {
			t.Errorf("%s: Kinds and hubOnly disagree", info.Kind)
		}
	}
}

func TestCanonicalFormIsWhatEncodingJSONReads(t *testing.T) {
	for _, s := range []string{"", "a", `"\`, "\x00\x1f", "窗口", "\xff\xfe", "<>&\u2028"} {
		var back string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") && back != "\ufffd\ufffd" {
			t.Errorf("%q: %v, %q", s, err, back)
		}
	}
}

func TestParseEvents(t *testing.T) {
	good := `{"id":"019ab3c1-7a10-7c3e-9b1f-0242ac120002","agent":"w01","outbox":"b1d0","seq":3,"first":2,"at":"2026-11-23T08:58:31.204+08:00","kind":"rating.pressed","data":{"level":5}}`
	swap := func(old, to string) string { return strings.Replace(good, old, to, 1) }
	for _, c := range []struct {
		sentence, payload string
		want              Reason
		seq               uint64
	}{
		{"the contract's form is an event", good, "", 3},
		{"an event in an array is an event", "[" + good + "]", "", 3},
		{"an event without an agent is its topic's", swap(`"agent":"w01",`, ""), "", 3},
		{"without outbox and seq the id tells duplicates", swap(`"outbox":"b1d0","seq":3,"first":2,`, ""), "", 0},
		{"an unknown kind is an event", swap("rating.pressed", "door.opened"), "", 3},
		{"an unknown field is ignored", swap(`"seq"`, `"firmware":"x","seq"`), "", 3},
		{"data of any JSON form is kept for an unknown kind", swap(`rating.pressed","data":{"level":5}`, `x.y","data":[1, 2]`), "", 3},
		{"text is not JSON", "hello", ReasonNotJSON, 0},
		{"nothing is not JSON", "", ReasonNotJSON, 0},
		{"a number is no event", "5", ReasonNotJSON, 0},
		{"an empty array is no event", "[]", ReasonNotJSON, 0},
		{"a cut event is not JSON", good[:40], ReasonNotJSON, 0},
		{"64 KiB and one byte are over size", good + strings.Repeat(" ", MaxPayload+1-len(good)), ReasonOverSize, 0},
		{"64 KiB are not", good + strings.Repeat(" ", MaxPayload-len(good)), "", 3},
		{"another agent's event is refused", swap("w01", "w02"), ReasonWrongAgent, 3},
		{"an id is needed", swap("019ab3c1-7a10-7c3e-9b1f-0242ac120002", ""), ReasonBadField, 3},
		{"a kind is needed", swap("rating.pressed", ""), ReasonBadField, 3},
		{"a time is needed", swap("2026-11-23T08:58:31.204+08:00", "yesterday"), ReasonBadField, 3},
		{"a seq needs an outbox", swap(`"outbox":"b1d0",`, ""), ReasonBadField, 0},
		{"an outbox needs a seq", swap(`"seq":3,`, ""), ReasonBadField, 0},
		{"a seq counts from 1", swap(`"seq":3`, `"seq":0`), ReasonBadField, 0},
		{"first is not above seq", swap(`"first":2`, `"first":4`), ReasonBadField, 0},
		{"a seq is a number, but its place is known", swap(`"at":"2026-11-23T08:58:31.204+08:00"`, `"at":5`), ReasonBadField, 3},
		{"level 6 is no rating", swap(`"level":5`, `"level":6`), ReasonBadData, 3},
		{"no level is no rating", swap(`{"level":5}`, `{}`), ReasonBadData, 3},
		{"a level is a number", swap(`"level":5`, `"level":"5"`), ReasonBadData, 3},
		{"a device writes no hub event", swap("rating.pressed", "window.set"), ReasonHubOnly, 3},
		{"a device names no actor", swap(`"seq"`, `"actor":{"kind":"person","id":"x"},"seq"`), ReasonHubOnly, 3},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			got := ParseEvents("w01", []byte(c.payload))
			if len(got) != 1 || got[0].Reason != c.want || got[0].Event.Seq != c.seq || got[0].Event.Agent != "w01" {
				t.Fatalf("got %+v, want reason %q, seq %d", got, c.want, c.seq)
			}
			if (c.want != "") != (got[0].Detail != "") {
				t.Errorf("detail %q", got[0].Detail)
			}
		})
	}
}

func TestTopicsParse(t *testing.T) {
	topics := Topics{Hall: "demo"}
	for _, c := range []struct {
		topic string
		agent string
		leaf  Leaf
		ok    bool
	}{
		{"hall/v1/demo/agents/w01/events", "w01", LeafEvents, true},
		{"hall/v1/demo/agents/w01/status", "w01", LeafStatus, true},
		{"hall/v1/other/agents/w01/events", "", "", false},
		{"hall/v1/demo/agents//events", "", "", false},
		{"hall/v1/demo/agents/w01/events/x", "", "", false},
		{"hall/v1/demo/live", "", "", false},
	} {
		agent, leaf, ok := topics.Parse(c.topic)
		if agent != c.agent || leaf != c.leaf || ok != c.ok {
			t.Errorf("%s: %q %q %v", c.topic, agent, leaf, ok)
		}
	}
}

func FuzzParseEvents(f *testing.F) {
	for _, info := range Kinds() {
		r := sample(info.Kind)
		f.Add(AppendContent(nil, &r.Event))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		for _, p := range ParseEvents("w01", payload) {
			if p.Reason == "" {
				line := AppendContent(nil, &p.Event)
				if !json.Valid(line) {
					t.Fatalf("canonical form is not JSON: %s", line)
				}
				if again := ParseEvents("w01", line); again[0].Reason != "" {
					t.Fatalf("%s: %s", again[0].Detail, line)
				}
			}
		}
	})
}

// What is wrong is told to a technician, not to a programmer.
func TestAWrongTypeIsToldPlainly(t *testing.T) {
	err := CheckData(KindRatingPressed, 1, []byte(`{"level":"<b>"}`))
	if err == nil || err.Error() != "level must be of the type number, got a string" {
		t.Errorf("told is %v", err)
	}
}
