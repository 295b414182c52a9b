package app

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"hallkeeper/hub/eventlog"
)

const namespace = "hallkeeper"

func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// newDenials counts what devices were refused at the broker.
func newDenials(reg prometheus.Registerer) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Subsystem: "mqtt", Name: "device_refusals_total",
		Help: "Connections, publishes and subscriptions of enrolled devices that were refused, by reason."}, []string{"reason"})
	reg.MustRegister(c)
	return c
}

// newMessages counts what those who keep the machines are told.
func newMessages(reg prometheus.Registerer) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "messages_total",
		Help: "Messages to those who keep the machines, by mail or webhook, and whether they arrived."}, []string{"channel", "result"})
	reg.MustRegister(c)
	return c
}

// logMetrics measure the log; the committer touches them.
type logMetrics struct {
	records, letters, failures prometheus.Counter
	took, batch                prometheus.Histogram
}

func newLogMetrics(reg prometheus.Registerer) *logMetrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Subsystem: "log", Name: name, Help: help})
	}
	m := &logMetrics{
		records:  counter("records_total", "Records committed."),
		letters:  counter("dead_letters_total", "Dead letters committed."),
		failures: counter("commit_failures_total", "Commits that failed; nothing of them was acknowledged."),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Subsystem: "log", Name: "commit_seconds",
			Help: "Time of a commit with its fsync.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Subsystem: "log", Name: "commit_records",
			Help: "Records of a commit.", Buckets: prometheus.ExponentialBuckets(1, 2, 13)}),
	}
	reg.MustRegister(m.records, m.letters, m.failures, m.took, m.batch)
	return m
}

func (m *logMetrics) committed(c eventlog.Commit) {
	if c.Err != nil {
		m.failures.Inc()
		return
	}
	if c.Records == 0 && c.DeadLetters == 0 {
		return
	}
	m.records.Add(float64(c.Records))
	m.letters.Add(float64(c.DeadLetters))
	m.took.Observe(c.Took.Seconds())
	m.batch.Observe(float64(c.Records))
}

// watch adds what is read when it is asked for.
func (a *App) watch() {
	gauge := func(subsystem, name, help string, read func() float64) {
		a.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}, read))
	}
	gauge("log", "position", "Position of the newest record.", func() float64 { return float64(a.log.Head()) })
	gauge("log", "bytes", "Size of all segments.", func() float64 { return float64(a.log.Stats().Bytes) })
	gauge("log", "segments", "Number of segments.", func() float64 { return float64(a.log.Stats().Segments) })
	gauge("log", "writable", "1 while the log can store.", func() float64 {
		if a.log.Stats().Writable {
			return 1
		}
		return 0
	})
	gauge("views", "lag_records", "Records that the views have not folded yet.", func() float64 {
		return float64(a.log.Head()) - float64(a.views.runner.Position())
	})
	gauge("broker", "clients", "Connected MQTT clients; -1 where an external broker does not tell.", func() float64 {
		return float64(a.broker.Health().Clients)
	})
	gauge("broker", "connected", "1 while devices can reach the hub.", func() float64 {
		if a.broker.Health().Connected {
			return 1
		}
		return 0
	})
	gauge("log", "faults", "Sealed months of the log that do not match their checksums, at the last reading of all.", func() float64 { return float64(len(a.machine.seen().faults)) })
	gauge("disk", "size_bytes", "Size of the data folder's disk.", func() float64 { return float64(a.machine.seen().disk.Size) })
	gauge("disk", "free_bytes", "What the hub may still write on it.", func() float64 { return float64(a.machine.seen().disk.Free) })
	gauge("data", "bytes", "What the files of the data folder take, measured once an hour.", func() float64 { return float64(a.machine.seen().disk.Data) })
	gauge("clock", "synchronised", "1 while the hub's clock is synchronised, as its kernel says.", func() float64 {
		if a.machine.seen().clock.Synchronised {
			return 1
		}
		return 0
	})
	gauge("clock", "offset_seconds", "By how much the time server would still move the hub's clock; NaN while it is not synchronised.", func() float64 {
		c := a.machine.seen().clock
		if !c.Synchronised {
			return math.NaN()
		}
		return c.Offset.Seconds()
	})
	a.metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: namespace, Subsystem: "clock", Name: "steps_total",
		Help: "Jumps of the hub's clock by half a second or more."}, func() float64 { return float64(a.machine.seen().clock.Steps) }))
	a.metrics.MustRegister(newHallGauges(a))
}
