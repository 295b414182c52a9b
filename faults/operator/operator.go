// Package operator lets the campaigns speak to the hubs that they start as those' operator.
package operator

import "net/http"

// secret is what the campaigns' hubs let their operator in with. It
// guards nothing: they serve loopback only and end with the campaign.
const secret = "operator-of-a-campaign-on-loopback"

// Env is the setting of a hub that a campaign starts.
const Env = "HALL_OPERATOR_SECRET=" + secret

// Header is what such a hub lets its operator in with.
func Header() http.Header { return http.Header{"Authorization": {"Bearer " + secret}} }

// Sign lets a request act as the operator of such a hub.
func Sign(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
