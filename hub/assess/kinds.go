package assess

import (
	"cmp"
	"slices"
)

// FieldType is what a fact's field holds.
type FieldType string

// The types of fields.
const (
	Number FieldType = "number"
	Text   FieldType = "text"
	YesNo  FieldType = "yes/no"
)

// Field is an input of a rule's expressions.
type Field struct {
	Name string
	Type FieldType
	// Unit is that of a number.
	Unit string
	// Choices bound a text.
	Choices []string
	Words
}

// Kind is something that the hub can observe and a rule can be about.
type Kind struct {
	ID string
	Words
	// About are those that such a fact names, the one it is first about first.
	About  []To
	Fields []Field
	// Inspection is true of what people find on their rounds and enter; other facts are observed by the hub.
	Inspection bool
}

// Kinds are the facts that there are, by id. They are the program's: a policy says what they are worth.
func Kinds() []Kind {
	person, window, department := []To{ToPerson, ToWindow, ToDepartment}, []To{ToWindow, ToDepartment}, []To{ToDepartment}
	minutes := Field{Name: "minutes", Type: Number, Unit: "min", Words: Words{"时长", "how long"}}
	overdue := Field{Name: "overdue", Type: Number, Unit: "working days", Words: Words{"超期工作日数", "working days past the limit"}}
	level := Field{Name: "level", Type: Number, Unit: "level", Words: Words{"评价等级，5 到 1", "level of the rating, 5 to 1"}}
	source := func(choices ...string) Field {
		return Field{Name: "source", Type: Text, Choices: choices, Words: Words{"来源", "where it came from"}}
	}
	all := []Kind{
		{"late", Words{"迟到", "a late arrival"}, person, []Field{minutes}, false},
		{"early", Words{"早退", "leaving early"}, person, []Field{minutes}, false},
		{"half_day", Words{"半日缺勤", "half a day's absence without an excuse"}, person, nil, false},
		{"absence", Words{"全日缺勤", "a whole day's absence without an excuse"}, person, nil, false},
		{"missing", Words{"缺卡", "a missing swipe"}, person, nil, false},
		{"off_post", Words{"离岗", "being away from the post"}, person, []Field{minutes}, false},
		{"home_work", Words{"承担原单位其他工作", "work for the home unit"}, person, nil, true},
		{"conduct", Words{"违反大厅管理制度", "the hall's rules not kept"}, person, nil, true},
		{"appearance", Words{"着装、仪容或工牌不符合要求", "dress, appearance or badge not as required"}, person, nil, true},
		{"first_contact", Words{"未落实首问负责或一次性告知", "first-contact responsibility or one-time notice not kept"}, person, nil, true},
		{"bad_review", Words{"差评经核实成立", "a bad review that was upheld"}, person, []Field{level, source("button", "tablet", "phone")}, false},
		{"complaint", Words{"投诉经核实成立", "a complaint that was upheld"}, person, []Field{source("hotline", "mailbox", "discipline", "media")}, false},
		{"exposure", Words{"被媒体曝光或暗访通报", "exposed by media or a secret visit"}, person, []Field{source("media", "secret_visit")}, false},
		{"case_late", Words{"差评投诉件逾期", "a case answered or rectified late"}, person, []Field{overdue}, false},
		{"commended", Words{"受到表扬", "a commendation"}, person, nil, false},
		{"task_late", Words{"交办任务逾期", "an assigned task done late"}, person, []Field{overdue}, false},
		{"empty_window", Words{"空岗", "an empty window"}, window, []Field{minutes}, false},
		{"window_order", Words{"窗口环境或设备管理不到位", "the window's order or equipment not kept"}, window, nil, true},
		{"matter_late", Words{"办件逾期", "a matter past its limit"}, window, []Field{overdue}, false},
		{"promise_late", Words{"容缺承诺逾期", "what was owed on promise is late"}, window, []Field{overdue}, false},
		{"sent_away", Words{"群众两头跑", "a citizen sent to and fro"}, window, nil, false},
		{"guide_missing", Words{"办事指南、样表或空表缺失", "a guide, sample or blank form is missing"}, window, nil, false},
		{"exchange_missing", Words{"当月未与局开展业务交流", "a month without an exchange meeting"}, window, nil, false},
		{"report_late", Words{"报表资料逾期", "a report filed late"}, window, []Field{overdue}, false},
		{"item_elsewhere", Words{"进驻事项在大厅外办理", "a listed item handled outside the hall"}, department, nil, false},
		{"swap", Words{"擅自调换人员", "an unapproved swap"}, window, nil, false},
		{"replacement_late", Words{"逾期未调换人员", "a replacement that is overdue"}, department, []Field{overdue}, false},
		{"withdrawn_unapproved", Words{"窗口未经批准撤出", "a window withdrawn without approval"}, department, nil, false},
		{"own_scoring", Words{"派驻部门自行考核", "a department's own scoring"}, department, nil, false},
	}
	slices.SortFunc(all, func(a, b Kind) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// kindOf finds a kind.
func kindOf(id string) (k Kind, ok bool) {
	for _, k := range Kinds() {
		if k.ID == id {
			return k, true
		}
	}
	return k, false
}

// Units are what numbers can be measured in; an empty one is a bare number.
func Units() []string {
	return []string{"%", "days", "level", "min", "months", "places", "points", "s", "times", "working days", "years"}
}
