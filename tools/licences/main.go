// Command licences writes docs/licences.md: under which licence everything stands
// that is in the programs and pages as they are shipped. It reads the real graph of
// imports, so that what is only used for building or testing is not listed, and
// needs no network once the modules and packages are there.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("licences", flag.ContinueOnError)
	root := fs.String("root", ".", "the repository")
	out := fs.String("out", "", "write to this file; the standard output where it is empty")
	inside := fs.String("program", "", "hub, agent or screen: write what goes into its package, with -bom or -texts")
	bom := fs.String("bom", "", "a list of materials that cyclonedx-gomod made of the program: write it whole, with licences and pages")
	texts := fs.Bool("texts", false, "write the texts of the licences")
	if err := fs.Parse(args); err != nil {
		return err
	}
	text, err := wanted(*root, *inside, *bom, *texts)
	if err != nil {
		return err
	}
	if *out == "" {
		_, err = io.WriteString(stdout, text)
		return err
	}
	return os.WriteFile(*out, []byte(text), 0o644)
}

func wanted(root, inside, bom string, texts bool) (string, error) {
	if inside == "" {
		return write(root)
	}
	parts, err := partsOf(root, inside)
	switch {
	case err != nil:
		return "", err
	case texts:
		return licenceTexts(parts)
	}
	return materials(bom, parts)
}

// shipped is one module, package or other work that is in what people get.
type shipped struct {
	name, version, source string
	// licences are SPDX ids; all of them hold, each for its part, unless one says OR.
	licences []string
	// in are the programs or pages that hold it.
	in []string
	// dir is where its source is on this machine.
	dir string
}

// permitted are the licences under which something may be in a program that is given
// away under Apache-2.0. Those that ask for the whole program's source are not.
func permitted() []string {
	return []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "EPL-2.0", "ISC", "MIT", "MPL-2.0", "OFL-1.1", "Unlicense", "Zlib"}
}

// check names everything whose licence is unknown or not permitted.
func check(all []shipped) error {
	var bad []error
	for _, s := range all {
		if len(s.licences) == 0 {
			bad = append(bad, fmt.Errorf("%s %s: no licence was recognised in %s; read it, and name the module in decided()", s.name, s.version, s.source))
		}
		for _, id := range s.licences {
			if !slices.Contains(permitted(), id) {
				bad = append(bad, fmt.Errorf("%s %s is under %s, which may not be in what is shipped: use another library", s.name, s.version, id))
			}
		}
	}
	return errors.Join(bad...)
}

// write makes the page, or says which licence stands in the way.
func write(root string) (string, error) {
	modules, err := goModules(root)
	if err != nil {
		return "", err
	}
	packages, err := npmPackages(filepath.Join(root, "web-kiosk"))
	if err != nil {
		return "", err
	}
	if err := errors.Join(check(modules), check(packages)); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(`# Licences of what is shipped · 所含软件的许可

Hallkeeper itself is under the [Apache License 2.0](../LICENSE). Written by ` + "`make licences`" + ` from the graph of imports of the three programs and of the pages; a test
refuses a licence that may not be in them, and a page that is out of date. 本页由 ` + "`make licences`" + ` 按三个程序和网页的实际依赖生成；许可不允许随附或本页过期，测试不通过。
What only builds or tests the programs is not in them and not listed; of a page's packages often only a part is used. 仅用于构建和测试的不在其中，不列出；网页软件包多只用到一部分。

## In the programs · 程序

| Module 模块 | Version 版本 | Licence 许可 | In 所在程序 |
|---|---|---|---|
`)
	rows(&b, modules)
	b.WriteString(`
## In the pages · 网页

| Package 软件包 | Version 版本 | Licence 许可 | In 所在 |
|---|---|---|---|
`)
	rows(&b, packages)
	b.WriteString(`
## Fonts, icons, voices · 字体、图标、语音

| What 内容 | Licence 许可 | From 来源 |
|---|---|---|
| Noto Sans SC, in the pages 网页字体 | OFL-1.1 | the package @fontsource-variable/noto-sans-sc above 见上表 |
| Icons 图标 (` + "`web-kiosk/src/icons`" + `) | Apache-2.0 | drawn for this program 自绘 |
| Voice clips 语音片段 (` + "`web-kiosk/src/voice/clips`" + `) | Apache-2.0 | spoken by espeak-ng, which is not shipped itself (` + "`scripts/voice.sh`" + `) 由 espeak-ng 合成，不随附该程序 |
| Fonts of PDF documents PDF 字体 | not shipped 不随附 | the system's packages fonts-noto-cjk and fonts-lxgw-wenkai, both OFL-1.1, or the bureau's own 系统软件包或本单位字体 |

## In the appliance image · 一体镜像

Beside the agent, the [image](appliance.md) holds what the programs do not: the texts are in ` + "`…licences.txt`" + ` beside it, which ` + "`make image`" + ` writes. 镜像里还有程序之外的东西，许可全文由 ` + "`make image`" + ` 写在镜像旁边。

| What 内容 | Licence 许可 | From 来源 |
|---|---|---|
| Linux and device trees 内核与设备树 | GPL-2.0-only | github.com/gokrazy/kernel.rpi, with the address of its source 附源代码地址 |
| Raspberry Pi firmware 树莓派固件 | Broadcom's, for Raspberry Pi devices only 仅用于树莓派 | github.com/gokrazy/firmware |
| init and DHCP client 初始程序与 DHCP | BSD-3-Clause | github.com/gokrazy/gokrazy and its modules 及其模块 |
`)
	return b.String(), nil
}

func rows(b *strings.Builder, all []shipped) {
	for _, s := range all {
		fmt.Fprintf(b, "| [%s](%s) | %s | %s | %s |\n", s.name, s.source, s.version, strings.Join(s.licences, ", "), strings.Join(s.in, ", "))
	}
}
