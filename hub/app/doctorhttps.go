package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hallkeeper/hub/ca"
	"hallkeeper/hub/gate"
)

// https tells by what browsers know the hub, and how long that lasts.
func (d *doctor) https() {
	if d.cfg.HTTPS == "" {
		d.say(Note, "没有设置 https：只有本机能打开页面", "https is not set: only this machine opens the pages")
		return
	}
	names := d.cfg.Names
	if len(names) == 0 {
		names = gate.OwnNames()
	}
	dir := KeyDir(d.cfg.Data)
	if _, err := os.Stat(filepath.Join(dir, "ca.pem")); errors.Is(err, fs.ErrNotExist) {
		d.say(Note, "本大厅的证书机构还不存在，首次启动时会创建；名称：%s", "the hall's own authority is not there yet; the first start makes it; names: %s", strings.Join(names, ", "))
	} else if authority, err := ca.Existing(dir); err != nil {
		d.say(Ill, "本大厅的证书机构无法读取：%v", "the hall's own authority cannot be read: %v", err)
	} else {
		d.say(Well, "本大厅证书机构的指纹（SHA-256）%s；名称：%s", "the fingerprint (SHA-256) of the hall's own authority is %s; names: %s", gate.Fingerprint(authority.Certificate()), strings.Join(names, ", "))
	}
	d.given()
}

// given looks at the certificate that the hall was given for its pages.
func (d *doctor) given() {
	if d.cfg.Certificate == "" {
		return
	}
	now := time.Now()
	if d.cfg.Now != nil {
		now = d.cfg.Now()
	}
	ends, err := gate.Given{File: d.cfg.Certificate, Key: d.cfg.CertificateKey}.Check(d.cfg.Names, now)
	if err != nil {
		d.say(Ill, "网页证书不能使用：%v", "the pages' certificate cannot be used: %v", err)
		return
	}
	day := ends.Format(time.DateOnly)
	if within := gate.Within(ends, now); within > 0 {
		d.say(Note, "网页证书 %s 到期，不到 %d 天：请换新证书，放到原来的文件中", "the pages' certificate ends on %s, in less than %d days: put a new one in its place", day, within)
		return
	}
	d.say(Well, "网页证书有效至 %s", "the pages' certificate is good until %s", day)
}
