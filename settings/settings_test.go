package settings

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"hallkeeper/format"
)

type hall struct {
	Name     string            `yaml:"name"`
	LogLevel slog.Level        `yaml:"log_level"`
	HTTP     web               `yaml:"http"`
	Sizes    []int             `yaml:"sizes"`
	Tags     []string          `yaml:"tags"`
	Windows  map[string]window `yaml:"windows"`
	Shifts   []shift           `yaml:"shifts"`
	Ratio    float64           `yaml:"ratio"`
	Small    uint8             `yaml:"small"`
	Level    int8              `yaml:"level"`
	Untagged string
}

type web struct {
	Addr    string        `yaml:"addr"`
	Timeout time.Duration `yaml:"timeout"`
	TLS     bool          `yaml:"tls"`
}

type window struct {
	Number string `yaml:"number"`
	Open   bool   `yaml:"open"`
}

type shift struct {
	From string `yaml:"from"`
}

func (w *web) Check() error {
	var wrong []error
	if w.Addr != "" && !strings.Contains(w.Addr, ":") {
		wrong = append(wrong, At("addr", "应填 主机:端口，写的是 %q", "expected host:port, got %q", w.Addr))
	}
	if w.TLS && w.Timeout == 0 {
		wrong = append(wrong, At("timeout", "用 TLS 时应填时限", "expected a time-out with tls"))
	}
	return errors.Join(wrong...)
}

func (w window) Check() error {
	if w.Number == "13" {
		return errors.New("no hall has this window")
	}
	return nil
}

func defaults() hall {
	return hall{Name: "default", HTTP: web{Addr: ":8080", Timeout: time.Second}}
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hub.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestWhatIsSetWhere(t *testing.T) {
	for _, c := range []struct {
		says  string
		file  string
		env   []string
		flags []Flag
		want  func(*hall)
	}{
		{says: "nothing is set, the defaults stay", want: func(*hall) {}},
		{says: "an empty file changes nothing", file: "# only a remark\n", want: func(*hall) {}},
		{says: "the file sets every sort of value",
			file: "name: 12\nlog_level: warn\nhttp: {addr: 'h:1', timeout: 1m30s, tls: true}\nsizes: [1, 2]\ntags: [a, 'b c']\n" +
				"windows: {w1: {number: 01, open: true}}\nshifts:\n- from: 9:00\nratio: 1.5\nsmall: 255\nlevel: -128\n",
			want: func(h *hall) {
				h.Name, h.LogLevel, h.HTTP = "12", slog.LevelWarn, web{"h:1", 90 * time.Second, true}
				h.Sizes, h.Tags, h.Windows = []int{1, 2}, []string{"a", "b c"}, map[string]window{"w1": {"01", true}}
				h.Shifts, h.Ratio, h.Small, h.Level = []shift{{"9:00"}}, 1.5, 255, -128
			}},
		{says: "a file may say in which form it is", file: "format: 1\nname: b\n", want: func(h *hall) { h.Name = "b" }},
		{says: "a part of a section leaves the rest of it", file: "http:\n  timeout: 2s\n",
			want: func(h *hall) { h.HTTP.Timeout = 2 * time.Second }},
		{says: "the environment outranks the file and a flag outranks both",
			file: "name: file\nhttp: {addr: 'file:1', timeout: 3s}\n",
			env:  []string{"HALL_HTTP_ADDR=env:1", "HALL_NAME=env", "OTHER_NAME=x", "PATH=/bin"}, flags: []Flag{{"--name", "name", "flag"}},
			want: func(h *hall) { h.Name, h.HTTP.Addr, h.HTTP.Timeout = "flag", "env:1", 3*time.Second }},
		{says: "a variable has a list with commas", env: []string{"HALL_TAGS=a, b,c", "HALL_SIZES=1,2"},
			want: func(h *hall) { h.Tags, h.Sizes = []string{"a", "b", "c"}, []int{1, 2} }},
		{says: "an empty variable is not set", env: []string{"HALL_NAME=", "HALL_NO_SUCH="}, want: func(*hall) {}},
		{says: "a variable changes a field of a map entry that the file made",
			file: "windows: {w-01: {number: '1'}}\n", env: []string{"HALL_WINDOWS_W_01_NUMBER=2"},
			want: func(h *hall) { h.Windows = map[string]window{"w-01": {Number: "2"}} }},
		{says: "anchors work", file: "windows:\n  a: &w {number: '7'}\n  b: *w\n",
			want: func(h *hall) { h.Windows = map[string]window{"a": {Number: "7"}, "b": {Number: "7"}} }},
	} {
		t.Run(c.says, func(t *testing.T) {
			file := ""
			if c.file != "" {
				file = write(t, c.file)
			}
			got, want := defaults(), defaults()
			c.want(&want)
			if err := Load(&got, file, c.env, c.flags...); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// A file of a newer program is refused for that alone: what this one takes for mistakes are none.
func TestAFileOfANewerProgramIsRefusedForThat(t *testing.T) {
	got := defaults()
	var newer *format.Newer
	if err := Load(&got, write(t, "faces: yes\nformat: 2\nname: [1]\n"), nil); !errors.As(err, &newer) || !strings.Contains(newer.What, "format 2") {
		t.Error(err)
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	for _, c := range []struct {
		says  string
		file  string
		env   []string
		flags []Flag
		want  []string // FILE stands for the file's path
	}{
		{says: "a form that is none", file: "format: new\n", want: []string{`FILE:1: format: expected 1, the form of these settings`}},
		{says: "an unknown key with its likely name", file: "name: a\nhtpt:\n  addr: x:1\n",
			want: []string{`FILE:2: htpt: unknown key, did you mean http?`}},
		{says: "an unknown key like no other lists what there is", file: "http:\n  something: 1\n",
			want: []string{`FILE:2: http.something: unknown key, expected one of addr timeout tls`}},
		{says: "many mistakes are told at once",
			file: "name: [a]\nhttp:\n  timeout: fast\n  tls: yes\nsizes: [1, two]\nsmall: 256\nratio: .nan\n",
			env:  []string{"HALL_LEVEL=200", "HALL_HTP_ADDR=x"}, flags: []Flag{{"--level", "level", "x"}},
			want: []string{
				`FILE:1: name: expected a text, got a list`,
				`FILE:3: http.timeout: expected a duration such as 500ms, 30s or 1h30m, got "fast"`,
				`FILE:4: http.tls: expected true or false, got "yes"`,
				`FILE:5: sizes[1]: expected a whole number, got "two"`,
				`FILE:6: small: expected a whole number from 0 to 255, got "256"`,
				`FILE:7: ratio: expected a number, got ".nan"`,
				`HALL_LEVEL: level: expected a whole number from -128 to 127, got "200"`,
				`HALL_HTP_ADDR: unknown setting, did you mean HALL_HTTP_ADDR?`,
				`--level: level: expected a whole number from -128 to 127, got "x"`,
			}},
		{says: "a key without a value", file: "name:\n", want: []string{`FILE:1: name: expected a text, got nothing`}},
		{says: "a key that is there twice", file: "name: a\nname: b\n", want: []string{`FILE:2: name: expected each key once, it is on line 1 too`}},
		{says: "a level that is none", file: "log_level: loud\n", want: []string{`FILE:1: log_level: slog: level string "loud": unknown name (got "loud")`}},
		{says: "a section that is a value", file: "http: 80\n", want: []string{`FILE:1: http: expected keys and values, got "80"`}},
		{says: "broken YAML", file: "name: a\nhttp: {addr\n", want: []string{`FILE:1: expected YAML: did not find expected ',' or '}'`}},
		{says: "a second document", file: "name: a\n---\nname: b\n", want: []string{`FILE:2: expected one document, found a second one`}},
		{says: "a check names the line of the key it blames", file: "http:\n  addr: nowhere\n",
			want: []string{`FILE:2: http.addr: expected host:port, got "nowhere"`}},
		{says: "a check names the variable of the key it blames", env: []string{"HALL_HTTP_ADDR=nowhere"},
			want: []string{`HALL_HTTP_ADDR: http.addr: expected host:port, got "nowhere"`}},
		{says: "a check blames the flag that set the value", file: "http: {addr: 'a:1'}\n", flags: []Flag{{"--http", "http.addr", "nowhere"}},
			want: []string{`--http: http.addr: expected host:port, got "nowhere"`}},
		{says: "a check's errors are told one by one", file: "http: {addr: nowhere, tls: true, timeout: 0s}\n",
			want: []string{`FILE:1: http.addr: expected host:port, got "nowhere"`, `FILE:1: http.timeout: expected a time-out with tls`}},
		{says: "checks are told beside mistakes of other kinds", file: "colour: blue\nsmall: 256\nhttp: {addr: nowhere}\n",
			want: []string{`FILE:1: colour: unknown key, expected one of http level log_level name ratio shifts sizes small tags windows`,
				`FILE:2: small: expected a whole number from 0 to 255, got "256"`, `FILE:3: http.addr: expected host:port, got "nowhere"`}},
		{says: "a map's entries are checked", file: "windows:\n  w1: {number: '1'}\n  w2: {number: '13'}\n",
			want: []string{`FILE:3: windows.w2: no hall has this window`}},
		{says: "a long value is cut", file: "small: " + strings.Repeat("9", 100) + "\n",
			want: []string{`FILE:1: small: expected a whole number from 0 to 255, got "` + strings.Repeat("9", 60) + `…"`}},
	} {
		t.Run(c.says, func(t *testing.T) {
			file := ""
			if c.file != "" {
				file = write(t, c.file)
			}
			got := defaults()
			err := Load(&got, file, c.env, c.flags...)
			var faults *Faults
			if !errors.As(err, &faults) {
				t.Fatalf("got %v, want faults", err)
			}
			want := strings.ReplaceAll(strings.Join(c.want, "\n"), "FILE", file)
			if err.Error() != want {
				t.Errorf("got\n%v\nwant\n%v", err, want)
			}
			for _, f := range faults.List {
				if none := f.Problem == "no hall has this window"; (f.ProblemZH == "") != none || strings.Contains(f.ProblemZH+f.Problem, "%!") {
					t.Errorf("in Chinese: %q", f.ProblemZH)
				}
			}
		})
	}
}

func TestWhatPeopleRead(t *testing.T) {
	file := write(t, "name: [a]\nhtpt: 1\nsmall: 256\nhttp: {addr: nowhere, timeout: }\nwindows:\n  w2: {number: '13'}\n")
	got := defaults()
	var faults *Faults
	if err := Load(&got, file, nil); !errors.As(err, &faults) {
		t.Fatal(err)
	}
	var b strings.Builder
	faults.Print(&b, "hub")
	want := `hub: 设置有 6 处错误，没有启动。下面逐处列出：文件和行号、设置项、应填什么；改好后再试
hub: mistakes in the settings: 6, nothing was started; each stands below with its file and line, its key and what is expected
FILE:1: name: 应填文字，写的是列表
FILE:1: name: expected a text, got a list
FILE:2: htpt: 没有这个设置项，是不是 http？
FILE:2: htpt: unknown key, did you mean http?
FILE:3: small: 应填 0 至 255 的整数，写的是 "256"
FILE:3: small: expected a whole number from 0 to 255, got "256"
FILE:4: http.timeout: 应填一段时间，如 500ms、30s、1h30m，写的是空的
FILE:4: http.timeout: expected a duration such as 500ms, 30s or 1h30m, got nothing
FILE:4: http.addr: 应填 主机:端口，写的是 "nowhere"
FILE:4: http.addr: expected host:port, got "nowhere"
FILE:6: windows.w2: no hall has this window
`
	if got := strings.ReplaceAll(b.String(), file, "FILE"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAMissingFileIsAFault(t *testing.T) {
	var h hall
	err := Load(&h, "/nowhere/at/all.yaml", nil)
	want := "/nowhere/at/all.yaml: expected a settings file that can be read: no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// needy has a setting without a default.
type needy struct {
	Name string `yaml:"name"`
}

func (n *needy) Check() error {
	if n.Name == "" {
		return At("name", "应填名称", "expected a name")
	}
	return nil
}

func TestOfAFileThatCannotBeReadNothingIsMissing(t *testing.T) {
	torn := filepath.Join(t.TempDir(), "torn.yaml")
	if err := os.WriteFile(torn, []byte("name: [w01\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty.yaml")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		file    string
		environ []string
		want    []string
	}{
		{"/nowhere/at/all.yaml", nil, []string{"can be read"}},
		{torn, nil, []string{"expected YAML"}},
		{"/nowhere/at/all.yaml", []string{"HALL_NAMES=x"}, []string{"can be read", "HALL_NAMES: unknown setting"}},
		{empty, nil, []string{"expected a name"}},
	} {
		var n needy
		var faults *Faults
		if err := Load(&n, row.file, row.environ); !errors.As(err, &faults) || len(faults.List) != len(row.want) {
			t.Errorf("%s: want %q alone, got %v", row.file, row.want, err)
			continue
		}
		for i, want := range row.want {
			if got := faults.List[i].String(); !strings.Contains(got, want) {
				t.Errorf("%s: want %q, got %q", row.file, want, got)
			}
		}
	}
}

func TestAStructThatCannotHoldSettingsIsRefused(t *testing.T) {
	for _, dst := range []any{
		nil, hall{}, new(int), (*hall)(nil),
		&struct {
			C chan int `yaml:"c"`
		}{},
		&struct {
			A  int `yaml:"a_b"`
			AB struct {
				B int `yaml:"b"`
			} `yaml:"a"`
		}{},
	} {
		err := Load(dst, "", nil)
		var faults *Faults
		if err == nil || errors.As(err, &faults) {
			t.Errorf("%T: got %v, want an error about the type", dst, err)
		}
	}
}

func TestListNamesEverySetting(t *testing.T) {
	h := defaults()
	list, err := List(&h)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		got = append(got, fmt.Sprintf("%s %s=%s", s.Key, s.Env, s.Default))
	}
	want := "name HALL_NAME=default|log_level HALL_LOG_LEVEL=INFO|http.addr HALL_HTTP_ADDR=:8080|http.timeout HALL_HTTP_TIMEOUT=1s|" +
		"http.tls HALL_HTTP_TLS=false|sizes HALL_SIZES=|tags HALL_TAGS=|ratio HALL_RATIO=0|small HALL_SMALL=0|level HALL_LEVEL=0"
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("name: a\nhttp: {addr: 'a:1'}\nwindows: {a: &x {number: 1}, b: *x}\n", "HALL_TAGS=a,b")
	f.Add("&a [*a]", "HALL_")
	f.Add("? {a: b}\n: c", "")
	f.Fuzz(func(t *testing.T, text, variable string) {
		var h hall
		err := Load(&h, write(t, text), []string{variable})
		var faults *Faults
		if err != nil && (!errors.As(err, &faults) || len(faults.List) == 0) {
			t.Fatalf("%v is no list of faults", err)
		}
		if err != nil && strings.Count(err.Error(), "\n") != len(faults.List)-1 {
			t.Fatalf("not one line a fault: %q", err)
		}
	})
}
