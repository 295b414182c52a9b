package policy

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
)

//go:embed indicators.json
var indicatorsFile []byte

// Indicator is a rate of satisfaction: the sum of some counts over the sum of
// others. The formula that people read and the one that is computed are the same data.
type Indicator struct {
	ID        string    `json:"id"`
	ZH        string    `json:"zh"`
	EN        string    `json:"en"`
	Above     []string  `json:"above"`
	Below     []string  `json:"below"`
	Reference string    `json:"reference"`
	From      hall.Date `json:"from"`
	Until     hall.Date `json:"until,omitempty"`
}

func readIndicators() (all []Indicator) {
	if err := json.Unmarshal(indicatorsFile, &all); err != nil {
		panic(fmt.Sprintf("policy: the indicators do not read: %v", err)) // a test reads them
	}
	return all
}

// Counted is something that is counted, and what people call it.
type Counted = assess.Counted

// Counts are what indicators are made of.
func Counts() []Counted { return assess.Counts() }

// Indicators are those that hold on a day.
func Indicators(day hall.Date) (all []Indicator) {
	for _, i := range readIndicators() {
		if i.From <= day && (i.Until == "" || day <= i.Until) {
			all = append(all, i)
		}
	}
	return all
}

// Formula is the formula in words, like 好评率 =（非常满意数 + 满意数 + 基本满意数）÷ 已评数.
func (i Indicator) Formula() (zh, en string) {
	names := map[string]Counted{}
	for _, c := range Counts() {
		names[c.ID] = c
	}
	sum := func(ids []string, name func(Counted) string, open, end string) string {
		var words []string
		for _, id := range ids {
			words = append(words, name(names[id]))
		}
		if len(words) == 1 {
			return words[0]
		}
		return open + strings.Join(words, " + ") + end
	}
	inZH, inEN := func(c Counted) string { return c.ZH }, func(c Counted) string { return c.EN }
	zh = i.ZH + " = " + sum(i.Above, inZH, "（", "）") + " ÷ " + sum(i.Below, inZH, "（", "）")
	zh = strings.NewReplacer(" （", "（", "） ", "）").Replace(zh) // full-width brackets have room of their own
	en = i.EN + " = " + sum(i.Above, inEN, "(", ")") + " ÷ " + sum(i.Below, inEN, "(", ")")
	return zh, en
}
