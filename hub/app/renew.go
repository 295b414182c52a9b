package app

import (
	"context"
	"errors"
	"slices"
	"strings"

	"hallkeeper/bilingual"
	"hallkeeper/hub/ca"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/vault"
)

// AllPeople names the lost keys of all people.
const AllPeople = "people"

// Renewables are the keys that can be made anew.
func Renewables() []string {
	all := []string{AllPeople}
	for _, k := range vault.Keys() {
		if k.Anew {
			all = append(all, k.File)
		}
	}
	return all
}

// Renewed is what RenewKey made anew, or would.
type Renewed struct {
	// Files are the keys in the folder of keys.
	Files []string
	// ZH and EN say what is lost with them.
	ZH, EN string
}

// RenewKey makes a key of a data folder anew in which no hub runs: one of Renewables. Where agreed is false nothing is
// changed, and what it would cost is told.
func RenewKey(ctx context.Context, cfg Config, file string, agreed bool) (out Renewed, err error) {
	if err := Newer(cfg.Data); err != nil {
		return out, err
	}
	if !IsHall(cfg.Data) {
		return out, bilingual.Errorf("%s 不是大厅的数据文件夹：请用 --data 指明", "%s is no data folder of a hall: name it with --data", cfg.Data)
	}
	if file == AllPeople {
		return renewPeople(ctx, cfg, agreed)
	}
	i := slices.IndexFunc(vault.Keys(), func(k vault.Key) bool { return k.File == file && k.Anew })
	if i < 0 {
		return out, bilingual.Errorf("%s 不能换新的；可以换的有：%s", "%s can't be made anew; these can: %s", file, strings.Join(Renewables(), ", "))
	}
	k := vault.Keys()[i]
	out = Renewed{[]string{file}, k.ZH, k.EN}
	authority := slices.Contains(authorityFiles(), file)
	if authority {
		out.Files = authorityFiles()
	}
	if !agreed {
		return out, nil
	}
	release, err := eventlog.Hold(LogDir(cfg.Data))
	if err != nil {
		return out, running(cfg.Data, err)
	}
	defer func() { err = errors.Join(err, release()) }()
	if !authority {
		return out, vault.Renew(KeyDir(cfg.Data), cfg.Version, file)
	}
	id, err := HallOf(cfg.Data)
	if err != nil {
		return out, err
	}
	for _, half := range authorityFiles() {
		err = errors.Join(err, vault.Discard(KeyDir(cfg.Data), half))
	}
	if err != nil {
		return out, err
	}
	if _, err := ca.Open(KeyDir(cfg.Data), id, nil); err != nil {
		return out, err
	}
	return out, vault.RememberAnew(KeyDir(cfg.Data), cfg.Version, authorityFiles()...)
}

// renewPeople makes the keys of people anew that the records need and that are lost.
func renewPeople(ctx context.Context, cfg Config, agreed bool) (out Renewed, err error) {
	out.ZH, out.EN = "以它们封存的姓名、电话和说明永远读不出来，须重新录入", "names, numbers and words that they seal can never be read again, and have to be entered anew"
	var people []string
	if err := Look(ctx, cfg, func(v *register.View, _ *roster.State) error {
		people = sealedKeys(v)
		return nil
	}); err != nil {
		return out, running(cfg.Data, err)
	}
	if people, err = vault.LostPeople(KeyDir(cfg.Data), people); err != nil {
		return out, err
	}
	for _, p := range people {
		out.Files = append(out.Files, AllPeople+"/"+p+".key")
	}
	if !agreed || len(people) == 0 {
		return out, nil
	}
	release, err := eventlog.Hold(LogDir(cfg.Data))
	if err != nil {
		return out, running(cfg.Data, err)
	}
	defer func() { err = errors.Join(err, release()) }()
	for _, p := range people {
		err = errors.Join(err, vault.RenewPerson(KeyDir(cfg.Data), cfg.Version, p))
	}
	return out, err
}

// running says of a log that a program has open which that is.
func running(data string, err error) error {
	if errors.Is(err, eventlog.ErrLocked) {
		return bilingual.Errorf("主机正在 %s 上运行，请先停下它：%w", "a hub runs on %s: stop it first: %w", data, err)
	}
	return err
}
