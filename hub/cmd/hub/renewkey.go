package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"hallkeeper/bilingual"
	"hallkeeper/hub/app"
)

// runRenewKey is for the hall that has lost a key for good and bears what that costs.
func runRenewKey(ctx context.Context, args []string, stdout, _ io.Writer) error {
	cfg := app.Defaults()
	cfg.Version = version
	var data *string
	agreed, file := false, ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		file, args = args[0], args[1:]
	}
	if shown, err := flagSet("renew-key FILE", stdout, args, func(fs *flag.FlagSet) {
		data = dataFlag(fs)
		fs.BoolVar(&agreed, "accept-loss", false, "接受损失，换一把新的；不写则只说明代价 / bear the loss and make another; without, what it costs is told and nothing changed")
	}); shown || err != nil {
		return err
	}
	if !slices.Contains(app.Renewables(), file) {
		return wrongUse("renew-key 后面要写 %s 之一，而不是 %q", "renew-key takes one of %s, got %q", strings.Join(app.Renewables(), ", "), file)
	}
	cfg.Data = *data
	out, err := app.RenewKey(ctx, cfg, file, agreed)
	if err != nil {
		return bilingual.Errorf("%[2]s 里的 %[1]s 没有换新：%[3]w", "renew %[1]s in %[2]s: %[3]w", file, cfg.Data, err)
	}
	if len(out.Files) == 0 {
		_, err := fmt.Fprintf(stdout, "%s 没有丢失的个人密钥，没有改动\nno key of a person is lost in %s; nothing was changed\n", cfg.Data, cfg.Data)
		return err
	}
	keys := strings.Join(out.Files, ", ")
	if !agreed {
		return bilingual.Errorf("换掉 %[1]s 的代价：%[2]s。什么也没有改动；先找遍所有备份，确实没有再加 --accept-loss",
			"with another %[1]s: %[3]s. Nothing was changed; look through all backups first, and add --accept-loss where there is none", keys, out.ZH, out.EN)
	}
	_, err = fmt.Fprintf(stdout, "已换新：%s。%s\nmade anew: %s; %s\n", keys, out.ZH, keys, out.EN)
	return err
}
