package assess

import (
	"fmt"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// measure finds the unit of an expression: minutes are not compared with points,
// and what is multiplied is multiplied by how many times or by a bare number.
type measure struct {
	s      *scope
	at     place
	native *ast.AST
	failed bool
	used   map[string]bool
}

func (m *measure) names() map[string]bool { return m.used }

func (m *measure) fault(e ast.Expr, zh, en string) {
	m.failed = true
	loc := m.native.SourceInfo().GetStartLocation(e.ID())
	m.at.fault(loc.Line(), loc.Column(), zh, en)
}

func (m *measure) unit(e ast.Expr) string {
	switch e.Kind() {
	case ast.LiteralKind:
		m.literal(e)
	case ast.IdentKind:
		if m.used == nil {
			m.used = map[string]bool{}
		}
		m.used[e.AsIdent()] = true
		u, known := m.s.units[e.AsIdent()]
		if !known { // an input of another kind of fact
			zh, en := m.s.unknown(e.AsIdent())
			m.fault(e, zh, en)
			return unknown
		}
		return u
	case ast.CallKind:
		return m.call(e)
	case ast.ListKind: // source in ["media", "hotline"]
		for _, x := range e.AsList().Elements() {
			m.unit(x)
		}
	default:
		m.fault(e, "表达式中只能用名称、数、文字和运算", "an expression is made of names, numbers, texts and operators only")
	}
	return ""
}

// literal refuses numbers: those belong among the parameters, with a date and a reference.
func (m *measure) literal(e ast.Expr) {
	var v float64
	switch x := e.AsLiteral().(type) {
	case types.Double:
		v = float64(x)
	case types.Int:
		v = float64(x)
	case types.Uint:
		v = float64(x)
	}
	if v != 0 && v != 1 {
		m.fault(e, fmt.Sprintf("表达式里不能直接写数 %v，请设为带日期和依据的参数", v), fmt.Sprintf("the number %v must be a parameter, with a date and a reference", v))
	}
}

func (m *measure) call(e ast.Expr) string {
	call := e.AsCall()
	args := call.Args()
	if call.IsMemberFunction() {
		m.unit(call.Target())
	}
	of := make([]string, len(args))
	for i, a := range args {
		of[i] = m.unit(a)
	}
	switch name := call.FunctionName(); name {
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.Equals, operators.NotEquals:
		m.same(e, args, of)
		return ""
	case operators.Add, operators.Subtract, "least", "most":
		return m.same(e, args, of)
	case operators.Conditional:
		return m.same(e, args[1:], of[1:])
	case operators.Negate:
		return of[0]
	case operators.Multiply:
		return m.times(e, of[0], of[1])
	case operators.Divide:
		m.divisor(args[1])
		return m.ratio(e, of[0], of[1])
	}
	return ""
}

// same is the unit of what must have one; a bare 0 fits any.
func (m *measure) same(e ast.Expr, args []ast.Expr, of []string) string {
	unit := ""
	for i, u := range of {
		switch {
		case u == unknown:
			return unknown
		case u == "" && zero(args[i]), u == unit:
		case unit == "" && (i == 0 || allZero(args[:i])):
			unit = u
		default:
			m.fault(e, fmt.Sprintf("单位不符：%s与%s", unitZH(unit), unitZH(u)), fmt.Sprintf("the units do not fit: %s and %s", unitEN(unit), unitEN(u)))
			return unknown
		}
	}
	return unit
}

func allZero(args []ast.Expr) bool {
	for _, a := range args {
		if !zero(a) {
			return false
		}
	}
	return true
}

// unknown is the unit of what is wrong already: it fits everything, so that one mistake is told once.
const unknown = "?"

func zero(e ast.Expr) bool {
	return e.Kind() == ast.LiteralKind && (e.AsLiteral() == types.Double(0) || e.AsLiteral() == types.Int(0))
}

func bare(u string) bool { return u == "" || u == "times" }

func (m *measure) times(e ast.Expr, a, b string) string {
	switch {
	case a == unknown || b == unknown:
		return unknown
	case bare(a) && (b != "" || a == ""):
		return b
	case bare(b):
		return a
	}
	m.fault(e, fmt.Sprintf("单位不符：%s乘以%s没有意义", unitZH(a), unitZH(b)), fmt.Sprintf("the units do not fit: %s times %s means nothing", unitEN(a), unitEN(b)))
	return unknown
}

func (m *measure) ratio(e ast.Expr, a, b string) string {
	switch {
	case a == unknown || b == unknown:
		return unknown
	case a == b:
		return ""
	case bare(b):
		return a
	}
	m.fault(e, fmt.Sprintf("单位不符：%s除以%s没有意义", unitZH(a), unitZH(b)), fmt.Sprintf("the units do not fit: %s by %s means nothing", unitEN(a), unitEN(b)))
	return unknown
}

// divisor refuses to divide by what is 0 on some day.
func (m *measure) divisor(e ast.Expr) {
	if zero(e) {
		m.fault(e, "除数为 0", "something is divided by zero")
	}
	if e.Kind() == ast.IdentKind {
		if day, is := m.s.zero(e.AsIdent()); is {
			m.fault(e, fmt.Sprintf("除数 %s 自 %s 起为 0", e.AsIdent(), day), fmt.Sprintf("something is divided by %s, which is 0 from %s on", e.AsIdent(), day))
		}
	}
}

// results are the names that an expression can be as a whole.
func results(e ast.Expr) []string {
	switch e.Kind() {
	case ast.IdentKind:
		return []string{e.AsIdent()}
	case ast.CallKind:
		if call := e.AsCall(); call.FunctionName() == operators.Conditional {
			return append(results(call.Args()[1]), results(call.Args()[2])...)
		}
	}
	return nil
}
