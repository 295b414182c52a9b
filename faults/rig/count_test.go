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

func TestJudge(t *testing.T) {
	rating := func(seq uint64, level int) wire.Record {
		return record(seq, wire.KindRatingPressed, wire.RatingPressed{Level: level})
	}
	card := func(seq uint64, number string) wire.Record {
		return record(seq, wire.KindCardSwiped, wire.CardSwiped{Card: number})
	}
	other := rating(1, 5)
	other.Outbox = "p"
	for _, row := range []struct {
		name        string
		done, maybe counts
		swiped      cards
		log         []wire.Record
		says        string // empty where all is well
	}{
		{"what was done is there", counts{"rating5": 2}, nil, cards{"a": true}, []wire.Record{rating(1, 5), rating(2, 5), card(3, "a")}, ""},
		{"a press is lost", counts{"rating5": 2}, nil, nil, []wire.Record{rating(1, 5)}, "rating5: 1 lost of 2"},
		{"a press is doubled", counts{"rating5": 1}, nil, nil, []wire.Record{rating(1, 5), rating(2, 5)}, "rating5: 1 more than was done (1)"},
		{"a press at another level", counts{"rating5": 1}, nil, nil, []wire.Record{rating(1, 4)}, "rating4: 1 more"},
		{"a press whose lamp stayed dark is there", nil, counts{"rating1": 1}, nil, []wire.Record{rating(1, 1)}, ""},
		{"or is not", nil, counts{"rating1": 1}, nil, nil, ""},
		{"a card is lost", nil, nil, cards{"a": true, "b": true}, []wire.Record{card(1, "b")}, "a card is lost: a"},
		{"a card that may be there stands for no other", nil, nil, cards{"a": true, "b": false}, []wire.Record{card(1, "b")}, "a card is lost: a"},
		{"a card is there twice", nil, nil, cards{"a": true}, []wire.Record{card(1, "a"), card(2, "a")}, "a card is there 2 times: a"},
		{"a card that nobody held", nil, nil, cards{"a": true}, []wire.Record{card(1, "a"), card(2, "c")}, "a card that nobody held to a reader: c"},
		{"a report of the device counts for nobody", nil, nil, nil, []wire.Record{record(1, wire.KindAgentStarted, wire.AgentStarted{})}, ""},
		{"a seq is missing", counts{"rating5": 1}, nil, nil, []wire.Record{rating(2, 5)}, "seq 2 follows 0"},
		{"a seq is there twice", counts{"rating5": 2}, nil, nil, []wire.Record{rating(1, 5), rating(1, 5)}, "seq 1 follows 1"},
		{"the outbox is another", counts{"rating5": 2}, nil, nil, []wire.Record{rating(1, 5), other}, "2 outboxes"},
	} {
		v := judge(row.done, row.maybe, row.swiped, look(row.log))
		if got := strings.Join(v.faults, "; "); row.says == "" && got != "" || !strings.Contains(got, row.says) {
			t.Errorf("%s: %q", row.name, got)
		}
	}
}
