package trouble

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"hallkeeper/hub/upkeep"
	"hallkeeper/wire"
)

// Words are a trouble in words: what is wrong and what to do, in both languages.
type Words struct {
	ZH   string `json:"zh"`
	EN   string `json:"en"`
	DoZH string `json:"do_zh"`
	DoEN string `json:"do_en"`
}

// Describe says what a trouble is: which window and device, since when, and what to do.
func (t *Trouble) Describe(zone *time.Location) Words {
	w := t.words()
	zh, en := t.place()
	w.ZH, w.EN = strings.ReplaceAll(w.ZH, "{at}", zh), strings.ReplaceAll(w.EN, "{at}", en)
	since := t.Since.In(zone)
	w.ZH += "（自 " + since.Format("1月2日 15:04") + " 起）"
	w.EN += " (since " + since.Format("2 Jan 15:04") + ")"
	if t.Times >= 3 {
		w.ZH += fmt.Sprintf("，24 小时内第 %d 次", t.Times)
		w.EN += fmt.Sprintf(", for the %s time within a day", nth(t.Times))
	}
	return w
}

func nth(n int) string {
	switch {
	case n%10 == 1 && n%100 != 11:
		return fmt.Sprintf("%dst", n)
	case n%10 == 2 && n%100 != 12:
		return fmt.Sprintf("%dnd", n)
	case n%10 == 3 && n%100 != 13:
		return fmt.Sprintf("%drd", n)
	}
	return fmt.Sprintf("%dth", n)
}

// place is the window and the device that a trouble is at.
func (t *Trouble) place() (zh, en string) {
	device, input, _ := strings.Cut(t.Subject, "/")
	zh, en = "设备 "+device, "device "+device
	if t.Number != "" {
		zh, en = t.Number+" 号窗口的"+zh, "window "+t.Number+", "+en
	}
	if input != "" {
		zh, en = zh+" 的 "+input, en+", "+input
	}
	return zh, en
}

// words are those of the kind; {at} stands for the place.
func (t *Trouble) words() Words {
	v := func(name string) string { return t.Values[name] }
	switch t.Kind {
	case wire.AlarmCutOff:
		return Words{"{at} 通信中断", "{at} is cut off",
			"检查该窗口电脑的电源和网线；积存的记录恢复后会自动补传。", "Check the power and the network cable of the window's computer; what it recorded is sent once it is back."}
	case wire.AlarmOutboxOld:
		return Words{"{at} 有长时间未发出的记录（" + v("pending") + " 条）", "{at} holds records that it could not deliver (" + v("pending") + ")",
			"检查该设备的网络和主机的存储空间。", "Check the device's network and the hub's disk."}
	case wire.AlarmOutboxFull:
		return Words{"{at} 的存储已满，已拒绝 " + v("refused") + " 次操作", "the store of {at} is full, it refused " + v("refused") + " actions",
			"尽快恢复该设备与主机的连接；期间请人工登记。", "Bring it back to the hub as soon as you can; write down by hand what happens meanwhile."}
	case wire.AlarmOutboxFault:
		return Words{"{at} 无法保存操作记录", "{at} cannot store what people do",
			"此时的按键和刷卡没有保存；请人工登记，并检查或更换该设备的存储卡。", "Presses and swipes are not kept now; write them down by hand, and check or replace the device's card."}
	case wire.AlarmOutboxGap:
		return Words{"{at} 的部分记录在主机上缺失（第 " + v("from") + " 至 " + v("to") + " 条）", "records of {at} are missing at the hub (" + v("from") + " to " + v("to") + ")",
			"主机可能是从备份恢复的；请核对缺失时段，必要时人工补录，然后在“设备”中重新分配该设备。", "The hub was perhaps restored from a backup; look at what is missing, enter it by hand where need be, then assign the device again."}
	case wire.AlarmTwice:
		return Words{"有两台设备都叫这个名字：{at}", "two devices have one name: {at}",
			"给其中一台改名（设置 agent）并重启，再在“设备”中重新分配。", "Rename one of them (setting agent), restart it, and assign it again."}
	case wire.AlarmMisused:
		return Words{"{at} 试图做不属于它的事", "{at} tries what is not its own",
			"核对该设备；如证书可能被盗用，请在“设备注册”页面撤销它的证书。", "Look at the device; where its certificate may have been stolen, revoke it on the page of enrolment."}
	case wire.AlarmExpiring:
		return Words{"{at} 的证书到 " + v("until") + " 为止", "the certificate of {at} ends on " + v("until"),
			"检查设备是否在线并能换新证书；需要时在“设备注册”页面重新注册。", "See that the device is connected and can renew it; enrol it again where need be."}
	case wire.AlarmClock:
		return Words{"{at} 的时钟未同步或偏差过大", "the clock of {at} is not synchronised, or wrong",
			"检查校时服务；未同步期间的记录不会用于考勤认定。", "Check its time server; what it records meanwhile is not used for attendance."}
	case wire.AlarmInput:
		return Words{"{at} 故障", "{at} is faulty",
			"检查按键是否卡住、读卡器接线是否松动。", "See whether the button is stuck or the reader's cable is loose."}
	case wire.AlarmPrinter:
		return printer(t.Detail)
	case wire.AlarmDeadLetters:
		return Words{"有未处理的死信", "there are dead letters that nobody has dealt with",
			"在“死信”中查看原因，处理后填写说明。", "Look at their reasons in Dead letters, deal with them and say how."}
	}
	return t.ofTheHub()
}

// Why nothing can be stored where it is not the disk.
const (
	ClockBehind = "clock_behind"
	Superseded  = "superseded"
)

// ofTheHub are the words of what the hub itself suffers from.
func (t *Trouble) ofTheHub() Words {
	v := func(name string) string { return t.Values[name] }
	switch t.Kind {
	case wire.AlarmNotWritable:
		switch t.Detail {
		case ClockBehind:
			return Words{"主机时钟比最新的记录还早，暂停登记", "the hub's clock is before its newest record: nothing can be entered",
				"校准主机的时间（timedatectl set-time，或接通校时服务），之后自动恢复；设备会保留记录并补传。", "Set the hub's clock (timedatectl set-time, or a time server); it goes on by itself, and devices send later what they keep."}
		case Superseded:
			return Words{"另一台主机已接替本大厅，这台已停止登记", "another hub has taken over: this one stores nothing",
				"关掉这台主机。如果它才是应当使用的，先关掉另一台，再在这台上运行 hub take-over。", "Switch this hub off. If it is the right one, switch the other off and run hub take-over on this one."}
		}
		return Words{"主机无法存储：现在什么都不能登记", "the hub cannot store: nothing can be entered now",
			"检查主机的磁盘空间和磁盘状态；设备会保留记录，恢复后自动补传。", "Check the hub's disk space and its disk; devices keep their records and send them later."}
	case wire.AlarmLogRepaired:
		return Words{"主机的日志损坏，已修复", "the hub's log was damaged and repaired",
			"保留被移出的文件并联系技术人员；设备会重发未存的记录。", "Keep the file that was set aside and call the technician; devices send again what was not stored."}
	case wire.AlarmLogDamaged:
		return Words{"主机的历史日志与校验和不符（" + v("count") + " 处）", "past months of the hub's log do not match their checksums (" + v("count") + ")",
			"不要删除任何文件；磁盘可能损坏，请联系技术人员，用 hub verify 查明，从备份恢复该月文件并更换磁盘。",
			"Delete nothing; the disk may be failing. Have the technician run hub verify, restore the month's file from a backup and replace the disk."}
	case wire.AlarmBrokerLost:
		return Words{"主机与消息服务断开，收不到设备的记录", "the hub has lost the message broker and hears no device",
			"检查消息服务是否运行；设备会保留记录，恢复后自动补传。", "See whether the broker runs; devices keep their records and send them later."}
	case wire.AlarmHTTPSSoon, wire.AlarmHTTPSNear:
		return Words{"网页证书到 " + v("until") + " 为止", "the certificate of the pages ends on " + v("until"),
			"联系发证单位换新证书，放到原来的文件中即可，不用重启主机；到期后浏览器会拒绝打开页面。",
			"Ask whoever issued it for a new one and put it in the same files, the hub need not be restarted; once it has ended browsers refuse the pages."}
	case wire.AlarmDisk:
		w := Words{"主机磁盘剩余 " + v("free") + " GiB", "the hub's disk has " + v("free") + " GiB left",
			"清理磁盘上与大厅无关的文件，或换更大的磁盘；不要删除数据文件夹里的任何文件。", "Clear away what is not the hall's, or fit a larger disk; delete nothing in the data folder."}
		if days := v("days"); days != "" {
			w.ZH, w.EN = w.ZH+"，按目前的增长约 "+days+" 天后写满", w.EN+", as it grows it will be full in about "+days+" days"
		}
		return w
	case wire.AlarmHubClock:
		if t.Detail == upkeep.Stepped {
			return Words{"主机时钟跳变了 " + v("seconds") + " 秒", "the hub's clock jumped by " + v("seconds") + " seconds",
				"核对主机的时间和校时服务（timedatectl）；跳变前后的记录时间可能不准。", "Check the hub's time and its time server (timedatectl); times recorded around the jump may be wrong."}
		}
		return Words{"主机时钟未同步", "the hub's clock is not synchronised",
			"检查主机的网络和校时服务（timedatectl）；时间不准会影响考勤和排队。", "Check the hub's network and its time server (timedatectl); a wrong time spoils attendance and the line."}
	case wire.AlarmRival:
		return Words{"网络上还有一台本大厅的主机（" + v("address") + "）", "another hub of this hall is on the network (" + v("address") + ")",
			"同一大厅只能有一台主机：查明哪一台是现用的，关掉另一台。两台记下的内容不会合并。", "A hall has one hub only: find out which is the right one and switch the other off. What both have stored is never put together."}
	case wire.AlarmBackup:
		return t.ofBackup()
	}
	return Words{string(t.Kind), string(t.Kind), "请在控制台的“告警”中查看。", "Look at the console's alarms."}
}

// PlaceName is the value of an old backup's trouble that names the place: a folder, or a server's address.
const PlaceName = "name"

// ofBackup are the words of backups that are not made.
func (t *Trouble) ofBackup() Words {
	zh, en := "", ""
	switch n, name := t.Values["place"], t.Values[PlaceName]; {
	case n != "" && name != "":
		zh, en = "第 "+n+" 处备份位置 "+name+" ", " in "+name+" (place "+n+")"
	case name != "":
		zh, en = "备份位置 "+name+" ", " in "+name
	case n != "":
		zh, en = "第 "+n+" 处备份位置", " in place "+n
	}
	if t.Detail == upkeep.NoBackup {
		w := Words{"主机从未做过备份", "the hub has never been backed up",
			"按手册“备份”一节设置自动备份，或现在运行 hub backup。", "Set backups as the handbook says, or run hub backup now."}
		if zh != "" {
			w.ZH, w.EN = zh+"还没有备份", "there is no backup"+en+" yet"
			w.DoZH, w.DoEN = "在“运行状况”中看这一处失败的原因；检查备份盘或服务器。", "See on the page of the system's health why it fails there; check its disk or server."
		}
		return w
	}
	age, aged := t.Values["days"]+" 天", t.Values["days"]+" days"
	if n, err := strconv.Atoi(t.Values["hours"]); err == nil && n < 48 {
		age, aged = t.Values["hours"]+" 小时", t.Values["hours"]+" hours"
	}
	return Words{zh + "最近一次备份已是 " + age + "前", "the last backup" + en + " is " + aged + " old",
		"检查备份盘是否接好、是否已满；“运行状况”中有失败的原因。", "See whether the backup disk is there and has room; the page of the system's health says why it fails."}
}

func printer(state string) Words {
	states := map[string][2]string{"paper_low": {"纸快用完了", "is low on paper"}, "paper_out": {"缺纸", "is out of paper"},
		"cover_open": {"上盖没有合好", "is open"}, "offline": {"连不上", "cannot be reached"}}
	s, ok := states[state]
	if !ok {
		s = [2]string{"有问题", "has a problem"}
	}
	return Words{"{at} 的打印机" + s[0], "the printer of {at} " + s[1],
		"请换纸、合好上盖，或检查电源和数据线。", "Put in paper, close the cover, or check its power and cable."}
}
