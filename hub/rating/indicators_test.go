package rating

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/wire"
)

func cell(window, staff string, visits int, levels [5]int) *Cell {
	c := &Cell{Day: "2026-11-23", Window: window, Staff: staff, RatingFigures: wire.RatingFigures{Visits: visits, Rateable: visits, Levels: levels}}
	for _, n := range levels {
		c.Pressed += n
	}
	c.Unrated = visits - c.Pressed
	return c
}

func TestIndicatorsAreThoseOfThePolicy(t *testing.T) {
	n := cell("w1", "zhang", 200, [5]int{1, 3, 6, 40, 110}).RatingFigures
	want := map[string]string{
		"good_rate":      "0.9750 156/160 好评率 =（非常满意数 + 满意数 + 基本满意数）÷ 已评数 | good rate = (very satisfied + satisfied + fairly satisfied) ÷ ratings received",
		"active_rate":    "0.8000 160/200 主动评价率 = 已评数 ÷ 应评数 | active rate = ratings received ÷ rateable visits",
		"unrated_rate":   "0.2000 40/200 未评率 = 未评数 ÷ 应评数 | unrated rate = visits without a rating ÷ rateable visits",
		"rectified_rate": "0.7500 3/4 差评按期整改率 = 按期整改差评数 ÷ 应整改差评数 | rectified in time = bad reviews rectified in time ÷ bad reviews due to be rectified",
		"revisit_rate":   "none 0/0 实名差评回访率 = 已回访实名差评数 ÷ 实名差评数 | called back = of these, citizens called back ÷ bad reviews with a phone number",
	}
	indicators := policy.Indicators("2026-11-23")
	for i, r := range Rates(n, CaseFigures{Due: 4, InTime: 3}, indicators) {
		value := "none"
		if r.Value != nil {
			value = fmt.Sprintf("%.4f", *r.Value)
		}
		zh, en := indicators[i].Formula()
		if got := fmt.Sprintf("%s %d/%d %s | %s", value, r.Above, r.Below, zh, en); got != want[r.ID] {
			t.Errorf("%s is\n%s\nnot\n%s", r.ID, got, want[r.ID])
		}
		delete(want, r.ID)
	}
	if len(want) > 0 {
		t.Errorf("there are no %v", want)
	}
	if len(policy.Indicators("2019-01-01")) > 0 {
		t.Error("indicators hold before their day")
	}
}

// Every count that an indicator uses has a name, and every named count is counted.
func TestCountsAreNamed(t *testing.T) {
	counted := Counts(wire.RatingFigures{}, CaseFigures{})
	named := map[string]bool{}
	for _, c := range policy.Counts() {
		named[c.ID] = true
		if _, ok := counted[c.ID]; !ok || c.ZH == "" || c.EN == "" {
			t.Errorf("%s is not counted, or has no name", c.ID)
		}
	}
	for id := range counted {
		if !named[id] {
			t.Errorf("%s has no name", id)
		}
	}
	for _, x := range policy.Indicators("2026-11-23") {
		for _, id := range append(slices.Clone(x.Above), x.Below...) {
			if !named[id] {
				t.Errorf("%s is made of %s, which there is not", x.ID, id)
			}
		}
	}
}

// A person with two good ratings is not above one with a hundred and ninety-nine
// of two hundred: the small sample is drawn to the hall's mean.
func TestASmallSampleIsDrawnToTheMean(t *testing.T) {
	rows := Rows(slices.Values([]*Cell{cell("w1", "many", 250, [5]int{1, 0, 0, 0, 199}), cell("w1", "few", 4, [5]int{0, 0, 0, 0, 2}),
		cell("w2", "poor", 90, [5]int{10, 10, 0, 0, 60}), cell("w2", "none", 9, [5]int{}), cell("w2", "", 1, [5]int{1})}), ByStaff, nil, nil, 20)
	place := map[string]int{}
	for _, r := range rows {
		if r.Ranking != nil {
			place[r.Key] = r.Ranking.Place
		}
	}
	if got := fmt.Sprint(place); got != "map[few:2 many:1 poor:3]" {
		t.Errorf("the places are %s", got)
	}
	few := rows[slices.IndexFunc(rows, func(r Row) bool { return r.Key == "few" })].Ranking
	hallMean := 261.0 / 283
	if want := (2 + 20*hallMean) / 22; few.Value != 1 || few.Sample != 2 || math.Abs(few.Shrunk-want) > 1e-12 {
		t.Errorf("two good ratings are %+v, not %f", few, want)
	}
}

// Rows of any breakdown add up to the hall, and a shrunk value lies between the own and the hall's.
func TestRowsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var cells []*Cell
		for range rapid.IntRange(0, 20).Draw(t, "cells") {
			var levels [5]int
			sum := 0
			for i := range levels {
				levels[i] = rapid.IntRange(0, 9).Draw(t, "level")
				sum += levels[i]
			}
			c := cell(rapid.SampledFrom([]string{"w1", "w2", "w3"}).Draw(t, "window"), rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "staff"), sum+rapid.IntRange(0, 9).Draw(t, "more"), levels)
			c.Day = hall.Date(rapid.SampledFrom([]string{"2026-11-23", "2026-12-01"}).Draw(t, "day"))
			cells = append(cells, c)
		}
		prior := float64(rapid.IntRange(0, 50).Draw(t, "prior"))
		total := Rows(slices.Values(cells), ByHall, nil, nil, prior)[0].Figures
		mean := float64(Good(total)) / float64(total.Pressed)
		for _, by := range Breakdowns() {
			var all wire.RatingFigures
			rows := Rows(slices.Values(cells), by, nil, nil, prior)
			for _, r := range rows {
				all = Add(all, r.Figures)
				if x := r.Ranking; x != nil && (x.Shrunk < min(x.Value, mean)-1e-9 || x.Shrunk > max(x.Value, mean)+1e-9) {
					t.Fatalf("%s: %+v does not lie between itself and %f", r.Key, x, mean)
				}
			}
			if all != total {
				t.Fatalf("by %s it is %+v, the hall %+v", by, all, total)
			}
		}
	})
}

func TestChangesAreNamed(t *testing.T) {
	before := cell("w1", "", 10, [5]int{1, 0, 0, 0, 5}).RatingFigures
	after := before
	after.Excluded, after.Rateable, after.Pressed, after.Levels[0] = 1, 9, 5, 0
	want := "[{excluded 0 1} {rateable 10 9} {pressed 6 5} {level_1 1 0}]"
	if got := fmt.Sprint(Changes(before, after)); got != want {
		t.Errorf("they are %s, not %s", got, want)
	}
	if Changes(before, before) != nil {
		t.Error("what is the same has changed")
	}
}
