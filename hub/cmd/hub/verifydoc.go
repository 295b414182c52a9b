package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/note"

	"hallkeeper/bilingual"
	"hallkeeper/hub/app"
)

// showFiles says what became of the files that have left the hub.
func showFiles(w io.Writer, f *app.Files) error {
	lines := []string{}
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if f.Equal > 0 {
		add("✓ 抄送与下载的文件 %d 个重新生成，逐字节一致 files sent or downloaded: %d made again, equal byte for byte", f.Equal, f.Equal)
	}
	if f.Other > 0 {
		add("△ %d 个文件由程序的另一版本生成，现在的版本生成的不同 %d files were made by another version of this program and are different now", f.Other, f.Other)
	}
	if f.Removed > 0 {
		add("△ %d 个文件中的姓名已按规定删除（日志有记录），不能再逐字节生成 %d files: names in them were removed as prescribed, as the log says, and they cannot be made again byte for byte", f.Removed, f.Removed)
	}
	if f.Untold > 0 {
		add("△ %d 个文件的记录没有写明如何生成，无法重新生成 %d files: their records do not say how they were made", f.Untold, f.Untold)
	}
	if f.Unmade > 0 {
		add("△ %d 个文件无法在这台机器上重新生成 %d files cannot be made on this machine: %v", f.Unmade, f.Unmade, f.Why)
	}
	for _, wrong := range f.Wrong {
		add("✕ 文件不一致 file differs: %s", wrong)
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// largestDocument bounds what is read of a file that somebody brings.
const largestDocument = 256 << 20

// verifyDocument says in both languages whether a document is what the log gives.
func verifyDocument(ctx context.Context, cfg app.Config, key note.Verifier, path, out string, stdout io.Writer) error {
	file, err := readDocument(path)
	if err != nil {
		return bilingual.Errorf("读不了文件：%w", "read the document: %w", err)
	}
	faults, p, err := app.VerifyDocument(ctx, cfg, key, file)
	if err != nil {
		return bilingual.Errorf("%s 没有与 %s 里的日志核对成：%w", "verify %s with the log in %s: %w", path, cfg.Data, err)
	}
	if len(faults) > 0 {
		return bilingual.Errorf("%s 里的日志有 %d 处错误（%s …）：请先运行不带 --document 的 hub verify", "the log in %s has %d faults (%s …): run hub verify without --document first", cfg.Data, len(faults), faults[0])
	}
	if out != "" && p.Again != nil {
		if err := os.WriteFile(out, p.Again, 0o600); err != nil {
			return bilingual.Errorf("写不了按日志重作的文件：%w", "write the document as the log gives it: %w", err)
		}
	}
	for _, line := range documentLines(p) {
		if _, err := fmt.Fprintln(stdout, line); err != nil {
			return err
		}
	}
	if !p.OK() {
		return bilingual.New("文件与日志给出的最新一版不符，差别见上面各行", "the document is not what the log gives of the newest revision; the lines above say how")
	}
	return nil
}

func readDocument(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	file, err := io.ReadAll(io.LimitReader(f, largestDocument+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(file) > largestDocument {
		return nil, bilingual.Errorf("%s 比大厅的任何文件都大", "%s is larger than any document of a hall", path)
	}
	return file, nil
}

func documentLines(p *app.DocumentProof) (lines []string) {
	say := func(zh, en string) { lines = append(lines, zh, "  "+en) }
	sayf := func(zh, en string, args ...any) { say(fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)) }
	pub := p.Publication
	switch {
	case pub == nil && p.Stamp.Period != "" && p.Stamp.Revision == 0:
		sayf("✕ 这是 %s 的未公布文件（拟稿），不是公布结果", "✕ this is an unpublished document of %s, a draft, and no publication", p.Stamp.Period)
		return lines
	case pub == nil:
		sayf("✕ 文件上的结果摘要 %.12s 不是本日志的公布结果：文件是伪造的，或属于另一个大厅", "✕ the digest %.12s on the document is that of no publication of this log: it is forged, or of another hall", orNone(p.Stamp.Digest))
		if p.Newest > 0 {
			sayf("  日志中 %s 公布到第 %d 版", "of %s the log has revisions up to %d", p.Stamp.Period, p.Newest)
		}
		return lines
	case !pub.OK():
		sayf("✕ %s 第 %d 版与日志重算的结果不符：%s", "✕ %s revision %d is not what its records give: %s", pub.Period, pub.Revision, pub.Fault)
	}
	id := []any{pub.Period, pub.Revision, pub.Digest}
	switch p.Sameness {
	case app.Same:
		sayf("✓ 与日志给出的 %s 第 %d 版逐字节一致（摘要 %.12s）", "✓ equal byte for byte to what the log gives of %s, revision %d (digest %.12s)", id...)
	case app.OtherLooks:
		sayf("△ 摘要与 %s 第 %d 版一致（%.12s），文字也一致，字节不同：由另一版本的程序生成，或保存时改动了格式", "△ the digest is that of %s, revision %d (%.12s), the text is the same, the bytes are not: made by another version of this program, or saved again", id...)
	case app.OtherBytes:
		sayf("△ 摘要与 %s 第 %d 版一致（%.12s），字节不同：用了另外的字体或另一版本的程序，或内容被改动；请用 --out 写出按日志生成的文件对照", "△ the digest is that of %s, revision %d (%.12s), the bytes are not: made with other fonts or by another version of this program, or altered. Compare with the file that --out writes", id...)
	case app.OtherText:
		sayf("✕ 摘要是 %s 第 %d 版的（%.12s），但内容被改动", "✕ the digest is that of %s, revision %d (%.12s), but the text is not", id...)
		if d := p.Difference; d != nil {
			sayf("  %s：文件中是“%s”，日志给出的是“%s”", "%s: it has “%s” where the log gives “%s”", d.Part, orNone(d.Has), orNone(d.Lacks))
		}
	case app.Unmade:
		sayf("△ 摘要与 %s 第 %d 版一致（%.12s），但无法重新生成来比对：%v", "△ the digest is that of %s, revision %d (%.12s), but the document cannot be made again to compare: %v", append(id, p.Why)...)
	}
	if len(p.Removed) > 0 && p.Sameness != app.Same {
		sayf("  文件中有 %d 人的姓名已按规定删除，重新生成的文件没有这些姓名", "the names of %d people in it were removed as prescribed; what was made again is without them", len(p.Removed))
	}
	if p.Stamp.Version != "" && p.Stamp.Version != version && p.Sameness != app.Same {
		sayf("  文件由程序版本 %s 生成，本程序是 %s", "it was made by version %s of this program; this is %s", p.Stamp.Version, version)
	}
	for _, x := range p.Foreign {
		sayf("✕ 文件的“%s”是“%s”，设置中是“%s”：请用 --config 指定大厅的设置；若已指定，文件不是本大厅出具的", "✕ the document's %s is “%s”, in the settings it is “%s”: name the hall's settings with --config; if you did, it is not of this hall", x.Name, orNone(x.Says), orNone(x.Settings))
	}
	if p.Newest > pub.Revision {
		sayf("△ 这是旧版：%s 已由第 %d 版取代", "△ an older revision: %s is superseded by revision %d", pub.Period, p.Newest)
	}
	return lines
}

func orNone(s string) string {
	if s == "" {
		return "—"
	}
	return s
}
