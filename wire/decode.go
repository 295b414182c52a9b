package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Parsed is one event as a device sent it, or the reason why it cannot be one.
type Parsed struct {
	// Event holds what could be read. With a Reason, only Agent, Outbox, Seq and
	// First can be relied on, where they could be read at all.
	Event Event
	// Reason is empty for a good event.
	Reason Reason
	// Detail says in one line what was expected.
	Detail string
	// Raw is the event's own bytes, for the dead letters.
	Raw []byte
}

// ParseEvents reads the payload of one publish on an agent's events topic: one
// event, or an array of events in seq order. A payload that is no event at all
// gives exactly one Parsed with a Reason. Raw and Data share memory with payload.
func ParseEvents(agent string, payload []byte) []Parsed {
	if len(payload) > MaxPayload {
		return []Parsed{{Event: Event{Agent: agent}, Reason: ReasonOverSize,
			Detail: fmt.Sprintf("a payload may have %d bytes, this one has %d", MaxPayload, len(payload)), Raw: payload}}
	}
	body := bytes.TrimLeft(payload, " \t\r\n")
	if len(body) == 0 || body[0] != '[' {
		return []Parsed{parseEvent(agent, payload)}
	}
	var raws []json.RawMessage
	if err := json.Unmarshal(payload, &raws); err != nil {
		return []Parsed{{Event: Event{Agent: agent}, Reason: ReasonNotJSON,
			Detail: "expected an event or an array of events: " + err.Error(), Raw: payload}}
	}
	if len(raws) == 0 {
		return []Parsed{{Event: Event{Agent: agent}, Reason: ReasonNotJSON,
			Detail: "expected at least one event, the array is empty", Raw: payload}}
	}
	if len(raws) > MaxBatch {
		return []Parsed{{Event: Event{Agent: agent}, Reason: ReasonOverSize,
			Detail: fmt.Sprintf("a publish may have %d events, this one has %d", MaxBatch, len(raws)), Raw: payload}}
	}
	out := make([]Parsed, len(raws))
	for i, raw := range raws {
		out[i] = parseEvent(agent, raw)
	}
	return out
}

// incoming is the envelope with the fields whose absence or form must be told apart.
type incoming struct {
	ID       string          `json:"id"`
	Agent    string          `json:"agent"`
	Outbox   string          `json:"outbox"`
	Seq      *uint64         `json:"seq"`
	First    uint64          `json:"first"`
	Boot     string          `json:"boot"`
	At       string          `json:"at"`
	Clock    Clock           `json:"clock"`
	UptimeMS int64           `json:"uptime_ms"`
	Kind     Kind            `json:"kind"`
	Version  int             `json:"v"`
	Data     json.RawMessage `json:"data"`
	Actor    json.RawMessage `json:"actor"`
	Personal json.RawMessage `json:"personal"`
}

func read(agent string, raw []byte) (incoming, error) {
	var in incoming
	if readPlain(agent, raw, &in) {
		return in, nil
	}
	var whole incoming // apart from in, since this one goes to the heap
	err := json.Unmarshal(raw, &whole)
	return whole, err
}

func parseEvent(agent string, raw []byte) Parsed {
	p := Parsed{Event: Event{Agent: agent}, Raw: raw}
	refuse := func(r Reason, format string, args ...any) Parsed {
		p.Reason, p.Detail = r, fmt.Sprintf(format, args...)
		return p
	}
	in, err := read(agent, raw)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return refuse(ReasonNotJSON, "expected an event as a JSON object, got bytes that are not JSON")
	}
	if trimmed := bytes.TrimLeft(raw, " \t\r\n"); trimmed[0] != '{' {
		return refuse(ReasonNotJSON, "expected an event as a JSON object, got another JSON value")
	}
	if err != nil {
		var where struct {
			Outbox string `json:"outbox"`
			Seq    uint64 `json:"seq"`
			First  uint64 `json:"first"`
		}
		_ = json.Unmarshal(raw, &where) // best effort: the mark must pass a bad event
		p.Event.Outbox, p.Event.Seq, p.Event.First = where.Outbox, where.Seq, where.First
		if checkText("outbox", p.Event.Outbox, false) != "" || p.Event.Outbox == "" || p.Event.Seq == 0 {
			p.Event.Outbox, p.Event.Seq, p.Event.First = "", 0, 0
		}
		return refuse(ReasonBadField, "a field has the wrong type: %v", err)
	}
	e := Event{ID: in.ID, Agent: agent, Boot: in.Boot, Clock: in.Clock,
		UptimeMS: in.UptimeMS, Kind: in.Kind, Version: in.Version}
	if bad := checkText("outbox", in.Outbox, false); bad != "" {
		return refuse(ReasonBadField, "%s", bad)
	}
	switch {
	case in.Outbox == "" && in.Seq != nil:
		return refuse(ReasonBadField, "seq needs an outbox beside it")
	case in.Outbox != "" && (in.Seq == nil || *in.Seq == 0):
		return refuse(ReasonBadField, "outbox needs a seq from 1 beside it")
	case in.Outbox != "":
		e.Outbox, e.Seq, e.First = in.Outbox, *in.Seq, in.First
		if e.First > e.Seq {
			return refuse(ReasonBadField, "first is %d, but may not be above seq, which is %d", e.First, e.Seq)
		}
	}
	p.Event = e // from here on the mark can pass this event even if it is refused
	for _, f := range []struct {
		name, value string
		need        bool
	}{{"id", in.ID, true}, {"boot", in.Boot, false}, {"kind", string(in.Kind), true}} {
		if bad := checkText(f.name, f.value, f.need); bad != "" {
			return refuse(ReasonBadField, "%s", bad)
		}
	}
	if in.Agent != "" && in.Agent != agent {
		return refuse(ReasonWrongAgent, "the event names agent %.64q, its topic names %q", in.Agent, agent)
	}
	at, err := time.Parse(time.RFC3339Nano, in.At)
	if err != nil || at.Year() < 1970 || at.Year() > 2200 {
		return refuse(ReasonBadField, "at must be a time like 2026-11-23T08:58:31.204+08:00, got %.64q", in.At)
	}
	p.Event.At = at
	switch in.Clock {
	case "", ClockSynced, ClockUnsynced:
	default:
		return refuse(ReasonBadField, "clock must be synced or unsynced, got %.64q", string(in.Clock))
	}
	if in.UptimeMS < 0 || in.Version < 0 {
		return refuse(ReasonBadField, "uptime_ms and v may not be negative")
	}
	if len(in.Actor) != 0 || len(in.Personal) != 0 {
		return refuse(ReasonHubOnly, "actor and personal are written by the hub only")
	}
	if hubOnly(in.Kind) {
		return refuse(ReasonHubOnly, "%s is a kind that only the hub writes", in.Kind)
	}
	if p.Event.Data = in.Data; bytes.ContainsAny(in.Data, " \t\r\n") {
		var b bytes.Buffer
		b.Grow(len(in.Data))
		if err := json.Compact(&b, in.Data); err != nil {
			return refuse(ReasonNotJSON, "data is not JSON: %v", err)
		}
		p.Event.Data = b.Bytes()
	}
	if err := CheckData(in.Kind, in.Version, p.Event.Data); err != nil {
		return refuse(ReasonBadData, "%s: %v", in.Kind, err)
	}
	return p
}

func checkText(name, value string, need bool) string {
	if value == "" {
		if need {
			return name + " is missing"
		}
		return ""
	}
	if len(value) > MaxName {
		return fmt.Sprintf("%s may have %d bytes, this one has %d", name, MaxName, len(value))
	}
	for _, c := range []byte(value) {
		if c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return fmt.Sprintf("%s may hold printable ASCII without spaces, quotes and backslashes, got %q", name, value)
		}
	}
	return ""
}

// hubOnly tells whether only the hub may write events of kind k; it agrees with
// Kinds, which a test holds true, and allocates nothing.
func hubOnly(k Kind) bool {
	switch k {
	case KindHubStarted, KindOutboxGap, KindWindowSet, KindWindowRemoved, KindDeviceAssigned, KindDeviceDismissed,
		KindDeadLetterDismissed, KindLogCheckpoint, KindLogRepaired, KindLogRecovered,
		KindDepartmentSet, KindDepartmentRemoved, KindPostSet, KindPostRemoved, KindStaffSet, KindStaffPosted,
		KindStaffDeparted, KindCardIssued, KindCardLost, KindShiftSet, KindShiftRemoved, KindShiftAssigned,
		KindRepresentativeSet, KindCalendarPublished, KindCalendarClosed, KindCalendarReopened, KindParameterSet,
		KindAssignmentOpened, KindAssignmentExamined, KindAssignmentAccepted, KindAssignmentReturned, KindChangeAsked,
		KindChangeDecided, KindHandoverSigned, KindReplacementAsked, KindReplacementMet, KindCriticismMade,
		KindStaffReturned, KindLeaveAsked, KindLeaveDecided, KindLeaveCancelled, KindSecondmentSet, KindSecondmentEnded,
		KindPunchAsked, KindPunchDecided, KindPunchEntered, KindPunchCancelled, KindSwipeJudged, KindSwapJudged, KindFindingMade,
		KindFindingDropped, KindFindingReplied, KindDayChecked, KindDayRevised, KindDayPublished, KindDayUnpublished, KindDelegationSet,
		KindDelegationEnded, KindRotaSet, KindAccountSet, KindAccountPassword, KindAccountDisabled, KindSessionOpened,
		KindSessionClosed, KindTokenCreated, KindTokenRevoked,
		KindSessionMisused, KindTokenUsed, KindTokenRefused, KindPasskeyAdded, KindPasskeyUsed, KindPasskeyCloned, KindPasskeyRemoved, KindPasskeyRenamed, KindAccountLinked, KindAccountUnlinked,
		KindServiceSet, KindServiceRemoved, KindTicketIssued,
		KindTicketCalled, KindTicketRecalled, KindTicketMissed, KindTicketHeld, KindTicketResumed, KindTicketTransferred,
		KindTicketClosed, KindVisitStarted, KindVisitFinished, KindCounterSet, KindMatterOpened, KindMatterSupplemented, KindMatterSuspended, KindMatterResumed, KindMatterConcluded, KindMatterCorrected, KindNoticePosted, KindNoticeRemoved,
		KindProposalMade, KindProposalConfirmed, KindProposalDeclined, KindProposalWithdrawn, KindProposalLapsed, KindPeriodUnpublished,
		KindSignInFailed, KindAccessRefused, KindExported, KindLogRead,
		KindLineKept, KindPrintOrdered, KindTicketReceived, KindAppointmentBooked, KindAppointmentCancelled, KindAppointmentMissed,
		KindRatingGiven, KindRatingExplained, KindRatingReasonsSet, KindRatingPublished, KindRatingUnpublished, KindExclusionProposed, KindExclusionDecided,
		KindCaseOpened, KindCaseExplained, KindCaseAssigned, KindCaseGraded, KindCaseAnswered, KindCaseRectified, KindCaseRevisited, KindCaseClosed,
		KindExtensionAsked, KindExtensionDecided, KindAppealMade, KindAppealDecided, KindVisitEntered, KindVisitWithdrawn, KindPolicyAdopted, KindPolicyExtended,
		KindPersonalViewed, KindPersonalExported, KindPersonalForgotten, KindRetentionSet, KindBackupTaken,
		KindTroubleRaised, KindTroubleCleared, KindTroubleSeen, KindTroubleTold,
		KindPeriodComputed, KindPeriodReviewed, KindPeriodOpened, KindPeriodPublished, KindPeriodRevised, KindScoreAppealed, KindScoreDecided,
		KindDepartmentMailSet, KindCopyQueued, KindCopySent, KindCopyFailed, KindCopyGivenUp, KindCopyRetried, KindCopyDownloaded,
		KindExchangeHeld, KindReportDue, KindReportFiled, KindReportCancelled, KindTaskAssigned, KindTaskReported, KindTaskAccepted, KindTaskReturned, KindTaskCancelled,
		KindItemListed, KindItemUnlisted, KindItemElsewhere, KindGuideMissing, KindWithdrawalAsked, KindWithdrawalExamined, KindWithdrawalApproved, KindWithdrawalRefused, KindWithdrawalFound,
		KindScoringRefused, KindScoringConfirmed, KindCommendationGiven, KindExposureEntered, KindDutyWithdrawn,
		KindEvaluationDrafted, KindEvaluationEdited, KindEvaluationSigned, KindFilingExported,
		KindEnrolmentOffered, KindEnrolmentWithdrawn, KindCertificateIssued, KindCertificateRevoked,
		KindScreenConfirmed, KindScreenRenewed, KindScreenSignedIn:
		return true
	}
	return false
}

// KindInfo describes one kind and version of the contract.
type KindInfo struct {
	Kind    Kind
	Version int
	// HubOnly is true where a device may not send it.
	HubOnly bool
	// Data is a zero value of the kind's data.
	Data any
}

// Kinds lists every kind of the contract with its current version.
func Kinds() []KindInfo {
	return slices.Concat([]KindInfo{
		{KindCardSwiped, 1, false, CardSwiped{}}, {KindRatingPressed, 1, false, RatingPressed{}},
		{KindCallPressed, 1, false, CallPressed{}}, {KindAgentStarted, 1, false, AgentStarted{}},
		{KindOutboxFull, 1, false, OutboxFull{}}, {KindPrintDone, 1, false, PrintDone{}},
		{KindPrintFailed, 1, false, PrintFailed{}}, {KindPrinterState, 1, false, PrinterState{}},
		{KindInputStuck, 1, false, InputStuck{}}, {KindReaderFault, 1, false, ReaderFault{}},
		{KindClockCorrected, 1, false, ClockCorrected{}},
		{KindHubStarted, 1, true, HubStarted{}}, {KindOutboxGap, 1, true, OutboxGap{}},
		{KindWindowSet, 1, true, WindowSet{}}, {KindWindowRemoved, 1, true, WindowRemoved{}},
		{KindDeviceAssigned, 1, true, DeviceAssigned{}}, {KindDeviceDismissed, 1, true, DeviceDismissed{}},
		{KindDeadLetterDismissed, 1, true, DeadLetterDismissed{}}, {KindLogCheckpoint, 1, true, LogCheckpoint{}},
		{KindLogRepaired, 1, true, LogRepaired{}}, {KindLogRecovered, 1, true, LogRecovered{}},
	}, staffingKinds(), policyKinds(), attendanceKinds(), queueKinds(), paperKinds(), matterKinds(), ratingKinds(), conductKinds(), dutyKinds(), periodKinds(), accessKinds(), courierKinds(), approvalKinds(), personalKinds(), enrolmentKinds(), screenKinds(), troubleKinds())
}

// CheckData refuses data that a known kind cannot have; unknown kinds and
// versions pass, whatever they hold.
func CheckData(k Kind, version int, data []byte) error {
	if version > 1 {
		return nil
	}
	switch k {
	case KindCardSwiped:
		var d CardSwiped
		if err := decodeData(data, &d); err != nil {
			return err
		}
		if d.Card == "" || len(d.Card) > MaxName {
			return fmt.Errorf("card needs 1 to %d characters", MaxName)
		}
	case KindRatingPressed:
		var d RatingPressed
		if err := decodeData(data, &d); err != nil {
			return err
		}
		if d.Level < 1 || d.Level > 5 {
			return fmt.Errorf("level must be 1 to 5, got %d", d.Level)
		}
	case KindClockCorrected:
		var d ClockCorrected
		if err := decodeData(data, &d); err != nil {
			return err
		}
		if d.Boot == "" {
			return fmt.Errorf("boot is missing")
		}
	case KindAgentStarted, KindCallPressed, KindOutboxFull, KindPrintDone, KindPrintFailed,
		KindPrinterState, KindInputStuck, KindReaderFault:
		if len(data) == 0 {
			return nil
		}
		return decodeData(data, newOf(k))
	}
	return nil
}

func newOf(k Kind) any {
	switch k {
	case KindAgentStarted:
		return new(AgentStarted)
	case KindCallPressed:
		return new(CallPressed)
	case KindOutboxFull:
		return new(OutboxFull)
	case KindPrintDone:
		return new(PrintDone)
	case KindPrintFailed:
		return new(PrintFailed)
	case KindPrinterState:
		return new(PrinterState)
	case KindInputStuck:
		return new(InputStuck)
	default:
		return new(ReaderFault)
	}
}

func decodeData(data []byte, into any) error {
	if len(data) == 0 || data[0] != '{' {
		return fmt.Errorf("data must be a JSON object")
	}
	err := json.Unmarshal(data, into)
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		return fmt.Errorf("%s must be of the type %s, got a %s", kind.Field, typeWord(kind.Type.Kind()), kind.Value)
	case err != nil:
		return fmt.Errorf("data: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// typeWord is a type as JSON calls it.
func typeWord(k reflect.Kind) string {
	switch k {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	}
	return "number"
}
