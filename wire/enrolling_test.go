package wire

import (
	"strings"
	"testing"
)

func TestAnEnrolmentCodeIsReadAsPeopleCopyIt(t *testing.T) {
	c := EnrolCode{Pin: Pin([]byte("a public key"))}
	copy(c.Secret[:], "0123456789")
	text := c.String()
	if groups := strings.Split(text, "-"); len(groups) != 9 || len(text) != 53 {
		t.Fatalf("%q", text)
	}
	for _, as := range []string{text, strings.ToLower(text), strings.ReplaceAll(text, "-", " "), " " + strings.ReplaceAll(text, "-", "") + "\n"} {
		if got, err := ParseEnrolCode(as); err != nil || got != c {
			t.Errorf("%q: %+v, %v", as, got, err)
		}
	}
	slip := []byte(text)
	slip[3] ^= 'A' ^ 'B'
	for _, as := range []string{"", text[:52], text + "A", string(slip), "密码"} {
		if _, err := ParseEnrolCode(as); err == nil {
			t.Errorf("%q was taken", as)
		}
	}
}
