package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkeeper/wire"
)

func start() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

func hashed(card string) string { return "h1:" + card }

// story is a ledger of one window and the log that belongs to it, written as
// words: "c1" a card, "r5" a rating of 5; in the ledger a "?" after it means
// that the lamp stayed dark.
func story(t *testing.T, words string) []act {
	t.Helper()
	var acts []act
	for i, word := range strings.Fields(words) {
		from := start().Add(time.Duration(i) * time.Second)
		a := act{from: from, to: from.Add(400 * time.Millisecond), kept: !strings.HasSuffix(word, "?")}
		word = strings.TrimSuffix(word, "?")
		switch word[0] {
		case 'c':
			a.kind, a.card = wire.KindCardSwiped, word[1:]
		case 'r':
			a.kind, a.level = wire.KindRatingPressed, int(word[1]-'0')
		default:
			t.Fatalf("what is %q?", word)
		}
		acts = append(acts, a)
	}
	return acts
}

// logged writes the log: numbers are the acts by their place from 1, "s" is an
// agent.started, "x" a card that nobody has, "y" a rating at a time when nobody
// pressed, "#" a seq that is skipped; a "=" before a number repeats the
// seq of the last record.
func logged(acts []act, words string) []wire.Record {
	var log []wire.Record
	var seq uint64
	for _, word := range strings.Fields(words) {
		if word == "#" {
			seq++
			continue
		}
		if !strings.HasPrefix(word, "=") {
			seq++
		}
		word = strings.TrimPrefix(word, "=")
		r := wire.Record{Position: wire.Position(len(log) + 1)}
		r.Agent, r.Outbox, r.Seq = "w01", "o", seq
		switch word {
		case "s":
			r.Kind, r.Data = wire.KindAgentStarted, json.RawMessage(`{"version":"1"}`)
		case "x":
			r.Kind, r.Data = wire.KindCardSwiped, json.RawMessage(`{"card":"h1:nobody"}`)
		case "y":
			r.Kind, r.Data, r.At = wire.KindRatingPressed, json.RawMessage(`{"level":5}`), start().Add(-time.Minute)
		default:
			var n int
			_, _ = fmt.Sscan(word, &n)
			a := acts[n-1]
			r.Kind, r.At = a.kind, a.from.Add(200*time.Millisecond)
			if r.Data = json.RawMessage(fmt.Sprintf(`{"level":%d}`, a.level)); a.kind == wire.KindCardSwiped {
				r.Data = json.RawMessage(fmt.Sprintf(`{"card":%q}`, hashed(a.card)))
			}
		}
		log = append(log, r)
	}
	return log
}

func TestCheckFinds(t *testing.T) {
	for _, row := range []struct {
		says   string
		ledger string
		log    string
		want   verdict
	}{
		{"all in order is clean", "c1 r5 c2 r5", "s 1 2 3 4", verdict{stored: 4}},
		{"an agent may start in between", "c1 r5 c2", "s 1 2 s s 3", verdict{stored: 3}},
		{"what the lamp did not confirm may be there", "c1 r5? c2?", "1 2 3", verdict{stored: 3}},
		{"or may not be there", "c1 r5? c2? r4", "1 4", verdict{stored: 2}},
		{"a kept card that is missing is lost", "c1 c2 c3", "1 3", verdict{stored: 2, lost: 1}},
		{"a kept rating that is missing is lost", "c1 r5 r5 c3", "1 2 4", verdict{stored: 3, lost: 1}},
		{"the last one counts as well", "c1 r5", "1", verdict{stored: 1, lost: 1}},
		{"an empty log has lost all", "c1 r5 c2", "", verdict{lost: 3}},
		{"a missing seq is a gap even where no lamp confirmed it", "c1 r5? c2", "1 # 3", verdict{stored: 2, gaps: 1}},
		{"a card twice is doubled", "c1 c2", "1 2 1", verdict{stored: 3, doubled: 1}},
		{"a rating twice under a new seq is doubled", "c1 r5 c2", "1 2 2 3", verdict{stored: 4, doubled: 1}},
		{"a record twice under one seq is doubled", "c1 r5", "1 =1 2", verdict{stored: 3, doubled: 1}},
		{"an unconfirmed one twice is doubled too", "c1 r5?", "1 2 2", verdict{stored: 3, doubled: 1}},
		{"an agent's start twice under one seq is doubled", "c1", "s =s 1", verdict{stored: 1, doubled: 1}},
		{"two exchanged are one moved", "c1 c2 c3", "1 3 2", verdict{stored: 3, reordered: 1}},
		{"equal ratings exchanged with a card are seen", "r5 c1 r5", "3 2 1", verdict{stored: 3, reordered: 2}},
		{"an unconfirmed one out of order is reordered", "c1 r5? c2", "1 3 2", verdict{stored: 3, reordered: 1}},
		{"a card that nobody has is foreign", "c1", "1 x", verdict{stored: 1, foreign: 1}},
		{"a rating when nobody pressed is foreign", "r5", "1 y", verdict{stored: 1, foreign: 1}},
	} {
		t.Run(row.says, func(t *testing.T) {
			acts := story(t, row.ledger)
			got := check(map[string][]act{"w01": acts}, logged(acts, row.log), hashed)
			details := got.details
			got.details = nil
			if fmt.Sprint(got) != fmt.Sprint(row.want) {
				t.Errorf("got %+v, want %+v\n%s", got, row.want, strings.Join(details, "\n"))
			}
			if !got.clean() && len(details) == 0 {
				t.Error("nothing says what was found")
			}
		})
	}
}

func TestCheckOfAnotherLevelIsForeignAndLost(t *testing.T) {
	acts := story(t, "r5")
	log := logged(acts, "1")
	log[0].Data = json.RawMessage(`{"level":1}`)
	if got := check(map[string][]act{"w01": acts}, log, hashed); got.lost != 1 || got.foreign != 1 {
		t.Errorf("a 5 that became a 1 gave %+v", got)
	}
}

func TestCheckOfADeviceNobodyPlaysAt(t *testing.T) {
	acts := story(t, "c1")
	log := logged(acts, "1 s")
	log[1].Agent = "w99"
	if got := check(map[string][]act{"w01": acts}, log, hashed); got.foreign != 1 || got.clean() {
		t.Errorf("got %+v", got)
	}
}

func TestLongestRise(t *testing.T) {
	for _, row := range []struct {
		numbers []int
		want    int
	}{
		{nil, 0}, {[]int{1, 2, 3}, 3}, {[]int{3, 2, 1}, 1}, {[]int{1, 5, 2, 3, 4}, 4}, {[]int{4, 5, 1, 2, 3}, 3},
	} {
		if got := longestRise(slices.Clone(row.numbers)); got != row.want {
			t.Errorf("%v: got %d, want %d", row.numbers, got, row.want)
		}
	}
}
