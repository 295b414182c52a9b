package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"hallkeeper/bilingual"
	"hallkeeper/hub/app"
	"hallkeeper/settings"
)

// flagSet parses one command's flags. shown is true where help was asked for and given.
func flagSet(name string, stdout io.Writer, args []string, define func(*flag.FlagSet)) (shown bool, err error) {
	fs := flag.NewFlagSet("hub "+name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	define(fs)
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		if _, err := fmt.Fprintf(stdout, "用法 Usage: hub %s [--flags]\n\n", name); err != nil {
			return true, err
		}
		fs.SetOutput(stdout)
		fs.PrintDefaults()
		return true, nil
	case err != nil:
		return false, usageError{bilingual.Flags(err)}
	case fs.NArg() > 0 && name != "inspect-segment":
		return false, wrongUse("多出了 %q，它不是参数", "%q is not a flag", fs.Arg(0))
	}
	return false, nil
}

// settingFlags are the flags that outrank file and environment.
type settingFlags struct {
	config string
	given  []settings.Flag
}

func (s *settingFlags) define(fs *flag.FlagSet) {
	fs.StringVar(&s.config, "config", "", "设置文件 / settings `FILE` (YAML)")
	for _, f := range []struct{ name, key, help string }{
		{"data", "data", "数据文件夹 / `DIR` of everything the hub keeps (default data)"},
		{"http", "http", "页面与接口的地址 / `ADDR` of pages and API (default 127.0.0.1:8080)"},
		{"https", "https", "HTTPS 地址，如 0.0.0.0:443 / `ADDR` of HTTPS, e.g. 0.0.0.0:443 (default none)"},
		{"mqtt", "mqtt", "内置 MQTT 的地址 / `ADDR` of the embedded broker (default 127.0.0.1:1883)"},
		{"mqtt-tls", "mqtt_tls", "内置 MQTT 供已注册设备使用的 TLS 地址，如 0.0.0.0:8883 / `ADDR` of the embedded broker over TLS for enrolled devices (default none)"},
		{"mqtt-url", "mqtt_url", "改用外部 MQTT 服务器 / `URL` of an external broker to use instead"},
		{"log", "log", "日志格式 / `FORMAT` of logs: text or json"},
		{"log-level", "log_level", "日志级别 / `LEVEL`: debug, info, warn or error"},
	} {
		fs.Func(f.name, f.help, func(v string) error {
			s.given = append(s.given, settings.Flag{Name: "--" + f.name, Key: f.key, Value: v})
			return nil
		})
	}
}

func (s *settingFlags) load(cfg *app.Config) error {
	return settings.Load(cfg, s.config, os.Environ(), s.given...)
}
