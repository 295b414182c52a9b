package api

import (
	"net/http"
	"strconv"
	"strings"
)

// language is one that the hub speaks to people.
type language string

const (
	chinese language = "zh-CN"
	english language = "en"
)

// BothLanguages as Accept-Language asks for problems in both, a line each: the tag for several languages (ISO 639-2, mul). The
// hub's own commands do, which print both.
const BothLanguages = "mul"

// text is one sentence in both languages.
type text struct{ zh, en string }

func (t text) in(l language) string {
	switch l {
	case english:
		return t.en
	case BothLanguages:
		return t.zh + "\n" + t.en
	}
	return t.zh
}

// languageOf gives the language that a request prefers among ours: ?lang=, then
// Accept-Language (RFC 9110, 12.5.4), then Chinese.
func languageOf(r *http.Request) language {
	if l, ok := match(r.URL.Query().Get("lang")); ok {
		return l
	}
	best, weight := chinese, 0.0
	for _, part := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		tag, params, _ := strings.Cut(part, ";")
		q := 1.0
		if v, found := strings.CutPrefix(strings.TrimSpace(params), "q="); found {
			n, err := strconv.ParseFloat(v, 64)
			if err != nil || n < 0 || n > 1 {
				continue
			}
			q = n
		}
		if l, ok := match(strings.TrimSpace(tag)); ok && q > weight {
			best, weight = l, q
		}
	}
	return best
}

func match(tag string) (language, bool) {
	first, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch first {
	case "zh":
		return chinese, true
	case "en":
		return english, true
	}
	return "", false
}
