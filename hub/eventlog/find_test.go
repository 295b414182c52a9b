package eventlog

import (
	"fmt"
	"testing"

	"hallkeeper/wire"
)

// What the hub has made is found by its id, keyed or not, also once it is reopened.
func TestFindOfTheHubsOwn(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	var all []wire.Record
	for i := range 300 {
		key := ""
		if i%3 == 0 {
			key = fmt.Sprint("key-", i)
		}
		made, _, err := l.Append(t.Context(), key, func(Moment) ([]wire.Event, error) {
			return []wire.Event{{Kind: wire.KindDayChecked, Data: []byte(`{"day":"2026-11-23"}`)}, {Kind: wire.KindDayRevised, Data: []byte(`{"day":"2026-11-23"}`)}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, made...)
	}
	look := func() {
		t.Helper()
		for _, r := range all {
			found, err := l.Find(r.ID)
			if err != nil || found == nil || found.Position != r.Position {
				t.Fatalf("%s at %d is found as %+v: %v", r.ID, r.Position, found, err)
			}
		}
		for _, id := range []string{"", "nothing", "019ab3c1-7a10-7c3e-9b1f-0242ac120102"} {
			if found, err := l.Find(id); err != nil || found != nil {
				t.Errorf("%q is found as %+v: %v", id, found, err)
			}
		}
	}
	look()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	look()
}
