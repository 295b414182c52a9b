package assess

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"go.yaml.in/yaml/v3"
)

// longest is the most characters that an expression has.
const longest = 1000

// formula is a compiled expression. It may be evaluated by several at once.
type formula struct {
	text    string
	program cel.Program
	// results are the parameters that the expression can be as a whole.
	results []string
	// names are all inputs that it is made of.
	names map[string]bool
}

// scope is what an expression can name: inputs with types and units.
type scope struct {
	env   *cel.Env
	units map[string]string
	// zero tells the first day on which an input is always 0, for what is divided by it.
	zero func(name string) (day string, is bool)
	// what names the inputs for people: a kind of fact, or counts.
	zh, en string
}

// newEnv declares fields beside the policy's parameters. It is made once for all
// kinds of facts, whose fields of one name are of one type: making it is what
// takes the time when a policy is read.
func newEnv(p *Policy, fields []Field) (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.ClearMacros(), // no loops: an expression's cost is its length
		cel.ParserExpressionSizeLimit(longest), cel.ParserRecursionLimit(60),
		pick("least", math.Min), pick("most", math.Max),
	}
	for _, name := range slices.Sorted(maps.Keys(p.parameters)) {
		options = append(options, cel.Variable(name, cel.DoubleType))
	}
	seen := map[string]bool{}
	for _, f := range fields {
		if t := map[FieldType]*cel.Type{Number: cel.DoubleType, Text: cel.StringType, YesNo: cel.BoolType}[f.Type]; !seen[f.Name] {
			options = append(options, cel.Variable(f.Name, t))
		}
		seen[f.Name] = true
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("declare what an expression can name: %w", err)
	}
	return env, nil
}

// newScope makes the scope of fields, beside the policy's parameters, of an env that declares them.
func newScope(env *cel.Env, p *Policy, fields []Field, zh, en string) *scope {
	s := &scope{env: env, units: map[string]string{}, zh: zh, en: en}
	for name, param := range p.parameters {
		s.units[name] = param.Unit
	}
	for _, f := range fields {
		s.units[f.Name] = f.Unit
	}
	s.zero = func(name string) (string, bool) {
		if param := p.parameters[name]; param != nil {
			for _, v := range param.Values {
				if v.Value == 0 {
					return string(v.From), true
				}
			}
		}
		return "", false
	}
	return s
}

func pick(name string, of func(a, b float64) float64) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_double_double", []*cel.Type{cel.DoubleType, cel.DoubleType}, cel.DoubleType,
		cel.BinaryBinding(func(a, b ref.Val) ref.Val {
			x, okX := a.(types.Double)
			y, okY := b.(types.Double)
			if !okX || !okY {
				return types.NewErr("%s takes two numbers", name)
			}
			return types.Double(of(float64(x), float64(y)))
		})))
}

// place is where an expression stands in the file.
type place struct {
	r    *reader
	node *yaml.Node
	path string
}

// fault blames a place within the expression: line from 1 and column from 0.
func (at place) fault(line, column int, zh, en string) {
	f := Fault{Line: at.node.Line, Column: at.node.Column, Path: at.path, ZH: zh, EN: en}
	switch {
	case at.node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		f.Line, f.Column = f.Line+max(line, 1), 1
	case line <= 1:
		f.Column += max(column, 0)
		if at.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			f.Column++
		}
	}
	at.r.list = append(at.r.list, f)
}

// compile reads an expression that must give a value of a type in a unit, and reports all that is wrong with it.
func (s *scope) compile(at place, text string, want *cel.Type, unit string) *formula {
	parsed, issues := s.env.Parse(text)
	if issues.Err() != nil {
		for _, e := range issues.Errors() {
			at.fault(e.Location.Line(), e.Location.Column(), "表达式写法有误："+syntax(e.Message), "the expression does not read: "+syntax(e.Message))
		}
		return nil
	}
	checked, issues := s.env.Check(parsed)
	if issues.Err() != nil {
		for _, e := range issues.Errors() {
			zh, en := s.explain(e.Message)
			at.fault(e.Location.Line(), e.Location.Column(), zh, en)
		}
		return nil
	}
	if got := checked.OutputType(); !got.IsExactType(want) {
		at.fault(1, 0, "结果应为"+typeZH(want.String())+"，而这里是"+typeZH(got.String()), "must give "+typeEN(want.String())+", but gives "+typeEN(got.String()))
		return nil
	}
	m := &measure{s: s, at: at, native: checked.NativeRep()}
	root := m.native.Expr()
	gives := m.unit(root)
	if want == cel.DoubleType && !m.failed && gives != unit {
		at.fault(1, 0, fmt.Sprintf("结果的单位应为%s，而这里是%s", unitZH(unit), unitZH(gives)), fmt.Sprintf("must be in %s, but is %s", unitEN(unit), unitEN(gives)))
		return nil
	}
	if m.failed {
		return nil
	}
	program, err := s.env.Program(checked)
	if err != nil {
		at.fault(1, 0, "表达式不能执行："+err.Error(), "the expression cannot be run: "+err.Error())
		return nil
	}
	return &formula{text: text, program: program, results: results(root), names: m.names()}
}

func syntax(message string) string {
	return short(strings.TrimSpace(strings.TrimPrefix(message, "Syntax error:")))
}

// unknown says that an expression names nothing that it can name.
func (s *scope) unknown(name string) (zh, en string) {
	guessZH, guessEN := guess(name, slices.Collect(maps.Keys(s.units)))
	return fmt.Sprintf("没有参数或输入“%s”（%s）%s", name, s.zh, guessZH), fmt.Sprintf("there is no parameter or input %s (%s)%s", name, s.en, guessEN)
}

// explain says in both languages what the checker says in its own words.
func (s *scope) explain(message string) (zh, en string) {
	var name string
	if _, err := fmt.Sscanf(message, "undeclared reference to '%s", &name); err == nil {
		name = strings.TrimSuffix(strings.TrimSuffix(name, ","), "'")
		return s.unknown(name)
	}
	if rest, ok := strings.CutPrefix(message, "found no matching overload for "); ok {
		operator, operands, _ := strings.Cut(rest, " applied to ")
		operator = strings.Trim(strings.ReplaceAll(operator, "_", ""), "'")
		operands = strings.Trim(operands, "'()")
		var inZH, inEN []string
		for part := range strings.SplitSeq(operands, ", ") {
			inZH, inEN = append(inZH, typeZH(part)), append(inEN, typeEN(part))
		}
		return fmt.Sprintf("类型不符：%s 不能用于%s", operator, strings.Join(inZH, "与")),
			fmt.Sprintf("the types do not fit: %s is not for %s", operator, strings.Join(inEN, " and "))
	}
	return "表达式有误：" + message, "the expression is wrong: " + message
}

func typeZH(t string) string {
	if word := map[string]string{"double": "数", "int": "整数（请写小数点，如 1.0）", "string": "文字", "bool": "是非"}[t]; word != "" {
		return word
	}
	return t
}

func typeEN(t string) string {
	if word := map[string]string{"double": "a number", "int": "a whole number (write the point, like 1.0)", "string": "text", "bool": "yes or no"}[t]; word != "" {
		return word
	}
	return t
}

func unitZH(u string) string {
	if word := map[string]string{"": "无单位的数", "points": "分", "min": "分钟", "s": "秒", "working days": "工作日", "days": "天", "times": "次", "years": "年", "months": "月", "places": "个名额", "level": "等级"}[u]; word != "" {
		return word
	}
	return u
}

func unitEN(u string) string {
	if u == "" {
		return "a bare number"
	}
	return u
}

// inputs are the values of one evaluation. They note which parameters were asked for.
type inputs struct {
	values map[string]any
	value  func(name string) (float64, bool)
	asked  map[string]bool
}

// ResolveName gives an input's value.
func (in *inputs) ResolveName(name string) (any, bool) {
	if v, ok := in.values[name]; ok {
		return v, true
	}
	if v, ok := in.value(name); ok {
		in.asked[name] = true
		return v, true
	}
	return nil, false
}

// Parent is no one.
func (in *inputs) Parent() cel.Activation { return nil }

// errNoNumber is what a division by zero gives.
var errNoNumber = errors.New("no number comes out; something is divided by zero")

func (f *formula) eval(in *inputs) (any, error) {
	out, _, err := f.program.Eval(in)
	if err != nil {
		return nil, fmt.Errorf("evaluate %s: %w", f.text, err)
	}
	v := out.Value()
	if x, ok := v.(float64); ok && (math.IsNaN(x) || math.IsInf(x, 0)) {
		return nil, errNoNumber
	}
	return v, nil
}
