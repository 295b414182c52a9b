package brokertest

import (
	"log/slog"
	"testing"

	"hallkeeper/hub/broker"
	"hallkeeper/wire"
)

func external(m *Mosquitto) Start {
	return func(t testing.TB, topics wire.Topics, sink broker.Sink) broker.Broker {
		t.Helper()
		b, err := broker.NewExternal(broker.ExternalConfig{URL: m.URL(), Topics: topics}, sink, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

func TestMosquitto(t *testing.T) {
	m := StartMosquitto(t)
	Suite(t, World{Start: external(m), Addr: func(broker.Broker) string { return m.Addr }})
}
