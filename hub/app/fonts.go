package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/report"
)

// Where Debian's fonts-noto-cjk and fonts-lxgw-wenkai keep their files.
const (
	notoFolder   = "/usr/share/fonts/opentype/noto"
	wenkaiFolder = "/usr/share/fonts/truetype/lxgw-wenkai"
)

// fonts are read once, when the first PDF is made; a hall that makes none needs none.
type fonts struct {
	// own is the bureau's folder of fonts, looked into first; empty for none.
	own string

	mu    sync.Mutex
	ready *report.Fonts
}

// load opens the fonts. They stay open as long as the hub runs.
func (f *fonts) load() (*report.Fonts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ready != nil {
		return f.ready, nil
	}
	var files report.FontFiles
	var opened []io.Closer
	for _, x := range []struct {
		into  *io.ReaderAt
		names []string
	}{
		{&files.Song, []string{"song.otf", "song.ttf", notoFolder + "/NotoSerifCJK-Regular.ttc"}},
		{&files.SongBold, []string{"xiaobiaosong.otf", "xiaobiaosong.ttf", notoFolder + "/NotoSerifCJK-Bold.ttc"}},
		{&files.Hei, []string{"heiti.otf", "heiti.ttf", notoFolder + "/NotoSansCJK-Regular.ttc"}},
		{&files.FangSong, []string{"fangsong.otf", "fangsong.ttf"}},
		{&files.Kai, []string{"kaiti.otf", "kaiti.ttf", wenkaiFolder + "/LXGWWenKai-Regular.ttf"}},
	} {
		file, err := f.first(x.names)
		if err != nil {
			return nil, errors.Join(err, closeAll(opened))
		}
		if file != nil {
			*x.into, opened = file, append(opened, file)
		}
	}
	ready, err := report.NewFonts(files)
	if err != nil {
		return nil, errors.Join(noFonts(err), closeAll(opened))
	}
	f.ready = ready
	return ready, nil
}

// first opens the first file that is there; nil where none is.
func (f *fonts) first(names []string) (*os.File, error) {
	for _, name := range names {
		if !filepath.IsAbs(name) {
			if f.own == "" {
				continue
			}
			name = filepath.Join(f.own, name)
		}
		file, err := os.Open(name)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, noFonts(err)
		}
	}
	return nil, nil
}

func noFonts(err error) error {
	return fmt.Errorf("%w: %w", &hall.Error{Code: hall.CodeUnavailable, Name: "fonts_missing",
		ZH: "主机缺少生成 PDF 的中文字体：请安装软件包 fonts-noto-cjk，或在设置 fonts 中指定字体目录；XLSX 和 DOCX 不受影响",
		EN: "the hub has no Chinese fonts for PDF: install the package fonts-noto-cjk, or name a folder of fonts in the setting fonts; XLSX and DOCX need none"}, err)
}

func closeAll(all []io.Closer) error {
	var errs []error
	for _, c := range all {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
