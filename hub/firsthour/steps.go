package firsthour

import "fmt"

func (f *Facts) departments() Step {
	return step("departments", say(f.Departments > 0, fmt.Sprintf("%d 个派驻单位", f.Departments), count(f.Departments, "department")),
		say(f.Departments == 0, "还没有派驻单位：至少登记一个", "there is no department yet: enter one at least"))
}

func (f *Facts) windows() Step {
	n := len(f.Windows)
	return step("windows", say(n > 0, fmt.Sprintf("%d 个窗口", n), count(n, "window")),
		say(n == 0, "还没有窗口：至少添加一个", "there is no window yet: add one at least"),
		about(f.of(func(w *Window) bool { return w.Department == "" }), "窗口 %s 没有写明派驻单位", "windows that name no department: %s"))
}

func (f *Facts) roster() Step {
	empty := f.of(func(w *Window) bool { return !w.Holder })
	return step("roster", say(f.Staff > 0, fmt.Sprintf("%d 名工作人员", f.Staff), count(f.Staff, "person")),
		say(f.Staff == 0, "花名册是空的：下载模板，填好后导入，或逐个添加", "the roster is empty: take the template, fill it in and import it, or add people one by one"),
		say(f.Staff > 0 && f.Cardless > 0, fmt.Sprintf("%d 人没有卡，刷卡不能认出他们", f.Cardless), fmt.Sprintf("%s without a card: their swipes are nobody's", count(f.Cardless, "person"))),
		say(f.Staff > 0 && len(empty) > 0, "窗口 "+several(empty).ZH+" 的岗位上没有人", "windows at which nobody has a post: "+several(empty).EN))
}

func (f *Facts) shifts() Step {
	return step("shifts", say(f.Shifts > 0, fmt.Sprintf("%d 个班次", f.Shifts), count(f.Shifts, "shift")),
		say(f.Shifts == 0, "还没有班次：不知道谁该几点到", "there is no shift yet: nobody knows who is to be there when"),
		say(f.Shifts > 0 && f.Shiftless > 0, fmt.Sprintf("%d 名在岗人员没有班次：把班次安排给全大厅、窗口或个人", f.Shiftless), fmt.Sprintf("%s with a post go by no shift: give one to the hall, a window or a person", count(f.Shiftless, "person"))))
}

func (f *Facts) services() Step {
	return step("services", say(f.Services > 0, fmt.Sprintf("%d 项业务", f.Services), count(f.Services, "service")),
		say(f.Services == 0, "还没有业务：群众没有可取的号", "there is no service yet: nobody can take a ticket"),
		about(f.Windowless, "没有窗口办理：%s", "no window serves: %s"))
}

// second is somebody else who can confirm: what takes two people takes them from the first day on.
func (f *Facts) second() Step {
	s := step("second", say(f.Deciders > 1, fmt.Sprintf("%d 人可以提出和确认", f.Deciders), fmt.Sprintf("%d people can propose and confirm", f.Deciders)),
		say(f.Deciders < 2 && len(f.Unopened) == 0, "通过考核政策须两人办理，现在没有另一个人：为一位督导或另一位管理员建立账号", "adopting a policy takes two people and there is only one: make an account for a supervisor or another administrator"))
	if f.Deciders < 2 && len(f.Unopened) > 0 {
		n := several(f.Unopened)
		s.State = Waiting
		s.Missing = []Words{{"账号 " + n.ZH + " 已建立，等本人登录并换掉初始密码", "The account " + n.EN + " is made and waits for its holder to sign in and change the first password"}}
	}
	return s
}

func (f *Facts) policy() Step {
	sound := f.Policy != "" && f.Blocked == (Words{})
	s := step("policy", say(f.Policy != "", "适用 "+f.Policy, "the hall goes by "+f.Policy),
		say(f.Policy == "", "还没有通过考核政策：刷卡照常记录，但不能考核。打开随程序提供的政策，提出通过", "no policy is adopted: swipes are kept, but nothing can be assessed. Open the one that comes with the program and propose it"),
		say(f.Policy != "" && !sound, f.Blocked.ZH, f.Blocked.EN))
	if !sound && f.Proposed != "" {
		s.State = Waiting
		s.Missing = []Words{{f.Proposed + " 已提出，等另一个人在“待确认”里确认", f.Proposed + " has proposed it; another person confirms it under \"To confirm\""}}
	}
	return s
}

func (f *Facts) devices() Step {
	return step("devices", say(f.Devices > 0, fmt.Sprintf("%d 台窗口电脑", f.Devices), count(f.Devices, "window computer")),
		say(f.Devices == 0, "还没有窗口电脑：生成注册码，在窗口电脑上输入", "there is no window computer yet: make a code and type it there"),
		say(f.Secure && len(f.Bare) > 0, "没有有效证书，不能连接："+several(f.Bare).ZH, "without a good certificate, so that they cannot connect: "+several(f.Bare).EN))
}

func (f *Facts) places() Step {
	bare := f.of(func(w *Window) bool { return w.Device == "" })
	served := len(f.Windows) - len(bare)
	return step("places", say(served > 0, fmt.Sprintf("%d 个窗口有设备", served), fmt.Sprintf("%s served by a device", count(served, "window"))),
		say(len(f.Windows) == 0, "先添加窗口", "add windows first"),
		about(bare, "窗口 %s 没有设备", "windows without a device: %s"),
		about(f.of(func(w *Window) bool { return w.Device != "" && !w.Heard }), "窗口 %s 的设备没有连上：检查电源、网线和注册", "windows whose device is not connected: %s. Look at power, cable and enrolment"),
		about(f.Strangers, "设备 %s 不属于任何窗口：分配给窗口，或声明不属于本大厅", "devices at no window: %s. Assign them, or say that they are not the hall's"))
}

func (f *Facts) screens() Step {
	s := step("screens", say(f.Screens > 0, fmt.Sprintf("%d 块屏幕", f.Screens), count(f.Screens, "screen")),
		say(f.Screens == 0, "还没有屏幕：在屏幕上打开它的页面，把显示的代码输入这里", "there is no screen yet: open its page on it and type the code that it shows here"))
	s.Optional = true
	return s
}

func (f *Facts) swipe() Step {
	if f.Known != nil {
		at := f.Known.At.In(f.Zone).Format("2006-01-02 15:04:05")
		return step("swipe", Words{fmt.Sprintf("%s 在窗口 %s 收到 %s 的刷卡", at, f.Known.Window, f.Known.Staff), fmt.Sprintf("Swiped at window %s by %s, %s", f.Known.Window, f.Known.Staff, at)})
	}
	n := f.Newest
	return step("swipe", Words{},
		say(n == nil, "还没有刷过卡：在任一窗口刷一张已登记的卡", "no card was swiped yet: swipe one that is issued, at any window"),
		say(n != nil && n.Staff == "", "收到了刷卡，但那张卡不是任何人的：在花名册里把卡号发给本人", "a card was swiped, but it is nobody's: issue it in the roster"),
		say(n != nil && n.Window == "", "收到了刷卡，但那台设备不属于任何窗口", "a card was swiped at a device that is at no window"))
}

// count is a number with its word.
func count(n int, word string) string {
	switch {
	case n == 1:
		return "1 " + word
	case word == "person":
		return fmt.Sprintf("%d people", n)
	}
	return fmt.Sprintf("%d %ss", n, word)
}
