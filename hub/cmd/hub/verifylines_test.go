package main

import (
	"errors"
	"strings"
	"testing"

	"hallkeeper/hub/app"
	"hallkeeper/hub/report"
)

func TestADocumentsAnswers(t *testing.T) {
	pub := app.Publication{Period: "2026-11", Revision: 1, Digest: strings.Repeat("a", 64), Again: strings.Repeat("a", 64)}
	for want, p := range map[string]app.DocumentProof{
		"逐字节一致":                               {Publication: &pub, Newest: 1, Sameness: app.Same},
		"2026-11 is superseded by revision 2": {Publication: &pub, Newest: 2, Sameness: app.Same},
		"made with other fonts":               {Publication: &pub, Newest: 1, Sameness: app.OtherBytes, Format: report.PDF},
		"无法重新生成":                              {Publication: &pub, Newest: 1, Sameness: app.Unmade, Why: errors.New("no fonts")},
		"a draft":                             {Stamp: report.Stamp{Period: "2026-11"}},
		"forged, or of another hall":          {Stamp: report.Stamp{Period: "2026-11", Revision: 1, Digest: "ff"}, Newest: 2},
	} {
		if got := strings.Join(documentLines(&p), "\n"); !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
		if p.OK() != (want == "逐字节一致") {
			t.Errorf("%q is OK: %v", want, p.OK())
		}
	}
}
