package firsthour

import (
	"strings"
	"testing"
	"time"
)

// whole is a hall that lacks nothing.
func whole() *Facts {
	known := &Swipe{At: time.Date(2026, 11, 23, 0, 58, 31, 0, time.UTC), Window: "01", Staff: "s1"}
	return &Facts{Departments: 1, Windows: []Window{{"01", "民政局", true, true, "w01"}}, Staff: 2, Shifts: 1, Services: 1, Deciders: 2,
		Policy: "p@1.0.0", Secure: true, Devices: 1, Screens: 1, Newest: known, Known: known, Zone: time.FixedZone("CST", 8*3600)}
}

func TestWhatAHallLacks(t *testing.T) {
	for _, row := range []struct {
		says, step string
		change     func(*Facts)
		state      State
		zh, en     string // a part of the first thing that is missing
	}{
		{"no department", "departments", func(f *Facts) { f.Departments = 0 }, Open, "至少登记一个", "There is no department yet"},
		{"no window", "windows", func(f *Facts) { f.Windows = nil }, Open, "还没有窗口", "no window yet"},
		{"a window without a department", "windows", func(f *Facts) { f.Windows[0].Department = "" }, Open, "窗口 01", "department: 01"},
		{"nobody", "roster", func(f *Facts) { f.Staff = 0 }, Open, "花名册是空的", "roster is empty"},
		{"people without cards", "roster", func(f *Facts) { f.Cardless = 1 }, Open, "1 人没有卡", "1 person without"},
		{"a window without people", "roster", func(f *Facts) { f.Windows[0].Holder = false }, Open, "窗口 01 的岗位上没有人", "post: 01"},
		{"no shift", "shifts", func(f *Facts) { f.Shifts = 0 }, Open, "还没有班次", "no shift"},
		{"people without a shift", "shifts", func(f *Facts) { f.Shiftless = 2 }, Open, "2 名", "2 people"},
		{"no service", "services", func(f *Facts) { f.Services = 0 }, Open, "还没有业务", "no service"},
		{"services without a window", "services", func(f *Facts) { f.Windowless = []string{"甲", "乙", "丙", "丁", "戊", "己", "庚"} }, Open, "甲、乙、丙、丁、戊、己 等 7 个", "and 1 more"},
		{"one person alone", "second", func(f *Facts) { f.Deciders = 1 }, Open, "现在没有另一个人", "only one"},
		{"a second one who has not signed in", "second", func(f *Facts) { f.Deciders, f.Unopened = 1, []string{"chief"} }, Waiting, "账号 chief", "The account chief"},
		{"no policy", "policy", func(f *Facts) { f.Policy = "" }, Open, "还没有通过", "No policy"},
		{"a policy that waits for the second", "policy", func(f *Facts) { f.Policy, f.Proposed = "", "admin" }, Waiting, "admin 已提出", "admin has proposed"},
		{"a policy that has ended", "policy", func(f *Facts) { f.Blocked = Words{"已期满", "it has ended"} }, Open, "已期满", "It has ended"},
		{"an extension that waits for the second", "policy", func(f *Facts) { f.Blocked, f.Proposed = Words{"已期满", "it has ended"}, "admin" }, Waiting, "admin 已提出", "admin has proposed"},
		{"no device", "devices", func(f *Facts) { f.Devices = 0 }, Open, "还没有窗口电脑", "no window computer"},
		{"a device without a certificate", "devices", func(f *Facts) { f.Bare = []string{"w01"} }, Open, "没有有效证书", "w01"},
		{"a window without a device", "places", func(f *Facts) { f.Windows[0].Device = "" }, Open, "窗口 01 没有设备", "Windows without a device: 01"},
		{"a device that is not heard", "places", func(f *Facts) { f.Windows[0].Heard = false }, Open, "没有连上", "not connected: 01"},
		{"a stranger", "places", func(f *Facts) { f.Strangers = []string{"w09"} }, Open, "设备 w09", "window: w09"},
		{"no screen", "screens", func(f *Facts) { f.Screens = 0 }, Open, "还没有屏幕", "no screen"},
		{"no swipe", "swipe", func(f *Facts) { f.Newest, f.Known = nil, nil }, Open, "还没有刷过卡", "No card"},
		{"a swipe of nobody's card", "swipe", func(f *Facts) { f.Newest, f.Known = &Swipe{Window: "01"}, nil }, Open, "不是任何人的", "nobody's"},
		{"a swipe at no window", "swipe", func(f *Facts) { f.Newest, f.Known = &Swipe{Staff: "s1"}, nil }, Open, "不属于任何窗口", "at no window"},
	} {
		t.Run(row.says, func(t *testing.T) {
			f := whole()
			row.change(f)
			steps := Steps(f)
			for _, s := range steps {
				if s.Step != row.step {
					continue
				}
				if s.State != row.state || len(s.Missing) == 0 || !strings.Contains(s.Missing[0].ZH, row.zh) || !strings.Contains(s.Missing[0].EN, row.en) {
					t.Errorf("%+v", s)
				}
				if got := Complete(steps); got != s.Optional {
					t.Errorf("complete is %v", got)
				}
			}
		})
	}
}

func TestAHallThatLacksNothing(t *testing.T) {
	steps := Steps(whole())
	for _, s := range steps {
		if s.State != Done || len(s.Missing) > 0 || s.Have == nil {
			t.Errorf("%+v", s)
		}
	}
	if !Complete(steps) || Left(steps) != 0 {
		t.Error("it is not complete")
	}
	if last := steps[len(steps)-1].Have; !strings.Contains(last.ZH, "2026-11-23 08:58:31 在窗口 01") {
		t.Errorf("the swipe is told as %+v", last)
	}
	if got := Left(Steps(&Facts{})); got != 10 {
		t.Errorf("an empty hall has %d steps to go", got)
	}
}
