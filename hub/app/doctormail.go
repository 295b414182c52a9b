package app

import (
	"crypto/tls"
	"errors"
	"net"
	"net/smtp"
	"os"
	"strconv"
	"time"

	"hallkeeper/hub/courier"
)

// documents tells whether PDF can be made and whether copies can be sent.
func (d *doctor) documents() {
	f := fonts{own: d.cfg.Fonts}
	if _, err := f.load(); err != nil {
		d.say(Note, "没有生成 PDF 的中文字体：请安装 fonts-noto-cjk（apt install fonts-noto-cjk），或在设置 fonts 中指定字体目录；XLSX 和 DOCX 不受影响（%v）",
			"there are no Chinese fonts for PDF: install fonts-noto-cjk (apt install fonts-noto-cjk), or name a folder of fonts in the setting fonts; XLSX and DOCX need none (%v)", err)
	} else {
		d.say(Well, "生成 PDF 的中文字体齐全", "the Chinese fonts for PDF are there")
	}
	m := d.cfg.Mail
	switch {
	case m.Host == "":
		d.say(Note, "没有设置邮件服务器（mail.host）：抄送不能发出，由派驻单位自行下载", "no mail server is set (mail.host): no copies are sent, departments download theirs")
		return
	case m.Check() != nil:
		d.say(Ill, "邮件服务器的设置有误：%v", "the settings of the mail server are wrong: %v", m.Check())
		return
	}
	if m.PasswordFile != "" {
		if _, err := os.ReadFile(m.PasswordFile); err != nil {
			d.say(Ill, "邮箱密码文件无法读取（mail.password_file）：%v", "the mail server's password cannot be read (mail.password_file): %v", err)
		}
	}
	addr := net.JoinHostPort(m.Host, strconv.Itoa(m.Port))
	if err := d.greet(addr); err != nil {
		d.say(Ill, "邮件服务器 %s 没有应答：请检查 mail.host、mail.port、mail.tls 与网络（%v）", "the mail server %s does not answer: look at mail.host, mail.port, mail.tls and the network (%v)", addr, err)
		return
	}
	d.say(Well, "邮件服务器 %s 有应答", "the mail server %s answers", addr)
}

var errNoSTARTTLS = errors.New("it offers no STARTTLS, which mail.tls asks for")

// mailPatience bounds the wait for the mail server.
const mailPatience = 5 * time.Second

// greet connects and says EHLO; no mail is sent and nobody signs in.
func (d *doctor) greet(addr string) (err error) {
	dialer := net.Dialer{Timeout: mailPatience}
	conn, err := dialer.DialContext(d.ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(mailPatience)); err != nil {
		return err
	}
	if courier.TLS(d.cfg.Mail.TLS) == courier.Implicit {
		conn = tls.Client(conn, &tls.Config{ServerName: d.cfg.Mail.Host, MinVersion: tls.VersionTLS12})
	}
	c, err := smtp.NewClient(conn, d.cfg.Mail.Host)
	if err != nil {
		return err
	}
	if err := c.Hello("localhost"); err != nil {
		return err
	}
	if courier.TLS(d.cfg.Mail.TLS) == courier.StartTLS {
		if on, _ := c.Extension("STARTTLS"); !on {
			return errNoSTARTTLS
		}
	}
	return c.Quit()
}
