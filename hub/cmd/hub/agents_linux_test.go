package main

import (
	"slices"
	"testing"
)

// HALL_DATA of the demo's hub made every agent write into the hub's own folder, and its other settings ended them.
func TestAnAgentOfTheDemoHasNoneOfTheHubsSettings(t *testing.T) {
	got := ownSettings([]string{"PATH=/bin", "HALL_DATA=/srv/hall", "HALL_OPERATOR_SECRET=x", "HALLWAY=1"})
	if !slices.Equal(got, []string{"PATH=/bin", "HALLWAY=1"}) {
		t.Errorf("an agent is started with %v", got)
	}
}
