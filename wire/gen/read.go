package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// contract is what the pages need of package wire, in the order of its files.
type contract struct {
	types []typeDecl
	// values holds the constants of each string type, in order.
	values map[string][]value
}

// typeDecl is one exported type.
type typeDecl struct {
	name string
	doc  string
	// basic is the Go name of the underlying basic type; empty for a struct.
	basic string
	// embeds names the embedded structs.
	embeds []string
	fields []field
}

// field is one JSON member of a struct.
type field struct {
	json     string
	doc      string
	typ      ast.Expr
	optional bool
}

// value is one constant of a string type.
type value struct {
	goName string
	text   string
	doc    string
}

// read parses the package's files, tests left out.
func read(dir string) (*contract, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	c := &contract{values: map[string][]value{}}
	fset := token.NewFileSet()
	files := 0
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files++
		for _, decl := range file.Decls {
			if general, ok := decl.(*ast.GenDecl); ok {
				if err := c.add(general); err != nil {
					return nil, fmt.Errorf("%s: %w", fset.Position(general.Pos()), err)
				}
			}
		}
	}
	if files == 0 {
		return nil, fmt.Errorf("no Go files in %s", dir)
	}
	return c, nil
}

func (c *contract) add(decl *ast.GenDecl) error {
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			doc := spec.Doc.Text()
			if doc == "" {
				doc = decl.Doc.Text()
			}
			if err := c.addType(spec, doc); err != nil {
				return fmt.Errorf("type %s: %w", spec.Name.Name, err)
			}
		case *ast.ValueSpec:
			if decl.Tok == token.CONST {
				if err := c.addValue(spec); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c *contract) addType(spec *ast.TypeSpec, doc string) error {
	if !spec.Name.IsExported() || spec.TypeParams != nil {
		return nil
	}
	t := typeDecl{name: spec.Name.Name, doc: doc}
	switch form := spec.Type.(type) {
	case *ast.Ident:
		t.basic = form.Name
	case *ast.StructType:
		isJSON, err := t.addFields(form)
		if err != nil || !isJSON {
			return err
		}
	default:
		// Functions, interfaces and the like have no JSON form.
		return nil
	}
	c.types = append(c.types, t)
	return nil
}

// addFields reports false for a struct without any JSON member, which is no part of the contract's text.
func (t *typeDecl) addFields(form *ast.StructType) (bool, error) {
	isJSON := false
	for _, f := range form.Fields.List {
		tag, err := jsonTag(f.Tag)
		if err != nil {
			return false, err
		}
		if len(f.Names) == 0 && tag == "" {
			embedded, ok := f.Type.(*ast.Ident)
			if !ok {
				return false, fmt.Errorf("an embedded field must be a plain type of this package")
			}
			t.embeds = append(t.embeds, embedded.Name)
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if name == "" || name == "-" {
			continue
		}
		if len(f.Names) != 1 {
			return false, fmt.Errorf("field %q needs one Go name of its own", name)
		}
		isJSON = true
		doc := f.Doc.Text()
		if doc == "" {
			doc = f.Comment.Text()
		}
		optional := false
		for option := range strings.SplitSeq(options, ",") {
			switch option {
			case "omitempty", "omitzero":
				optional = true
			case "string":
				return false, fmt.Errorf("field %q: the string option is not mapped", name)
			}
		}
		t.fields = append(t.fields, field{json: name, doc: doc, typ: f.Type, optional: optional})
	}
	return isJSON || len(t.embeds) > 0, nil
}

func jsonTag(tag *ast.BasicLit) (string, error) {
	if tag == nil {
		return "", nil
	}
	text, err := strconv.Unquote(tag.Value)
	if err != nil {
		return "", fmt.Errorf("tag %s: %w", tag.Value, err)
	}
	return reflect.StructTag(text).Get("json"), nil
}

// addValue keeps constants of the form Name Type = "text" and passes over all others.
func (c *contract) addValue(spec *ast.ValueSpec) error {
	named, ok := spec.Type.(*ast.Ident)
	if !ok || !named.IsExported() || len(spec.Names) != 1 || len(spec.Values) != 1 || !spec.Names[0].IsExported() {
		return nil
	}
	literal, ok := spec.Values[0].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return nil
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		return fmt.Errorf("constant %s: %w", spec.Names[0].Name, err)
	}
	c.values[named.Name] = append(c.values[named.Name], value{
		goName: spec.Names[0].Name, text: text, doc: spec.Comment.Text(),
	})
	return nil
}
