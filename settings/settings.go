package settings

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"hallkeeper/bilingual"
	"hallkeeper/format"
)

// Prefix starts the names of the environment variables that are settings.
const Prefix = "HALL_"

// Format is raised when a setting changes its meaning, so that an older program would misread it.
const Format = 1

const (
	formatKey = "format"
	maxFile   = 1 << 20 // bytes; a settings file is read by people
	maxDepth  = 32      // of nested maps and lists, which also ends circular aliases
)

// Flag is a value given on the command line; it outranks file and environment.
type Flag struct {
	// Name is what was typed, e.g. "--http".
	Name string
	// Key is the key path that it sets, e.g. "http.addr".
	Key   string
	Value string
}

// Setting describes one key, for help texts.
type Setting struct {
	Key string // path, e.g. http.addr
	Env string // variable, e.g. HALL_HTTP_ADDR
	// Want says in words what a value looks like.
	Want string
	// Default is the present value in the struct.
	Default string
}

// Load fills dst, a pointer to a struct whose present values are the defaults,
// from file ("" for none), then from the variables of environ ("NAME=value", as
// of os.Environ) that start with HALL_, then from flags. Fields take part when
// they have a yaml tag: strings, bools, numbers, time.Duration, types with
// UnmarshalText, structs, lists of these and maps of string to struct.
//
// The variable of a key is HALL_ and its path in upper case with _ between the
// parts; lists are separated by commas. An empty variable counts as not set.
// Entries of maps and of lists of structs are made by the file only; variables
// and flags can change fields of the map entries that it made.
//
// When all is set, every value with a `Check() error` method is asked; it may
// join several errors and point at a key with At.
//
// A file may say in which form it is, with the key format at its top; without it is of the first.
//
// The error is a *Faults with all mistakes, a *format.Newer for a file of a newer program, or says that dst itself
// cannot hold settings.
func Load(dst any, file string, environ []string, flags ...Flag) error {
	root := reflect.ValueOf(dst)
	if root.Kind() != reflect.Pointer || root.IsNil() || root.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("settings go into a pointer to a struct, got %T", dst)
	}
	l := &loader{file: file, origins: map[string]Fault{}}
	if file != "" {
		l.readFile(root.Elem())
	}
	if l.newer != nil {
		return l.newer
	}
	leaves, err := leavesOf(root.Elem())
	if err != nil {
		return err
	}
	l.environment(leaves, environ)
	l.flags(leaves, flags)
	if !l.unread { // else all would be missing
		l.check("", root)
	}
	if len(l.faults) > 0 {
		// The file's mistakes come first, in its order.
		slices.SortStableFunc(l.faults, func(a, b Fault) int { return cmp.Compare(uint(a.Line-1), uint(b.Line-1)) })
		return &Faults{List: l.faults}
	}
	return nil
}

// List describes the settings of dst, a pointer to a struct, in its order.
func List(dst any) ([]Setting, error) {
	root := reflect.ValueOf(dst)
	if root.Kind() != reflect.Pointer || root.IsNil() || root.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("settings are in a pointer to a struct, got %T", dst)
	}
	leaves, err := leavesOf(root.Elem())
	if err != nil {
		return nil, err
	}
	list := make([]Setting, len(leaves))
	for i, leaf := range leaves {
		list[i] = Setting{Key: leaf.key, Env: leaf.env, Want: want(leaf.value.Type()).Error(), Default: formatted(leaf.value)}
	}
	return list, nil
}

type loader struct {
	unread  bool          // the file says nothing, as it cannot be read
	newer   *format.Newer // the file is of a newer program, so that its mistakes are none
	file    string
	faults  []Fault
	origins map[string]Fault // where each key was last written, by key path
}

// fault reports a mistake in the file.
func (l *loader) fault(line int, key string, problem error) {
	l.faults = append(l.faults, Fault{File: l.file, Line: line, Key: key}.of(problem))
}

// of gives the fault with what was wrong.
func (f Fault) of(problem error) Fault {
	zh, _ := bilingual.Chinese(problem)
	f.Problem, f.ProblemZH = strings.ReplaceAll(problem.Error(), "\n", "; "), strings.ReplaceAll(zh, "\n", "；")
	return f
}

func (l *loader) readFile(root reflect.Value) {
	f, err := os.Open(l.file)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		l.unread = true
		l.fault(0, "", bilingual.Errorf("读不了这个设置文件：%w", "expected a settings file that can be read: %w", err))
		return
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		l.unread = true
		l.fault(0, "", bilingual.Errorf("读不了这个设置文件：%w", "expected a settings file that can be read: %w", err))
		return
	case len(raw) > maxFile:
		l.unread = true
		l.fault(0, "", bilingual.Errorf("设置文件最多 %d 字节", "expected at most %d bytes of settings", maxFile))
		return
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	var doc yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if !errors.Is(err, io.EOF) {
			l.unread = true
			l.syntax(err)
		}
		return
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		l.fault(second.Line, "", bilingual.New("一个文件只能有一份设置，这里又开始了一份（---）", "expected one document, found a second one"))
	} else if !errors.Is(err, io.EOF) {
		l.syntax(err)
	}
	if len(doc.Content) == 1 && !isNull(doc.Content[0]) {
		l.decode(doc.Content[0], root, "", 0)
	}
}

// syntax turns the YAML reader's error, which names its line in words, into a fault.
func (l *loader) syntax(err error) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 0
	if m := regexp.MustCompile(`(?s)^line (\d+): (.*)$`).FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	l.fault(line, "", bilingual.Errorf("不是正确的 YAML，请看缩进、冒号后的空格和引号：%s", "expected YAML: %s", strings.ReplaceAll(message, "\n", " ")))
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func (l *loader) decode(n *yaml.Node, v reflect.Value, key string, depth int) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if depth > maxDepth {
		l.fault(n.Line, key, bilingual.Errorf("最多 %d 层", "expected at most %d levels", maxDepth))
		return
	}
	l.origins[key] = Fault{File: l.file, Line: n.Line, Key: key}
	switch {
	case isLeaf(v.Type()):
		if n.Kind != yaml.ScalarNode || isNull(n) {
			l.fault(n.Line, key, expected(want(v.Type()), describe(n)))
		} else if err := set(v, n.Value); err != nil {
			l.fault(n.Line, key, err)
		}
	case v.Kind() == reflect.Struct:
		l.decodeStruct(n, v, key, depth)
	case v.Kind() == reflect.Map:
		l.decodeMap(n, v, key, depth)
	case v.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			l.fault(n.Line, key, expected(want(v.Type()), describe(n)))
			return
		}
		list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
		for i, item := range n.Content {
			l.decode(item, list.Index(i), fmt.Sprintf("%s[%d]", key, i), depth+1)
		}
		v.Set(list)
	default:
		l.fault(n.Line, key, bilingual.Errorf("设置里不能有 %s", "settings cannot hold a %s", v.Type()))
	}
}

// pairs visits the keys of a map once each and reports what is no map, or twice there.
func (l *loader) pairs(n *yaml.Node, key string, visit func(name, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		l.fault(n.Line, key, expected(keysAndValues, describe(n)))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if name.Kind != yaml.ScalarNode {
			l.fault(name.Line, key, bilingual.Errorf("设置项的名称应是一个词，写的是%w", "expected a plain key, got %w", describe(name)))
			continue
		}
		if line, twice := seen[name.Value]; twice {
			l.fault(name.Line, join(key, name.Value), bilingual.Errorf("每个设置项只能写一次，第 %d 行已写过", "expected each key once, it is on line %d too", line))
			continue
		}
		seen[name.Value] = name.Line
		visit(name, value)
	}
}

func (l *loader) decodeStruct(n *yaml.Node, v reflect.Value, key string, depth int) {
	fields := fieldsOf(v)
	l.pairs(n, key, func(name, value *yaml.Node) {
		if key == "" && name.Value == formatKey {
			l.form(value)
			return
		}
		for _, f := range fields {
			if f.name == name.Value {
				l.decode(value, f.value, join(key, f.name), depth+1)
				return
			}
		}
		names := make([]string, len(fields))
		for i, f := range fields {
			names[i] = f.name
		}
		l.fault(name.Line, join(key, name.Value), bilingual.Errorf("没有这个设置项，%w", "unknown key, %w", hint(name.Value, names, func(s string) string { return join(key, s) })))
	})
}

// form reads in which form the file is.
func (l *loader) form(value *yaml.Node) {
	switch n, err := strconv.Atoi(value.Value); {
	case err != nil || n < 1 || value.Kind != yaml.ScalarNode:
		l.fault(value.Line, formatKey, bilingual.Errorf("应填 %d，即这种设置文件的格式号", "expected %d, the form of these settings", Format))
	case n > Format:
		l.newer = &format.Newer{What: fmt.Sprintf("%s has format %d, this program reads %d", l.file, n, Format)}
	}
}

func (l *loader) decodeMap(n *yaml.Node, v reflect.Value, key string, depth int) {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	l.pairs(n, key, func(name, value *yaml.Node) {
		entry := reflect.New(v.Type().Elem()).Elem()
		mapKey := reflect.ValueOf(name.Value).Convert(v.Type().Key())
		if old := v.MapIndex(mapKey); old.IsValid() {
			entry.Set(old) // a default entry keeps what the file does not say
		}
		l.decode(value, entry, join(key, name.Value), depth+1)
		v.SetMapIndex(mapKey, entry)
	})
}

func (l *loader) environment(leaves []leaf, environ []string) {
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, Prefix) || value == "" {
			continue
		}
		i := slices.IndexFunc(leaves, func(f leaf) bool { return f.env == name })
		if i < 0 {
			names := make([]string, len(leaves))
			for i, leaf := range leaves {
				names[i] = leaf.env
			}
			l.faults = append(l.faults, Fault{Name: name}.of(bilingual.Errorf("没有这个设置项，%w", "unknown setting, %w", hint(name, names, func(s string) string { return s }))))
			continue
		}
		l.override(leaves[i], name, value)
	}
}

func (l *loader) flags(leaves []leaf, flags []Flag) {
	for _, f := range flags {
		i := slices.IndexFunc(leaves, func(leaf leaf) bool { return leaf.key == f.Key })
		if i < 0 {
			l.faults = append(l.faults, Fault{Name: f.Name, Key: f.Key}.of(bilingual.New("没有这个设置项", "unknown setting")))
			continue
		}
		l.override(leaves[i], f.Name, f.Value)
	}
}

func (l *loader) override(f leaf, name, value string) {
	origin := Fault{Name: name, Key: f.key}
	if err := f.set(value); err != nil {
		l.faults = append(l.faults, origin.of(err))
		return
	}
	l.origins[f.key] = origin
}

// check asks the Check methods, from the leaves to the root. A part that could
// not be set keeps its default, so a whole is checked all the same; what it
// says of parts that are known to be wrong is dropped.
func (l *loader) check(key string, v reflect.Value) {
	switch {
	case v.Kind() == reflect.Pointer:
		l.check(key, v.Elem())
		return
	case isLeaf(v.Type()):
	case v.Kind() == reflect.Struct:
		for _, f := range fieldsOf(v) {
			l.check(join(key, f.name), f.value)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			l.check(fmt.Sprintf("%s[%d]", key, i), v.Index(i))
		}
	case v.Kind() == reflect.Map:
		for _, k := range sortedKeys(v) {
			entry := reflect.New(v.Type().Elem()).Elem()
			entry.Set(v.MapIndex(k))
			l.check(join(key, k.String()), entry)
			v.SetMapIndex(k, entry) // Check may fill in what follows from other fields
		}
	}
	if !v.CanAddr() {
		return
	}
	checker, ok := v.Addr().Interface().(interface{ Check() error })
	if !ok {
		return
	}
	if err := checker.Check(); err != nil {
		each(err, func(err error) {
			at := key
			var blamed *keyError
			if errors.As(err, &blamed) {
				at, err = join(key, blamed.key), blamed.err
			}
			if l.faulty(at) {
				return
			}
			f := l.origin(at)
			f.Key = at
			l.faults = append(l.faults, f.of(err))
		})
	}
}

// faulty tells whether something at or below key is wrong already.
func (l *loader) faulty(key string) bool {
	return slices.ContainsFunc(l.faults, func(f Fault) bool {
		return f.Key != "" && (key == "" || f.Key == key || strings.HasPrefix(f.Key, key+".") || strings.HasPrefix(f.Key, key+"["))
	})
}

// origin finds where key was written, or where it is missing: the line of the
// map around it. Of what is missing in the file as a whole there is no line.
func (l *loader) origin(key string) Fault {
	if f, ok := l.origins[key]; ok {
		return f
	}
	for at := key; at != ""; {
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
		if f, ok := l.origins[at]; ok && f.Name == "" && at != "" {
			return Fault{File: f.File, Line: f.Line}
		}
	}
	return Fault{File: l.file}
}
