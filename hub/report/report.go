package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
)

// Format is how a document is written.
type Format string

// The formats.
const (
	XLSX Format = "xlsx"
	DOCX Format = "docx"
	PDF  Format = "pdf"
)

// Formats are all formats.
func Formats() []Format { return []Format{XLSX, DOCX, PDF} }

// ContentType is the media type of a format; empty for what is none.
func (f Format) ContentType() string {
	switch f {
	case XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case DOCX:
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case PDF:
		return "application/pdf"
	}
	return ""
}

// Lang is the language of a document.
type Lang string

// The languages.
const (
	ZH Lang = "zh"
	EN Lang = "en"
)

func words(l Lang, zh, en string) string {
	if l == EN {
		return en
	}
	return zh
}

func (l Lang) of(w assess.Words) string { return words(l, w.ZH, w.EN) }

// Input is all that a document prints. What a field leaves empty is not printed, or is said to be missing.
type Input struct {
	Outcome *assess.Outcome
	Names   Names
	// Policies are their names by id@version.
	Policies map[string]assess.Words
	// Rules, Articles, Grades, Awards, Indicators and Counts are words by id, as the policies in force have them.
	Rules      map[string]assess.Words
	Articles   map[string]assess.Words
	Grades     map[string]assess.Words
	Awards     map[string]assess.Words
	Indicators map[string]Indicator
	Counts     map[string]assess.Words

	// Hall is the hall's name, Bureau that of the organ that issues documents.
	Hall, Bureau string
	// Number is the document's (发文字号); where it is empty the document is a draft.
	Number string
	// To are the addressees, CopyTo who gets a copy (抄送).
	To, CopyTo []string

	// Revision is 0 before publication. Reason and Changes say how it differs from the one before.
	Revision  int
	Published time.Time
	Reason    string
	Changes   []assess.Change
	// Digest is the hex SHA-256 of the outcome; Verify the address of the page that tells it.
	Digest string
	Verify string
	// Checkpoint is the log's tree head at publication; nil where there is none yet.
	Checkpoint *Checkpoint

	Appeals []Appeal
	// Earlier are the periods before, oldest first, for trends.
	Earlier []Earlier
	// Department is set in the copy of one department; Of sets it.
	Department string
	// Evaluation makes the document a leaver's; Outcome may be nil then.
	Evaluation *Evaluation

	Zone *time.Location
	Made Made
	// Fonts are needed for PDF only.
	Fonts *Fonts
}

// Names are the names of ids.
type Names struct{ Person, Window, Department map[string]string }

// Indicator is a rate's name and formula.
type Indicator struct {
	assess.Words
	Formula string
	// Above and Below are the ids of the counts that it is a fraction of, where it is one.
	Above, Below []string
}

// Checkpoint is a signed head of the log's tree.
type Checkpoint struct {
	Size   uint64
	Root   string
	Note   string
	Signer string
}

// Appeal is one against a finding, without its text.
type Appeal struct {
	ID, Rule, Subject string
	To                assess.To
	State             string // waiting, granted or refused
	At, DecidedAt     time.Time
	By, DecidedBy     string
	Finding, Reason   string
	FindingDay        hall.Date
}

// Earlier is what a period before gave: points by "person:s01", "window:w01", "department:d01".
type Earlier struct {
	Period assess.Period
	Points map[string]float64
}

// Evaluation is what is written of who leaves (63号 第十六条).
type Evaluation struct {
	Staff, Department, Window, Post string
	From, Until                     hall.Date
	// Text is the bureau's words, a paragraph a line.
	Text string
	// Periods are the scores of the time at the hall, oldest first.
	Periods []EvaluationPeriod
	// Findings are what took points off and gave some.
	Findings []assess.Scored
	// SignedBy is the name of who signs for the bureau; SignedOn is empty before.
	SignedBy string
	SignedOn hall.Date
}

// EvaluationPeriod is one line of a leaver's record.
type EvaluationPeriod struct {
	Period      assess.Period
	Days        int
	Off, Bonus  float64
	Points      float64
	Grade       string
	Rank, Among int
	Policy      string
}

var (
	errNothing = errors.New("a document needs an outcome or an evaluation")
	errFormat  = errors.New("no document has this format")
	errNoFonts = errors.New("PDF needs fonts")
)

// Build writes the document of a period, or of a leaver, which the period's kind tells:
// statistics of a month, bulletin of a quarter, assessment of a year. Nothing is written
// where it fails; a *MissingGlyphs names the characters that a PDF cannot show.
func Build(w io.Writer, in Input, format Format, lang Lang) error {
	if in.Outcome == nil && in.Evaluation == nil {
		return errNothing
	}
	if in.Zone == nil {
		in.Zone = time.UTC
	}
	b := &builder{Input: in, lang: lang}
	switch format {
	case XLSX:
		if in.Outcome == nil {
			return fmt.Errorf("an evaluation is a text: %w", errFormat)
		}
		return b.workbook(w)
	case DOCX:
		return writeDOCX(w, b.letter())
	case PDF:
		if in.Fonts == nil {
			return errNoFonts
		}
		b.Reason = b.Fonts.marked(b.Reason) // what people write may hold what no font has
		return writePDF(w, in.Fonts, b.letter())
	}
	return fmt.Errorf("%q: %w", format, errFormat)
}

// FileName is how a document is called when it is downloaded, in ASCII and in words.
func FileName(in Input, format Format, lang Lang) (ascii, name string) {
	b := &builder{Input: in, lang: lang}
	ascii = "evaluation"
	if in.Evaluation != nil {
		return ascii + "-" + in.Evaluation.Staff + "." + string(format), b.title() + "." + string(format)
	}
	ascii = fmt.Sprintf("assessment-%s-r%d", in.Outcome.Period, in.Revision)
	name = b.title()
	if in.Department != "" {
		ascii += "-" + in.Department
		name += "（" + b.department(in.Department) + "）"
	}
	if in.Revision > 0 {
		name += words(lang, fmt.Sprintf("（第%d版）", in.Revision), fmt.Sprintf(" (revision %d)", in.Revision))
	}
	return ascii + "." + string(format), name + "." + string(format)
}

// Of is the input cut down to what a department's copy holds: its own people and windows, and what concerns them.
func (in Input) Of(department string) Input {
	in.Department = department
	if in.Outcome == nil {
		return in
	}
	o := *in.Outcome
	mine := func(r assess.Result) bool { return r.Department == department }
	o.People, o.Windows = keep(o.People, mine), keep(o.Windows, mine)
	o.Departments = keep(o.Departments, func(r assess.Result) bool { return r.ID == department })
	o.Indicators, o.Counts, o.Unresolved = nil, nil, nil
	if len(o.Departments) == 1 {
		o.Indicators, o.Counts = o.Departments[0].Indicators, o.Departments[0].Counts
	}
	has := func(to assess.To, id string) bool { return o.Find(to, id) != nil }
	o.Awards = slices.Clone(o.Awards)
	for i := range o.Awards {
		a := &o.Awards[i]
		a.Candidates = keep(a.Candidates, func(c assess.Candidate) bool { return has(a.To, c.ID) })
	}
	in.Outcome = &o
	in.Changes = keep(in.Changes, func(c assess.Change) bool { return has(c.To, c.ID) })
	in.Appeals = keep(in.Appeals, func(a Appeal) bool { return has(a.To, a.Subject) })
	earlier := make([]Earlier, len(in.Earlier))
	for i, e := range in.Earlier {
		earlier[i] = Earlier{e.Period, map[string]float64{}}
		for key, points := range e.Points {
			if to, id, ok := strings.Cut(key, ":"); ok && has(assess.To(to), id) {
				earlier[i].Points[key] = points
			}
		}
	}
	in.Earlier = earlier
	// Names of others do not leave with the file, not even unseen.
	names := Names{Person: map[string]string{}, Window: in.Names.Window, Department: in.Names.Department}
	for _, r := range o.People {
		names.Person[r.ID] = in.Names.Person[r.ID]
	}
	in.Names = names
	return in
}

func keep[T any](all []T, want func(T) bool) (kept []T) {
	for _, x := range all {
		if want(x) {
			kept = append(kept, x)
		}
	}
	return kept
}

// Departments are the departments of an outcome that have anybody in it.
func Departments(o *assess.Outcome) []string {
	set := map[string]bool{}
	for _, all := range [][]assess.Result{o.People, o.Windows} {
		for _, r := range all {
			if r.Department != "" {
				set[r.Department] = true
			}
		}
	}
	for _, r := range o.Departments {
		set[r.ID] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// ranked are results from the first to the last.
func ranked(all []assess.Result) []assess.Result {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b assess.Result) int {
		return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(b.Points, a.Points), cmp.Compare(a.ID, b.ID))
	})
	return sorted
}
