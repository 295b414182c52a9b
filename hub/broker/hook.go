package broker

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"hallkeeper/wire"
)

const (
	// maxKeepalive is the longest keep-alive the server can count without
	// overflow when it adds half of it, in seconds.
	maxKeepalive = 43000
	mqtt5        = 5
)

// hook is the hub's part of the MQTT server: who may connect and publish, where
// events go, and in which order one client id's connections follow each other.
type hook struct {
	mqtt.HookBase
	server *mqtt.Server
	topics wire.Topics
	sink   Sink
	logger *slog.Logger
	// stranger is told of devices of another hall; may be nil.
	stranger func(device, hall string)
	// secure is of enrolled devices; nil where there are none.
	secure *Secure

	refused seldom
	cutOff  seldom

	mu      sync.Mutex
	holders map[string]*conn // by client id: the one connection that the server may know
}

func newHook(server *mqtt.Server, cfg EmbeddedConfig, sink Sink, logger *slog.Logger) *hook {
	return &hook{server: server, topics: cfg.Topics, stranger: cfg.Refused, secure: cfg.Secure, sink: sink, logger: logger, holders: map[string]*conn{},
		refused: seldom{every: time.Second}, cutOff: seldom{every: time.Second}}
}

// ID names the hook.
func (h *hook) ID() string { return "hub" }

// Provides lists the calls below.
func (h *hook) Provides(b byte) bool {
	switch b {
	case mqtt.OnConnect, mqtt.OnConnectAuthenticate, mqtt.OnSessionEstablish, mqtt.OnACLCheck, mqtt.OnPublish, mqtt.OnWill, mqtt.OnDisconnect:
		return true
	}
	return false
}

// OnConnect refuses a will that is not the client's own status: wills pass the
// server's check of who may publish. Our agents use their agent id as client
// id; any other client may name itself by user name.
func (h *hook) OnConnect(cl *mqtt.Client, pk packets.Packet) error {
	c, ok := cl.Net.Conn.(*conn)
	if !ok {
		return packets.ErrServerUnavailable
	}
	c.bind(cl)
	if cl.State.Keepalive > maxKeepalive {
		cl.State.Keepalive, cl.State.ServerKeepalive = maxKeepalive, true
	}
	if cl.ID == mqtt.InlineClientId { // the hub's own publisher would be taken over
		return h.refuse(cl, packets.ErrClientIdentifierNotValid, "this client id is the hub's own")
	}
	defer c.settled()
	if err := h.admit(cl, c, &pk); err != nil {
		return err
	}
	if !pk.Connect.WillFlag {
		return nil
	}
	if hall := wire.HallOf(pk.Connect.WillTopic); hall != "" && hall != h.topics.Hall {
		if device := string(pk.Connect.Username); h.stranger != nil {
			if device == "" {
				device = cl.ID
			}
			h.stranger(clip(device), clip(hall))
		}
		return h.refuse(cl, packets.ErrNotAuthorized, "it is set up for another hall: "+clip(hall))
	}
	agent, leaf, ok := h.topics.Parse(pk.Connect.WillTopic)
	if !ok || leaf != wire.LeafStatus || agent != cl.ID && agent != string(pk.Connect.Username) {
		return h.refuse(cl, packets.ErrNotAuthorized, "its will is not for its own status topic")
	}
	if len(pk.Connect.WillPayload) > wire.MaxPayload {
		return h.refuse(cl, packets.ErrNotAuthorized, "its will is too large")
	}
	// A delayed will would show a device that is cut off as online, and the
	// server would lose it with the session.
	cl.Properties.Will.WillDelayInterval = 0
	c.will = cl.Properties.Will
	return nil
}

func (h *hook) refuse(cl *mqtt.Client, code packets.Code, why string) error {
	if skipped, ok := h.refused.allow(time.Now()); ok {
		h.logger.Warn("an MQTT connection was refused", "client", clip(cl.ID), "remote", cl.Net.Remote, "reason", why, "skipped", skipped)
	}
	answer := code
	if code == packets.ErrNotAuthorized && cl.Properties.ProtocolVersion != mqtt5 {
		answer = packets.Err3NotAuthorized // the server would send a code that MQTT 3 does not have
	}
	_ = h.server.SendConnack(cl, answer, false, nil) // the connection ends either way
	return code
}

// OnConnectAuthenticate lets everyone in: plain MQTT is served on loopback only, and of devices OnConnect has asked for more.
func (h *hook) OnConnectAuthenticate(*mqtt.Client, packets.Packet) bool { return true }

// OnSessionEstablish ends an older connection of the same client id and waits
// until the server has finished with it, its will included. Left to itself the
// server lets the two overlap: the old connection's will could overwrite the
// new one's status, and its clean-up remove the new one's subscriptions.
func (h *hook) OnSessionEstablish(cl *mqtt.Client, _ packets.Packet) {
	c, ok := cl.Net.Conn.(*conn)
	if !ok {
		return
	}
	for {
		h.mu.Lock()
		old := h.holders[cl.ID]
		if old == nil || old == c {
			h.holders[cl.ID] = c
			h.mu.Unlock()
			return
		}
		h.mu.Unlock()
		h.stop(old, packets.ErrSessionTakenOver)
		<-old.done
	}
}

// finished is called when the server has wholly finished with a connection.
func (h *hook) finished(c *conn) {
	cl := c.owner()
	if cl == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.holders[cl.ID] == c {
		delete(h.holders, cl.ID)
	}
}

// stop ends a connection, with the reason where the protocol has a place for it.
func (h *hook) stop(c *conn, code packets.Code) {
	cl := c.owner()
	switch {
	case cl == nil:
		_ = c.Close()
	case cl.Properties.ProtocolVersion == mqtt5:
		_ = h.server.DisconnectClient(cl, code)
	default:
		cl.Stop(code)
	}
}

func (h *hook) end(c *conn) { h.stop(c, packets.ErrServerShuttingDown) }

// lost ends a connection that cannot be written to.
func (h *hook) lost(cl *mqtt.Client, err error) {
	if skipped, ok := h.cutOff.allow(time.Now()); ok {
		h.logger.Warn("an MQTT client was cut off", "client", clip(cl.ID), "remote", cl.Net.Remote, "error", err, "skipped", skipped)
	}
	cl.Stop(err)
}

// OnACLCheck lets enrolled devices read and write what is their own. It lets
// clients of this machine read everything, which is nothing but hall topics and
// the broker's own counters, and write events and status alone: what the hub
// says is the hub's.
func (h *hook) OnACLCheck(cl *mqtt.Client, topic string, write bool) bool {
	if c, ok := cl.Net.Conn.(*conn); ok {
		if agent, enrolled := c.known(); enrolled {
			return h.may(cl, agent, topic, write)
		}
	}
	if !write {
		return true
	}
	if _, leaf, ok := h.topics.Parse(topic); ok && (leaf == wire.LeafEvents || leaf == wire.LeafStatus) {
		return true
	}
	if skipped, ok := h.refused.allow(time.Now()); ok {
		h.logger.Warn("a publish was refused: devices may publish events and status only",
			"client", clip(cl.ID), "remote", cl.Net.Remote, "topic", clip(topic), "skipped", skipped)
	}
	return false
}

// OnPublish takes events out of the server's hands: they are acknowledged after
// their commit and passed on to nobody.
func (h *hook) OnPublish(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	if cl.Net.Inline {
		return pk, nil
	}
	c, ok := cl.Net.Conn.(*conn)
	if !ok {
		return pk, packets.ErrRejectPacket
	}
	agent, leaf, ok := h.topics.Parse(pk.TopicName)
	switch {
	case ok && leaf == wire.LeafEvents:
		h.deliver(cl, c, agent, &pk)
	case len(pk.Payload) <= wire.MaxPayload:
		return pk, nil
	default:
		if skipped, ok := h.refused.allow(time.Now()); ok {
			h.logger.Warn("a status was thrown away: it is too large", "client", clip(cl.ID), "bytes", len(pk.Payload), "skipped", skipped)
		}
		h.settle(cl, c, &pk, Acknowledge)
	}
	return pk, packets.ErrRejectPacket
}

func (h *hook) deliver(cl *mqtt.Client, c *conn, agent string, pk *packets.Packet) {
	reply := packets.Packet{FixedHeader: pk.FixedHeader, PacketID: pk.PacketID, Created: pk.Created}
	if reply.FixedHeader.Qos == 2 && !c.begin(reply.PacketID) {
		return
	}
	if !c.reserve() {
		return
	}
	h.sink.Deliver(Delivery{Agent: agent, Payload: pk.Payload, QoS: pk.FixedHeader.Qos, Size: len(pk.Payload),
		Settle: func(s Settlement) {
			h.settle(cl, c, &reply, s)
			c.release()
		}})
}

// settle answers a publish. It runs in the committer and does not block.
func (h *hook) settle(cl *mqtt.Client, c *conn, pk *packets.Packet, s Settlement) {
	const puback, pubrec = packets.Puback << 4, packets.Pubrec << 4
	if pk.FixedHeader.Qos == 2 {
		defer c.end(pk.PacketID)
	}
	switch {
	case s == Disconnect:
		h.stop(c, packets.ErrServerUnavailable)
	case s == Withhold || pk.FixedHeader.Qos == 0:
	case pk.FixedHeader.Qos == 1:
		c.acknowledge(puback, pk.PacketID)
	default:
		// The server answers the PUBREL that follows only if it knows the packet.
		if cl.State.Inflight.Set(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pubrec},
			PacketID: pk.PacketID, Created: pk.Created}) {
			atomic.AddInt64(&h.server.Info.Inflight, 1)
		}
		c.acknowledge(pubrec, pk.PacketID)
	}
}

// OnDisconnect records a packet that was too large to be read, and sends the
// will where the hub itself ended the connection: the server takes that for a
// farewell of the client.
func (h *hook) OnDisconnect(cl *mqtt.Client, err error, _ bool) {
	c, ok := cl.Net.Conn.(*conn)
	if !ok {
		return
	}
	if errors.Is(err, packets.ErrPacketTooLarge) {
		if skipped, ok := h.cutOff.allow(time.Now()); ok {
			h.logger.Warn("an MQTT client was cut off: its packet is too large", "client", clip(cl.ID), "remote", cl.Net.Remote, "skipped", skipped)
		}
		h.sink.Deliver(Delivery{Agent: cl.ID, QoS: 1, Size: MaxAccepted + 1, Settle: func(Settlement) {}})
	}
	if c.isRevoked() {
		h.silence(cl, c)
		return
	}
	if err == nil && c.will.Flag != 0 && !errors.Is(cl.StopCause(), packets.CodeDisconnect) {
		if err := h.server.Publish(c.will.TopicName, c.will.Payload, c.will.Retain, c.will.Qos); err != nil {
			h.logger.Warn("a will could not be published", "client", clip(cl.ID), "error", err)
		}
	}
}

// clip shortens what a stranger chose, for the log.
func clip(s string) string {
	if len(s) > wire.MaxName {
		return s[:wire.MaxName] + "…"
	}
	return s
}
