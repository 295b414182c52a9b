package regulation_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/hub/fixture"
	"hallkeeper/wire"
)

// played is a hub on the log of a whole year of a small hall, from the first swipe to the awards.
func played(t *testing.T) *house {
	t.Helper()
	f, err := fixture.ReadFolder("../score/testdata/year")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "hall")
	if _, err := f.Run(context.Background(), dir, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return build(t, "2022-02-08", func(c *app.Config) { c.Data, c.Hall.ID = dir, "year" })
}

// 63号 第十五条: daily check, monthly statistics, quarterly bulletin, annual assessment, with the yearly excellent windows and
// advanced individuals: the four cycles are computed from the log, reviewed, published and kept: all four documents of a year.
func TestArticle15_AllFourDocumentsForAYearOfData(t *testing.T) {
	h := played(t)
	if s := get[api.DayAnswer](h, sup, "days/2021-06-22"); s.State == wire.SheetOpen || s.Revision == 0 || len(s.Sheet.Staff) == 0 {
		t.Errorf("the day is %s, revision %d", s.State, s.Revision)
	}
	h.do(sup, "POST", "days/2021-06-22/publish", "")
	h.logged(wire.KindDayPublished, map[string]any{"day": "2021-06-22"})
	published := map[string]int{}
	for _, r := range h.events(wire.KindPeriodPublished) {
		var d wire.PeriodPublished
		h.json(r.Data, &d)
		published[d.Period]++
	}
	paths := []string{"years/2021"}
	for q := 1; q <= 4; q++ {
		paths = append(paths, fmt.Sprintf("quarters/2021-Q%d", q))
	}
	for m := 1; m <= 12; m++ {
		paths = append(paths, fmt.Sprintf("months/2021-%02d", m))
	}
	for _, path := range paths {
		_, period, _ := strings.Cut(path, "/")
		p := get[api.PeriodAnswer](h, "<auditor>", path)
		if published[period] != 1 || p.State != "published" || p.Revision == 0 || p.Provisional || len(p.Outcome.People) == 0 || len(p.Outcome.Windows) == 0 || len(p.Outcome.Departments) != 2 {
			t.Errorf("%s is %s, revision %d, %d times published, of %d people", period, p.State, p.Revision, published[period], len(p.Outcome.People))
		}
	}
	for _, path := range []string{"months/2021-06", "quarters/2021-Q2", "years/2021"} {
		for format, begins := range map[string]string{"xlsx": "PK", "docx": "PK", "pdf": "%PDF"} {
			if a := h.as("<auditor>", "GET", path+"?format="+format+"&number="+"%E6%94%BF%E6%9C%8D%E3%80%942022%E3%80%951%E5%8F%B7", "", "zh-CN"); a.status != http.StatusOK || !bytes.HasPrefix(a.body, []byte(begins)) {
				t.Errorf("%s as %s is answered %d %.200s", path, format, a.status, a.body)
			}
		}
	}
	for _, a := range get[api.PeriodAnswer](h, "<auditor>", "years/2021").Outcome.Awards {
		won := 0
		for _, c := range a.Candidates {
			if c.Won {
				won++
			}
		}
		if a.Places == 0 || won == 0 || won > a.Places {
			t.Errorf("%s has %d winners of %d places", a.Award, won, a.Places)
		}
	}
}

// 63号 第十五条: the same four cycles by hand over HTTP: each is computed, reviewed and published in its order, and its steps are in the log.
func TestArticle15_TheCyclesAreTakenStepByStep(t *testing.T) {
	h := build(t, "2021-12-01")
	h.furnish()
	h.refused(sup, "POST", "months/2021-12/compute", "", http.StatusConflict, "period_running", "")
	h.at("2022-01-01", "09:00")
	h.over("2021-12")
	h.refused(sup, "POST", "quarters/2021-Q4/compute", "", http.StatusConflict, "parts_unpublished", "63号 第十五条")
	h.refused(sup, "POST", "years/2021/compute", "", http.StatusConflict, "parts_unpublished", "63号 第十五条")
	h.publish("months/2021-12", "2022-01-13")
	h.publish("quarters/2021-Q4", "")
	h.publish("years/2021", "")
	for _, kind := range []wire.Kind{wire.KindPeriodComputed, wire.KindPeriodReviewed, wire.KindPeriodPublished} {
		var periods []string
		for _, r := range h.events(kind) {
			var d wire.PeriodPublished
			h.json(r.Data, &d)
			periods = append(periods, d.Period)
		}
		if strings.Join(periods, " ") != "2021-12 2021-Q4 2021" {
			t.Errorf("%s of %v", kind, periods)
		}
	}
	h.logged(wire.KindPeriodOpened, map[string]any{"period": "2021-12"})
}
