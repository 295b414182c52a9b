package vault

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"hallkeeper/format"
)

// Keys of a newer program are refused before one is made, and say which program that was; keys from before they said so are the first form.
func TestKeysOfANewerProgramAreRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir, "hallkeeper/test", "1.0.0"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "format.json")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, "hallkeeper/test", "1.1.0"); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(text), `{"format":1,"program":"1.1.0","keys":{"card.key":"`) {
		t.Errorf("%s %v", text, err)
	}
	if err := os.WriteFile(file, []byte(`{"format":2,"program":"9.0.0"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "place.key")); err != nil {
		t.Fatal(err)
	}
	var newer *format.Newer
	if _, err := Open(dir, "hallkeeper/test", "1.1.0"); !errors.As(err, &newer) || newer.Program != "9.0.0" {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "place.key")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a key was made: %v", err)
	}
}

func TestKeysOutliveTheProgram(t *testing.T) {
	dir := t.TempDir()
	a, err := Open(dir, "hallkeeper/test", "test")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := a.Seal("s1", map[string]string{"name": "张明"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(dir, "hallkeeper/test", "test")
	if err != nil {
		t.Fatal(err)
	}
	if a.CardToken("04A2B9C1") != b.CardToken("04A2B9C1") || a.CardToken("1") == a.CardToken("2") {
		t.Error("a card must always give its own token")
	}
	if f, err := b.Unseal(sealed); err != nil || f["name"] != "张明" {
		t.Error(err, f)
	}
	msg, err := b.SignCheckpoint("hallkeeper/test\n0\nx\n")
	if err != nil {
		t.Fatal(err)
	}
	ver, err := Verifier(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open([]byte(msg), note.VerifierList(ver)); err != nil {
		t.Error(err)
	}
	if _, err := note.Open([]byte(strings.Replace(msg, "0", "1", 1)), note.VerifierList(ver)); err == nil {
		t.Error("an altered checkpoint passed")
	}
}

func TestAForgottenPersonStaysForgotten(t *testing.T) {
	dir := t.TempDir()
	v, _ := Open(dir, "hallkeeper/test", "test")
	sealed, _ := v.Seal("s1", map[string]string{"name": "x"})
	if err := v.Forget("s1"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := v.Unseal(sealed); !errors.Is(err, ErrForgotten) {
			t.Error(err)
		}
		if _, err := v.Seal("s1", nil); !errors.Is(err, ErrForgotten) {
			t.Error(err)
		}
		v, _ = Open(dir, "hallkeeper/test", "test")
	}
}

func TestAKeyThatOthersCanReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir, "hallkeeper/test", "test"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "card.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, "hallkeeper/test", "test"); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Fatal(err)
	}
}

// A key is written over before it is unlinked: whoever still has the file open, or a second name of it, reads nothing.
func TestAForgottenKeyIsWrittenOver(t *testing.T) {
	dir := t.TempDir()
	v, _ := Open(dir, "hallkeeper/test", "test")
	if _, err := v.Seal("s1", map[string]string{"name": "x"}); err != nil {
		t.Fatal(err)
	}
	path, second := filepath.Join(dir, "people", "s1.key"), filepath.Join(dir, "second")
	before, err := os.ReadFile(path)
	if err != nil || !v.Has("s1") {
		t.Fatal(err)
	}
	if err := os.Link(path, second); err != nil {
		t.Fatal(err)
	}
	if err := v.Forget("s1"); err != nil || v.Has("s1") {
		t.Fatal(err)
	}
	after, err := os.ReadFile(second)
	if err != nil || len(after) != len(before) || strings.Trim(string(after), "0") != "" {
		t.Errorf("what was the key is %q now: %v", after, err)
	}
}

// A key that comes back, from a backup, is of no use before it is destroyed again.
func TestAKeyThatComesBackOpensNothing(t *testing.T) {
	dir := t.TempDir()
	v, _ := Open(dir, "hallkeeper/test", "test")
	sealed, _ := v.Seal("s1", map[string]string{"name": "x"})
	path := filepath.Join(dir, "people", "s1.key")
	key, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Forget("s1"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, key, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Unseal(sealed); !errors.Is(err, ErrForgotten) || !v.Has("s1") {
		t.Error(err)
	}
	if err := v.Forget("s1"); err != nil || v.Has("s1") {
		t.Errorf("it is still there: %v", err)
	}
}
