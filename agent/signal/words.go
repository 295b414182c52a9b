package signal

import (
	"fmt"
	"strings"
	"time"
)

// longBeep is from when on a beep is long to people.
const longBeep = 200 * time.Millisecond

// Look says what a pattern looks and sounds like: the lamps, how often they
// light and for how long, and the beeps. It is read from Steps, so that what
// staff are told is what they see.
func (r Row) Look() (zh, en string) {
	var flashes, beeps int
	var lit, cycle, beep, longest time.Duration
	var colour Lamps
	before := Lamps{}
	for _, s := range r.Steps {
		cycle += s.For
		if !s.dark() {
			colour = Lamps{Green: s.Green, Red: s.Red}
			lit += s.For
			if before.dark() {
				flashes++
			}
		}
		if s.Buzzer {
			if !before.Buzzer {
				beeps++
				beep = 0
			}
			beep += s.For
			longest = max(longest, beep)
		}
		before = s.Lamps
	}
	flashes, beeps = flashes*r.Times, beeps*r.Times
	nameZh, nameEn := "绿灯", "green"
	switch {
	case colour.Green && colour.Red:
		nameZh, nameEn = "红绿灯同时", "red and green"
	case colour.Red:
		nameZh, nameEn = "红灯", "red"
	}
	seconds := func(d time.Duration) string {
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", d.Seconds()), "0"), ".")
	}
	switch flashes {
	case 0:
		zh, en = "灯不亮", "no lamp"
	case 1:
		zh, en = fmt.Sprintf("%s亮 %s 秒", nameZh, seconds(lit)), fmt.Sprintf("%s for %s s", nameEn, seconds(lit))
	default:
		zh, en = fmt.Sprintf("%s闪 %d 下", nameZh, flashes), fmt.Sprintf("%s flashes %d times", nameEn, flashes)
	}
	kindZh, kindEn := "短响", "short"
	if longest >= longBeep {
		kindZh, kindEn = "长响", "long"
	}
	switch beeps {
	case 0:
		return zh + "，不响", en + ", silent"
	case 1:
		return zh + "，" + kindZh + " 1 声", en + ", one " + kindEn + " beep"
	}
	return fmt.Sprintf("%s，%s %d 声", zh, kindZh, beeps), fmt.Sprintf("%s, %d %s beeps", en, beeps, kindEn)
}
