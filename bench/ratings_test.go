package main

import (
	"context"
	"testing"
	"time"

	"hallkeeper/hub/policy"
	"hallkeeper/hub/rating"
	"hallkeeper/hub/register"
	"hallkeeper/wire"
)

// What the view of ratings costs of the replay of a hall's log: the whole
// register's view, and the part of it that is of ratings, over the same records.
func BenchmarkViewOfAHallsDays(b *testing.B) {
	zone := time.FixedZone("", 8*3600)
	var records []wire.Record
	for batch, err := range (&visitYear{zone: zone}).Follow(context.Background(), 0) {
		if err != nil {
			b.Fatal(err)
		}
		if records = append(records, batch...); len(records) > 200_000 {
			break
		}
	}
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			v, err := register.NewView(zone)
			if err != nil {
				b.Fatal(err)
			}
			for i := range records {
				v.Apply(&records[i])
			}
		}
		b.ReportMetric(float64(len(records))*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("ratings", func(b *testing.B) {
		p, err := policy.New()
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			s := rating.New(p, zone)
			for i := range records {
				if records[i].Agent == "" {
					s.Fold(&records[i])
				} else {
					s.Device(&records[i])
				}
			}
		}
		b.ReportMetric(float64(len(records))*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	})
}

// The indicators of ten days, of which each was judged before, and while the last one goes on.
func BenchmarkIndicators(b *testing.B) {
	zone := time.FixedZone("", 8*3600)
	p, err := policy.New()
	if err != nil {
		b.Fatal(err)
	}
	s := rating.New(p, zone)
	n, last := 0, time.Time{}
	for batch, err := range (&visitYear{zone: zone}).Follow(context.Background(), 0) {
		if err != nil {
			b.Fatal(err)
		}
		for i := range batch {
			if batch[i].Agent == "" {
				s.Fold(&batch[i])
			} else {
				s.Device(&batch[i])
			}
		}
		last = batch[len(batch)-1].StoredAt
		if n += len(batch); n > 165_000 {
			break
		}
	}
	for name, now := range map[string]time.Time{"settled": last.AddDate(0, 0, 2), "today": last} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				rating.Rows(s.Cells("2025-01-01", "2025-12-31", now), rating.ByWindow, nil, policy.Indicators("2025-12-31"), 20)
			}
		})
	}
}
