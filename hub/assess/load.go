package assess

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/cel-go/cel"
	"go.yaml.in/yaml/v3"
)

// Most is the largest policy file, in bytes.
const Most = 1 << 20

// Format is the version of the format that this program reads.
const Format = 1

// Load reads a policy file. An error is *Faults: everything that is wrong with
// the file. Cases are read and not run; Run does that.
func Load(data []byte) (*Policy, error) {
	l := &loader{p: &Policy{parameters: map[string]*Parameter{}, rules: map[string][]*Rule{}, caps: map[string]*Cap{}},
		articles: map[string]bool{}, scopes: map[string]*scope{}}
	if root := l.parse(data); root != nil {
		l.policy(root)
	}
	if len(l.list) > 0 {
		return nil, &Faults{inOrder(l.list)}
	}
	return l.p, nil
}

// loader reads the parts of a file in the order in which they name each other.
type loader struct {
	reader
	p        *Policy
	articles map[string]bool
	// env declares the fields of all kinds of facts; scopes tells them apart.
	env    *cel.Env
	scopes map[string]*scope
	// broken are parameters that are there and wrong: who names them is not blamed.
	broken map[string]bool
	// ruled are the rules that are there, right or wrong.
	ruled map[string]object
}

func (l *loader) parse(data []byte) *yaml.Node {
	if len(data) > Most {
		l.fault(nil, "", "文件超过 1 MiB", "the file is larger than 1 MiB")
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF) || (err == nil && len(doc.Content) == 0):
		l.fault(nil, "", "文件是空的", "the file is empty")
		return nil
	case err != nil:
		l.notYAML(err)
		return nil
	}
	if err := decoder.Decode(&more); err == nil {
		l.fault(&more, "", "一个文件只能有一项政策，此处开始了第二份", "one file holds one policy; a second document begins here")
	} else if !errors.Is(err, io.EOF) {
		l.notYAML(err)
	}
	before := len(l.list)
	l.plain(doc.Content[0])
	if len(l.list) > before {
		return nil
	}
	return doc.Content[0]
}

func (l *loader) notYAML(err error) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	f := Fault{}
	if m := regexp.MustCompile(`^line (\d+): (.*)`).FindStringSubmatch(message); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			f.Line, message = n, m[2]
		}
	}
	f.ZH, f.EN = "不是 YAML 格式："+message, "this is not YAML: "+message
	l.list = append(l.list, f)
}

func (l *loader) policy(root *yaml.Node) {
	o := l.object(root, "", "policy", "id", "name", "version", "document", "in_force", "articles", "parameters", "scores",
		"caps", "rules", "indicators", "grades", "share", "awards", "publish", "cases")
	if root.Kind != yaml.MappingNode {
		return
	}
	if v, ok := o.number("policy", true); ok && v != Format {
		l.fault(o.at["policy"], "policy", "本程序只认得第 1 版格式", "this program reads version 1 of the format")
	}
	l.p.ID, _ = o.text("id", true)
	if l.p.ID != "" && !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`).MatchString(l.p.ID) {
		l.fault(o.at["id"], "id", "应为小写字母、数字和连字符，最多 64 个", "must be small letters, digits and hyphens, 64 at most")
	}
	l.p.Version, _ = o.text("version", true)
	if l.p.Version != "" && !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$`).MatchString(l.p.Version) {
		l.fault(o.at["version"], "version", "应为字母、数字、点、下划线和连字符，最多 32 个", "must be letters, digits, dots, underscores and hyphens, 32 at most")
	}
	l.p.Document, _ = o.text("document", true)
	if n := o.get("name", true); n != nil {
		l.p.Name = l.object(n, "name", "zh", "en").words()
	}
	l.readArticles(o)
	l.readInForce(o)
	l.readParameters(o)
	l.readScores(o)
	l.readCaps(o)
	l.readGrades(o)
	l.ruled = l.readRules(o)
	l.readIndicators(o)
	l.readShare(o)
	l.readAwards(o)
	l.readPublish(o)
	l.readCases(o)
}

func (l *loader) readArticles(o object) {
	seen := map[string]int{}
	o.each("articles", true, func(n *yaml.Node, path string) {
		a := l.object(n, path, "id", "zh", "en")
		id, ok := a.text("id", true)
		if !ok {
			return
		}
		if line, twice := seen[id]; twice {
			l.fault(a.at["id"], a.below("id"), "“%s”与第 %d 行重复", "%s is there twice, first in line %d", id, line)
			return
		}
		seen[id], l.articles[id] = n.Line, true
		l.p.Articles = append(l.p.Articles, Article{ID: id, Words: a.words(), Line: n.Line})
	})
}

// cites reads the articles that something stands on, each of which must be in the file.
func (l *loader) cites(o object, need bool) (cites []string) {
	n := o.at["cites"]
	if n == nil {
		if need && o.node != nil && o.node.Kind == yaml.MappingNode {
			l.fault(o.node, o.below("cites"), "没有写明依据的条款", "cites no article")
		}
		return nil
	}
	o.each("cites", true, func(n *yaml.Node, path string) {
		id, ok := l.text(n, path)
		switch {
		case !ok:
		case !l.articles[id]:
			l.fault(n, path, "articles 中没有“%s”", "%s is not among the articles", short(id))
		case slices.Contains(cites, id):
			l.fault(n, path, "“%s”重复", "%s is there twice", id)
		default:
			cites = append(cites, id)
		}
	})
	return cites
}

func (l *loader) readInForce(o object) {
	n := o.get("in_force", true)
	if n == nil {
		return
	}
	f := l.object(n, "in_force", "from", "until", "trial", "extension", "cites")
	in := &l.p.InForce
	in.From, in.Until = f.date("from", true), f.date("until", false)
	in.Trial, in.Cites = f.yes("trial"), l.cites(f, true)
	in.Extension = f.choice("extension", false, "recorded", "none")
	if in.Extension == "" {
		in.Extension = "none"
	}
	if in.Until != "" && in.Until < in.From {
		l.fault(f.at["until"], "in_force.until", "早于起始日 %s", "is before %s, the first day", in.From)
	}
	if in.Trial && in.Until == "" && f.at["until"] == nil {
		l.fault(n, "in_force.until", "试行政策必须写明何时期满", "a trial must say when it ends")
	}
}

func (l *loader) readParameters(o object) {
	l.broken = map[string]bool{}
	seen := reserved()
	o.each("parameters", true, func(n *yaml.Node, path string) {
		before := len(l.list)
		p := l.object(n, path, "name", "unit", "zh", "en", "cites", "values")
		name, ok := p.text("name", true)
		if ok && seen[name] == -1 {
			l.fault(p.at["name"], p.below("name"), "“%s”已是输入的名称，请另取名", "%s is the name of an input; take another", name)
			ok = false
		} else {
			name, ok = p.name("name", seen)
		}
		param := &Parameter{Name: name, Unit: p.choice("unit", true, Units()...), Words: p.words(), Line: n.Line}
		cites := l.cites(p, true)
		p.each("values", true, func(n *yaml.Node, path string) {
			v := l.object(n, path, "value", "from", "until", "cites")
			number, _ := v.number("value", true)
			if number < 0 {
				l.fault(v.at["value"], v.below("value"), "不能为负数", "must not be negative")
			}
			own := Value{Value: number, From: v.date("from", true), Until: v.date("until", false), Cites: cites}
			if v.at["cites"] != nil {
				own.Cites = l.cites(v, false)
			}
			if len(l.list) == before {
				l.follows(param, v, own)
			}
			param.Values = append(param.Values, own)
		})
		if len(l.list) == before {
			l.covers(param, p)
		}
		switch {
		case len(l.list) > before && name != "":
			l.broken[name] = true
		case ok:
			l.p.Parameters = append(l.p.Parameters, *param)
			l.p.parameters[name] = param
		}
	})
}

// follows tells whether a value begins on the day after the one before it.
func (l *loader) follows(param *Parameter, v object, own Value) {
	if own.Until != "" && own.Until < own.From {
		l.fault(v.at["until"], v.below("until"), "早于起始日 %s", "is before %s, its first day", own.From)
		return
	}
	if len(param.Values) == 0 {
		return
	}
	last := param.Values[len(param.Values)-1]
	switch next := last.Until.AddDays(1); {
	case last.Until == "" || own.From < next:
		until := string(last.Until)
		untilZH, untilEN := "至 "+until, "until "+until
		if until == "" {
			untilZH, untilEN = "且没有止日", "without an end"
		}
		l.fault(v.at["from"], v.below("from"), "与上一个值重叠：上一个值自 %[1]s 起%[2]s", "overlaps the value before it, which is from %[1]s on %[3]s", last.From, untilZH, untilEN)
	case own.From > next:
		l.fault(v.at["from"], v.below("from"), "与上一个值之间有空缺：%s 至 %s 没有值", "leaves a gap: nothing from %s until %s", next, own.From.AddDays(-1))
	}
}

// covers tells whether there is a value on every day on which the policy can hold.
func (l *loader) covers(param *Parameter, p object) {
	in := l.p.InForce
	if len(param.Values) == 0 || in.From == "" {
		return
	}
	n := p.at["values"]
	if first := param.Values[0].From; first > in.From {
		l.fault(n, p.below("values"), "政策施行之日 %s 至 %s 没有值", "has no value from %s, when the policy begins, until %s", in.From, first.AddDays(-1))
	}
	last := param.Values[len(param.Values)-1].Until
	if last != "" && (in.Until == "" || in.Extension == "recorded" || last < in.Until) {
		l.fault(n, p.below("values"), "%s 之后没有值", "has no value after %s", last)
	}
}

// parameter reads the name of a parameter in a unit.
func (l *loader) parameter(o object, key string, need bool, units ...string) string {
	name, ok := o.text(key, need)
	if !ok || l.broken[name] {
		return ""
	}
	p := l.p.parameters[name]
	if p == nil {
		names := make([]string, 0, len(l.p.Parameters))
		for _, p := range l.p.Parameters {
			names = append(names, p.Name)
		}
		zh, en := guess(name, names)
		l.fault(o.at[key], o.below(key), "没有参数“%[1]s”%[2]s", "there is no parameter %[1]s%[3]s", short(name), zh, en)
		return ""
	}
	if !slices.Contains(units, p.Unit) {
		var inZH, inEN []string
		for _, u := range units {
			inZH, inEN = append(inZH, unitZH(u)), append(inEN, unitEN(u))
		}
		l.fault(o.at[key], o.below(key), "单位应为%[1]s，而 %[2]s 的单位是%[3]s", "must be in %[4]s, but %[2]s is in %[5]s", strings.Join(inZH, "或"), name, unitZH(p.Unit), strings.Join(inEN, " or "), unitEN(p.Unit))
		return ""
	}
	return name
}

// scope gives what the expressions about a kind of fact can name.
func (l *loader) scope(k Kind) (*scope, error) {
	if s := l.scopes[k.ID]; s != nil {
		return s, nil
	}
	if l.env == nil {
		var all []Field
		for _, k := range Kinds() {
			all = append(all, k.Fields...)
		}
		env, err := newEnv(l.p, all)
		if err != nil {
			return nil, err
		}
		l.env = env
	}
	s := newScope(l.env, l.p, k.Fields, "触发事实："+k.ZH, "the trigger is "+k.ID)
	l.scopes[k.ID] = s
	return s, nil
}

// reserved are names that a parameter cannot have: -1 marks them.
func reserved() map[string]int {
	taken := map[string]int{}
	for _, k := range Kinds() {
		for _, f := range k.Fields {
			taken[f.Name] = -1
		}
	}
	for _, c := range counts() {
		taken[c.Name] = -1
	}
	for _, word := range strings.Fields("true false null in as break const continue else for function if import let loop package namespace return var void while least most") {
		taken[word] = -1
	}
	for _, t := range strings.Fields("bool bytes double duration dyn int list map null_type string timestamp type uint size matches") {
		taken[t] = -1
	}
	return taken
}
