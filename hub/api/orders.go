package api

import (
	"net/http"
	"strconv"

	"hallkeeper/hub/duty"
	"hallkeeper/wire"
)

// The orders below are what requests ask for, checked for form only.

func setWindow(r *http.Request, body []byte) (order, error) {
	var b windowBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	var c checks
	id := r.PathValue("id")
	c.name("id", id)
	c.words("number", &b.Number, 1, 8)
	c.words("name", &b.Name, 1, 40)
	c.words("department", &b.Department, 0, 40)
	return order{cmd: SetWindow{id, b.Number, b.Name, b.Department, b.Direction}, status: http.StatusOK, kind: wire.KindWindowSet,
		data: wire.WindowSet{Window: id, Number: b.Number, Name: b.Name, Department: b.Department, Direction: b.Direction}}, c.err()
}

func removeWindow(r *http.Request, body []byte) (order, error) {
	id, err := named(r, "id", body)
	return order{cmd: duty.RemoveWindow{Window: id}, status: http.StatusOK, kind: wire.KindWindowRemoved, data: wire.WindowRemoved{Window: id}}, err
}

func assignDevice(r *http.Request, body []byte) (order, error) {
	var b assignBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	var c checks
	agent := r.PathValue("agent")
	c.name("agent", agent)
	c.name("window", b.Window)
	return order{cmd: AssignDevice{agent, b.Window}, status: http.StatusOK, kind: wire.KindDeviceAssigned,
		data: wire.DeviceAssigned{Agent: agent, Window: b.Window}}, c.err()
}

func dismissDevice(r *http.Request, body []byte) (order, error) {
	agent, err := named(r, "agent", body)
	return order{cmd: DismissDevice{agent}, status: http.StatusOK, kind: wire.KindDeviceDismissed, data: wire.DeviceDismissed{Agent: agent}}, err
}

func identifyDevice(r *http.Request, body []byte) (order, error) {
	agent, err := named(r, "agent", body)
	return order{cmd: IdentifyDevice{agent}, status: http.StatusOK}, err
}

func restartDevice(r *http.Request, body []byte) (order, error) {
	agent, err := named(r, "agent", body)
	return order{cmd: RestartDevice{agent}, status: http.StatusOK}, err
}

func dismissLetter(r *http.Request, body []byte) (order, error) {
	var b noteBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	var c checks
	c.words("note", &b.Note, 0, maxNote)
	n, err := strconv.ParseUint(r.PathValue("number"), 10, 64)
	if err != nil {
		return order{}, problem("not_found")
	}
	return order{cmd: DismissDeadLetter{n, b.Note}, status: http.StatusOK, kind: wire.KindDeadLetterDismissed,
		data: wire.DeadLetterDismissed{Number: n}}, c.err()
}

// named reads a request whose only content is a name in its path.
func named(r *http.Request, param string, body []byte) (string, error) {
	var none emptyBody
	if err := decode(body, &none); err != nil {
		return "", err
	}
	var c checks
	id := r.PathValue(param)
	c.name(param, id)
	return id, c.err()
}
