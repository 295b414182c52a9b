package eventlog

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hallkeeper/wire"
)

// testdata/before-addresses is a month that was sealed before actors had an address:
// two presses and two changes of the hub, the root of whose tree was noted then.
func TestAMonthFromBeforeAddressesReadsAndVerifies(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"00001_2026-10.sealed", "00001_2026-10.sealed.sha256"} {
		b, err := os.ReadFile(filepath.Join("testdata", "before-addresses", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := &clock{time.Date(2026, 11, 5, 9, 0, 0, 0, time.UTC)}
	l := open(t, dir, func(o *Options) { o.Now = c.now })
	size, root := l.Tree()
	if size != 4 || root.String() != "3467Z5QADuAX0RTbJUt5kn1XcWq+n6hRqn3uI3X1wB0=" {
		t.Errorf("the old tree is %d %s", size, root)
	}
	old, err := l.ReadBatch(2, 2)
	if err != nil || len(old) != 2 || *old[0].Actor != (wire.Actor{Kind: wire.ActorPerson, ID: "zhang", Session: "0123456789abcdef"}) || *old[1].Actor != (wire.Actor{Kind: wire.ActorSchedule, ID: "daily"}) || len(old[0].Personal) != 1 {
		t.Fatalf("%v: %+v", err, old)
	}
	who := wire.Actor{Kind: wire.ActorPerson, ID: "li", Session: "fedcba9876543210", From: "10.0.0.7", ProposedBy: "zhang"}
	if _, _, err := l.Append(context.Background(), "", func(Moment) ([]wire.Event, error) {
		return []wire.Event{{Kind: wire.KindWindowRemoved, Data: []byte(`{"window":"w01"}`), Actor: &who}}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	v, err := Verify(dir, nil)
	if err != nil || len(v.Faults) != 0 || v.Records != 5 {
		t.Fatalf("%v: %+v", err, v)
	}
	again := open(t, dir)
	if now, err := again.ReadBatch(4, 1); err != nil || len(now) != 1 || *now[0].Actor != who {
		t.Errorf("%v: %+v", err, now)
	}
}
