package devices

import (
	"strings"
	"testing"
)

func TestCodesOfOtherHubsAndOldOnes(t *testing.T) {
	h, other := startHall(t, t.TempDir()), startHall(t, t.TempDir())
	code := h.code("w01")
	if said, err := run(t, "agent", "enroll", "--hub", at(other.HTTPS), "--code", code, "--data", t.TempDir()); err == nil || !strings.Contains(said, "nothing was sent") {
		t.Errorf("another hub: %v\n%s", err, said)
	}
	if other.says("an enrolment was refused") {
		t.Error("the other hub has heard of the code")
	}
	first := t.TempDir()
	if said, err := run(t, "agent", "enroll", "--hub", at(h.HTTPS), "--code", strings.ToLower(code), "--data", first); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if said, err := run(t, "agent", "enroll", "--hub", at(h.HTTPS), "--code", code, "--data", t.TempDir()); err == nil || !strings.Contains(said, "the code was used already") {
		t.Errorf("the same code again: %v\n%s", err, said)
	}
	if list := h.certificates("w01"); len(list) != 1 || list[0].State != "live" {
		t.Errorf("%+v", list)
	}
}
