package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"hallkeeper/bilingual"
	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/hub/backup"
	"hallkeeper/hub/eventlog"
)

func runBackup(ctx context.Context, args []string, stdout, _ io.Writer) error {
	var s settingFlags
	var to, into, file string
	var recipients []string
	if shown, err := flagSet("backup", stdout, args, func(fs *flag.FlagSet) {
		s.define(fs)
		fs.StringVar(&to, "to", "", "写到这个新文件 / write to this new `FILE`")
		fs.StringVar(&into, "into", "", "写到这个位置，只补它没有的分段：文件夹或 sftp://user@host/path / into this `PLACE`, with the segments only that it has not: a folder or sftp://user@host/path")
		fs.Func("recipient", "加密给谁：age 公钥，可多次 / for whom: a public `KEY` of age like age1…, may be given again", func(v string) error {
			recipients = append(recipients, v)
			return nil
		})
		fs.StringVar(&file, "recipients-file", "", "每行一个公钥的文件 / a `FILE` with a public key on each line")
	}); shown || err != nil {
		return err
	}
	if (to == "") == (into == "") {
		return wrongUse("backup 要写明 --to 文件 或 --into 位置", "backup needs --to FILE or --into PLACE")
	}
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return bilingual.Errorf("读不了收件公钥文件：%w", "read the recipients: %w", err)
		}
		recipients = append(recipients, strings.Split(string(text), "\n")...)
	}
	if _, err := backup.Recipients(recipients); err != nil {
		return wrongUse("%w；用 age-keygen 生成一对钥匙，私钥不要放在这台机器上", "%w; make a key with age-keygen and keep its secret part away from this machine", err)
	}
	recipients = keysOf(recipients)
	cfg := app.Defaults()
	if err := s.load(&cfg); err != nil {
		return err
	}
	cfg.Version, cfg.Now = version, time.Now
	if into != "" {
		return backupInto(ctx, cfg, into, recipients, stdout)
	}
	size, err := writeWhole(to, func(w io.Writer) error {
		control, err := app.ReadControl(cfg.Data)
		if err == nil {
			err = fetchBackup(ctx, control, recipients, w)
			if !errors.Is(err, errNobody) {
				return err
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return bilingual.Errorf("找不到 %s 的主机，请用运行主机的用户执行：%w", "find the hub of %s (run this as the user who runs the hub): %w", cfg.Data, err)
		}
		_, err = app.BackupAtRest(ctx, cfg, recipients, w) // no hub runs
		if errors.Is(err, eventlog.ErrLocked) {
			return bilingual.Errorf("有主机在用 %s，但没有应答：%w", "a hub uses %s and does not answer: %w", cfg.Data, err)
		}
		return err
	})
	if err != nil {
		return bilingual.Errorf("%s 没有备份成：%w", "back up %s: %w", cfg.Data, err)
	}
	_, err = fmt.Fprintf(stdout, "备份已写到 %s，%d 字节，已加密\nThe backup is in %s, %d bytes, encrypted\n", to, size, to, size)
	return err
}

// backupInto makes a backup in a place: by the hub that runs, else of the folder at rest.
func backupInto(ctx context.Context, cfg app.Config, into string, recipients []string, stdout io.Writer) error {
	if backup.OnServer(into) {
		if _, err := backup.CheckSFTP(into); err != nil {
			return usageError{err}
		}
	} else { // the hub runs in a folder of its own
		full, err := filepath.Abs(into)
		if err != nil {
			return err
		}
		into = full
	}
	made, err := askInto(ctx, cfg, into, recipients)
	if errors.Is(err, errNobody) {
		var m backup.Manifest
		made.Name, m, err = app.BackupAtRestInto(ctx, cfg, into, recipients)
		made.Position = m.Head
		if errors.Is(err, eventlog.ErrLocked) {
			err = bilingual.Errorf("有主机在用 %s，但没有应答：%w", "a hub uses %s and does not answer: %w", cfg.Data, err)
		}
	}
	if err != nil {
		return bilingual.Errorf("%s 没有备份到 %s：%w", "back up %s into %s: %w", cfg.Data, into, err)
	}
	_, err = fmt.Fprintf(stdout, "备份 %s 已写到 %s，到第 %d 条记录，已加密\nThe backup %s is in %s, up to record %d, encrypted\n", made.Name, into, made.Position, made.Name, into, made.Position)
	return err
}

// askInto asks the hub that runs; errNobody where none does. It is the hub that writes, as its user and with its settings for servers.
func askInto(ctx context.Context, cfg app.Config, into string, recipients []string) (made api.BackupMade, err error) {
	control, err := app.ReadControl(cfg.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return made, errNobody
	}
	if err != nil {
		return made, bilingual.Errorf("找不到 %s 的主机，请用运行主机的用户执行：%w", "find the hub of %s (run this as the user who runs the hub): %w", cfg.Data, err)
	}
	response, err := askBackup(ctx, control, map[string]any{"recipients": recipients, "into": into})
	if err != nil {
		return made, err
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&made); err != nil {
		return made, bilingual.Errorf("备份时主机停了，请先查看备份位置里有没有这一份再依赖它：%w", "the hub stopped while it made the backup; look into the place before you rely on it: %w", err)
	}
	return made, nil
}

func keysOf(lines []string) (keys []string) {
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "#") {
			keys = append(keys, l)
		}
	}
	return keys
}

// writeWhole writes a new file that is there whole, or not at all.
func writeWhole(path string, write func(io.Writer) error) (size int64, err error) {
	if _, err := os.Lstat(path); err == nil {
		return 0, bilingual.Errorf("%s 已经存在；备份不会覆盖另一份：请另取名称", "%s is there already; a backup never replaces another: choose a new name", path)
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".new-*")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already where all went well
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if st, serr := f.Stat(); err == nil {
		size, err = st.Size(), serr
	}
	err = errors.Join(err, f.Close())
	if err != nil {
		return 0, err
	}
	if err := os.Link(f.Name(), path); err != nil { // fails where somebody has made it meanwhile
		return 0, err
	}
	d, err := os.Open(dir)
	if err != nil {
		return 0, err
	}
	return size, errors.Join(d.Sync(), d.Close())
}

// errNobody means that a hub was killed and its control file is left over.
var errNobody = bilingual.New("没有主机应答", "no hub answers")

func fetchBackup(ctx context.Context, control app.Control, recipients []string, w io.Writer) error {
	response, err := askBackup(ctx, control, map[string]any{"recipients": recipients})
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(w, response.Body); err != nil {
		return bilingual.Errorf("备份中断了，没有留下半份：%w", "the backup was cut short, nothing is kept of it: %w", err)
	}
	return nil
}

// askBackup asks a hub that runs for a backup, and gives its answer where it was taken up; errNobody where none answers.
func askBackup(ctx context.Context, control app.Control, ask map[string]any) (*http.Response, error) {
	body, err := json.Marshal(ask)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, control.HTTP+"/api/v1/backup", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+control.Secret)
	request.Header.Set("Accept-Language", api.BothLanguages)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, errNobody
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	return nil, refused(text, response.Status)
}

func runRestore(ctx context.Context, args []string, stdout, _ io.Writer) error {
	var data *string
	var identity, name string
	var with backup.Access
	file := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		file, args = args[0], args[1:]
	}
	if shown, err := flagSet("restore FILE", stdout, args, func(fs *flag.FlagSet) {
		data = dataFlag(fs)
		fs.StringVar(&name, "backup", "", "位置里的哪一个备份，默认最新 / which `NAME` of a place; the newest by default")
		fs.StringVar(&with.KeyFile, "sftp-key", "", "SFTP 私钥文件 / the private key `FILE` for SFTP")
		fs.StringVar(&with.KnownHosts, "sftp-known-hosts", "", "SFTP 服务器公钥文件 / the `FILE` with the keys of servers")
		fs.StringVar(&identity, "identity", "", "私钥文件（age-keygen 生成）/ the secret `KEYFILE` that age-keygen made")
	}); shown || err != nil {
		return err
	}
	if file == "" || identity == "" {
		return wrongUse("restore 要写明 备份文件或位置 --identity 私钥文件 --data 新文件夹", "restore needs FILE or PLACE --identity KEYFILE --data DIR")
	}
	key, err := os.Open(identity)
	if err != nil {
		return bilingual.Errorf("读不了私钥文件：%w", "read the key: %w", err)
	}
	identities, err := age.ParseIdentities(key)
	if err := errors.Join(err, key.Close()); err != nil {
		return bilingual.Errorf("%[1]s 不是 age 私钥文件（里面应有一行 AGE-SECRET-KEY-1…）；以 age1 开头的是公钥，打不开备份", "%[1]s is no secret key of age (AGE-SECRET-KEY-1…); what begins with age1 is a public key and opens nothing: %[2]w", identity, err)
	}
	from := file
	if st, err := os.Stat(file); !strings.HasPrefix(file, "sftp://") && (err != nil || !st.IsDir()) {
		from, name = filepath.Dir(file), filepath.Base(file)
	}
	out, err := app.RestoreAt(ctx, from, name, with, identities, *data)
	if err != nil {
		return bilingual.Errorf("没有恢复 %s：%w", "restore %s: %w", file, err)
	}
	_, err = fmt.Fprintf(stdout, "已恢复到 %s：大厅 %s，%s 的备份（%s），%d 条记录，%d 个分段，%d 个签名检查点，%d 把个人密钥，%d 张照片，树根 %s\n"+
		"Restored into %s: hall %s, a backup of %s (%s), %d records, %d segments, %d signed checkpoints, %d keys of people, %d pictures, root %s\n",
		*data, out.Header.Hall, out.Header.Made.Format(time.DateTime), out.Name, out.Log.Records, out.Log.Segments, out.Log.Checkpoints, out.Keys, out.Photos, out.Log.Root,
		*data, out.Header.Hall, out.Header.Made.Format(time.DateTime), out.Name, out.Log.Records, out.Log.Segments, out.Log.Checkpoints, out.Keys, out.Photos, out.Log.Root)
	return err
}

// runTakeOver is for the hall that decides against the hub that has superseded this one.
func runTakeOver(_ context.Context, args []string, stdout, _ io.Writer) error {
	var data *string
	if shown, err := flagSet("take-over", stdout, args, func(fs *flag.FlagSet) { data = dataFlag(fs) }); shown || err != nil {
		return err
	}
	epoch, err := app.TakeOver(*data)
	if err != nil {
		return bilingual.Errorf("没有接替成（%s）：%w", "take over with %s: %w", *data, err)
	}
	_, err = fmt.Fprintf(stdout, "%s 现在是本大厅最新的数据（第 %d 代）；先关掉另一台主机，再启动这台。另一台此后登记的内容不在其中\n"+
		"%s is the latest data of the hall now (epoch %d); switch the other hub off, then start this one. What the other has stored since is not in it\n", *data, epoch, *data, epoch)
	return err
}

func runForget(ctx context.Context, args []string, stdout, _ io.Writer) error {
	var data *string
	var reason, reference string
	whose := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		whose, args = args[0], args[1:]
	}
	if shown, err := flagSet("forget PERSON", stdout, args, func(fs *flag.FlagSet) {
		data = dataFlag(fs)
		fs.StringVar(&reason, "reason", "", "理由 / why: `WORDS`")
		fs.StringVar(&reference, "reference", "", "申请文书 / the `LETTER` in which the person asked")
	}); shown || err != nil {
		return err
	}
	if whose == "" || reason == "" || reference == "" {
		return wrongUse("forget 要写明 人员 --reason 理由 --reference 申请文书，人员如 staff-s01 或 case-…", "forget needs PERSON --reason WORDS --reference LETTER, PERSON like staff-s01 or case-…")
	}
	if err := operate(ctx, *data, http.MethodPost, "personal/forget", map[string]string{"whose": whose, "reason": reason, "reference": reference}, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintf(stdout, "%s 的密钥已销毁，其个人信息任何人都不能再读出\nThe key of %s is destroyed; nobody can read what was sealed under it\n", whose, whose)
	return err
}
