package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"time"

	"hallkeeper/bilingual"
	"hallkeeper/hub/app"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/vault"
	"hallkeeper/wire"
)

func dataFlag(fs *flag.FlagSet) *string {
	return fs.String("data", "data", "数据文件夹 / `DIR` of everything the hub keeps")
}

func runVerify(ctx context.Context, args []string, stdout, _ io.Writer) error {
	var s settingFlags
	var logOnly *bool
	var document, out *string
	if shown, err := flagSet("verify", stdout, args, func(fs *flag.FlagSet) {
		s.define(fs)
		logOnly = fs.Bool("log-only", false, "只校验日志，不重新核算公布结果 / check the log alone, compute no publication again")
		document = fs.String("document", "", "核对一份公布的文件（PDF、DOCX、XLSX）/ compare this published document, a `FILE`, with what the log gives")
		out = fs.String("out", "", "把按日志重新生成的文件写到 / with --document: write the document as the log gives it to `FILE`")
	}); shown || err != nil {
		return err
	}
	cfg := app.Defaults()
	if err := s.load(&cfg); err != nil {
		return err
	}
	data := &cfg.Data
	if err := app.Newer(*data); err != nil { // before a key is read
		return err
	}
	key, err := vault.Verifier(app.KeyDir(*data))
	if err != nil {
		return bilingual.Errorf("%s 里的日志没有校验成：%w", "verify the log in %s: %w", *data, err)
	}
	if *document != "" {
		cfg.Version = version
		return verifyDocument(ctx, cfg, key, *document, *out, stdout)
	}
	var proof app.Proof
	cfg.Version = version
	if *logOnly {
		proof.Log, err = eventlog.Verify(app.LogDir(*data), key)
	} else {
		proof, err = app.VerifyAll(ctx, cfg, key)
	}
	if err != nil {
		return bilingual.Errorf("%s 里的日志没有校验成：%w", "verify the log in %s: %w", *data, err)
	}
	v := proof.Log
	for _, f := range v.Faults {
		if _, err := fmt.Fprintln(stdout, "✕", f); err != nil {
			return err
		}
	}
	if len(v.Faults) > 0 {
		return bilingual.Errorf("%s 里的日志有 %d 处错误：先原样复制一份文件夹，再从备份恢复所列的分段", "the log in %s has %d faults: keep a copy of the folder as it is, then restore the named segments from a backup", *data, len(v.Faults))
	}
	_, err = fmt.Fprintf(stdout, "日志完好：%d 条记录，%d 个分段，%d 个签名检查点，树根 %s\nThe log is whole: %d records, %d segments, %d signed checkpoints, root %s\n",
		v.Records, v.Segments, v.Checkpoints, v.Root, v.Records, v.Segments, v.Checkpoints, v.Root)
	if err != nil {
		return err
	}
	return showPublications(stdout, &proof)
}

// differing is how many of those whose result differs are named.
const differing = 5

// showPublications prints a line for each publication; the error says what to do where one is not what its records give.
func showPublications(w io.Writer, proof *app.Proof) error {
	for i := range proof.Publications {
		p := &proof.Publications[i]
		line := fmt.Sprintf("✓ %s 第 %d 版 revision %d  %.12s  一致 ok", p.Period, p.Revision, p.Revision, p.Digest)
		switch {
		case p.Fault != "":
			line = fmt.Sprintf("✕ %s 第 %d 版 revision %d  %.12s  位置 position %d: %s", p.Period, p.Revision, p.Revision, p.Digest, p.Position, p.Fault)
		case !p.OK():
			line = fmt.Sprintf("✕ %s 第 %d 版 revision %d  %.12s  不一致 differs: 由前 %d 条记录重算得 records up to %d give %.12s%s", p.Period, p.Revision, p.Revision, p.Digest, p.Through, p.Through, p.Again, changes(p.Differs))
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	if err := showFiles(w, &proof.Files); err != nil {
		return err
	}
	if n := proof.Wrong(); n > 0 && n == len(proof.Files.Wrong) {
		return bilingual.Errorf("有 %d 份发出的文件与日志不符：日志、个人密钥或字体此后变过。请用 hub verify --document 与收到的文件比较", "%d files that left the hub are not what the log gives: the log, the keys of people or the fonts have changed since. Compare with the files that were received, by hub verify --document", n)
	} else if n > 0 {
		return bilingual.Errorf("%[2]d 期公布结果中有 %[1]d 期与记录不符：公布的内容被人改过，或是由本程序的另一个版本公布的。先原样复制一份文件夹，再用同一个程序核对当时的备份，并与发出的文件比较",
			"%d of %d publications are not what their records give: somebody has altered what was published, or another version of this program published it. "+
				"Keep a copy of the folder as it is, verify a backup of the time of the publication with this same program, and compare with the documents that were handed out", n, len(proof.Publications))
	}
	return nil
}

// changes names the first who have another result.
func changes(all []assess.Change) string {
	text := ""
	points := func(p *float64) string {
		if p == nil {
			return "–"
		}
		return strconv.FormatFloat(*p, 'f', -1, 64)
	}
	for i, c := range all {
		if i == differing {
			return text + fmt.Sprintf("; … (%d)", len(all))
		}
		text += fmt.Sprintf("; %s %s %s → %s", c.To, c.ID, points(c.From), points(c.Until))
	}
	return text
}

func runExport(ctx context.Context, args []string, stdout, _ io.Writer) error {
	var data *string
	var after *uint64
	if shown, err := flagSet("export", stdout, args, func(fs *flag.FlagSet) {
		data = dataFlag(fs)
		after = fs.Uint64("after", 0, "从此位置之后开始 / begin after position `N`")
	}); shown || err != nil {
		return err
	}
	if err := app.Newer(*data); err != nil {
		return err
	}
	w := bufio.NewWriterSize(stdout, 1<<16)
	_, err := eventlog.Export(app.LogDir(*data), wire.Position(*after), func(line []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err := w.Write(line)
		return err
	})
	if err = errors.Join(err, w.Flush()); err != nil {
		return bilingual.Errorf("%s 里的日志没有导出：%w", "export the log in %s: %w", *data, err)
	}
	return nil
}

func runReplay(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var s settingFlags
	if shown, err := flagSet("replay", stdout, args, s.define); shown || err != nil {
		return err
	}
	cfg := app.Defaults()
	if err := s.load(&cfg); err != nil {
		return err
	}
	began := time.Now()
	position, digest, err := app.Replay(ctx, cfg, newLogger(cfg, stderr))
	if err != nil {
		return bilingual.Errorf("%s 的视图没有重建成：%w", "replay the log in %s: %w", cfg.Data, err)
	}
	took := time.Since(began).Seconds()
	_, err = fmt.Fprintf(stdout, "视图已由 %d 条记录重建，用时 %.1f 秒，摘要 sha256:%x\nThe views were made again from %d records in %.1f s, digest sha256:%x\n",
		position, took, digest, position, took, digest)
	return err
}

// runInspect is what the hub starts in a process of its own to look at a file
// that may make its reader fault.
func runInspect(_ context.Context, args []string, stdout, _ io.Writer) error {
	if len(args) != 1 {
		return wrongUse("inspect-segment 要写明一个文件", "inspect-segment needs one file")
	}
	report := struct {
		Fault string `json:"fault"`
	}{}
	if err := eventlog.InspectFile(args[0]); err != nil {
		report.Fault = err.Error()
	}
	return json.NewEncoder(stdout).Encode(report)
}
