package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hallkeeper/wire"
)

// rated begins a visit at a window, ends it after a minute and rates it; level 0 does not.
func (s *stage) rated(window string, level int) {
	s.t.Helper()
	s.serving(window)
	s.now = s.now.Add(time.Minute)
	s.ask("POST", "/api/v1/windows/"+window+"/finish", "")
	if level > 0 {
		s.as("screen", "POST", "windows/"+window+"/ratings", fmt.Sprintf(`{"level":%d}`, level))
	}
	s.now = s.now.Add(time.Minute)
}

func TestIndicatorsAddUpAndSayTheirFormulas(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	for _, level := range []int{5, 4, 1, 0} {
		s.rated("w1", level)
	}
	s.rated("w2", 3)
	s.as("screen", "POST", "windows/w2/ratings", `{"level":5}`) // it is rated already
	s.now = s.now.Add(time.Hour)
	table := into[IndicatorTable](t, s.as("supervisor", "GET", "indicators?by=window", ""))
	n := table.Total.Figures
	if n.Visits != 5 || n.Rateable != 5 || n.Pressed != 4 || n.Unrated != 1 || n.Invalid != 1 || n.Open != 0 {
		t.Errorf("the hall's figures are %+v", n)
	}
	rates := map[string]string{}
	for _, r := range table.Total.Rates {
		rates[r.ID] = fmt.Sprintf("%d/%d", r.Above, r.Below)
	}
	if rates["good_rate"] != "3/4" || rates["active_rate"] != "4/5" || rates["unrated_rate"] != "1/5" {
		t.Errorf("the rates are %v", rates)
	}
	if len(table.Formulas) != 5 || table.Formulas[0].FormulaZH != "好评率 =（非常满意数 + 满意数 + 基本满意数）÷ 已评数" {
		t.Errorf("the formulas are %+v", table.Formulas)
	}
	// w2 has one good rating, w1 two of three: by so few, neither is far from the hall's mean.
	if len(table.Rows) != 2 || table.Rows[1].Ranking.Place != 1 || table.Rows[1].Ranking.Value != 1 || table.Rows[1].Ranking.Shrunk > 0.77 || table.Rows[1].Name != "2" {
		t.Errorf("the rows are %+v %+v", table.Rows[0].Ranking, table.Rows[1].Ranking)
	}
	csv := s.as("supervisor", "GET", "indicators/export?by=window&format=csv", "").Body.String()
	if !strings.Contains(csv, "合计") || !strings.Contains(csv, "好评率") {
		t.Errorf("the table is %s", csv)
	}
	for query, want := range map[string]string{"by=weather": "by", "from=2026-11-31": "from", "from=2025-01-01&until=2026-11-23": "until", "from=2026-11-24&until=2026-11-23": "until"} {
		if w := s.as("supervisor", "GET", "indicators?"+query, ""); w.Code != 422 || !strings.Contains(w.Body.String(), `"`+want+`"`) {
			t.Errorf("%s is answered %d %s", query, w.Code, w.Body)
		}
	}
}

// A representative sees the own window, and its place among all, once the day is over: who serves learns of no rating as it comes in.
func TestIndicatorsOfAnotherWindowAreNotSeen(t *testing.T) {
	s := newStage(t)
	s.now = time.Date(2026, 11, 23, 23, 0, 0, 0, zone)
	s.furnishLine()
	s.rated("w1", 2)
	s.rated("w2", 5)
	if table := into[IndicatorTable](t, s.as("representative", "GET", "indicators?by=window", "")); table.Total.Figures.Visits != 0 {
		t.Errorf("on the day itself the representative sees %+v", table.Total.Figures)
	}
	if page := into[RatingPage](t, s.as("representative", "GET", "ratings", "")); page.Total != 0 {
		t.Errorf("on the day itself the representative sees %+v", page)
	}
	s.now = s.now.Add(2 * time.Hour)
	const yesterday = "from=2026-11-23&until=2026-11-23"
	table := into[IndicatorTable](t, s.as("representative", "GET", "indicators?by=window&"+yesterday, ""))
	if len(table.Rows) != 1 || table.Rows[0].Key != "w1" || table.Rows[0].Ranking.Place != 2 || table.Total.Figures.Pressed != 1 {
		t.Errorf("the representative sees %+v", table)
	}
	page := into[RatingPage](t, s.as("representative", "GET", "ratings?"+yesterday, ""))
	if page.Total != 1 || page.Ratings[0].Window != "w1" {
		t.Errorf("the representative sees %+v", page)
	}
}

// One bad rating among three would be known by its day: a staff member sees levels only where there are enough of them.
func TestOwnSumsTellNoSingleRating(t *testing.T) {
	few := wire.RatingFigures{Visits: 4, Rateable: 4, Pressed: 3, Unrated: 1, Levels: [5]int{1, 0, 0, 0, 2}, Corrected: 1}
	if x := discreet(MyRatings{Figures: few}, 10); !x.Few || x.Figures.Levels != [5]int{} || x.Figures.Corrected != 0 || x.Figures.Pressed != 3 || x.Figures.Unrated != 1 {
		t.Errorf("of three ratings is told %+v", x)
	}
	many := wire.RatingFigures{Pressed: 10, Levels: [5]int{1, 0, 0, 0, 9}}
	if x := discreet(MyRatings{Figures: many}, 10); x.Few || x.Figures != many {
		t.Errorf("of ten ratings is told %+v", x)
	}
}
