package live

import (
	"testing"
	"time"

	"hallkeeper/wire"
)

// What the console shows of devices that are set up wrongly or cannot store.
func TestAlarmsOfDevicesInTrouble(t *testing.T) {
	alarms := func(s *scene) map[string]wire.Alarm { return s.hall().Alarms }
	press := func(s *scene, outbox string) wire.Record {
		r := s.record(wire.KindRatingPressed, "a1", wire.RatingPressed{Level: 5})
		r.Outbox, r.Seq = outbox, uint64(r.Position)
		return r
	}
	t.Run("a device that cannot store, until it can", func(t *testing.T) {
		for _, fault := range []string{wire.FaultFull, wire.FaultDisk, wire.FaultNewer} {
			s := newScene().furnished()
			tell := func(fault string) {
				s.live.DeviceStatus("a1", wire.Status{State: wire.DeviceOnline, At: s.now, Outbox: &wire.OutboxStatus{Fault: fault}}, s.now)
			}
			tell(fault)
			if a := alarms(s)["outbox_fault/a1"]; a.Detail != fault || a.Window != "w1" || a.Severity != wire.SeverityAlarm {
				t.Errorf("%s: got %+v", fault, alarms(s))
			}
			tell("")
			if len(alarms(s)) != 0 {
				t.Errorf("%s: the alarm stays: %v", fault, alarms(s))
			}
		}
	})
	t.Run("a new SD card is a notice, two devices with one name are an alarm, until somebody assigns it", func(t *testing.T) {
		s := newScene().furnished()
		s.happen(press(s, "o1"), press(s, "o1"), press(s, "o2"), press(s, "o2"))
		if _, twice := alarms(s)["device_twice/a1"]; twice || alarms(s)["outbox_new/a1"].Kind == "" {
			t.Errorf("with a new card: %v", alarms(s))
		}
		s.happen(press(s, "o1"))
		if a := alarms(s)["device_twice/a1"]; a.Severity != wire.SeverityAlarm || a.Window != "w1" {
			t.Errorf("with both: %v", alarms(s))
		}
		s.happen(s.record(wire.KindAgentStarted, "a1", wire.AgentStarted{}))
		if alarms(s)["device_twice/a1"].Kind == "" {
			t.Error("a start of one of them ends the alarm")
		}
		s.happen(s.record(wire.KindDeviceAssigned, "", wire.DeviceAssigned{Agent: "a1", Window: "w1"}))
		if len(alarms(s)) != 0 {
			t.Errorf("the alarm stays: %v", alarms(s))
		}
	})
	t.Run("what an old SD card still had to send, or a history that is brought in, is no second device", func(t *testing.T) {
		s := newScene().furnished()
		old := press(s, "o1")
		s.happen(old, press(s, "o2"))
		for range 3 {
			old = press(s, "o1")
			old.At = s.now.Add(-24 * time.Hour)
			s.happen(old, press(s, "o2"))
		}
		if _, twice := alarms(s)["device_twice/a1"]; twice {
			t.Errorf("got %v", alarms(s))
		}
	})
	t.Run("a device of another hall, while it tries", func(t *testing.T) {
		s := newScene().furnished()
		s.live.Refused("a1", "h2", s.now)
		a := alarms(s)["device_refused/a1@h2"]
		if a.Severity != wire.SeverityNotice || a.Window != "" || a.Values["device"] != "a1" || a.Values["hall"] != "h2" {
			t.Errorf("got %+v", alarms(s))
		}
		s.later(50 * time.Second)
		s.live.Refused("a1", "h2", s.now)
		s.later(50 * time.Second)
		if len(alarms(s)) != 1 {
			t.Errorf("while it tries: %v", alarms(s))
		}
		s.later(15 * time.Second)
		if len(alarms(s)) != 0 {
			t.Errorf("the alarm stays: %v", alarms(s))
		}
	})
	t.Run("strangers are bounded", func(t *testing.T) {
		s := newScene().furnished()
		for i := range 1000 {
			s.live.Refused(string(rune('a'+i)), "h2", s.now)
		}
		if n := len(alarms(s)); n > 20 {
			t.Errorf("%d alarms", n)
		}
	})
}
