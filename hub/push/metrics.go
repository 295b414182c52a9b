package push

import "github.com/prometheus/client_golang/prometheus"

// Why a screen was let go, as the label of hallkeeper_push_closed_total.
const (
	closedByScreen   = "screen"        // it went away by itself
	closedNoPong     = "no_pong"       // it answered no ping
	closedTimeout    = "write_timeout" // it took no bytes
	closedError      = "error"         // the connection broke, or it sent what it may not
	closedByStopping = "stopping"      // the hub stops
)

// Why a snapshot was sent.
const (
	snapshotWelcome = "welcome"
	snapshotBehind  = "behind"
)

type metrics struct {
	screens   prometheus.Gauge
	messages  *prometheus.CounterVec
	snapshots *prometheus.CounterVec
	closed    *prometheus.CounterVec
	refused   *prometheus.CounterVec
	skipped   prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "hallkeeper_push_" + name, Help: help}, []string{label})
	}
	m := &metrics{
		screens: prometheus.NewGauge(prometheus.GaugeOpts{Name: "hallkeeper_push_screens",
			Help: "Screens connected to /ws/live."}),
		messages:  counter("messages_total", "Messages sent to screens, by type.", "type"),
		snapshots: counter("snapshots_total", "Snapshots sent: to a new screen, or to one that fell behind.", "reason"),
		closed:    counter("closed_total", "Connections of screens that ended, by reason.", "reason"),
		refused:   counter("refused_total", "Connections that were not taken, by reason.", "reason"),
		skipped: prometheus.NewCounter(prometheus.CounterOpts{Name: "hallkeeper_push_mirror_skipped_total",
			Help: "Patches that the mirror (MQTT live topic) was too slow to be given."}),
	}
	if r != nil {
		r.MustRegister(m.screens, m.messages, m.snapshots, m.closed, m.refused, m.skipped)
	}
	return m
}
