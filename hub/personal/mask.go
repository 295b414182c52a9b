package personal

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Removed stands on pages and in answers for what can be read no more, since its key was destroyed.
const Removed = "已按规定删除 / removed as prescribed"

// Name shows who somebody may be and not who they are: 张明 is 张*, 欧阳修 欧**, 阿依古丽·买买提
// 阿***·***, John Smith J*** S****. A single character is hidden whole.
func Name(name string) string {
	name = strings.TrimSpace(name)
	if utf8.RuneCountInString(name) < 2 {
		return strings.Repeat("*", utf8.RuneCountInString(name))
	}
	var b strings.Builder
	first := true // of the name, and of each word of a name in letters
	for _, r := range name {
		switch {
		case unicode.IsSpace(r) || r == '-' || r == '\'':
			b.WriteRune(r)
			first = true
		case r == '·' || r == '•' || r == '．' || r == '・': // between the parts of a name of a people that writes so
			b.WriteRune('·')
		case first:
			b.WriteRune(r)
			first = false
		default:
			b.WriteByte('*')
		}
		if unicode.Is(unicode.Han, r) {
			first = false
		}
	}
	return b.String()
}

// Phone keeps the first three digits and the last four of a mobile number, 138****1234, the last three of any
// other number of seven digits or more, and nothing of a shorter one.
func Phone(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
	digits = strings.TrimPrefix(digits, "0086")
	if len(digits) == 13 && strings.HasPrefix(digits, "861") {
		digits = digits[2:]
	}
	switch n := len(digits); {
	case phone == "":
		return ""
	case n == 11 && digits[0] == '1':
		return digits[:3] + "****" + digits[7:]
	case n >= 7:
		return strings.Repeat("*", n-3) + digits[n-3:]
	}
	return strings.Repeat("*", max(1, utf8.RuneCountInString(phone)))
}

// ID keeps the district and the last four of an identity number: 640302********1234 in the form of 18, 640302*****1234
// in the old one of 15; of what is no such number only the last two of six or more.
func ID(number string) string {
	number = strings.ToUpper(strings.TrimSpace(number))
	n := utf8.RuneCountInString(number)
	switch {
	case identity().MatchString(number):
		return number[:6] + strings.Repeat("*", len(number)-10) + number[len(number)-4:]
	case n >= 6 && n == len(number):
		return strings.Repeat("*", n-2) + number[n-2:]
	}
	return strings.Repeat("*", n)
}

// Mail keeps the first character of who it is for and the house: z****@example.gov.cn.
func Mail(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return strings.Repeat("*", utf8.RuneCountInString(address))
	}
	who, house := address[:at], address[at:]
	first, size := utf8.DecodeRuneInString(who)
	if who == "" || utf8.RuneCountInString(who) == 1 {
		return strings.Repeat("*", len(who)) + house
	}
	return string(first) + strings.Repeat("*", utf8.RuneCountInString(who[size:])) + house
}

// Born keeps the year of a date of birth.
func Born(day string) string {
	if len(day) == len("2006-01-02") && day[4] == '-' {
		return day[:4] + "-**-**"
	}
	return strings.Repeat("*", utf8.RuneCountInString(day))
}

// Words hides in a free text what can be told from its form: identity and phone numbers and mail
// addresses. Names in it cannot be told; who reads the text has a duty that needs it.
func Words(text string) string { return hide(text, ID, Phone, Mail) }

// Bare is Words that leaves nothing of a number or an address, for the person whom a text is about.
func Bare(text string) string {
	all := func(string) string { return "***" }
	return hide(text, all, all, all)
}

func hide(text string, id, phone, mail func(string) string) string {
	if strings.Count(text, "@") == 0 && !strings.ContainsFunc(text, unicode.IsDigit) {
		return text
	}
	text = address().ReplaceAllStringFunc(text, mail)
	text = run().ReplaceAllStringFunc(text, func(found string) string {
		core := strings.TrimRight(found, " -")
		rest := found[len(core):]
		plain := strings.NewReplacer(" ", "", "-", "", "+", "", "(", "", ")", "").Replace(core)
		switch {
		case identity().MatchString(strings.ToUpper(plain)):
			return id(plain) + rest
		case mobile().MatchString(plain), landline().MatchString(plain) && strings.ContainsAny(core, "-( "):
			return phone(plain) + rest
		}
		return found
	})
	return text
}

func identity() *regexp.Regexp {
	return regexp.MustCompile(`^([1-9][0-9]{5}(18|19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]|[1-9][0-9]{7}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3})$`)
}
func mobile() *regexp.Regexp   { return regexp.MustCompile(`^(0086|86)?1[3-9][0-9]{9}$`) }
func landline() *regexp.Regexp { return regexp.MustCompile(`^0[1-9][0-9]{1,2}[1-9][0-9]{6,7}$`) }
func address() *regexp.Regexp {
	return regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+`)
}

// run is a stretch of digits as people write numbers.
func run() *regexp.Regexp { return regexp.MustCompile(`[+(]*[0-9][0-9 ()-]{5,24}[0-9Xx]`) }
