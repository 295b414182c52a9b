package app

import (
	"time"

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
	a.metrics.MustRegister(outboxes{a})
}

// outboxes tells how much every device still holds.
type outboxes struct {
	app *App
}

func outboxDescs() (age, pending *prometheus.Desc) {
	return prometheus.NewDesc(namespace+"_device_outbox_age_seconds", "Age of the oldest event that a device has not delivered, by its last status.", []string{"agent"}, nil),
		prometheus.NewDesc(namespace+"_device_outbox_pending", "Events that a device has not delivered, by its last status.", []string{"agent"}, nil)
}

// Describe implements prometheus.Collector.
func (o outboxes) Describe(ch chan<- *prometheus.Desc) {
	age, pending := outboxDescs()
	ch <- age
	ch <- pending
}

// Collect implements prometheus.Collector.
func (o outboxes) Collect(ch chan<- prometheus.Metric) {
	age, pending := outboxDescs()
	now := time.Now()
	for agent, box := range o.app.views.live.Outboxes() {
		old := 0.0
		if box.Oldest != nil {
			old = max(0, now.Sub(*box.Oldest).Seconds())
		}
		ch <- prometheus.MustNewConstMetric(age, prometheus.GaugeValue, old, agent)
		ch <- prometheus.MustNewConstMetric(pending, prometheus.GaugeValue, float64(box.Pending), agent)
	}
}
