// Command hub is the hall's program: it serves the hall, shows a simulated one,
// and looks after the log.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // a hub PC may have no zone files

	"hallkeeper/bilingual"
	"hallkeeper/format"
	"hallkeeper/settings"
)

// version is set by the build.
var version = "unversioned"

func main() { os.Exit(program()) }

// heapGrows is the heap's growth between two collections, in percent: a hub PC
// has memory to spare, and a rush of events should not be spent collecting.
const heapGrows = 300

// heapLimit is the memory from which on it is collected more often, whatever has
// grown: what a hall of ten years needs is a third of it, and a question about a
// year or a replay should not leave the hub large. GOMEMLIMIT says otherwise.
const heapLimit = 192 << 20

func program() int {
	debug.SetGCPercent(heapGrows)
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heapLimit)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return exit(os.Stderr, run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// usageError is a wrong command line: exit status 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// wrongUse is a wrong command line in both languages; see bilingual.Errorf.
func wrongUse(zh, en string, args ...any) error {
	return usageError{bilingual.Errorf(zh, en, args...)}
}

func exit(stderr io.Writer, err error) int {
	var usage usageError
	var faults *settings.Faults
	var newer *format.Newer
	var unfit *format.Unfit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		bilingual.Print(stderr, "hub", bilingual.Errorf("%w；hub --help 列出所有命令", "%w; hub --help lists what there is", err))
		return 2
	case errors.As(err, &faults):
		faults.Print(stderr, "hub")
		return 2
	case errors.As(err, &newer):
		_, _ = fmt.Fprintf(stderr, "hub: %v\n", newer)
		return format.ExitStatus
	case errors.As(err, &unfit):
		_, _ = fmt.Fprintf(stderr, "hub: %v\n", unfit)
		return format.ExitStatus
	}
	bilingual.Print(stderr, "hub", err)
	return 1
}

type command struct {
	name, zh, en string
	run          func(ctx context.Context, args []string, stdout, stderr io.Writer) error
	hidden       bool
}

func commands() []command {
	return []command{
		{"init", "建立一个新大厅：询问必要的事项，写设置文件", "make a new hall: ask what must be known and write the settings file", runInit, false},
		{"serve", "启动大厅主机", "serve the hall", runServe, false},
		{"demo", "启动一个模拟大厅（窗口为真实代理程序，引脚为模拟）", "start a whole hall with simulated windows", runDemo, false},
		{"verify", "校验日志：校验和、编号、次序、默克尔树、签名检查点与公布结果", "check the log: checksums, numbering, order, tree, signed checkpoints, publications", runVerify, false},
		{"replay", "由日志重建视图", "make the views again from the log", runReplay, false},
		{"backup", "加密备份整个数据文件夹，主机运行时也可以", "an encrypted copy of the whole data folder, also while the hub runs", runBackup, false},
		{"restore", "把备份恢复到空文件夹并校验：restore FILE --identity KEYFILE", "read a backup into an empty folder and check it: restore FILE --identity KEYFILE", runRestore, false},
		{"take-over", "让这份已被接替的数据重新成为本大厅的主机", "make a copy of the hall that was superseded the right one again", runTakeOver, false},
		{"renew-key", "丢失的密钥无处可寻时换一把新的：renew-key FILE", "make another key where one is lost for good: renew-key FILE", runRenewKey, false},
		{"forget", "按申请删除一人的个人信息：forget PERSON --reason --reference", "remove a person's data on request: forget PERSON --reason --reference", runForget, false},
		{"export", "以 JSON 行导出日志", "print the log as JSON lines", runExport, false},
		{"token", "管理接口令牌：token create、list、revoke", "manage API tokens: token create, list, revoke", runToken, false},
		{"certificates", "为外部 MQTT 服务器签发证书、导出撤销列表：certificates issue-broker、crl", "give an external broker its certificate and the list of revoked ones: certificates issue-broker, crl", runCertificates, false},
		{"import", "演算一份写成文字的大厅（测试用例），并与其预期比较", "play days of a hall that are written down and compare their sheets", runImport, false},
		{"policy", "检查考核政策文件并演算其用例：policy check FILE；policy show", "check an assessment policy and play its cases: policy check FILE, policy show", runPolicy, false},
		{"doctor", "检查本机与数据，用通俗的话说明", "look at this machine and its data and say in plain words what is wrong", runDoctor, false},
		{"notify-test", "按设置 notify 发送一条测试消息", "send a test message to those whom the setting notify names", runNotifyTest, false},
		{"inspect-segment", "", "", runInspect, true},
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return wrongUse("没有写命令", "which command?")
	}
	switch args[0] {
	case "--help", "-h", "help":
		return help(stdout)
	case "--version", "version":
		_, err := fmt.Fprintf(stdout, "hub %s\n", version)
		return err
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], stdout, stderr)
		}
	}
	return wrongUse("没有 %q 这个命令", "there is no command %q", args[0])
}

func help(w io.Writer) error {
	_, err := fmt.Fprint(w, "Hallkeeper 政务服务大厅主机 / the hall's hub\n\n用法 Usage: hub COMMAND [--flags]\n\n")
	for _, c := range commands() {
		if !c.hidden && err == nil {
			_, err = fmt.Fprintf(w, "  %-8s %s\n           %s\n", c.name, c.zh, c.en)
		}
	}
	if err == nil {
		_, err = fmt.Fprint(w, "\nhub COMMAND --help 显示该命令的参数 / shows its flags. hub --version\n")
	}
	return err
}
