package main

import (
	"encoding/json"
	"strings"
	"testing"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/wire"
)

// The demo's months can be assessed, and everybody sees that the document by which they can is made up.
func TestTheDemosPolicyIsExtendedByAFictionalDocument(t *testing.T) {
	t.Parallel()
	s, err := policy.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range demoPolicy() {
		drafts, err := c.(policy.Command).DecidePolicy(s, hall.Moment{Day: "2026-11-23"})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range drafts {
			data, err := json.Marshal(d.Data)
			if err != nil {
				t.Fatal(err)
			}
			s.Fold(&wire.Record{Event: wire.Event{Kind: d.Kind, Data: data}})
		}
	}
	if err := s.Assessable("2020-08-01", "2030-12-31"); err != nil {
		t.Error(err)
	}
	for _, a := range s.Adopted() {
		for _, e := range a.Extensions {
			if !e.Fictional || !strings.Contains(e.Document, "虚构") {
				t.Errorf("it is not marked: %+v", e)
			}
		}
		if len(a.Extensions) != 1 || !strings.Contains(a.Document, "虚构") {
			t.Errorf("got %+v", a)
		}
	}
}
