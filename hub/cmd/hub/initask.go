package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"strings"

	"hallkeeper/bilingual"
	"hallkeeper/hub/access"
	"hallkeeper/hub/app"
	"hallkeeper/hub/hall"
)

// said is a text in both languages.
type said struct{ zh, en string }

// in gives it in one of them.
func (s said) in(lang string) string {
	if lang == "zh" {
		return s.zh
	}
	return s.en
}

// question is one thing that hub init must know.
type question struct {
	flag       string
	asks, hint said
	// preset is the answer of whoever presses Enter; none where it is empty and the answer is needed.
	preset   string
	optional bool
	// when tells by what was answered before whether it is asked; nil is always.
	when func(known answers) bool
	// take checks an answer and gives it as it is kept, or says why it cannot be.
	take func(answer string) (kept string, why said)
}

// adopted is among the answers where records that are there get settings again: their hall, whose accounts they hold.
const adopted = "adopt"

// answers are what was said, by flag.
type answers map[string]string

func questions() []question {
	return []question{
		{flag: "hall", asks: said{"大厅编号", "The hall's id"},
			hint: said{"字母、数字和连字符，如 ewenki；写在每个签名和证书里，以后不能更改", "letters, digits and hyphens, like ewenki; it is in every signature and certificate and cannot change later"},
			take: func(v string) (string, said) {
				var bad hall.Checks
				bad.ID("hall", v)
				return v, first(bad)
			}},
		{flag: "name", asks: said{"大厅名称", "The hall's name in Chinese"}, hint: said{"显示在各屏幕和公文上，如 某某旗政务服务大厅", "as screens and documents show it"},
			take: words(1)},
		{flag: "name-en", asks: said{"大厅英文名称", "The hall's name in English"}, hint: said{"显示在英文页面上；没有可直接回车", "for pages in English; press Enter where there is none"}, optional: true,
			take: words(0)},
		{flag: "time-zone", asks: said{"时区", "Time zone"}, preset: "Asia/Shanghai",
			take: func(v string) (string, said) {
				zh, en := app.ZoneFault(v)
				return v, said{zh, en}
			}},
		{flag: "network", asks: said{"窗口电脑和屏幕是否通过网络连接本机（是/否）", "Do window computers and screens reach this machine by the network (yes/no)"}, preset: "yes",
			hint: said{"“是”开放 HTTPS 8443 端口和设备 8883 端口；“否”只供本机试用", "yes opens port 8443 for HTTPS and 8883 for devices; no serves this machine alone, to try things"},
			take: func(v string) (string, said) {
				switch strings.ToLower(v) {
				case "yes", "y", "是":
					return "yes", said{}
				case "no", "n", "否":
					return "no", said{}
				}
				return "", said{"请回答 是 或 否", "answer yes or no"}
			}},
		{flag: "names", asks: said{"其他电脑用哪些名称和地址访问本机", "The names and addresses under which others reach this machine"}, optional: true,
			when: func(known answers) bool { return known["network"] == "yes" },
			hint: said{"写进网页证书，窗口电脑和浏览器据此认出本机，如 hall.example.cn, 192.168.1.10，用逗号分开；直接回车用本机自己的名称和地址，以后变了也跟着变",
				"they are in the certificate by which window computers and browsers know this machine, like hall.example.cn, 192.168.1.10, with commas; Enter takes the machine's own, also those that come later"},
			take: names},
		{flag: "admin", when: func(known answers) bool { return known[adopted] == "" }, asks: said{"管理员账号", "The administrator's account"}, preset: "admin",
			hint: said{"登录用的名称；姓名和密码由本人在一次性链接里填写", "the name to sign in with; the person gives their name and password at the one-time link"},
			take: func(v string) (string, said) {
				var bad hall.Checks
				access.CheckAccount(&bad, "admin", v)
				return v, first(bad)
			}},
	}
}

// names takes names and addresses, and gives them with commas.
func names(v string) (string, said) {
	label := `[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?`
	host := regexp.MustCompile(`^(` + label + `\.)*` + label + `$`)
	var kept []string
	for _, n := range strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(",，、; \t", r) }) {
		if _, err := netip.ParseAddr(n); err != nil && !host.MatchString(n) {
			return "", said{fmt.Sprintf("应为名称或地址，如 hall.example.cn、192.168.1.10，不带端口，而不是 %q", n),
				fmt.Sprintf("expected names or addresses like hall.example.cn, 192.168.1.10, without a port, got %q", n)}
		}
		kept = append(kept, n)
	}
	return strings.Join(kept, ","), said{}
}

func words(least int) func(string) (string, said) {
	return func(v string) (string, said) {
		var bad hall.Checks
		bad.Words("name", &v, least, 40)
		return v, first(bad)
	}
}

func first(bad hall.Checks) said {
	if len(bad) == 0 {
		return said{}
	}
	return said{bad[0].ZH, bad[0].EN}
}

// asker asks at a terminal, in one language.
type asker struct {
	lang string
	in   *bufio.Reader
	out  io.Writer
}

// ask asks until the answer can be taken.
func (a *asker) ask(q *question) (string, error) {
	if hint := q.hint.in(a.lang); hint != "" {
		fmt.Fprintf(a.out, "\n%s\n", hint)
	} else {
		fmt.Fprintln(a.out)
	}
	for {
		fmt.Fprint(a.out, q.asks.in(a.lang))
		if q.preset != "" {
			fmt.Fprintf(a.out, " [%s]", q.preset)
		}
		fmt.Fprint(a.out, said{"：", ": "}.in(a.lang))
		line, err := a.in.ReadString('\n')
		if err != nil && (line == "" || !errors.Is(err, io.EOF)) {
			return "", q.unanswered(err)
		}
		answer := strings.TrimSpace(line)
		if answer == "" {
			answer = q.preset
		}
		kept, why := q.take(answer)
		if why == (said{}) {
			return kept, nil
		}
		fmt.Fprintf(a.out, said{"  不行：%s\n", "  Not possible: %s\n"}.in(a.lang), why.in(a.lang))
	}
}

func (q *question) unanswered(err error) error {
	if !errors.Is(err, io.EOF) {
		return bilingual.Errorf("读不到回答：%w", "read the answer: %w", err)
	}
	return bilingual.Errorf("没有回答“%[1]s”，什么也没有写；请在终端回答，或用 --%[3]s 给出", "“%[2]s” was not answered and nothing is written; answer at a terminal, or give --%[3]s", q.asks.zh, q.asks.en, q.flag)
}

// settle takes what flags say, all that is wrong with them at once, and asks for the
// rest; with presets alone where nobody is to be asked.
func (a *asker) settle(given answers, ask bool) (answers, error) {
	all := questions()
	known := answers{}
	var zh, en []string
	if hall := given[adopted]; hall != "" {
		known[adopted] = hall
	}
	for i := range all {
		q := &all[i]
		v, told := given[q.flag]
		if !told && !ask {
			v, told = q.preset, true
		}
		if !told {
			continue
		}
		kept, why := q.take(strings.TrimSpace(v))
		if why != (said{}) {
			zh, en = append(zh, fmt.Sprintf("--%s：%s", q.flag, why.zh)), append(en, fmt.Sprintf("--%s: %s", q.flag, why.en))
		}
		known[q.flag] = kept
	}
	if len(en) > 0 {
		return nil, usageError{bilingual.New(strings.Join(zh, "；"), strings.Join(en, "; "))}
	}
	for i := range all {
		if all[i].when != nil && !all[i].when(known) {
			continue
		}
		if _, told := known[all[i].flag]; !told {
			kept, err := a.ask(&all[i])
			if err != nil {
				return nil, err
			}
			known[all[i].flag] = kept
		}
	}
	return known, nil
}
