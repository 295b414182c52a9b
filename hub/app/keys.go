package app

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"hallkeeper/format"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/personal"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/vault"
	"hallkeeper/hub/view"
	"hallkeeper/wire"
)

// authorityFiles are those of the hall's authority, which the vault notes and does not make.
func authorityFiles() []string { return []string{"ca.key", "ca.pem"} }

// belongs refuses data whose keys are not all there, and the data of another hall than that of the settings.
func (c *Config) belongs() error {
	lost, err := lostKeys(c.Data)
	if err != nil {
		return err
	}
	if len(lost) > 0 {
		return lostWords(c.Data, lost)
	}
	id, err := HallOf(c.Data)
	switch begun, berr := eventlog.Begun(LogDir(c.Data)); {
	case berr != nil:
		return berr
	case err != nil && !begun: // there is no hall yet
		return nil
	case err != nil:
		return fmt.Errorf("see whose the data in %s are: %w", c.Data, err)
	case id != c.Hall.ID:
		return &format.Unfit{
			ZH: fmt.Sprintf("设置里的 hall.id 是 %q，而数据文件夹 %s 是大厅 %q 的：主机不启动，什么也没有改动。数据没有指错的，在设置文件里写 hall.id: %s；指错了的，用 --data 指定本大厅的文件夹", c.Hall.ID, c.Data, id, id),
			EN: fmt.Sprintf("the setting hall.id is %q and the data in %s are those of the hall %q: the hub does not start on them, and nothing was changed. If they are the right ones, set hall.id to %s in the settings file (hall: {id: %s}); if not, name this hall's folder with --data", c.Hall.ID, c.Data, id, id, id),
		}
	}
	return nil
}

// lostKeys are the keys that a folder's records were made with and that are not there; none where there are no records yet.
func lostKeys(data string) ([]vault.Fault, error) {
	begun, err := eventlog.Begun(LogDir(data))
	if err != nil || !begun {
		return nil, err
	}
	return vault.Lost(KeyDir(data), func() (map[string]bool, error) { return usedKeys(data) })
}

// usedKeys tells from the records which of the later keys they need. It reads them all, which is for data alone that
// a program of before the keys were noted has left behind without one of them.
func usedKeys(data string) (used map[string]bool, err error) {
	used = map[string]bool{}
	log, closeLog, err := eventlog.Read(LogDir(data))
	if errors.Is(err, eventlog.ErrLocked) {
		return used, nil // the hub that runs on it has them
	}
	if err != nil {
		return nil, fmt.Errorf("see which keys the records need: %w", err)
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	for at := wire.Position(0); at < log.Head(); {
		batch, err := log.ReadBatch(at, 4096)
		if err != nil {
			return nil, err
		}
		for i := range batch {
			r := &batch[i]
			for _, file := range authorityFiles() {
				used[file] = used[file] || r.Kind == wire.KindCertificateIssued
			}
			used["citizen.key"] = used["citizen.key"] || bytes.Contains(r.Data, []byte(`"c1:`))
			used["subject.key"] = used["subject.key"] || bytes.Contains(r.Data, []byte(`"o1:`))
		}
		at = batch[len(batch)-1].Position
	}
	return used, nil
}

// backable refuses to copy data whose keys are not all there: such a copy would let older ones lapse and bring nothing back.
func backable(data string) error {
	lost, err := lostKeys(data)
	if err != nil || len(lost) == 0 {
		return err
	}
	zh, en := harmWords(lost[0].Harm)
	return &format.Unfit{ZH: fmt.Sprintf("keys/%s %s，这样的备份恢复不出大厅：先从以前的备份取回它（hub doctor 列出所缺的全部密钥）", lost[0].File, zh),
		EN: fmt.Sprintf("keys/%s %s, and a backup without it brings no hall back: bring it back from one of before (hub doctor names all that are lost)", lost[0].File, en)}
}

// harmWords are the words for what is wrong with a key.
func harmWords(h vault.Harm) (zh, en string) {
	switch h {
	case vault.Missing:
		return "缺失", "is missing"
	case vault.Damaged:
		return "损坏", "is damaged"
	}
	return "不是原来的那一把", "is not the one of this data"
}

// lostWords say what is lost with each key, how it comes back, and how to go on without.
func lostWords(data string, lost []vault.Fault) error {
	var zh, en strings.Builder
	fmt.Fprintf(&zh, "数据文件夹 %s 里已有大厅的记录，而它的密钥不全：主机不启动，什么也没有改动\n", data)
	fmt.Fprintf(&en, "the data in %s have records and not all of their keys: the hub does not start on them, and nothing was changed\n", data)
	for i := range lost {
		f := &lost[i]
		what, is := harmWords(f.Harm)
		fmt.Fprintf(&zh, "  ✕ keys/%s %s：%s\n", f.File, what, f.ZH)
		fmt.Fprintf(&en, "  ✕ keys/%s %s: %s\n", f.File, is, f.EN)
	}
	zh.WriteString(backZH(data))
	en.WriteString(backEN(data))
	if i := slices.IndexFunc(lost, func(f vault.Fault) bool { return f.Anew }); i >= 0 {
		fmt.Fprintf(&zh, "\n  哪里都找不到的：hub renew-key %s --data %s 说明代价，确认后换一把新的", lost[i].File, data)
		fmt.Fprintf(&en, "\n  Where there is none anywhere: hub renew-key %s --data %s says what it costs, and makes another once you agree", lost[i].File, data)
	}
	if slices.ContainsFunc(lost, func(f vault.Fault) bool { return !f.Anew }) {
		zh.WriteString("\n  checkpoint.key 不能换新的：没有任何备份，就保留这个文件夹备查，用新文件夹另建大厅")
		en.WriteString("\n  There can be no other checkpoint.key: without any backup keep this folder to look things up, and begin the hall anew in another")
	}
	return &format.Unfit{ZH: zh.String(), EN: en.String()}
}

// backZH and backEN say how keys come back from a backup.
func backZH(data string) string {
	return fmt.Sprintf("  从备份取回：hub restore 备份 --identity owner.key --data %[1]s.restored，再 cp -a %[1]s.restored/keys %[1]s/（归服务的用户所有），再启动；见手册“备份与恢复”", data)
}

func backEN(data string) string {
	return fmt.Sprintf("  They come back from a backup: hub restore BACKUP --identity owner.key --data %[1]s.restored, then cp -a %[1]s.restored/keys %[1]s/ (owned by the service's user), and start; see the handbook on recovery", data)
}

// peopleShown is how many of the lost keys of people are named.
const peopleShown = 5

// allBelong compares what only the records say with the keys: whether they were signed with them, and whose are sealed.
func (a *App) allBelong() error {
	if all := a.views.checkpoints(); len(all) > 0 {
		verifier, err := vault.Verifier(KeyDir(a.cfg.Data))
		if err != nil {
			return err
		}
		if _, err := note.Open([]byte(all[len(all)-1].Note), note.VerifierList(verifier)); err != nil {
			i := slices.IndexFunc(vault.Keys(), func(k vault.Key) bool { return k.File == "checkpoint.key" })
			return lostWords(a.cfg.Data, []vault.Fault{{Key: vault.Keys()[i], Harm: vault.Foreign}})
		}
	}
	var people []string
	a.Read(func(v *register.View, _ *roster.State) { people = sealedKeys(v) })
	lost, err := vault.LostPeople(KeyDir(a.cfg.Data), people)
	if err != nil || len(lost) == 0 {
		return err
	}
	return lostPeopleWords(a.cfg.Data, lost)
}

func lostPeopleWords(data string, lost []string) error {
	some := strings.Join(lost[:min(peopleShown, len(lost))], ", ")
	if len(lost) > peopleShown {
		some += " …"
	}
	return &format.Unfit{
		ZH: fmt.Sprintf("数据文件夹 %s 缺少 %d 把个人密钥（keys/people：%s）：主机不启动，没有登记任何内容；以它们封存的姓名、电话和说明现在读不出来\n%s\n  哪里都找不到的：hub renew-key people --data %s 说明代价，确认后换新的", data, len(lost), some, backZH(data), data),
		EN: fmt.Sprintf("%d keys of people are missing in %s (keys/people: %s): the hub does not start, and nothing was stored; names, numbers and words that they seal cannot be read now\n%s\n  Where there are none anywhere: hub renew-key people --data %s says what it costs, and makes others once you agree", len(lost), data, some, backEN(data), data),
	}
}

// peopleAtRest is the same by the views of a data folder, which its last hub has saved; the hub asks its records.
func peopleAtRest(data string) error {
	keys, err := view.Rows(ViewsFile(data), register.Name, personal.KeyTable+"/")
	if err != nil {
		return nil //nolint:nilerr // views that are not there or do not read are told of elsewhere
	}
	lost, err := vault.LostPeople(KeyDir(data), withoutPictures(keys))
	if err != nil || len(lost) == 0 {
		return err
	}
	return lostPeopleWords(data, lost)
}

// sealedKeys are the keys under which something was sealed and that are not forgotten.
func sealedKeys(v *register.View) []string {
	var all []string
	for key := range v.State.Personal.Keys.Each() {
		all = append(all, key)
	}
	return withoutPictures(all)
}

// withoutPictures leaves out the pictures, which are forgotten like keys and are none.
func withoutPictures(keys []string) []string {
	return slices.DeleteFunc(keys, func(key string) bool { return strings.HasPrefix(key, personal.Picture) })
}
