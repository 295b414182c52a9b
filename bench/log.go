package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hallkeeper/hub/eventlog"
	"hallkeeper/simulator/day"
	"hallkeeper/wire"
)

// history fills a log with the demo's mix, months by the events' own times: the
// bulk generation of ARCHITECTURE, Time.
func history(ctx context.Context, dir string, events int) (took time.Duration, err error) {
	zone := time.FixedZone("UTC+8", 8*3600)
	var now time.Time
	mix := day.Config{Zone: zone}
	for i := range 12 {
		mix.Windows = append(mix.Windows, fmt.Sprintf("w%02d", i+1))
	}
	from, err := day.ParseDate("2020-08-03")
	if err != nil {
		return 0, err
	}
	to, err := day.ParseDate("2120-01-01")
	if err != nil {
		return 0, err
	}
	now = time.Date(2020, 8, 3, 0, 0, 0, 0, zone)
	clock := make(chan time.Time, 1)
	clock <- now
	log, err := eventlog.Open(eventlog.Options{Dir: dir, Zone: zone, Now: func() time.Time {
		t := <-clock
		clock <- t
		return t
	}})
	if err != nil {
		return 0, err
	}
	began := time.Now()
	perAgent := map[string][]eventlog.Item{}
	n, batch := 0, 0
	flush := func() error {
		errs := make(chan error, len(perAgent))
		for agent, items := range perAgent {
			if err := log.Submit(eventlog.Submission{Agent: agent, Items: items, Done: func(_ []eventlog.Result, err error) { errs <- err }}); err != nil {
				return err
			}
		}
		for range perAgent {
			if err := <-errs; err != nil {
				return err
			}
		}
		clear(perAgent)
		batch = 0
		return nil
	}
	for e := range day.Events(mix, 63, from, to) {
		if n == events || ctx.Err() != nil {
			break
		}
		e.Data = tokenised(e.Data)
		if month(e.At, zone) != month(now, zone) || batch >= 2000 {
			if err := flush(); err != nil {
				return 0, err
			}
			<-clock
			now = e.At.Add(12 * time.Millisecond)
			clock <- now
		}
		perAgent[e.Agent] = append(perAgent[e.Agent], eventlog.Item{Event: e})
		n++
		batch++
	}
	if err := flush(); err != nil {
		return 0, err
	}
	took = time.Since(began)
	return took, log.Close()
}

func month(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01") }

// tokenised gives a card the length that it has in the log: ingest hashes it.
func tokenised(data []byte) []byte {
	s := string(data)
	i := strings.Index(s, `"card":"`)
	if i < 0 {
		return data
	}
	i += len(`"card":"`)
	j := i + strings.IndexByte(s[i:], '"')
	return []byte(s[:i] + "h1:" + (s[i:j] + "AAAAAAAAAAAAAAAAAAAAAA")[:22] + s[j:])
}

// bytesPerEvent is what the sealed segments of a log take on the disk, all told.
func bytesPerEvent(dir string) (sealed float64, segments int, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.sealed"))
	if err != nil || len(files) == 0 {
		return 0, 0, fmt.Errorf("no sealed segments in %s: %w", dir, err)
	}
	bytes := int64(0)
	for _, f := range files {
		st, err := os.Stat(f)
		if err != nil {
			return 0, 0, err
		}
		bytes += st.Size()
	}
	log, done, err := eventlog.Read(dir)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = done() }()
	records := sealedRecords(log)
	return float64(bytes) / float64(records), len(files), nil
}

// sealedRecords counts the records before the open segment.
func sealedRecords(log *eventlog.Log) wire.Position { return log.OpenSegmentBegins() - 1 }
