package vault

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func TestKeysOutliveTheProgram(t *testing.T) {
	dir := t.TempDir()
	a, err := Open(dir, "hallkeeper/test")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := a.Seal("s1", map[string]string{"name": "张明"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(dir, "hallkeeper/test")
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
	v, _ := Open(dir, "hallkeeper/test")
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
		v, _ = Open(dir, "hallkeeper/test")
	}
}

func TestAKeyThatOthersCanReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir, "hallkeeper/test"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "card.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, "hallkeeper/test"); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Fatal(err)
	}
}
