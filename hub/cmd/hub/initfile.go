package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"text/template"

	"go.yaml.in/yaml/v3"

	"hallkeeper/bilingual"
	"hallkeeper/hub/app"
)

// settingsText is the settings file that hub init writes: what it was told, and what else
// a hall soon wants, as remarks.
const settingsText = `# 本大厅主机的设置，由 hub init 写成。改动后重启主机生效；hub doctor --config 检查。
# The settings of this hall's hub, written by hub init. Restart the hub after a change; hub doctor --config looks at them.

# 这份设置的格式。更新的程序写的设置，旧程序会拒绝。
# The form of these settings; an older program refuses those of a newer one.
format: 1

hall:
  # 编号写在每个签名和证书里，使用后不要更改。
  # The id is in every signature and certificate: do not change it once it is used.
  id: {{yaml .Hall.ID}}
  name: {{yaml .Hall.Name}}
  # 英文页面上的名称；没有则用上面的。
  # Its name on pages in English; the one above where there is none.
  {{if .Hall.NameEN}}name_en: {{yaml .Hall.NameEN}}{{else}}# name_en: …{{end}}
  # 不实行夏令时的时区。
  # A zone without summer time.
  time_zone: {{yaml .Hall.TimeZone}}

# 日志、密钥和照片都在这个文件夹里。备份：hub backup。
# The folder of the log, the keys and the photos. To copy it: hub backup.
data: {{yaml .Data}}

# 不加密的页面只供本机；其他电脑从这里被引到 HTTPS。
# Pages without TLS are for this machine alone; others are led to HTTPS.
http: {{yaml .HTTP}}
{{if .HTTPS}}https: {{yaml .HTTPS}}
{{else}}# https: 0.0.0.0:8443
{{end}}# 其他电脑用哪些名称和地址找到本机；不写则为本机自己的。
# Under which names and addresses others reach this machine; its own where they are left out.
{{if .Names}}names: [{{range $i, $n := .Names}}{{if $i}}, {{end}}{{yaml $n}}{{end}}]{{else}}# names: [hall.example.cn, 192.168.1.10]{{end}}

# 窗口电脑的消息：不加密的只供本机，加密的要有证书（管理端“设备注册”）。
# Messages of window computers: without TLS on this machine alone, with TLS by certificate (the console's "Enrolment").
mqtt: {{yaml .MQTT}}
{{if .MQTTTLS}}mqtt_tls: {{yaml .MQTTTLS}}
{{else}}# mqtt_tls: 0.0.0.0:8883
{{end}}
# 以下可以以后再写。
# The following can wait.

# 群众手机访问主机的地址；写了它，号票上才有二维码。
# Where citizens' phones reach the hub; tickets carry a QR code only where it is set.
# public_url: https://hall.example.cn

# 公文的发文机关。
# The organ that issues documents.
# bureau: 某某旗政务服务局

# 向派驻单位抄送结果的邮件服务器。
# The mail server that takes copies to departments.
# mail:
#   host: mail.example.gov.cn
#   from: hall@example.gov.cn
#   user: hall
#   password_file: /etc/hallkeeper/mail-password
`

// scalar writes a value so that YAML reads it back as that text.
func scalar(v string) (string, error) {
	b, err := yaml.Marshal(v)
	return string(bytes.TrimSpace(b)), err
}

// settingsFile is the text of a hall's settings.
func settingsFile(cfg *app.Config) ([]byte, error) {
	t, err := template.New("hub.yaml").Funcs(template.FuncMap{"yaml": scalar}).Parse(settingsText)
	if err != nil {
		return nil, bilingual.Errorf("读不了设置模板：%w", "read the template of the settings: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, cfg); err != nil {
		return nil, bilingual.Errorf("设置写不出来：%w", "write the settings: %w", err)
	}
	return b.Bytes(), nil
}

// writeNew writes a file that must not be there yet: whole, or not at all.
func writeNew(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // settings hold no secrets; the service's user reads them
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".hub-init-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Link(f.Name(), file) // which refuses where somebody was faster
	}
	return err
}

// there tells whether something is at a path; what cannot be looked at counts as there.
func there(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
