package bilingual

import "regexp"

// Flags says in both languages what package flag finds wrong with a command line.
func Flags(err error) *Error {
	en := err.Error()
	for _, row := range [][2]string{
		{`^flag provided but not defined: -(.*)$`, "没有 --$1 这个参数"},
		{`^flag needs an argument: -(.*)$`, "参数 --$1 后面要有值"},
		{`^bad flag syntax: (.*)$`, "参数 $1 的写法不对"},
		{`(?s)^invalid (?:boolean )?value (.*) for (?:flag )?-([^ :]*)(?:: .*)?$`, "参数 --$2 的值 $1 不对"},
	} {
		if find := regexp.MustCompile(row[0]); find.MatchString(en) {
			return New(find.ReplaceAllString(en, row[1]), en)
		}
	}
	return New("参数不对："+en, en)
}
