package wire

// Kinds of cases: bad reviews and complaints (差评与投诉整改, 国办发〔2019〕51号,
// 63号 第十条(四)). Only the hub makes them. Free text, names and phone numbers
// travel sealed under the case's key.
const (
	KindCaseOpened       Kind = "case.opened"
	KindCaseAssigned     Kind = "case.assigned"
	KindCaseGraded       Kind = "case.graded"
	KindCaseAnswered     Kind = "case.answered"
	KindCaseRectified    Kind = "case.rectified"
	KindCaseRevisited    Kind = "case.revisited"
	KindCaseExplained    Kind = "case.explained"
	KindCaseClosed       Kind = "case.closed"
	KindExtensionAsked   Kind = "extension.asked"
	KindExtensionDecided Kind = "extension.decided"
	KindAppealMade       Kind = "appeal.made"
	KindAppealDecided    Kind = "appeal.decided"
)

// CaseSource says where a case comes from.
type CaseSource string

// The sources of a case. The first three are ratings, the others are entered by hand.
const (
	CaseButton     CaseSource = "button"
	CaseTablet     CaseSource = "tablet"
	CasePhone      CaseSource = "phone"
	CaseHotline    CaseSource = "hotline"    // 市长热线、便民服务热线
	CaseMailbox    CaseSource = "mailbox"    // 旗长信箱
	CaseDiscipline CaseSource = "discipline" // 纪委监委
	CaseMedia      CaseSource = "media"      // 社会媒体
)

// CaseOpened opens a case. Its clocks start with the working day after Day.
type CaseOpened struct {
	Case string `json:"case"`
	// Number is what people name it by, e.g. P2026-000012.
	Number string     `json:"number"`
	Source CaseSource `json:"source"`
	// Visit, Level and Reasons are of the rating that it comes from.
	Visit   string   `json:"visit,omitempty"`
	Level   int      `json:"level,omitempty"`
	Reasons []string `json:"reasons,omitempty"`
	// Department answers for it (责任单位); Window, Staff and Service are what it is about, where known.
	Department string `json:"department,omitempty"`
	Window     string `json:"window,omitempty"`
	Staff      string `json:"staff,omitempty"`
	Service    string `json:"service,omitempty"`
	// Words and Contact tell that free text and a phone number are sealed.
	Words   bool `json:"words,omitempty"`
	Contact bool `json:"contact,omitempty"`
	// Day is when it was opened, and Happened when what it is about was, if another day.
	Day      string `json:"day"`
	Happened string `json:"happened,omitempty"`
	// Hard cases have longer to rectify.
	Hard bool `json:"hard,omitempty"`
}

// CaseExplained adds what the citizen said after the case was opened.
type CaseExplained struct {
	Case    string   `json:"case"`
	Day     string   `json:"day"`
	Reasons []string `json:"reasons,omitempty"`
	Words   bool     `json:"words,omitempty"`
	Contact bool     `json:"contact,omitempty"`
}

// CaseAssigned names who answers for a case (交办).
type CaseAssigned struct {
	Case       string `json:"case"`
	Day        string `json:"day"`
	Department string `json:"department"`
	Staff      string `json:"staff,omitempty"`
}

// CaseGraded makes a case ordinary or hard (疑难).
type CaseGraded struct {
	Case string `json:"case"`
	Day  string `json:"day"`
	Hard bool   `json:"hard"`
}

// CaseAnswered is the department's answer (答复); its words are sealed.
type CaseAnswered struct {
	Case string `json:"case"`
	Day  string `json:"day"`
}

// CaseRectified says what was done about it (整改); its words are sealed.
type CaseRectified struct {
	Case string `json:"case"`
	Day  string `json:"day"`
}

// CaseRevisited is a call to the citizen who left a number (回访).
type CaseRevisited struct {
	Case string `json:"case"`
	Day  string `json:"day"`
	// Result is satisfied, unsatisfied (the case goes back to be rectified) or unreached.
	Result string `json:"result"`
}

// CaseClosed ends a case (办结).
type CaseClosed struct {
	Case string `json:"case"`
	Day  string `json:"day"`
	// Result is rectified (已整改), unfounded (不属实) or excluded (评价已剔除).
	Result string `json:"result"`
}

// ExtensionAsked asks for more working days to rectify (延期申请).
type ExtensionAsked struct {
	Extension string `json:"extension"`
	Case      string `json:"case"`
	Day       string `json:"day"`
	Days      int    `json:"days"`
}

// ExtensionDecided grants them or not.
type ExtensionDecided struct {
	Extension string `json:"extension"`
	Case      string `json:"case"`
	Day       string `json:"day"`
	Approved  bool   `json:"approved"`
}

// AppealMade is the staff member's appeal against a case (申诉).
type AppealMade struct {
	Appeal string `json:"appeal"`
	Case   string `json:"case"`
	Staff  string `json:"staff"`
	Day    string `json:"day"`
}

// AppealDecided decides it (复核). One that is granted about a rating leads to
// an exclusion, which a second person decides.
type AppealDecided struct {
	Appeal  string `json:"appeal"`
	Case    string `json:"case"`
	Day     string `json:"day"`
	Granted bool   `json:"granted"`
}

func conductKinds() []KindInfo {
	return []KindInfo{
		{KindCaseOpened, 1, true, CaseOpened{}}, {KindCaseExplained, 1, true, CaseExplained{}}, {KindCaseAssigned, 1, true, CaseAssigned{}},
		{KindCaseGraded, 1, true, CaseGraded{}}, {KindCaseAnswered, 1, true, CaseAnswered{}}, {KindCaseRectified, 1, true, CaseRectified{}},
		{KindCaseRevisited, 1, true, CaseRevisited{}}, {KindCaseClosed, 1, true, CaseClosed{}}, {KindExtensionAsked, 1, true, ExtensionAsked{}},
		{KindExtensionDecided, 1, true, ExtensionDecided{}}, {KindAppealMade, 1, true, AppealMade{}}, {KindAppealDecided, 1, true, AppealDecided{}},
	}
}
