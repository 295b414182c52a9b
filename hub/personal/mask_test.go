package personal_test

import (
	"testing"
	"testing/quick"
	"unicode/utf8"

	"hallkeeper/hub/personal"
)

func TestWhatIsMaskedTellsTheLeast(t *testing.T) {
	for _, x := range []struct {
		kind     string
		mask     func(string) string
		in, want string
	}{
		{"name", personal.Name, "张明", "张*"}, {"name", personal.Name, "张小明", "张**"}, {"name", personal.Name, "欧阳修", "欧**"},
		{"name", personal.Name, "张", "*"}, {"name", personal.Name, "", ""}, {"name", personal.Name, " 张明 ", "张*"},
		{"ethnic name", personal.Name, "阿依古丽·买买提", "阿***·***"}, {"ethnic name with the other point", personal.Name, "古丽•马", "古*·*"},
		{"Latin name", personal.Name, "John Smith", "J*** S****"}, {"Latin name with a hyphen", personal.Name, "Jean-Luc O'Neil", "J***-L** O'N***"}, {"rare character", personal.Name, "𠮷田", "𠮷*"},
		{"mobile", personal.Phone, "13812341234", "138****1234"}, {"mobile with blanks", personal.Phone, "138 1234 1234", "138****1234"},
		{"mobile from abroad", personal.Phone, "+86 13812341234", "138****1234"}, {"landline", personal.Phone, "0953-2012345", "********345"},
		{"short number", personal.Phone, "12345", "*****"}, {"no number", personal.Phone, "", ""}, {"a word", personal.Phone, "无", "*"},
		{"identity", personal.ID, "640302199003071234", "640302********1234"}, {"identity with x", personal.ID, "64030219900307123x", "640302********123X"},
		{"old identity", personal.ID, "640302900307123", "640302*****7123"}, {"passport", personal.ID, "E12345678", "*******78"}, {"short", personal.ID, "123", "***"}, {"none", personal.ID, "", ""},
		{"mail", personal.Mail, "zhang@example.gov.cn", "z****@example.gov.cn"}, {"mail of one letter", personal.Mail, "z@a.cn", "*@a.cn"}, {"no mail", personal.Mail, "zhang", "*****"}, {"empty", personal.Mail, "", ""},
		{"born", personal.Born, "1990-03-07", "1990-**-**"}, {"odd born", personal.Born, "1990", "****"},
		{"text", personal.Words, "请打 13812341234 或 138-1234-1234。", "请打 138****1234 或 138****1234。"},
		{"text with an identity number", personal.Words, "身份证640302199003071234，办件", "身份证640302********1234，办件"},
		{"text with mail and landline", personal.Words, "zhang@example.cn，0953-2012345", "z****@example.cn，********345"},
		{"text with numbers that are none", personal.Words, "编号 2026-000001，2026-11-23 交 100000000 元", "编号 2026-000001，2026-11-23 交 100000000 元"},
		{"text about oneself", personal.Bare, "来电13812341234", "来电***"},
	} {
		if got := x.mask(x.in); got != x.want {
			t.Errorf("%s: %q is shown as %q, expected %q", x.kind, x.in, got, x.want)
		}
	}
}

// Whatever comes in, masking twice is masking once, and a name keeps its length.
func TestMaskingIsStable(t *testing.T) {
	for name, mask := range map[string]func(string) string{"name": personal.Name, "words": personal.Words, "mail": personal.Mail} {
		if err := quick.Check(func(s string) bool { return !utf8.ValidString(s) || mask(mask(s)) == mask(s) }, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
