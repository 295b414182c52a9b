package app

import (
	"encoding/json"

	"hallkeeper/wire"
)

// removed cuts the websockets of screens whose certificate was revoked; whoever
// calls holds the views still. A screen that has renewed its certificate stays.
func (a *App) removed(batch []wire.Record) {
	for i := range batch {
		var d wire.CertificateRevoked
		if batch[i].Kind != wire.KindCertificateRevoked || json.Unmarshal(batch[i].Data, &d) != nil {
			continue
		}
		x, known := a.views.register.State.Screens.Screens.Get(d.Device)
		c, issued := a.views.register.State.Enrolment.Certificates.Get(x.Serial)
		if known && (!issued || !c.Live(a.cfg.Now())) {
			a.sockets.Close(d.Device)
		}
	}
}
