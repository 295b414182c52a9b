package ingest

import (
	"github.com/prometheus/client_golang/prometheus"

	"hallkeeper/hub/broker"
	"hallkeeper/hub/eventlog"
	"hallkeeper/wire"
)

// metrics count what passes through. The committer touches them, so every
// label's counter is looked up once, here.
type metrics struct {
	outcomes map[eventlog.Outcome]prometheus.Counter
	reasons  map[wire.Reason]prometheus.Counter
	other    prometheus.Counter
	settled  map[broker.Settlement]prometheus.Counter

	answered, unanswered prometheus.Counter
	status, badStatus    prometheus.Counter
	parse                prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	vec := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "hallkeeper", Subsystem: "ingest", Name: name, Help: help}, []string{label})
	}
	events := vec("events_total", "Events that devices sent, by what became of them.", "outcome")
	dead := vec("dead_letters_total", "Dead letters, by reason.", "reason")
	deliveries := vec("deliveries_total", "Publishes on events topics, by how they were settled.", "settlement")
	answers := vec("stored_answers_total", "Answers on stored topics, by whether the broker took them.", "result")
	status := vec("status_total", "Device states received, by whether they could be read.", "result")
	parse := prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "hallkeeper", Subsystem: "ingest", Name: "parse_seconds",
		Help: "Time to check one publish and hide its card numbers.", Buckets: prometheus.ExponentialBuckets(2e-6, 4, 9)})
	for _, c := range []prometheus.Collector{events, dead, deliveries, answers, status, parse} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	m := &metrics{
		outcomes: map[eventlog.Outcome]prometheus.Counter{
			eventlog.Stored: events.WithLabelValues("stored"), eventlog.Duplicate: events.WithLabelValues("duplicate"),
			eventlog.Ahead: events.WithLabelValues("ahead"), eventlog.DeadLettered: events.WithLabelValues("dead_lettered")},
		reasons:  map[wire.Reason]prometheus.Counter{},
		other:    dead.WithLabelValues("other"),
		settled:  map[broker.Settlement]prometheus.Counter{},
		answered: answers.WithLabelValues("sent"), unanswered: answers.WithLabelValues("failed"),
		status: status.WithLabelValues("read"), badStatus: status.WithLabelValues("unreadable"),
		parse: parse,
	}
	for _, r := range []wire.Reason{wire.ReasonNotJSON, wire.ReasonOverSize, wire.ReasonBadField, wire.ReasonBadData,
		wire.ReasonWrongAgent, wire.ReasonHubOnly, wire.ReasonConflict, wire.ReasonQoS} {
		m.reasons[r] = dead.WithLabelValues(string(r))
	}
	for _, s := range []broker.Settlement{broker.Acknowledge, broker.Withhold, broker.Disconnect} {
		m.settled[s] = deliveries.WithLabelValues(s.String())
	}
	return m, nil
}

func (m *metrics) count(r eventlog.Result) {
	if c := m.outcomes[r.Outcome]; c != nil {
		c.Inc()
	}
	if r.Outcome != eventlog.DeadLettered {
		return
	}
	if c := m.reasons[r.Reason]; c != nil {
		c.Inc()
		return
	}
	m.other.Inc()
}
