package wire

// Kinds of the duties of windows and departments (63号 第七条, 第九条, 第十条,
// 第十四条, 第十六条). Only the hub makes them. Titles and free text travel sealed:
// under the key of the person whom they are about ("staff-" and the id), else under
// "duty-" and the id of what they belong to.
const (
	KindExchangeHeld       Kind = "exchange.held"
	KindReportDue          Kind = "report.due"
	KindReportFiled        Kind = "report.filed"
	KindReportCancelled    Kind = "report.cancelled"
	KindTaskAssigned       Kind = "task.assigned"
	KindTaskReported       Kind = "task.reported"
	KindTaskAccepted       Kind = "task.accepted"
	KindTaskReturned       Kind = "task.returned"
	KindTaskCancelled      Kind = "task.cancelled"
	KindItemListed         Kind = "item.listed"
	KindItemUnlisted       Kind = "item.unlisted"
	KindItemElsewhere      Kind = "item.elsewhere"
	KindGuideMissing       Kind = "guide.missing"
	KindWithdrawalAsked    Kind = "withdrawal.asked"
	KindWithdrawalExamined Kind = "withdrawal.examined"
	KindWithdrawalApproved Kind = "withdrawal.approved"
	KindWithdrawalRefused  Kind = "withdrawal.refused"
	KindWithdrawalFound    Kind = "withdrawal.found"
	KindScoringRefused     Kind = "scoring.refused"
	KindScoringConfirmed   Kind = "scoring.confirmed"
	KindCommendationGiven  Kind = "commendation.given"
	KindExposureEntered    Kind = "exposure.entered"
	KindDutyWithdrawn      Kind = "duty.withdrawn"
	KindEvaluationDrafted  Kind = "evaluation.drafted"
	KindEvaluationEdited   Kind = "evaluation.edited"
	KindEvaluationSigned   Kind = "evaluation.signed"
	KindFilingExported     Kind = "filing.exported"
)

// ExchangeHeld is a meeting of a window's chief representative with the bureau
// (业务交流, 第七条). Sealed: text, the topics.
type ExchangeHeld struct {
	Exchange string `json:"exchange"`
	Window   string `json:"window"`
	// Staff is the chief representative (首席代表).
	Staff string `json:"staff"`
	Date  string `json:"date"`
}

// ReportDue is a report that a department or a window owes (报表资料, 第十条(二)).
// Sealed: title.
type ReportDue struct {
	Report     string `json:"report"`
	Department string `json:"department,omitempty"`
	Window     string `json:"window,omitempty"`
	// Due is the last day, and the first of them where it comes again each month.
	Due string `json:"due"`
	// Monthly reports are due on the same day of every month, its last day where it is shorter.
	Monthly bool `json:"monthly,omitempty"`
}

// ReportFiled says that a report came. Sealed: text, a note.
type ReportFiled struct {
	Report string `json:"report"`
	// Due is the due day that it was for.
	Due  string `json:"due"`
	Date string `json:"date"`
}

// ReportCancelled ends a reporting duty: what is due after Date is due no more. Sealed: reason.
type ReportCancelled struct {
	Report string `json:"report"`
	Date   string `json:"date"`
}

// TaskAssigned is a task that the bureau assigns (交办任务, 第十条(五)) to one of
// a department, a window or a person. Sealed: title, text.
type TaskAssigned struct {
	Task       string `json:"task"`
	Department string `json:"department,omitempty"`
	Window     string `json:"window,omitempty"`
	Staff      string `json:"staff,omitempty"`
	Due        string `json:"due"`
	Day        string `json:"day"`
}

// TaskReported says that a task is done. Sealed: text.
type TaskReported struct {
	Task string `json:"task"`
	Day  string `json:"day"`
}

// TaskAccepted ends a task that was done.
type TaskAccepted struct {
	Task string `json:"task"`
	Day  string `json:"day"`
}

// TaskReturned says that it is not done yet. Sealed: reason.
type TaskReturned struct {
	Task string `json:"task"`
	Day  string `json:"day"`
}

// TaskCancelled takes a task back; it can be late no more from that day on. Sealed: reason.
type TaskCancelled struct {
	Task string `json:"task"`
	Day  string `json:"day"`
}

// ItemListed puts an item on a department's list of those that are handled in the
// hall (进驻事项, 第十条(一)), or changes it.
type ItemListed struct {
	Item       string `json:"item"`
	Department string `json:"department"`
	// Service is the one under which people take tickets for it, if there is one.
	Service  string `json:"service,omitempty"`
	Name     string `json:"name"`
	Document string `json:"document"`
}

// ItemUnlisted takes an item off the list by a document.
type ItemUnlisted struct {
	Item     string `json:"item"`
	Document string `json:"document"`
}

// ItemElsewhere is a listed item that was handled outside the hall. Sealed: text,
// the place and the evidence.
type ItemElsewhere struct {
	Elsewhere  string `json:"elsewhere"`
	Item       string `json:"item"`
	Department string `json:"department"`
	Date       string `json:"date"`
}

// GuideMissing is something that a window does not have at hand (第十条(三)). Sealed: text.
type GuideMissing struct {
	Guide   string `json:"guide"`
	Window  string `json:"window"`
	Service string `json:"service,omitempty"`
	// What is guide (办事指南), sample (样表) or blank (空表).
	What string `json:"what"`
	Date string `json:"date"`
}

// WithdrawalAsked is a department's formal document by which a window is to be
// withdrawn (第九条). Sealed: reason.
type WithdrawalAsked struct {
	Withdrawal string `json:"withdrawal"`
	Window     string `json:"window"`
	Department string `json:"department"`
	Document   string `json:"document"`
	// Date is the document's.
	Date string `json:"date"`
}

// WithdrawalExamined says that the bureau has examined it and passed it on to the banner government.
type WithdrawalExamined struct {
	Withdrawal string `json:"withdrawal"`
	Document   string `json:"document"`
	Date       string `json:"date"`
}

// WithdrawalApproved is the banner government's approval: the window may leave from a day on.
type WithdrawalApproved struct {
	Withdrawal string `json:"withdrawal"`
	Document   string `json:"document"`
	Date       string `json:"date"`
	From       string `json:"from"`
}

// WithdrawalRefused ends it: the window stays. Sealed: reason.
type WithdrawalRefused struct {
	Withdrawal string `json:"withdrawal"`
	Document   string `json:"document,omitempty"`
	Date       string `json:"date"`
}

// WithdrawalFound is a window that was found withdrawn without approval. Sealed: text.
type WithdrawalFound struct {
	Found      string `json:"found"`
	Window     string `json:"window"`
	Department string `json:"department"`
	Date       string `json:"date"`
}

// ScoringRefused is a department's attempt to score its own staff in the hall,
// which was refused (第十四条). Sealed: points.
type ScoringRefused struct {
	Attempt    string `json:"attempt"`
	Department string `json:"department"`
	Staff      string `json:"staff,omitempty"`
	// Period is a month, a quarter or a year, e.g. 2026-11, 2026-Q4 or 2026.
	Period string `json:"period"`
	Day    string `json:"day"`
}

// ScoringConfirmed says that a department has scored by itself: an attempt, or
// what was found on paper. Sealed: text.
type ScoringConfirmed struct {
	Scoring    string `json:"scoring"`
	Attempt    string `json:"attempt,omitempty"`
	Department string `json:"department"`
	Document   string `json:"document,omitempty"`
	Date       string `json:"date"`
}

// CommendationGiven is a commendation of a person or a window. Sealed: text.
type CommendationGiven struct {
	Commendation string `json:"commendation"`
	Staff        string `json:"staff,omitempty"`
	Window       string `json:"window,omitempty"`
	// Document names the letter, banner or notice that it stands on.
	Document string `json:"document"`
	Date     string `json:"date"`
}

// ExposureEntered is an exposure by media or a secret visit (第十条(四)) that is no case. Sealed: text.
type ExposureEntered struct {
	Exposure string `json:"exposure"`
	// Source is media (媒体) or secret_visit (暗访).
	Source   string `json:"source"`
	Staff    string `json:"staff,omitempty"`
	Window   string `json:"window,omitempty"`
	Document string `json:"document"`
	Date     string `json:"date"`
}

// DutyWithdrawn takes back what was entered by mistake; it is as if it had not been. Sealed: reason.
type DutyWithdrawn struct {
	// Duty is the id of what was entered.
	Duty string `json:"duty"`
	Day  string `json:"day"`
}

// EvaluationDrafted begins the written evaluation of somebody who leaves (书面评价, 第十六条). Sealed: text.
type EvaluationDrafted struct {
	Evaluation string `json:"evaluation"`
	Staff      string `json:"staff"`
	// From and Until are the time in the hall that it is of.
	From  string `json:"from"`
	Until string `json:"until"`
}

// EvaluationEdited gives it another text. Sealed: text.
type EvaluationEdited struct {
	Evaluation string `json:"evaluation"`
}

// EvaluationSigned freezes it.
type EvaluationSigned struct {
	Evaluation string `json:"evaluation"`
	// By is the account that signs, Text the event with the text that is signed.
	By   string `json:"by"`
	Text string `json:"text"`
	Day  string `json:"day"`
}

// FilingExported says that a file was made for the organisation department and the
// personnel bureau (备案, 第十四条).
type FilingExported struct {
	Filing string `json:"filing"`
	// What is staff (进驻人员) or assessment (年度考核).
	What string `json:"what"`
	// Period and Revision are of the published result in it; absent where there is none.
	Period   string `json:"period,omitempty"`
	Revision int    `json:"revision,omitempty"`
	// Reading is how the share of 63号 第十四条 was read: weight or quota.
	Reading string `json:"reading,omitempty"`
	Format  string `json:"format"`
	Rows    int    `json:"rows"`
	// SHA256 is the file's, in hex.
	SHA256 string `json:"sha256"`
	Day    string `json:"day"`
}

func dutyKinds() []KindInfo {
	return []KindInfo{
		{KindExchangeHeld, 1, true, ExchangeHeld{}}, {KindReportDue, 1, true, ReportDue{}}, {KindReportFiled, 1, true, ReportFiled{}}, {KindReportCancelled, 1, true, ReportCancelled{}},
		{KindTaskAssigned, 1, true, TaskAssigned{}}, {KindTaskReported, 1, true, TaskReported{}}, {KindTaskAccepted, 1, true, TaskAccepted{}},
		{KindTaskReturned, 1, true, TaskReturned{}}, {KindTaskCancelled, 1, true, TaskCancelled{}},
		{KindItemListed, 1, true, ItemListed{}}, {KindItemUnlisted, 1, true, ItemUnlisted{}}, {KindItemElsewhere, 1, true, ItemElsewhere{}}, {KindGuideMissing, 1, true, GuideMissing{}},
		{KindWithdrawalAsked, 1, true, WithdrawalAsked{}}, {KindWithdrawalExamined, 1, true, WithdrawalExamined{}}, {KindWithdrawalApproved, 1, true, WithdrawalApproved{}},
		{KindWithdrawalRefused, 1, true, WithdrawalRefused{}}, {KindWithdrawalFound, 1, true, WithdrawalFound{}},
		{KindScoringRefused, 1, true, ScoringRefused{}}, {KindScoringConfirmed, 1, true, ScoringConfirmed{}},
		{KindCommendationGiven, 1, true, CommendationGiven{}}, {KindExposureEntered, 1, true, ExposureEntered{}}, {KindDutyWithdrawn, 1, true, DutyWithdrawn{}},
		{KindEvaluationDrafted, 1, true, EvaluationDrafted{}}, {KindEvaluationEdited, 1, true, EvaluationEdited{}}, {KindEvaluationSigned, 1, true, EvaluationSigned{}},
		{KindFilingExported, 1, true, FilingExported{}},
	}
}
