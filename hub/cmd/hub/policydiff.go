package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"hallkeeper/bilingual"
	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/score"
)

// diffPolicies prints whose scores of a month differ between two policy files. A
// running hub is asked; without one the log is read, and names stay sealed.
func diffPolicies(ctx context.Context, args []string, stdout io.Writer) error {
	files := 0
	for files < len(args) && !strings.HasPrefix(args[files], "-") {
		files++
	}
	var s settingFlags
	var month string
	shown, err := flagSet("policy diff", stdout, args[files:], func(fs *flag.FlagSet) {
		s.define(fs)
		fs.StringVar(&month, "month", "", "月份 / `MONTH` like 2026-11")
	})
	if shown || err != nil {
		return err
	}
	if files != 2 || month == "" {
		return wrongUse("policy diff 要写明两个文件和 --month，如 hub policy diff old.yaml new.yaml --month 2026-11", "policy diff needs two files and --month, like hub policy diff old.yaml new.yaml --month 2026-11")
	}
	period, ok := assess.ParsePeriod(month)
	if !ok || period.Kind() != assess.PerMonth {
		return wrongUse("--month 应写月份，如 2026-11，而不是 %q", "--month takes a month like 2026-11, got %q", month)
	}
	var texts [2]string
	var both [2]*assess.Policy
	for i := range both {
		text, err := readPolicy(args[i])
		if err != nil {
			return err
		}
		texts[i] = string(text)
		if both[i], err = assess.Load(text); err != nil {
			return bilingual.Errorf("%[1]s 不能用作政策：请运行 hub policy check %[1]s 查看", "%[1]s is no policy: run hub policy check %[1]s", args[i])
		}
	}
	cfg := app.Defaults()
	if err := s.load(&cfg); err != nil {
		return err
	}
	var d api.PolicyDifference
	body := map[string]string{"text": texts[1], "base": texts[0], "month": month}
	if _, err = app.ReadControl(cfg.Data); errors.Is(err, fs.ErrNotExist) {
		err = app.Look(ctx, cfg, func(v *register.View, windows *roster.State) error {
			api.Difference(score.Of(v, windows, nil), period, both[0], both[1], &d)
			return nil
		})
	} else {
		err = operate(ctx, cfg.Data, http.MethodPost, "policies/compare", body, &d)
	}
	if err != nil {
		return err
	}
	return printDifference(stdout, &d)
}

func printDifference(w io.Writer, d *api.PolicyDifference) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s → %s：%d 个得分中 %d 个不同 / %d of %d scores differ\n", d.Month, d.From, d.To, d.Assessed, len(d.Changes), len(d.Changes), d.Assessed)
	for i := range d.Changes {
		c := &d.Changes[i]
		name := c.ID
		if n := d.Names[c.To][c.ID]; n != "" && n != c.ID {
			name += " " + n
		}
		fmt.Fprintf(&b, "  %s %s  %s → %s", kindWords(c.To), name, points(c.From), points(c.Until))
		if c.FromGrade != c.UntilGrade {
			fmt.Fprintf(&b, "  %s → %s", c.FromGrade, c.UntilGrade)
		}
		b.WriteString("\n")
		for _, f := range c.Gone {
			fmt.Fprintf(&b, "    - %s  %s  %+g  %s\n", f.Fact, d.Rules[f.Rule].ZH+" / "+d.Rules[f.Rule].EN, f.Counted, strings.Join(f.Articles, "、"))
		}
		for _, f := range c.Come {
			fmt.Fprintf(&b, "    + %s  %s  %+g  %s\n", f.Fact, d.Rules[f.Rule].ZH+" / "+d.Rules[f.Rule].EN, f.Counted, strings.Join(f.Articles, "、"))
		}
		seen := []assess.Words{}
		for _, x := range c.Why {
			if !slices.Contains(seen, x) {
				fmt.Fprintf(&b, "    · %s / %s\n", x.ZH, x.EN)
				seen = append(seen, x)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func kindWords(to assess.To) string {
	switch to {
	case assess.ToPerson:
		return "人员 person"
	case assess.ToWindow:
		return "窗口 window"
	}
	return "单位 department"
}

func points(x *float64) string {
	if x == nil {
		return "—"
	}
	return fmt.Sprintf("%g", *x)
}
