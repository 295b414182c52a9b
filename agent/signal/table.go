package signal

import "time"

// Lamps is what is lit and sounding.
type Lamps struct {
	Green, Red, Buzzer bool
}

func (l Lamps) dark() bool { return !l.Green && !l.Red }

// The patterns, as commands of the hub name them.
const (
	Seen        = "seen"         // felt, and not safe yet: the disk takes long
	Kept        = "kept"         // a press or swipe is safe in this device: green rises once for each
	Counted     = "counted"      // the hall has counted the rating
	Accepted    = "accepted"     // the hall has accepted the card
	Refused     = "refused"      // the hall refuses, or the card could not be read
	UnknownCard = "unknown_card" // nobody has this card
	HubAway     = "hub_away"     // kept, but the hall's computer is away
	NotOpen     = "not_open"     // a rating while none is open
	Fault       = "fault"        // not kept: the device cannot store
	Identify    = "identify"     // a technician looks for this device
)

// Step is one state of the lamps and how long it lasts at least.
type Step struct {
	Lamps
	For time.Duration
}

// Row is one pattern. Nothing in it flashes more than three times a second.
type Row struct {
	Pattern string
	// Zh and En say what it tells a person.
	Zh, En string
	// DoZh and DoEn say what staff do then.
	DoZh, DoEn string
	Steps      []Step
	// Times is how often Steps are gone through.
	Times int
}

// Table lists all patterns. Green rises by itself in Kept only where the device
// speaks; what the hub asks for follows what the person has seen already. Seen is
// a tick without a lamp, for it promises nothing; it comes only where the disk is
// slower than a tenth of a second.
func Table() []Row {
	const ms = time.Millisecond
	green, red, both := Lamps{Green: true}, Lamps{Red: true}, Lamps{Green: true, Red: true}
	loud := func(l Lamps) Lamps { l.Buzzer = true; return l }
	return []Row{
		{Seen, "已感应，正在记录（存储卡较慢）", "felt, being recorded (the SD card is slow)", "等绿灯亮", "wait for the green lamp",
			[]Step{{Lamps{Buzzer: true}, 30 * ms}}, 1},
		{Kept, "已记录", "kept", "无需处理", "nothing",
			[]Step{{loud(green), 60 * ms}, {green, 190 * ms}}, 1},
		{Counted, "评价已计入", "your rating counts", "无需处理", "nothing",
			[]Step{{loud(green), 60 * ms}, {green, 90 * ms}, {loud(green), 60 * ms}, {green, 590 * ms}}, 1},
		{Accepted, "刷卡有效", "card accepted", "无需处理", "nothing",
			[]Step{{loud(green), 120 * ms}, {green, 680 * ms}}, 1},
		{Refused, "未受理，请重试", "refused, try again", "再刷一次；总是这样就换一张卡试，并告诉值班人员", "try again; if it stays so, try another card and tell the supervisor",
			[]Step{{loud(red), 400 * ms}, {red, 400 * ms}}, 1},
		{UnknownCard, "未登记的卡", "nobody has this card", "请值班人员登记这张卡", "have the supervisor register the card",
			[]Step{{loud(red), 120 * ms}, {red, 80 * ms}, {Lamps{}, 200 * ms}}, 3},
		{HubAway, "已记录，大厅主机暂时不在线", "kept, the hall's computer is away", "照常工作，恢复后自动补传；持续 10 分钟以上就告诉值班人员", "work on, it is sent later by itself; tell the supervisor after 10 minutes",
			[]Step{{red, 150 * ms}, {Lamps{}, 200 * ms}}, 2},
		{NotOpen, "评价尚未开始", "no rating is open", "窗口开始办理后再评价", "rate once the window has begun to serve",
			[]Step{{red, 500 * ms}}, 1},
		{Fault, "设备故障，未能记录", "device fault, not kept", "这一次没有记下：请人工登记，并立即告诉值班人员", "it was not recorded: write it down, and tell the supervisor at once",
			[]Step{{loud(red), 250 * ms}, {Lamps{}, 150 * ms}}, 4},
		{Identify, "设备定位", "this is the device", "技术人员在找这台设备", "a technician is looking for this device",
			[]Step{{loud(both), 100 * ms}, {both, 400 * ms}, {Lamps{}, 500 * ms}}, 10},
	}
}
