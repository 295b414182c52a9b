package settings

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"hallkeeper/bilingual"
)

// leaf is one value that a variable or a flag can set.
type leaf struct {
	key, env string
	value    reflect.Value
	set      func(string) error
}

type field struct {
	name  string
	value reflect.Value
}

// fieldsOf gives the fields of a struct that have a yaml tag; inline ones give theirs.
func fieldsOf(v reflect.Value) []field {
	var fields []field
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		name, options, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		switch {
		case !sf.IsExported() || name == "-":
		case options == "inline" && sf.Type.Kind() == reflect.Struct:
			fields = append(fields, fieldsOf(v.Field(i))...)
		case name != "":
			fields = append(fields, field{name, v.Field(i)})
		}
	}
	return fields
}

// leavesOf lists all values below a struct and refuses types that settings
// cannot have and keys that would share a variable.
func leavesOf(root reflect.Value) ([]leaf, error) {
	var leaves []leaf
	var walk func(key string, v reflect.Value, store func()) error
	add := func(key string, v reflect.Value, store func()) {
		leaves = append(leaves, leaf{key: key, env: envName(key), value: v, set: func(text string) error {
			if err := setText(v, text); err != nil {
				return err
			}
			store()
			return nil
		}})
	}
	walk = func(key string, v reflect.Value, store func()) error {
		t := v.Type()
		switch {
		case isLeaf(t), t.Kind() == reflect.Slice && isLeaf(t.Elem()):
			add(key, v, store)
		case t.Kind() == reflect.Struct:
			for _, f := range fieldsOf(v) {
				if err := walk(join(key, f.name), f.value, store); err != nil {
					return err
				}
			}
		case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String && t.Elem().Kind() == reflect.Struct:
			for _, k := range sortedKeys(v) {
				entry := reflect.New(t.Elem()).Elem()
				entry.Set(v.MapIndex(k))
				put := func() { v.SetMapIndex(k, entry); store() }
				if err := walk(join(key, k.String()), entry, put); err != nil {
					return err
				}
			}
		case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		default:
			return fmt.Errorf("settings cannot hold %s, which is a %s", key, t)
		}
		return nil
	}
	if err := walk("", root, func() {}); err != nil {
		return nil, err
	}
	byEnv := map[string]string{}
	for _, f := range leaves {
		if other, taken := byEnv[f.env]; taken {
			return nil, fmt.Errorf("settings %s and %s would share the variable %s", other, f.key, f.env)
		}
		byEnv[f.env] = f.key
	}
	return leaves, nil
}

func sortedKeys(m reflect.Value) []reflect.Value {
	return slices.SortedFunc(slices.Values(m.MapKeys()), func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func envName(key string) string {
	return Prefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// isLeaf tells whether one scalar fills a value of type t.
func isLeaf(t reflect.Type) bool {
	if isText(t) {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return false
}

// A text in both languages that stands within a fault.
type words = *bilingual.Error

var keysAndValues = bilingual.New("下一级的设置项和值", "keys and values") //nolint:gochecknoglobals // a constant

// expected says what a value should look like, and what it is.
func expected(wanted, got words) error {
	return bilingual.Errorf("应填%w，写的是%w", "expected %w, got %w", wanted, got)
}

// want says in words what a value of type t looks like.
func want(t reflect.Type) words {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return bilingual.New("一段时间，如 500ms、30s、1h30m", "a duration such as 500ms, 30s or 1h30m")
	case isText(t):
		return bilingual.Errorf(" %s 的值", "a value for %s", t)
	}
	switch t.Kind() {
	case reflect.String:
		return bilingual.New("文字", "a text")
	case reflect.Bool:
		return bilingual.New(" true 或 false", "true or false")
	case reflect.Float32, reflect.Float64:
		return bilingual.New("数字", "a number")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if t.Bits() == 64 {
			return bilingual.New("整数", "a whole number")
		}
		return bilingual.Errorf(" %d 至 %d 的整数", "a whole number from %d to %d", int64(-1)<<(t.Bits()-1), int64(1)<<(t.Bits()-1)-1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if t.Bits() == 64 {
			return bilingual.New("不小于 0 的整数", "a whole number from 0")
		}
		return bilingual.Errorf(" 0 至 %d 的整数", "a whole number from 0 to %d", uint64(1)<<t.Bits()-1)
	case reflect.Slice:
		return bilingual.New("列表", "a list")
	}
	return keysAndValues
}

func describe(n *yaml.Node) words {
	switch {
	case isNull(n):
		return bilingual.New("空的", "nothing")
	case n.Kind == yaml.MappingNode:
		return keysAndValues
	case n.Kind == yaml.SequenceNode:
		return bilingual.New("列表", "a list")
	}
	return quoted(n.Value)
}

// quoted is a value in both languages.
func quoted(s string) words { return bilingual.New(" "+quote(s), quote(s)) }

// quote keeps a fault on one short line whatever the value holds.
func quote(s string) string {
	const longest = 60
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest]) + "…"
	}
	return strconv.Quote(s)
}

// set parses a scalar into v; v keeps its value where that fails.
func set(v reflect.Value, text string) error {
	wrong := func() error { return expected(want(v.Type()), quoted(text)) }
	t := v.Type()
	if t == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(text)
		if err != nil {
			return wrong()
		}
		v.SetInt(int64(d))
		return nil
	}
	if isText(t) {
		fresh := reflect.New(t)
		if err := fresh.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
			return bilingual.Errorf("%w（写的是 %s）", "%w (got %s)", err, quote(text))
		}
		v.Set(fresh.Elem())
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return wrong()
		}
		v.SetBool(text == "true")
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(text, t.Bits())
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return wrong()
		}
		v.SetFloat(f)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		u, err := strconv.ParseUint(text, 10, t.Bits())
		if err != nil {
			return wrong()
		}
		v.SetUint(u)
	default:
		i, err := strconv.ParseInt(text, 10, t.Bits())
		if err != nil {
			return wrong()
		}
		v.SetInt(i)
	}
	return nil
}

// setText is set for what has no structure of its own: a list is separated by commas.
func setText(v reflect.Value, text string) error {
	if isLeaf(v.Type()) {
		return set(v, text)
	}
	parts := strings.Split(text, ",")
	list := reflect.MakeSlice(v.Type(), len(parts), len(parts))
	for i, part := range parts {
		if err := set(list.Index(i), strings.TrimSpace(part)); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

// formatted shows a value as a variable would give it.
func formatted(v reflect.Value) string {
	if v.Kind() == reflect.Slice && !isLeaf(v.Type()) {
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = formatted(v.Index(i))
		}
		return strings.Join(parts, ",")
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
	}
	return fmt.Sprint(v.Interface())
}

// hint says what to write instead of an unknown name.
func hint(got string, names []string, show func(string) string) words {
	if like := nearest(got, names); like != "" {
		return bilingual.Errorf("是不是 %s？", "did you mean %s?", show(like))
	}
	if len(names) == 0 {
		return bilingual.New("这里没有任何设置项", "expected none here")
	}
	const most = 12
	names = slices.Sorted(slices.Values(names))
	tail := ""
	if len(names) > most {
		names, tail = names[:most], " …"
	}
	return bilingual.Errorf("可填的有：%s%s", "expected one of %s%s", strings.Join(names, " "), tail)
}
