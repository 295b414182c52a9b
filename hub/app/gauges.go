package app

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// hallGauges are read of the hall when somebody asks for them: what comes and goes with devices, services and alarms.
type hallGauges struct {
	app *App

	build                                *prometheus.Desc
	devices, screens, alarms, troubles   *prometheus.Desc
	outboxAge, outboxPending, outboxGaps *prometheus.Desc
	skew, deviceEnds, certificateEnds    *prometheus.Desc
	waiting, open                        *prometheus.Desc
	backupAge, logChecked                *prometheus.Desc
	diskGrowth, diskFull                 *prometheus.Desc
}

func newHallGauges(a *App) *hallGauges {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
	}
	return &hallGauges{app: a,
		build:           desc("build_info", "Always 1; the labels are the program's version and the Go it was built with.", "version", "go"),
		devices:         desc("devices", "Devices of the hall, by what they are and whether they are heard.", "kind", "state"),
		screens:         desc("screens_enrolled", "Screens that are enrolled, by use.", "use"),
		alarms:          desc("alarms", "Alarms that stand, as on the console.", "kind", "severity"),
		troubles:        desc("troubles", "Troubles of the machines that go on; seen says whether somebody has taken notice.", "kind", "seen"),
		outboxAge:       desc("device_outbox_age_seconds", "Age of the oldest event that a device has not delivered, by its last status.", "agent"),
		outboxPending:   desc("device_outbox_pending", "Events that a device has not delivered, by its last status.", "agent"),
		outboxGaps:      desc("device_outbox_gaps", "Devices of which events are missing at the hub, until somebody assigns them again."),
		skew:            desc("device_clock_skew_seconds", "A device's clock minus the hub's, at its last status.", "agent"),
		deviceEnds:      desc("device_certificate_expiry_timestamp_seconds", "When a device's certificate ends.", "agent"),
		certificateEnds: desc("certificate_expiry_timestamp_seconds", "When a certificate of the hub ends: https was given to it for its pages, authority is the hall's own.", "what"),
		waiting:         desc("queue_waiting", "Tickets that wait, by service.", "service"),
		open:            desc("queue_open_windows", "Windows that serve, by service.", "service"),
		backupAge:       desc("backup_age_seconds", "Age of the last backup, where the hub makes them by itself of the place that is furthest behind; not there while there is none."),
		logChecked:      desc("log_check_age_seconds", "Age of the last reading of all sealed months of the log; not there before the first."),
		diskGrowth:      desc("disk_growth_bytes_per_second", "Growth of what is on the data folder's disk, the median of a month; not there until a day was seen."),
		diskFull:        desc("disk_full_seconds", "Time until the data folder's disk is full, as it grows; not there where that is not known or where it does not fill."),
	}
}

// Describe implements prometheus.Collector.
func (g *hallGauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.build, g.devices, g.screens, g.alarms, g.troubles, g.outboxAge, g.outboxPending, g.outboxGaps, g.skew, g.deviceEnds, g.certificateEnds,
		g.waiting, g.open, g.backupAge, g.logChecked, g.diskGrowth, g.diskFull} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (g *hallGauges) Collect(ch chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counted := map[*prometheus.Desc]map[[2]string]int{g.devices: {}, g.alarms: {}, g.troubles: {}, g.screens: {}}
	a, now := g.app, g.app.cfg.Now()
	send(g.build, 1, a.cfg.Version, runtime.Version())
	for id, d := range a.views.live.Devices() {
		if d.Assignment == wire.DeviceNotOurs {
			continue
		}
		counted[g.devices][[2]string{deviceKind(&d), string(d.State)}]++
		if d.Heard {
			send(g.skew, float64(d.ClockSkewMS)/1000, id)
		}
		if d.Certificate != nil && d.Certificate.State != "revoked" {
			send(g.deviceEnds, float64(d.Certificate.Until.Unix()), id)
		}
	}
	gaps := 0
	for _, x := range a.views.live.Alarms() {
		counted[g.alarms][[2]string{string(x.Kind), string(x.Severity)}]++
		if x.Kind == wire.AlarmOutboxGap {
			gaps++
		}
	}
	send(g.outboxGaps, float64(gaps))
	for id, s := range a.views.live.Services() {
		send(g.waiting, float64(s.Waiting), id)
		send(g.open, float64(s.Open), id)
	}
	g.collectOutboxes(send, now)
	a.Read(func(v *register.View, _ *roster.State) {
		for _, s := range v.State.Screens.Screens.Each() {
			counted[g.screens][[2]string{string(s.Use)}]++
		}
		for _, t := range v.State.Troubles.Troubles.Each() {
			if t.Until == nil {
				counted[g.troubles][[2]string{string(t.Kind), yesNo(len(t.Seen) > 0)}]++
			}
		}
	})
	for d, all := range counted {
		for labels, n := range all {
			if d == g.screens {
				send(d, float64(n), labels[0])
				continue
			}
			send(d, float64(n), labels[0], labels[1])
		}
	}
	g.collectMachine(send, now)
}

func (g *hallGauges) collectOutboxes(send func(*prometheus.Desc, float64, ...string), now time.Time) {
	for agent, box := range g.app.views.live.Outboxes() {
		old := 0.0
		if box.Oldest != nil {
			old = max(0, now.Sub(*box.Oldest).Seconds())
		}
		send(g.outboxAge, old, agent)
		send(g.outboxPending, float64(box.Pending), agent)
	}
}

func (g *hallGauges) collectMachine(send func(*prometheus.Desc, float64, ...string), now time.Time) {
	a := g.app
	m := a.machine.seen()
	if oldest := m.backup.Oldest(); !oldest.IsZero() {
		send(g.backupAge, max(0, now.Sub(oldest).Seconds()))
	}
	if !m.checked.IsZero() {
		send(g.logChecked, max(0, now.Sub(m.checked).Seconds()))
	}
	if m.disk.PerDay != nil {
		send(g.diskGrowth, *m.disk.PerDay/(24*60*60))
	}
	if m.disk.Days != nil {
		send(g.diskFull, *m.disk.Days*24*60*60)
	}
	send(g.certificateEnds, float64(a.authority.Certificate().NotAfter.Unix()), "authority")
	if ends, _ := a.httpsEnds(now); !ends.IsZero() {
		send(g.certificateEnds, float64(ends.Unix()), "https")
	}
}

func deviceKind(d *wire.LiveDevice) string {
	switch {
	case d.Window != "":
		return "window"
	case d.Printer != "":
		return "printer"
	}
	return "unassigned"
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
