package main

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"hallkeeper/bilingual"
	"hallkeeper/hub/fixture"
	"hallkeeper/hub/hall"
)

// runImport plays a fixture (docs/fixtures.md) through a log of its own. The exit
// status is 1 where a sheet is not as the fixture expects.
func runImport(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	var path, data, day string
	shown, err := flagSet("import", stdout, args, func(fs *flag.FlagSet) {
		fs.StringVar(&path, "fixture", "", "测试用例 / `FILE` with the days (docs/fixtures.md)")
		fs.StringVar(&data, "data", "", "保存到此空文件夹 / empty `DIR` to keep what was made (default: nothing is kept)")
		fs.StringVar(&day, "print", "", "同时打印这一天的检查表，或 all / `DAY` whose sheet is printed too, or all")
	})
	if shown || err != nil {
		return err
	}
	if path == "" {
		return wrongUse("import 要写明 --fixture 文件", "import needs --fixture FILE")
	}
	file, err := os.Open(path)
	if err != nil {
		return bilingual.Errorf("打不开测试用例：%w", "open the fixture: %w", err)
	}
	defer func() { _ = file.Close() }()
	f, err := fixture.Read(file)
	if err != nil {
		return bilingual.Errorf("%[1]s 有写得不对的地方，逐处列在下面，注明行号", "%[1]s does not read:\n%[2]w", path, err)
	}
	if data == "" {
		if data, err = os.MkdirTemp("", "hallkeeper-fixture-"); err != nil {
			return bilingual.Errorf("建不了文件夹：%w", "make a folder: %w", err)
		}
		defer func() {
			if rerr := os.RemoveAll(data); err == nil {
				err = rerr
			}
		}()
		data = filepath.Join(data, "hall")
	}
	result, err := f.Run(ctx, data, slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return bilingual.Errorf("%[1]s 演算不了，原因列在下面", "%[1]s cannot be played:\n%[2]w", path, err)
	}
	if day != "" {
		if err := printDays(stdout, result, day); err != nil {
			return err
		}
	}
	if err := result.Report(stdout); err != nil {
		return err
	}
	if n := len(result.Differences); n > 0 {
		return bilingual.Errorf("用例有 %d 处预期不成立，逐处列在上面，注明行号", "%d of the fixture's expectations do not hold; each stands above with its line", n)
	}
	return nil
}

func printDays(w io.Writer, r *fixture.Result, day string) error {
	if day != "all" {
		return r.Print(w, hall.Date(day))
	}
	for _, d := range r.Days() {
		if err := r.Print(w, d); err != nil {
			return err
		}
	}
	return nil
}
