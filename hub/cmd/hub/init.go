package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hallkeeper/bilingual"
	"hallkeeper/hub/app"
	"hallkeeper/hub/gate"
	"hallkeeper/settings"
)

// Where a packaged hub has its things; hub init takes them where it runs as root beside the package.
const (
	packagedConfig = "/etc/hallkeeper/hub.yaml"
	packagedData   = "/var/lib/hallkeeper-hub"
	packagedUnit   = "hallkeeper-hub.service"
)

// runInit makes a new hall: it asks what it must know and writes the settings file.
func runInit(_ context.Context, args []string, stdout, _ io.Writer) error {
	cfg := app.Defaults()
	given, lang, yes, adopt := answers{}, "", false, false
	config, data := "hub.yaml", "data"
	if unit() {
		config, data = packagedConfig, packagedData
	}
	var listen []settings.Flag
	shown, err := flagSet("init", stdout, args, func(fs *flag.FlagSet) {
		fs.StringVar(&config, "config", config, "要写的设置文件 / settings `FILE` to write")
		fs.StringVar(&data, "data", data, "数据文件夹 / `DIR` of everything the hub keeps")
		fs.StringVar(&lang, "lang", "", "提问的语言 zh 或 en，不写则按 LANG / `LANGUAGE` of the questions: zh or en (default by LANG)")
		fs.BoolVar(&yes, "yes", false, "不提问：没有给出的用默认值 / ask nothing: what is not given is as preset")
		fs.BoolVar(&adopt, "adopt", false, "数据文件夹里已有大厅而设置丢失时：为它重写设置，记录不动 / the data folder holds a hall whose settings are lost: write settings for it, and leave the records alone")
		for _, q := range questions() {
			fs.Func(q.flag, q.asks.zh+" / `"+strings.ToUpper(q.flag)+"`: "+strings.ToLower(q.asks.en), func(v string) error { given[q.flag] = v; return nil })
		}
		for _, f := range []struct{ name, key, help string }{
			{"http", "http", "页面的本机地址 / `ADDR` of pages on this machine (default 127.0.0.1:8080)"},
			{"https", "https", "HTTPS 地址 / `ADDR` of HTTPS (default 0.0.0.0:8443 with --network yes)"},
			{"mqtt", "mqtt", "本机 MQTT 地址 / `ADDR` of MQTT on this machine (default 127.0.0.1:1883)"},
			{"mqtt-tls", "mqtt_tls", "设备 MQTT 地址 / `ADDR` of MQTT for enrolled devices (default 0.0.0.0:8883 with --network yes)"},
		} {
			fs.Func(f.name, f.help, func(v string) error {
				listen = append(listen, settings.Flag{Name: "--" + f.name, Key: f.key, Value: v})
				return nil
			})
		}
	})
	if shown || err != nil {
		return err
	}
	if lang, err = language(lang, os.Getenv); err != nil {
		return err
	}
	// Before anything is asked: a hall that is there stays as it is.
	packaged := config == packagedConfig && unit()
	if err := untouched(config, data, packaged, adopt); err != nil {
		return err
	}
	if adopt {
		id, err := app.HallOf(data)
		if err != nil {
			return bilingual.Errorf("%s 里没有可以接管的大厅：%w", "%s holds no hall that could be adopted: %w", data, err)
		}
		if said := given["hall"]; said != "" && said != id {
			return wrongUse("--hall 不对：这些记录属于大厅 %q", "--hall: the records are of the hall %q", id)
		}
		given["hall"], given[adopted] = id, id
	}
	a := &asker{lang: lang, in: bufio.NewReader(os.Stdin), out: stdout}
	if !yes {
		fmt.Fprint(stdout, said{"建立一个新的大厅。直接回车采用方括号里的值；Ctrl+C 放弃，什么也不会写。\n",
			"A new hall. Enter takes what stands in brackets; Ctrl+C gives up and writes nothing.\n"}.in(lang))
	}
	known, err := a.settle(given, !yes)
	if err != nil {
		return err
	}
	if cfg.Data, err = filepath.Abs(data); err != nil {
		return err
	}
	cfg.Hall = app.HallConfig{ID: known["hall"], Name: known["name"], NameEN: known["name-en"], TimeZone: known["time-zone"]}
	if known["network"] == "yes" {
		if n := known["names"]; n != "" {
			cfg.Names = strings.Split(n, ",")
		}
		cfg.HTTPS, cfg.MQTTTLS = "0.0.0.0:8443", "0.0.0.0:8883"
		if packaged { // its service may take low ports
			cfg.HTTP, cfg.HTTPS = "0.0.0.0:80", "0.0.0.0:443"
		}
	}
	if err := settings.Load(&cfg, "", nil, listen...); err != nil {
		return err
	}
	if adopt {
		return adoptHall(&cfg, config, lang, stdout)
	}
	return found(&cfg, config, known["admin"], lang, stdout)
}

// adoptHall writes settings for records that are there.
func adoptHall(cfg *app.Config, config, lang string, stdout io.Writer) error {
	text, err := settingsFile(cfg)
	if err != nil {
		return err
	}
	if err := handOver(cfg.Data); err != nil {
		return bilingual.Errorf("数据文件夹没有交给它的用户：%w", "give the data folder to its owner: %w", err)
	}
	if err := replaceSettings(config, text); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, said{"\n大厅 %s 的记录在 %s，没有改动；新的设置是 %s。\n启动：%s\n用原来的账号登录；先运行 hub doctor --config %s 看一看。\n",
		"\nThe records of the hall %s in %s are as they were; its new settings are %s.\nStart it: %s\nSign in with the accounts that there were; look at it first with hub doctor --config %s.\n"}.in(lang),
		cfg.Hall.ID, cfg.Data, config, startBy(config), config)
	return err
}

// replaceSettings writes settings where none are, or those that the package brings, which are kept aside.
func replaceSettings(config string, text []byte) error {
	aside := there(config)
	if aside {
		if err := os.Rename(config, config+".before-init"); err != nil {
			return bilingual.Errorf("软件包的设置没有另存：%w", "keep the package's settings aside: %w", err)
		}
	}
	if err := writeNew(config, text); err != nil {
		if aside {
			err = errors.Join(err, os.Rename(config+".before-init", config))
		}
		return bilingual.Errorf("写不了设置文件 %s（换一个用户，或用 --config 写到别处）：%w", "write the settings file %s (as another user, or elsewhere with --config): %w", config, err)
	}
	return nil
}

// found writes a hall's files and says what comes next.
func found(cfg *app.Config, config, account, lang string, stdout io.Writer) error {
	text, err := settingsFile(cfg)
	if err != nil {
		return err
	}
	made := !there(cfg.Data)
	link, err := app.Prepare(cfg, account)
	if err != nil {
		return err
	}
	if err := handOver(cfg.Data); err != nil {
		return bilingual.Errorf("数据文件夹没有交给它的用户：%w", "give the data folder to its owner: %w", err)
	}
	// The settings come last: where they are, the rest is.
	// The package's own settings, with which no hall was begun, are kept aside.
	if err := replaceSettings(config, text); err != nil {
		if made {
			_ = os.RemoveAll(cfg.Data) // it held the link alone
		}
		return err
	}
	return next(cfg, config, link, lang, stdout)
}

// untouched refuses where a hall is already. The settings that the package brings are none,
// as long as no hall was begun with them.
func untouched(config, data string, packaged, adopt bool) error {
	begun := app.IsHall(data) && !adopt
	if packaged && there(config) {
		was := app.Defaults()
		err := settings.Load(&was, config, nil)
		packaged = err == nil && !app.IsPrepared(was.Data)
		begun = begun || app.IsHall(was.Data) && !adopt
	}
	switch {
	case there(config) && (!packaged || begun):
		return bilingual.Errorf("设置文件 %s 已经存在，不作改动；启动它：hub serve --config %s；要另建大厅，用 --config 和 --data 指定别处",
			"the settings file %s is there already and is left alone: start it with hub serve --config %s, or choose other places for another hall with --config and --data", config, config)
	case begun:
		return bilingual.Errorf("数据文件夹 %s 里已经有一个大厅，不作改动；它的设置丢了，就把 hub.yaml 的副本放回原处，或用 --adopt 重写；要另建大厅，用 --data 指定别处",
			"the data folder %s holds a hall already and is left alone: where its settings are lost, put a copy of hub.yaml back or write them anew with --adopt; choose another folder for another hall with --data", data)
	}
	return nil
}

// language is zh or en: as the flag says, else as the terminal's locale does.
func language(flag string, env func(string) string) (string, error) {
	switch flag {
	case "zh", "en":
		return flag, nil
	case "":
		if strings.HasPrefix(cmp.Or(env("LC_ALL"), env("LC_MESSAGES"), env("LANG")), "zh") {
			return "zh", nil
		}
		return "en", nil // a console without a locale can rarely show Chinese
	}
	return "", wrongUse("--lang 应为 zh 或 en，而不是 %q", "--lang: expected zh or en, got %q", flag)
}

// unit tells whether the package's service is installed here.
func unit() bool {
	return slices.ContainsFunc([]string{"/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}, func(dir string) bool { return there(filepath.Join(dir, packagedUnit)) })
}

// startBy is how a hub with these settings is started.
func startBy(config string) string {
	if config == packagedConfig && unit() {
		return "sudo systemctl enable --now " + packagedUnit
	}
	return filepath.Base(os.Args[0]) + " serve --config " + config
}

// next says what to do now, in the order in which it is done.
func next(cfg *app.Config, config, link, lang string, stdout io.Writer) error {
	start := startBy(config)
	say := func(s said, args ...any) { fmt.Fprintf(stdout, s.in(lang)+"\n", args...) }
	say(said{"\n已写好：\n  设置 %s\n  数据 %s\n", "\nWritten:\n  settings %s\n  data     %s\n"}, config, cfg.Data)
	say(said{"接下来：", "What comes next:"})
	say(said{"1. 启动主机：\n     %s", "1. Start the hub:\n     %s"}, start)
	if _, port, _ := net.SplitHostPort(cmp.Or(cfg.HTTPS, cfg.HTTP)); port == "0" {
		say(said{"2. 打开主机日志里的一次性链接，建立管理员。端口由系统选定，日志写明。", "2. Open the one-time link of the hub's log to make the administrator; the system chooses the port, the log tells it."})
	} else {
		say(said{"2. 打开这个一次性链接，建立管理员（请勿转发；用过即失效）：\n     %s", "2. Open this one-time link to make the administrator (pass it to nobody; it works once):\n     %s"}, link)
	}
	if cfg.HTTPS != "" {
		if at := addressesOf(); len(at) > 0 {
			say(said{"   其他电脑如不认识主机名，换成地址：%s", "   Where another computer doesn't know the name, put an address in its place: %s"}, strings.Join(at, said{"、", ", "}.in(lang)))
		}
		say(said{"   浏览器会提示证书未知；核对指纹后信任它的办法见 docs/https.zh-CN.md。", "   The browser doesn't know the certificate yet; docs/https.md says how to check and trust it."})
	}
	_, err := fmt.Fprintln(stdout, said{"3. 登录后，管理端的“安装向导”列出还缺什么，一步步做完；可随时离开，换一台电脑也能接着做。",
		"3. Once signed in, the console's \"First hour\" lists what is missing, step by step; leave it whenever you like and go on later, also on another computer."}.in(lang))
	return err
}

// addressesOf are this machine's addresses on the network.
func addressesOf() (all []string) {
	for _, name := range gate.OwnNames() {
		if ip := net.ParseIP(name); ip != nil && !ip.IsLoopback() && ip.To4() != nil {
			all = append(all, name)
		}
	}
	return all
}
