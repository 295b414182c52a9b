package printer_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hallkeeper/agent/printer"
	"hallkeeper/agent/printer/paper"
	"hallkeeper/agent/printer/printertest"
	"hallkeeper/wire"
)

func ticket() wire.PrintTicket {
	wait := 480
	return wire.PrintTicket{Job: "j1", Hall: "演示政务服务大厅", Number: "A012", Service: "婚姻登记", Class: "elderly", Ahead: 3, Wait: &wait,
		Windows: []string{"01", "02"}, At: "2026-11-23 09:30", URL: "https://hall.example.cn/t/018f3c52-7a10-7000-8000-00000000000a"}
}

func TestATicketOnPaper(t *testing.T) {
	lines, err := paper.Read(printer.Bytes(ticket()))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range lines {
		if l.Text != "" {
			got = append(got, l.Text)
		}
		if l.Text == "A012" && (l.Width != 4 || l.Height != 4) {
			t.Errorf("the number is printed %d×%d", l.Width, l.Height)
		}
		if l.Code != "" {
			got = append(got, "QR "+l.Code)
		}
	}
	want := []string{"演示政务服务大厅", "婚姻登记", "A012", "老年人优先 elderly", "前面 3 人 约 8 分钟 / 3 ahead, about 8 min", "01、02 号窗口 window",
		"QR https://hall.example.cn/t/018f3c52-7a10-7000-8000-00000000000a", "手机扫码看进度 scan to follow", "2026-11-23 09:30", "请留意屏幕和语音叫号"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the paper says\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestNoTextBecomesACommand prints any text there is and reads it back.
func TestNoTextBecomesACommand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := wire.PrintTicket{Hall: rapid.String().Draw(t, "hall"), Number: "A001", Service: rapid.String().Draw(t, "service"),
			Windows: rapid.SliceOf(rapid.String()).Draw(t, "windows"), URL: rapid.StringMatching(`[ -~]{0,400}`).Draw(t, "url"), At: "2026-11-23 09:30"}
		lines, err := paper.Read(printer.Bytes(x))
		if err != nil {
			t.Fatalf("%+v: %v", x, err)
		}
		for _, l := range lines {
			if l.Text == "A001" {
				return
			}
		}
		t.Fatalf("%+v: the number is not on the paper", x)
	})
}

func TestWhatAPrinterLacksIsABox(t *testing.T) {
	x := ticket()
	x.Service = "𠮷田㐀ᠮᠣᠩ"
	lines, err := paper.Read(printer.Bytes(x))
	if err != nil {
		t.Fatal(err)
	}
	if lines[1].Text != "□田□□□□" {
		t.Errorf("printed %q", lines[1].Text)
	}
}

const notoCJK = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"

// TestThePictureHasTheCode draws a ticket and lets another program read its code.
func TestThePictureHasTheCode(t *testing.T) {
	if _, err := os.Stat(notoCJK); err != nil {
		t.Skip("needs fonts-noto-cjk")
	}
	if _, err := exec.LookPath("zbarimg"); err != nil {
		t.Skip("needs zbar-tools")
	}
	file := filepath.Join(t.TempDir(), "ticket.png")
	var b bytes.Buffer
	if err := paper.PNG(&b, printer.Bytes(ticket()), notoCJK); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("zbarimg", "--quiet", "--raw", file).Output()
	if err != nil || strings.TrimSpace(string(out)) != ticket().URL {
		t.Errorf("the code reads %q (%v)", out, err)
	}
}

func TestPrinting(t *testing.T) {
	for _, c := range []struct {
		what string
		set  func(*printertest.Printer)
		// fails with that reason; state afterwards.
		fails, state printer.State
		printed      int
	}{
		{"a ready printer", func(*printertest.Printer) {}, "", printer.Ready, 1},
		{"the paper is nearly at its end", func(p *printertest.Printer) { p.Set(false, true, false) }, "", printer.PaperLow, 1},
		{"no paper", func(p *printertest.Printer) { p.Set(true, false, false) }, printer.PaperOut, printer.PaperOut, 0},
		{"the cover is open", func(p *printertest.Printer) { p.Set(false, false, true) }, printer.CoverOpen, printer.CoverOpen, 0},
		{"the paper ends in the middle", (*printertest.Printer).RunOut, printer.PaperOut, printer.PaperOut, 0},
		{"the cable is pulled in the middle", (*printertest.Printer).HangUp, printer.Offline, printer.Ready, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			fake := printertest.New(t)
			p, err := printer.Open("tcp://"+fake.Address, "")
			if err != nil {
				t.Fatal(err)
			}
			c.set(fake)
			err = p.Print(t.Context(), ticket())
			var failed *printer.Failed
			switch {
			case c.fails == "" && err != nil:
				t.Fatal(err)
			case c.fails != "" && (!errors.As(err, &failed) || failed.Reason != c.fails):
				t.Fatalf("failed with %v, want %s", err, c.fails)
			}
			if s, err := p.State(t.Context()); s != c.state {
				t.Errorf("afterwards it is %s (%v), want %s", s, err, c.state)
			}
			if n := len(fake.Jobs()); n != c.printed {
				t.Errorf("%d tickets were printed, want %d", n, c.printed)
			}
		})
	}
}

func TestAPrinterThatIsOff(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	p, err := printer.Open("tcp://"+address, "")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := p.State(context.Background()); s != printer.Offline || err == nil {
		t.Errorf("a printer that is off is %s (%v)", s, err)
	}
	for _, setting := range []string{"", "tcp://", "usb:lp0", "lpt1"} {
		if _, err := printer.Open(setting, ""); err == nil {
			t.Errorf("%q is taken for a printer", setting)
		}
	}
}
