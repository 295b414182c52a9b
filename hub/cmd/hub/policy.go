package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"hallkeeper/bilingual"
	"hallkeeper/hub/assess"
	"hallkeeper/policies"
)

const policyUsage = `用法 Usage: hub policy check FILE    检查一份考核政策并演算其用例 / check a policy file and play its cases
           hub policy diff A B --month 2026-11 [--data DIR]    比较两份政策下某月的得分 / whose scores of a month differ between two policies, and why
           hub policy show         打印随程序提供的 63号 政策，可另存后修改 / print the policy for 63号 that comes with the program

格式 Format: docs/policy.zh-CN.md, docs/policy.md
check 的退出码：0 无误，1 有误（每处错误都写明行号和原因），2 用法不对
Exit status of check: 0 nothing wrong, 1 something is (each fault with line and reason), 2 wrong usage
`

// runPolicy looks at assessment policies. It changes nothing.
func runPolicy(ctx context.Context, args []string, stdout, _ io.Writer) error {
	if len(args) == 0 {
		return wrongUse("policy 后面要写 check、diff 或 show", "policy needs check, diff or show")
	}
	for _, a := range args {
		if a == "--help" || a == "-h" || a == "help" {
			_, err := fmt.Fprint(stdout, policyUsage)
			return err
		}
	}
	switch args[0] {
	case "check":
		if len(args) != 2 || strings.HasPrefix(args[1], "-") {
			return wrongUse("policy check 要写明一个文件", "policy check needs one FILE")
		}
		return checkPolicy(args[1], stdout)
	case "diff":
		return diffPolicies(ctx, args[1:], stdout)
	case "show":
		if len(args) > 1 {
			return wrongUse("policy show 后面不再写别的", "policy show takes nothing more")
		}
		_, err := stdout.Write(policies.Default())
		return err
	}
	return wrongUse("policy 后面只能是 check、diff 或 show，而不是 %q", "policy takes check, diff or show, got %q", args[0])
}

func checkPolicy(path string, w io.Writer) error {
	data, err := readPolicy(path)
	if err != nil {
		return err
	}
	p, err := assess.Load(data)
	var faults *assess.Faults
	switch {
	case errors.As(err, &faults):
		for _, f := range faults.List {
			if err := fault(w, path, f.Line, f.Path, assess.Words{ZH: f.ZH, EN: f.EN}); err != nil {
				return err
			}
		}
		return bilingual.Errorf("%[1]s 还不能用作政策：有 %[2]d 处不对，逐处列在上面，注明行号", "%[1]s is no policy yet: %[3]s; each stands above with its line", path, len(faults.List), plural(len(faults.List)))
	case err != nil:
		return bilingual.Errorf("%s 没有检查成：%w", "check %s: %w", path, err)
	}
	wrong := 0
	for _, r := range p.Run() {
		for _, words := range r.Wrong {
			if err := fault(w, path, r.Case.Line, "用例 case “"+r.Case.ZH+"” / "+r.Case.EN, words); err != nil {
				return err
			}
		}
		if len(r.Wrong) > 0 {
			wrong++
		}
	}
	if err := unruled(w, p); err != nil {
		return err
	}
	if wrong > 0 {
		return bilingual.Errorf("%[3]s 的 %[2]d 个用例有 %[1]d 处不成立，逐处列在上面，注明行号", "%d of the %d cases of %s do not hold; each stands above with its line", wrong, len(p.Cases), path)
	}
	_, err = fmt.Fprintf(w, "✓ %s（%s），版本 %s：%d 个条款，%d 条规则，%d 个参数，%d 个用例都成立\n  %s (%s), version %s: %d articles, %d rules, %d parameters, all %d cases hold\n",
		p.Name.ZH, p.Document, p.Version, len(p.Articles), len(p.Rules), len(p.Parameters), len(p.Cases),
		p.Name.EN, p.Document, p.Version, len(p.Articles), len(p.Rules), len(p.Parameters), len(p.Cases))
	return err
}

// readPolicy reads no more than a policy can be.
func readPolicy(path string) (data []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, bilingual.Errorf("打不开政策文件：%w", "open the policy: %w", err)
	}
	defer func() { _ = file.Close() }()
	if data, err = io.ReadAll(io.LimitReader(file, assess.Most+1)); err != nil {
		return nil, bilingual.Errorf("读不了政策文件：%w", "read the policy: %w", err)
	}
	return data, nil
}

func fault(w io.Writer, path string, line int, what string, words assess.Words) error {
	if line > 0 {
		path = fmt.Sprintf("%s:%d", path, line)
	}
	if what != "" {
		what += ": "
	}
	_, err := fmt.Fprintf(w, "✕ %s: %s%s\n  %s\n", path, what, words.ZH, words.EN)
	return err
}

// unruled prints the articles that no rule cites: that can be right, and somebody should know.
func unruled(w io.Writer, p *assess.Policy) error {
	articles := p.Unruled()
	if len(articles) == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(w, "△ %d 个条款没有规则 / %d articles have no rule:\n", len(articles), len(articles)); err != nil {
		return err
	}
	for _, a := range articles {
		if _, err := fmt.Fprintf(w, "  %s  %s / %s\n", a.ID, a.ZH, a.EN); err != nil {
			return err
		}
	}
	return nil
}
