package main

import (
	"encoding/json"
	"strings"
	"testing"

	"hallkeeper/wire"
)

func record(seq uint64, kind wire.Kind, data any) wire.Record {
	b, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	return wire.Record{Event: wire.Event{Agent: "w01", Outbox: "o", Seq: seq, Kind: kind, Data: b}}
}

func TestCount(t *testing.T) {
	rating := func(seq uint64, level int) wire.Record {
		return record(seq, wire.KindRatingPressed, wire.RatingPressed{Level: level})
	}
	card := func(seq uint64, number string) wire.Record {
		return record(seq, wire.KindCardSwiped, wire.CardSwiped{Card: number})
	}
	for _, row := range []struct {
		name        string
		done, maybe counts
		log         []wire.Record
		says        string // empty where all is well
	}{
		{"what was done is there", counts{"rating5": 2, "card": 1}, nil, []wire.Record{rating(1, 5), rating(2, 5), card(3, "a")}, ""},
		{"a press is lost", counts{"rating5": 2}, nil, []wire.Record{rating(1, 5)}, "rating5: 1 lost of 2"},
		{"a press is doubled", counts{"rating5": 1}, nil, []wire.Record{rating(1, 5), rating(2, 5)}, "rating5: 1 more than was done (1)"},
		{"a press at another level", counts{"rating5": 1}, nil, []wire.Record{rating(1, 4)}, "rating4: 1 more"},
		{"a press whose lamp stayed dark is there", nil, counts{"rating1": 1}, []wire.Record{rating(1, 1)}, ""},
		{"or is not", nil, counts{"rating1": 1}, nil, ""},
		{"a report of the device counts for nobody", nil, nil, []wire.Record{record(1, wire.KindAgentStarted, wire.AgentStarted{})}, ""},
		{"a seq is missing", counts{"rating5": 1}, nil, []wire.Record{rating(2, 5)}, "seq 2 follows 0"},
		{"a seq is there twice", counts{"rating5": 2}, nil, []wire.Record{rating(1, 5), rating(1, 5)}, "seq 1 follows 1"},
		{"a card is there twice", counts{"card": 2}, nil, []wire.Record{card(1, "a"), card(2, "a")}, "a card is there twice"},
	} {
		n, faults := count(row.log)
		faults = append(faults, compare(row.done, row.maybe, n)...)
		if got := strings.Join(faults, "; "); row.says == "" && got != "" || !strings.Contains(got, row.says) {
			t.Errorf("%s: %q", row.name, got)
		}
	}
}
