package assess

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"hallkeeper/hub/hall"
)

// reader collects the faults of a file while its parts are read.
type reader struct {
	list []Fault
}

func (r *reader) fault(n *yaml.Node, path, zh, en string, args ...any) {
	f := Fault{Path: path, ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
	if n != nil {
		f.Line, f.Column = n.Line, n.Column
	}
	r.list = append(r.list, f)
}

// wrong says that a value is of another type than it must be.
func (r *reader) wrong(n *yaml.Node, path, zh, en string) {
	gotZH, gotEN := "空", "nothing"
	switch {
	case n == nil || n.ShortTag() == "!!null":
	case n.Kind == yaml.MappingNode:
		gotZH, gotEN = "一组“键: 值”", "a group of key: value"
	case n.Kind == yaml.SequenceNode:
		gotZH, gotEN = "列表", "a list"
	case n.ShortTag() == "!!str":
		gotZH, gotEN = "文字“"+short(n.Value)+"”", "the text "+short(n.Value)
	case n.ShortTag() == "!!int" || n.ShortTag() == "!!float":
		gotZH, gotEN = "数 "+short(n.Value)+"（文字请加引号）", "the number "+short(n.Value)+" (put a text in quotes)"
	default:
		gotZH, gotEN = "“"+short(n.Value)+"”", short(n.Value)
	}
	r.fault(n, path, "应为%[1]s，写的是%[2]s", "must be %[3]s, but is %[4]s", zh, gotZH, en, gotEN)
}

func short(s string) string {
	if runes := []rune(s); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return s
}

// plain refuses anchors and aliases, which can make a small file huge.
func (r *reader) plain(n *yaml.Node) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.fault(n, "", "不能使用锚点和引用（& 与 *），请写出全文", "anchors and aliases (& and *) are not taken: write it out")
	}
	for _, child := range n.Content {
		r.plain(child)
	}
}

// object is one group of key: value.
type object struct {
	r    *reader
	node *yaml.Node
	path string
	at   map[string]*yaml.Node
}

// object reads a group and reports keys that are not among those it can have.
func (r *reader) object(n *yaml.Node, path string, keys ...string) object {
	o := object{r: r, node: n, path: path, at: map[string]*yaml.Node{}}
	if n == nil || n.Kind != yaml.MappingNode {
		r.wrong(n, path, "一组“键: 值”", "a group of key: value")
		return o
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.wrong(key, path, "键名", "the name of a key")
		case !slices.Contains(keys, key.Value):
			zh, en := guess(key.Value, keys)
			r.fault(key, o.below(short(key.Value)), "没有这个键%[1]s", "there is no such key%[2]s", zh, en)
		case o.at[key.Value] != nil:
			r.fault(key, o.below(key.Value), "与第 %d 行重复", "is there twice, first in line %d", o.at[key.Value].Line)
		default:
			o.at[key.Value] = value
		}
	}
	return o
}

// guess asks whether the nearest of the names was meant.
func guess(got string, names []string) (zh, en string) {
	best, bestAt := "", 1+len(got)/3
	for _, name := range slices.Sorted(slices.Values(names)) {
		if d := distance(got, name); d <= bestAt && (best == "" || d < bestAt) {
			best, bestAt = name, d
		}
	}
	if best == "" {
		return "", ""
	}
	return "，是否为 " + best + "？", "; is it " + best + "?"
}

// distance counts the letters to insert, drop or replace (Levenshtein); long names are far.
func distance(a, b string) int {
	const long = 80
	if len(a) > long || len(b) > long {
		return long
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := before
			if a[i-1] != b[j-1] {
				cost++
			}
			before = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

func (o object) below(key string) string {
	if o.path == "" {
		return key
	}
	return o.path + "." + key
}

// get gives the value of a key; a missing one that is needed is a fault.
func (o object) get(key string, need bool) *yaml.Node {
	n := o.at[key]
	if n == nil && need && o.node != nil && o.node.Kind == yaml.MappingNode {
		o.r.fault(o.node, o.below(key), "必须填写", "is needed")
	}
	return n
}

// text reads a text; ok is false where there is none or it is none.
func (o object) text(key string, need bool) (s string, ok bool) {
	n := o.get(key, need)
	if n == nil {
		return "", false
	}
	return o.r.text(n, o.below(key))
}

func (r *reader) text(n *yaml.Node, path string) (s string, ok bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || strings.TrimSpace(n.Value) == "" {
		r.wrong(n, path, "文字", "text")
		return "", false
	}
	return strings.TrimSpace(n.Value), true
}

func (o object) words() (w Words) {
	w.ZH, _ = o.text("zh", true)
	w.EN, _ = o.text("en", true)
	return w
}

// name reads an id that nothing before it in seen has.
func (o object) name(key string, seen map[string]int) (id string, ok bool) {
	id, ok = o.text(key, true)
	if !ok {
		return "", false
	}
	n := o.at[key]
	if !identifier(id) {
		o.r.fault(n, o.below(key), "“%s”不是名称：用小写字母开头，其后为小写字母、数字、下划线，最多 40 个", "%[1]s is no name: a small letter, then small letters, digits and underscores, 40 at most", short(id))
		return "", false
	}
	if line, twice := seen[id]; twice {
		o.r.fault(n, o.below(key), "“%s”与第 %d 行重复", "%s is there twice, first in line %d", id, line)
		return "", false
	}
	seen[id] = n.Line
	return id, true
}

func identifier(s string) bool {
	if s == "" || len(s) > 40 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// date reads a day; it is empty where there is none.
func (o object) date(key string, need bool) hall.Date {
	n := o.get(key, need)
	if n == nil {
		return ""
	}
	d := hall.Date(n.Value)
	if n.Kind != yaml.ScalarNode || !d.Valid() {
		o.r.wrong(n, o.below(key), "日期，如 2026-11-23", "a date like 2026-11-23")
		return ""
	}
	return d
}

func (o object) number(key string, need bool) (v float64, ok bool) {
	n := o.get(key, need)
	if n == nil {
		return 0, false
	}
	return o.r.number(n, o.below(key))
}

func (r *reader) number(n *yaml.Node, path string) (v float64, ok bool) {
	tag := n.ShortTag()
	if n.Kind != yaml.ScalarNode || (tag != "!!int" && tag != "!!float") || n.Decode(&v) != nil || math.IsNaN(v) || math.Abs(v) > 100_000 {
		r.wrong(n, path, "不超过 100000 的数", "a number of 100000 at most")
		return 0, false
	}
	return v, true
}

func (o object) yes(key string) bool {
	n := o.get(key, false)
	if n == nil {
		return false
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		o.r.wrong(n, o.below(key), "true 或 false", "true or false")
		return false
	}
	var b bool
	return n.Decode(&b) == nil && b
}

// choice reads one of some words.
func (o object) choice(key string, need bool, choices ...string) string {
	s, ok := o.text(key, need)
	if !ok {
		return ""
	}
	if !slices.Contains(choices, s) {
		o.r.fault(o.at[key], o.below(key), "没有“%s”这个选项，可选：%s", "%[1]s is not one of %[2]s", short(s), strings.Join(choices, ", "))
		return ""
	}
	return s
}

// each visits the items of a list with their paths.
func (o object) each(key string, need bool, visit func(n *yaml.Node, path string)) {
	n := o.get(key, need)
	if n == nil {
		return
	}
	if n.Kind != yaml.SequenceNode {
		o.r.wrong(n, o.below(key), "列表", "a list")
		return
	}
	if need && len(n.Content) == 0 {
		o.r.fault(n, o.below(key), "列表不能为空", "the list must not be empty")
	}
	for i, item := range n.Content {
		visit(item, fmt.Sprintf("%s[%d]", o.below(key), i+1))
	}
}
