package vm

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
)

// ModuleName is the name that modules call each other by.
func ModuleName(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), ".ko")
	return strings.ReplaceAll(name, "-", "_")
}

// Unpack unpacks a module where the package holds it compressed.
func Unpack(name string, content io.Reader) ([]byte, error) {
	switch filepath.Ext(name) {
	case ".ko":
		return io.ReadAll(content)
	case ".xz":
		cmd := exec.Command("xz", "-dc")
		cmd.Stdin = content
		return cmd.Output()
	}
	return nil, fmt.Errorf("a module is compressed in an unknown way: %s", name)
}

// LoadOrder names what has to be loaded for the modules in wants, each after
// what it needs. modules has the files by name, builtin is the kernel's own list
// of what its image holds.
func LoadOrder(modules map[string][]byte, builtin string, wants ...string) ([]string, error) {
	inImage := map[string]bool{}
	for path := range strings.FieldsSeq(builtin) {
		inImage[ModuleName(path)] = true
	}
	var order []string
	seen := map[string]bool{}
	var add func(name string) error
	add = func(name string) error {
		if seen[name] || inImage[name] {
			return nil
		}
		seen[name] = true
		content, found := modules[name]
		if !found {
			return fmt.Errorf("the kernel has no module %s", name)
		}
		needs, err := moduleNeeds(content)
		if err != nil {
			return fmt.Errorf("module %s: %w", name, err)
		}
		for _, need := range needs {
			if err := add(need); err != nil {
				return err
			}
		}
		order = append(order, name)
		return nil
	}
	for _, name := range wants {
		if err := add(name); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// moduleNeeds reads a module's own list of the modules it depends on.
func moduleNeeds(content []byte) ([]string, error) {
	file, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	section := file.Section(".modinfo")
	if section == nil {
		return nil, errors.New("it has no .modinfo")
	}
	info, err := section.Data()
	if err != nil {
		return nil, err
	}
	for field := range strings.SplitSeq(string(info), "\x00") {
		if list, ok := strings.CutPrefix(field, "depends="); ok && list != "" {
			return strings.Split(strings.ReplaceAll(list, "-", "_"), ","), nil
		}
	}
	return nil, nil
}
