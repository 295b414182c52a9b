package bilingual

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatIsPrinted(t *testing.T) {
	_, missing := os.Open(filepath.Join(t.TempDir(), "none"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, taken := net.Listen("tcp", l.Addr().String())
	locked := New("另一个程序在用这个数据文件夹", "another program is using this data folder")
	rows := []struct {
		what   string
		err    error
		zh, en string
	}{
		{"a sentence of its own", Errorf("%s 已经有了", "%s is there already", "a.age"), "a.age 已经有了", "a.age is there already"},
		{"its order may differ", Errorf("%[2]s 的 %[1]d 处", "%[1]d faults of %[2]s", 3, "log"), "log 的 3 处", "3 faults of log"},
		{"what it wraps is in Chinese too", Errorf("读不了设置：%w", "read the settings: %w", missing), "读不了设置：*/none：没有这个文件或文件夹，请核对路径", "read the settings: open */none: no such file or directory: look at the path"},
		{"what somebody else has wrapped", fmt.Errorf("verify the log in data: %w", fmt.Errorf("%w: it is locked", locked)), "另一个程序在用这个数据文件夹", "verify the log in data: another program is using this data folder: it is locked"},
		{"a cause alone", fmt.Errorf("serve: %w", taken), "*地址已被另一个程序占用，请停掉那个程序或另选一个地址", "serve: listen tcp *: bind: address already in use: stop the program that has it, or choose another address"},
		{"two at once", errors.Join(locked, missing), "另一个程序在用这个数据文件夹；*没有这个文件或文件夹，请核对路径", "another program is using this data folder\nopen */none: no such file or directory: look at the path"},
		{"what nobody has words for", errors.New("page 7 is odd"), "没有完成，原因：page 7 is odd", "page 7 is odd"},
		{"what nobody has words for, within", Errorf("日志读不了：%w", "read the log: %w", errors.New("page 7 is odd")), "日志读不了：page 7 is odd", "read the log: page 7 is odd"},
	}
	for _, row := range rows {
		var b strings.Builder
		Print(&b, "hub", row.err)
		zh, en, _ := strings.Cut(b.String(), "\n")
		if !like("hub: "+row.zh, zh) || !like("hub: "+row.en+"\n", en) {
			t.Errorf("%s:\n%s", row.what, b.String())
		}
	}
	if err := Errorf("读不了：%w", "read: %w", missing); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what is wrapped is not found")
	}
	if err := fmt.Errorf("%w: more", locked); !errors.Is(err, locked) {
		t.Error("a kind of error is not found")
	}
}

// like compares where * stands for anything.
func like(want, got string) bool {
	parts := strings.Split(want, "*")
	if !strings.HasPrefix(got, parts[0]) || !strings.HasSuffix(got, parts[len(parts)-1]) {
		return false
	}
	for _, p := range parts {
		i := strings.Index(got, p)
		if i < 0 {
			return false
		}
		got = got[i+len(p):]
	}
	return true
}

func TestWrongFlagsAreInBothLanguages(t *testing.T) {
	for args, want := range map[string]string{
		"--frob": "没有 --frob 这个参数", "--n": "参数 --n 后面要有值", "--n=x": `参数 --n 的值 "x" 不对`, "--b=x": `参数 --b 的值 "x" 不对`, "---": "参数 --- 的写法不对",
	} {
		f := flag.NewFlagSet("", flag.ContinueOnError)
		f.SetOutput(io.Discard)
		f.Int("n", 0, "")
		f.Bool("b", false, "")
		err := f.Parse([]string{args})
		if zh, _ := Chinese(Flags(err)); zh != want || Flags(err).Error() != err.Error() {
			t.Errorf("%s: %s", args, zh)
		}
	}
}

func TestAllThatIsWrappedIsFound(t *testing.T) {
	one, other := New("甲", "one"), errors.New("other")
	err := Errorf("%w：%w", "%w: %w", one, other)
	if !errors.Is(err, one) || !errors.Is(err, other) || err.Error() != "one: other" || err.Chinese() != "甲：other" {
		t.Errorf("%v, %s", err, err.Chinese())
	}
}
