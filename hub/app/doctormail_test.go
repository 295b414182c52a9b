package app_test

import (
	"strings"
	"testing"

	"hallkeeper/hub/app"
	"hallkeeper/hub/courier/couriertest"
)

func TestTheDoctorLooksAtFontsAndMail(t *testing.T) {
	says := func(change func(*app.Config)) string {
		cfg := config(t.TempDir())
		change(&cfg)
		var b strings.Builder
		for f := range app.Examine(t.Context(), cfg) {
			b.WriteString(map[app.Health]string{app.Well: "well ", app.Note: "note ", app.Ill: "ill "}[f.Health] + f.ZH + " " + f.EN + "\n")
		}
		return b.String()
	}
	server := couriertest.Serve(t, "127.0.0.1:0", false, false)
	mail := func(tls string) func(*app.Config) {
		return func(c *app.Config) {
			c.Mail.Host, c.Mail.Port, c.Mail.TLS, c.Mail.From = server.Host, server.Port, tls, "hall@example.cn"
		}
	}
	for want, change := range map[string]func(*app.Config){
		"note 没有设置邮件服务器": func(*app.Config) {},
		"well 邮件服务器":     mail("none"),
		"no STARTTLS":    mail("starttls"),
		"ill 邮件服务器的设置有误": func(c *app.Config) { mail("ssl")(c) },
		"password_file": func(c *app.Config) {
			mail("none")(c)
			c.Mail.User, c.Mail.PasswordFile = "hall", c.Data+"/none"
		},
		"ill 邮件服务器 127.0.0.1": mail("tls"),
	} {
		if got := says(change); !strings.Contains(got, want) || !strings.Contains(got, "PDF") {
			t.Errorf("%q is not said in\n%s", want, got)
		}
	}
	if mails, _ := server.Got(); len(mails) > 0 {
		t.Errorf("the doctor has sent %q", mails)
	}
}
