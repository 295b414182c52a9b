package vault

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func noRecords() (map[string]bool, error) { return nil, errors.New("the records were asked") }

func harms(t *testing.T, dir string, used func() (map[string]bool, error)) map[string]Harm {
	t.Helper()
	lost, err := Lost(dir, used)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]Harm{}
	for _, f := range lost {
		if f.ZH == "" || f.EN == "" {
			t.Errorf("%s: nobody is told what is lost with it", f.File)
		}
		all[f.File] = f.Harm
	}
	return all
}

func made(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := Open(dir, "hallkeeper/test", "test"); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestEachKeyThatDataWasMadeWithIsMissed(t *testing.T) {
	whole, other := made(t), made(t)
	if got := harms(t, whole, noRecords); len(got) > 0 {
		t.Errorf("of whole keys are lost: %v", got)
	}
	for _, k := range Keys() {
		if k.File == "ca.key" || k.File == "ca.pem" { // whoever makes the authority notes it
			text := "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
			if err := os.WriteFile(filepath.Join(whole, k.File), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(other, k.File), []byte("\n-----BEGIN CERTIFICATE-----\nAAAB\n-----END CERTIFICATE-----\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := Remember(whole, "test", k.File); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(whole, k.File)
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		foreign, err := os.ReadFile(filepath.Join(other, k.File))
		if err != nil {
			t.Fatal(err)
		}
		for want, text := range map[Harm][]byte{Missing: nil, Damaged: was[:10], Foreign: foreign, "": append(was, '\n')} {
			if text == nil {
				err = os.Remove(path)
			} else {
				err = os.WriteFile(path, text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			if k.File == publicFile && want != Foreign {
				want = "" // checkpoint.key gives it again
			}
			if got := harms(t, whole, noRecords); got[k.File] != want || len(got) > 1 || want == "" && len(got) > 0 {
				t.Errorf("%s %s: %v", k.File, want, got)
			}
		}
		if err := os.WriteFile(path, was, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestThePublicKeyIsMadeAnewFromItsOther(t *testing.T) {
	dir := made(t)
	path := filepath.Join(dir, publicFile)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	own, err := note.NewVerifier(strings.TrimSpace(string(before)))
	if err != nil {
		t.Fatal(err)
	}
	for _, harm := range []func() error{func() error { return os.Remove(path) }, func() error { return os.Truncate(path, 7) }} {
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		if v, err := Verifier(dir); err != nil || v.KeyHash() != own.KeyHash() {
			t.Errorf("records cannot be checked meanwhile: %v", err)
		}
		if _, err := Open(dir, "hallkeeper/test", "test"); err != nil {
			t.Fatal(err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
			t.Errorf("%v: %q instead of %q", err, after, before)
		}
	}
}

// Data of earlier programs has those keys that there were in their time; what its records need is missed all the same.
func TestKeysOfEarlierPrograms(t *testing.T) {
	first := []string{"card.key", "checkpoint.key", "checkpoint.pub"}
	for _, row := range []struct {
		says      string
		format    string
		take, use []string
		want      []string
	}{
		{"the first form, whole", "", []string{"citizen.key", "subject.key", "ticket.key", "place.key"}, nil, nil},
		{"the first form without its keys", "", []string{"card.key", "checkpoint.key", "checkpoint.pub"}, nil, first},
		{"records with hashes of citizens", "", []string{"citizen.key", "subject.key"}, []string{"citizen.key"}, []string{"citizen.key"}},
		{"records with certificates", "", nil, []string{"ca.key", "ca.pem"}, []string{"ca.key", "ca.pem"}},
		{"keys that say their form and name none", `{"format":1,"program":"0.9"}`, []string{"ticket.key"}, nil, []string{"ticket.key"}},
		{"a hall of that time without an authority", `{"format":1,"program":"0.9"}`, nil, nil, nil},
	} {
		dir := made(t)
		for _, file := range append(row.take, formatFile) {
			if err := os.Remove(filepath.Join(dir, file)); err != nil {
				t.Fatal(err)
			}
		}
		if row.format != "" {
			if err := os.WriteFile(filepath.Join(dir, formatFile), []byte(row.format), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		used := map[string]bool{}
		for _, file := range row.use {
			used[file] = true
		}
		got := slices.Sorted(maps.Keys(harms(t, dir, func() (map[string]bool, error) { return used, nil })))
		if fmt.Sprint(got) != fmt.Sprint(row.want) {
			t.Errorf("%s: lost are %v, not %v", row.says, got, row.want)
		}
	}
}

func TestARenewedKeyIsTheDatasOwn(t *testing.T) {
	dir := made(t)
	before, err := os.ReadFile(filepath.Join(dir, "ticket.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Renew(dir, "test", "ticket.key"); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(filepath.Join(dir, "ticket.key"))
	if err != nil || string(before) == string(after) || len(harms(t, dir, noRecords)) > 0 {
		t.Errorf("%v, lost: %v", err, harms(t, dir, noRecords))
	}
	for range 2 { // told until the log has it
		if renewed, err := Renewed(dir); err != nil || fmt.Sprint(renewed) != "[ticket.key]" {
			t.Errorf("made anew are %v, %v", renewed, err)
		}
	}
	if err := RenewalTold(dir, "test"); err != nil {
		t.Fatal(err)
	}
	if renewed, err := Renewed(dir); err != nil || len(renewed) > 0 || len(harms(t, dir, noRecords)) > 0 {
		t.Errorf("told, and made anew are %v, %v; lost: %v", renewed, err, harms(t, dir, noRecords))
	}
	if err := os.WriteFile(filepath.Join(dir, "ticket.key"), before, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := harms(t, dir, noRecords); got["ticket.key"] != Foreign {
		t.Errorf("the old one is taken: %v", got)
	}
}

func TestTheKeysOfPeopleThatAreLost(t *testing.T) {
	dir := made(t)
	v, err := Open(dir, "hallkeeper/test", "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"staff-s1", "staff-s2", "staff-s3"} {
		if _, err := v.Seal(p, map[string]string{"name": "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Forget("staff-s2"); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "people", "staff-s3.key"), 0); err != nil {
		t.Fatal(err)
	}
	lost, err := LostPeople(dir, []string{"staff-s4", "staff-s1", "staff-s2", "staff-s3"})
	if err != nil || fmt.Sprint(lost) != "[staff-s3 staff-s4]" {
		t.Errorf("lost are %v, %v", lost, err)
	}
	for _, p := range lost {
		if err := RenewPerson(dir, "test", p); err != nil {
			t.Fatal(err)
		}
	}
	if lost, err = LostPeople(dir, lost); err != nil || len(lost) > 0 {
		t.Errorf("still lost are %v, %v", lost, err)
	}
	if renewed, err := Renewed(dir); err != nil || fmt.Sprint(renewed) != "[people/staff-s3.key people/staff-s4.key]" {
		t.Errorf("made anew are %v, %v", renewed, err)
	}
}
