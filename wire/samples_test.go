package wire

import "time"

// sealedKinds are kinds that carry something personal, and whose.
var sealedKinds = map[Kind]string{
	KindStaffSet: "staff-s01", KindAccountSet: "account-zhang", KindAccountPassword: "account-zhang",
	KindLeaveAsked: "staff-s01", KindLeaveDecided: "staff-s01", KindPunchAsked: "staff-s01", KindPunchDecided: "staff-s01",
	KindPunchEntered: "staff-s01", KindSwipeJudged: "staff-s01", KindSwapJudged: "window-w01", KindFindingMade: "staff-s01",
	KindFindingDropped: "staff-s01", KindFindingReplied: "staff-s01", KindCriticismMade: "staff-s01", KindChangeAsked: "staff-s01",
	KindAssignmentExamined: "staff-s01", KindAssignmentAccepted: "staff-s01", KindStaffReturned: "staff-s01", KindDelegationSet: "account-li",
}

// sampleOfPeople is a value of each kind that people make at the hub.
func sampleOfPeople(k Kind) any {
	return map[Kind]any{
		KindDepartmentSet: DepartmentSet{"civil", "民政局"}, KindDepartmentRemoved: DepartmentRemoved{"civil"},
		KindPostSet: PostSet{"p01", "w01", "婚姻登记", []string{"s02"}}, KindPostRemoved: PostRemoved{"p01"},
		KindStaffSet:    StaffSet{"s01", "civil", "in_post", "2018-07-01", []string{"助理社会工作师"}},
		KindStaffPosted: StaffPosted{"s01", "p01", "2026-01-05", "a1"}, KindStaffDeparted: StaffDeparted{"s01", "2026-11-30", "民发〔2026〕7号"},
		KindCardIssued: CardIssued{"h1:Zm9vYmFyYmF6cXV4MTIzNA", "s01", "2026-01-05", "••••B9C1", false},
		KindCardLost:   CardLost{"h1:Zm9vYmFyYmF6cXV4MTIzNA", "lost"},
		KindShiftSet: ShiftSet{"day", "行政班", 4, []ShiftPlan{{From: "05-01", Until: "09-30", Weekdays: []int{1, 2, 3, 4, 5}, Days: "work",
			Periods: []Period{{"08:30", "12:00"}, {"14:30", "18:00"}}}}},
		KindShiftRemoved: ShiftRemoved{"day"}, KindShiftAssigned: ShiftAssigned{"day", "window", "w01", "2026-01-01"},
		KindRepresentativeSet: RepresentativeSet{"w01", "s01", "2026-01-05"},
		KindCalendarPublished: CalendarPublished{2027, "国办发明电〔2026〕0号", map[string]string{"2027-01-01": "元旦"}, []string{"2027-01-02"}},
		KindCalendarClosed:    CalendarClosed{"2026-11-24", "pm", "停电"}, KindCalendarReopened: CalendarReopened{"2026-11-24"},
		KindParameterSet:       ParameterSet{"late_grace", 5, "2026-12-01", "", "局务会议纪要〔2026〕3号"},
		KindAssignmentOpened:   AssignmentRecommended{"a1", "s01", "p01", "民发〔2026〕1号"},
		KindAssignmentExamined: AssignmentExamined{"a1", "pass", "pass", "fail", "pass", map[string]string{"1": "pass", "2": "pass", "3": "pass", "4": "pass", "5": "fail"}},
		KindAssignmentAccepted: AssignmentAccepted{"a1", "s01", "p01", "2026-01-05", []string{"computer"}},
		KindAssignmentReturned: AssignmentReturned{"a1", []string{"age"}},
		KindChangeAsked:        ChangeAsked{"c1", "s01", "s02", "民发〔2026〕2号", "2026-11-02", "2026-11-23", true, false},
		KindChangeDecided:      ChangeDecided{"c1", true}, KindHandoverSigned: HandoverSigned{"s01", "s02", "leaver"},
		KindReplacementAsked: ReplacementDemanded{"r1", "s01", "civil", "2026-11-20", "2026-11-25", false, "63号 第十二条(六)"},
		KindReplacementMet:   ReplacementMet{"r1", "s02", "2026-11-26", true},
		KindCriticismMade:    CriticismMade{"k1", "s01", "2026-11-20"}, KindStaffReturned: StaffReturned{"s01", "2026-11-23", []string{"k1", "k2", "k3"}, "report-1"},
		KindLeaveAsked:   LeaveAsked{"l1", "s01", "sick", "2026-11-23", "pm", "2026-11-24", "pm"},
		KindLeaveDecided: LeaveDecided{"l1", true}, KindLeaveCancelled: LeaveCancelled{"l1", "2026-11-23", "pm"},
		KindSecondmentSet:   SecondmentSet{"m1", "s01", "民发〔2026〕3号", "普查办", "2026-11-01", "2026-11-30", "s02"},
		KindSecondmentEnded: SecondmentEnded{"m1", "2026-11-20"},
		KindPunchAsked:      PunchAsked{"u1", "s01", "2026-11-23", "08:29", "w01"}, KindPunchDecided: PunchDecided{"u1", true},
		KindPunchCancelled: PunchCancelled{"u1"}, KindPunchEntered: PunchEntered{"u2", "s01", "2026-11-23", "12:01", "w01", "s09"},
		KindSwipeJudged: SwipeJudged{"019ab3c1-7a10-7c3e-9b1f-0242ac120001", true, "2026-11-23", "08:31"}, KindSwapJudged: SwapJudged{"2026-11-23.w01.s05", true, "civil"},
		KindFindingMade:    FindingMade{"f1", "2026-11-23", "appearance", "w01", "s01", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		KindFindingDropped: FindingWithdrawn{"f1", "2026-11-23", "s01", "10:00", 20}, KindFindingReplied: FindingReplied{"f1", "2026-11-23", "s01", "10:00", 20},
		KindDayChecked: DayChecked{"2026-11-23"}, KindDayRevised: DayRevised{"2026-11-23"},
		KindDayPublished:  DayPublished{"2026-11-23", 2, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		KindDelegationSet: DelegationSet{"d1", "2026-11-23", "2026-11-27", "li", "zhao"}, KindDelegationEnded: DelegationEnded{"d1"},
		KindRotaSet:    RotaSet{"2026-11-23", []string{"li", "zhao"}},
		KindAccountSet: AccountSet{"zhang", RoleLiaison, "", "civil"}, KindAccountPassword: AccountPassword{"zhang", true},
		KindAccountDisabled: AccountDisabled{"zhang"},
		KindSessionOpened:   SessionOpened{"5e1f", "zhang", time.Date(2026, 11, 23, 20, 58, 31, 0, time.UTC)}, KindSessionClosed: SessionClosed{"5e1f"},
		KindTokenCreated: TokenCreated{"t1", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", RoleAuditor, "月报", "2026-12-31"},
		KindTokenRevoked: TokenRevoked{"t1"},
	}[k]
}
