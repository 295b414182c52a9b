package regulation_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// rows are those of the table of what 63号 asks of the software, with the tests of each.
func rows() map[string][]string {
	return map[string][]string{
		"2, 19":           {"TestArticle2_19_ASecondHallRunsOnTheSamePolicyFile"},
		"3, 10(4)":        {"TestArticle3_10_4_AMatterPastItsLimitIsOnTheBoardAndInTheMonth"},
		"4":               {"TestArticle4_ALiaisonIsRefusedAnotherDepartmentsData"},
		"5, 13(1)":        {"TestArticle5_13_1_PresenceIsMeasuredAndWorkForTheHomeUnitIsAFinding"},
		"7":               {"TestArticle7_TheMonthListsWindowsWithoutAnExchangeMeeting"},
		"8":               {"TestArticle8_ResultsAreOnTheBoardAndCopiedToDepartments", "TestArticle8_WithoutMailDepartmentsDownload"},
		"9 (withdrawal)":  {"TestArticle9_AWindowIsNotClosedWithoutTheThreeSteps"},
		"6, 10(1), 10(5)": {"TestArticle6_10_1_10_5_ItemsElsewhereAndOverdueTasksAreInTheMonth"},
		"9 (to and fro)":  {"TestArticle9_RunningToAndFroIsFoundAndVisible"},
		"10(2)":           {"TestArticle10_2_OverdueReportsAndPromisesAreFindings"},
		"10(3)":           {"TestArticle10_3_TheGuideIsThereBeforeTheTicket"},
		"10(4)":           {"TestArticle10_4_AHotlineComplaintEndsAsACaseWithAnOutcome"},
		"11":              {"TestArticle11_TheIneligibleAreRefusedWithTheArticle"},
		"12(1)":           {"TestArticle12_1_RecommendedExaminedAcceptedOrReturned"},
		"12(2)":           {"TestArticle12_2_AChangeIsAppliedForFifteenWorkingDaysAhead", "TestArticle12_2_NoChangeWithinAYearWithoutASpecialReason"},
		"12(3)":           {"TestArticle12_3_ASecondedPersonIsExcusedAndTheWindowStaysCovered"},
		"12(4)":           {"TestArticle12_4_DepartureWithoutAHandoverIsRefused"},
		"12(5)":           {"TestArticle12_5_AnUncoveredWindowIsAnAlarmUntilTheDeputySwipes"},
		"12(6), 13(1)":    {"TestArticle12_6_13_1_TheReplacementClockSkipsHolidaysAndCountsMakeUpDays"},
		"13(1)":           {"TestArticle13_1_TheReportOfAReturnNamesTheCriticisms"},
		"13(2)":           {"TestArticle13_2_AnUnassignedCardIsSuspectedAndConfirmedOrCleared"},
		"14":              {"TestArticle14_TheFilingNamesTheReadingOfTheShare", "TestArticle14_TheShareCanBeReadAsAQuota"},
		"15":              {"TestArticle15_AllFourDocumentsForAYearOfData", "TestArticle15_TheCyclesAreTakenStepByStep"},
		"16":              {"TestArticle16_TheDocumentForOneLeaver"},
		"17, 18":          {"TestArticle17_18_ALapsedPolicyGoesOnOnlyByARecordedExtension"},
	}
}

// Each row has its tests, and each test is of a row, with the article in its words.
func TestEveryRowHasItsTest(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if x, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(x.Name.Name, "TestArticle") {
				words[x.Name.Name] = x.Doc.Text()
			}
		}
	}
	if n := len(rows()); n != 25 {
		t.Errorf("there are %d rows, the table has 25", n)
	}
	of := map[string]string{}
	for row, tests := range rows() {
		for _, name := range tests {
			if doc, ok := words[name]; !ok || !strings.HasPrefix(doc, "63号 第") {
				t.Errorf("row %s: %s is missing, or its words begin with no article: %q", row, name, doc)
			}
			of[name] = row
		}
	}
	for name := range words {
		if of[name] == "" {
			t.Errorf("%s is of no row", name)
		}
	}
}
