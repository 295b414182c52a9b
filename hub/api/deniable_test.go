package api

import (
	"net/http"
	"slices"
	"testing"

	"hallkeeper/hub/access"
	"hallkeeper/wire"
)

// No change is deniable: whatever a route has changed is in the log with who did it, in which session and from which address.
func TestEveryChangeNamesWhoDidItAndFromWhere(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	s.place = "192.0.2.44"
	seen := map[string]bool{}
	for _, x := range slices.Concat(story(s), periodStory(), screenStory()) {
		before := s.log.Head()
		if s.moves(x) {
			continue
		}
		if w := x.ask(s); w.Code >= http.StatusInternalServerError {
			t.Fatalf("%s: %d %s", x.route, w.Code, w.Body)
		}
		made, err := s.log.ReadBatch(before, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range made {
			seen[x.route] = true
			a := r.Actor
			kind := wire.ActorPerson
			if device()[x.route] {
				kind = wire.ActorDevice
			}
			if a == nil || a.Kind != kind || a.ID == "" {
				t.Errorf("%s makes %s by %+v", x.route, r.Kind, a)
				continue
			}
			place := s.place
			switch x.as {
			case "":
				place = "127.0.0.1" // the operator's secret works on the hub's machine only
			case withCertificate:
				place = placeOfDevice
			}
			if a.From != place {
				t.Errorf("%s makes %s from %q", x.route, r.Kind, a.From)
			}
			signingIn := x.route == "POST /api/v1/setup" || x.route == "POST /api/v1/session/passkey" // whose count is kept before there is a session
			stranger := a.ID == access.PublicActor || x.route == "POST /api/v1/tickets/{id}/export"   // the code on the paper says that it is the ticket's holder
			if (a.Session == "") != stranger && !signingIn && kind == wire.ActorPerson {
				t.Errorf("%s makes %s by %s in session %q", x.route, r.Kind, a.ID, a.Session)
			}
		}
	}
	for _, r := range (&API{Deps: Deps{ChangesPerSecond: 1}}).table() {
		name := r.method + " " + r.path
		if r.changes && !seen[name] && !makesNothing()[name] {
			t.Errorf("%s changes something and leaves no event", name)
		}
		if seen[name] && makesNothing()[name] {
			t.Errorf("%s leaves an event; take it off the list", name)
		}
	}
}

// device are the routes of devices and screens: a code, a certificate or a key says which one it is, and no person is there.
func device() map[string]bool {
	return map[string]bool{
		"POST /api/v1/enrol":              true,
		"POST /api/v1/certificates/renew": true,
		"POST /api/v1/screens/session":    true,
		"POST /api/v1/screens/renew":      true,
	}
}

// makesNothing are the routes that take a body and change nothing that the log keeps, and why.
func makesNothing() map[string]bool {
	return map[string]bool{
		"POST /api/v1/devices/{agent}/identify": true, // a lamp blinks
		"POST /api/v1/devices/{agent}/restart":  true, // the device tells of its start itself
		"POST /api/v1/backup":                   true, // the hub notes it, not the API: TestTheServingHubGivesItsOperatorTheBackup in hub/app
		"POST /api/v1/health/test-message":      true, // so it does: TestATestMessageFromTheConsole in hub/app
		"POST /api/v1/policies/check":           true, // reads a text
		"POST /api/v1/policies/compare":         true, // computes what would be
		"POST /api/v1/photos":                   true, // a file beside the log; the finding that names it is the event
		"POST /api/v1/passkeys/begin":           true, // a challenge is kept in memory, and nothing is true yet
		"POST /api/v1/session/passkey/begin":    true,
		"POST /api/v1/session/single-sign-on":   true,
		"POST /api/v1/link":                     true,
		"DELETE /api/v1/sessions":               true, // the account of the story has no other session
		"POST /api/v1/visits/paper/read":        true, // reads a table
		"POST /api/v1/roster/import":            true, // the story's is a dry run
		"POST /api/v1/screens/challenge":        true, // kept in memory
		"POST /api/v1/screens/ask":              true, // a code in memory, until a person confirms it
		"POST /api/v1/setup":                    true, // the story has an administrator already
		"POST /api/v1/tickets/{id}/print":       true, // the first print is on its way still
	}
}
