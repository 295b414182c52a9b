package main

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// awayPage is the screen's own page, which needs no hub and no network.
//
//go:embed away.html
var awayPage []byte

// ownAddress and darkAddress are pages that the browser is handed whole. Nothing is on the dark one.
func ownAddress() string {
	return "data:text/html;charset=utf-8;base64," + base64.StdEncoding.EncodeToString(awayPage)
}

const darkAddress = "data:text/html;charset=utf-8,<!doctype html><html style='background:black;cursor:none'><title>Hallkeeper</title>"

// trouble is why the hub's page is not there, in words for whoever stands before the screen.
type trouble struct{ zh, en string }

// absence is what the own page tells.
type absence struct {
	hub string
	// missing is for how long the hub has been missed; at is the time when it was last there, zero where the clock is not set.
	missing time.Duration
	at      time.Time
	// known is false before the hub was asked for the first time.
	known bool
	why   trouble
	// here are this machine's addresses.
	here []string
	next time.Duration
	// page is what people would do here, and must do otherwise meanwhile.
	page string
}

// words are the texts of the page by the ids of their places.
func (a absence) words() map[string]string {
	w := map[string]string{
		"hub": "主机 Hub: " + a.hub, "here": "本机 This screen: " + strings.Join(a.here, "  "), "next": "", "since_zh": "", "since_en": "", "why_zh": a.why.zh, "why_en": a.why.en,
		"title_zh": "正在连接主机", "title_en": "Connecting to the hub", "do_zh": "", "do_en": "",
	}
	if len(a.here) == 0 {
		w["here"] = "本机没有网络地址 This screen has no network address"
	}
	if !a.known {
		return w
	}
	w["title_zh"], w["title_en"] = "暂时连不上主机", "The hub cannot be reached"
	zh, en := lasting(a.missing)
	w["since_zh"], w["since_en"] = "已持续"+zh, "for "+en
	if !a.at.IsZero() {
		w["since_zh"] = fmt.Sprintf("自 %d月%d日 %s 起，已持续%s", a.at.Month(), a.at.Day(), a.at.Format("15:04"), zh)
		w["since_en"] = fmt.Sprintf("since %s, for %s", a.at.Format("15:04 on 2 January"), en)
	}
	w["do_zh"], w["do_en"] = "恢复后自动显示，无需操作。", "It comes back by itself; nothing has to be done here."
	switch a.page {
	case "lobby", "kiosk":
		w["do_zh"], w["do_en"] = "请到咨询台领取纸质号；恢复后自动显示。", "Please take a paper number at the information desk; the screen comes back by itself."
	case "rating":
		w["do_zh"], w["do_en"] = "暂时不能评价，请谅解；恢复后自动显示。", "Ratings cannot be given for now; the screen comes back by itself."
	}
	seconds := max(0, int(a.next.Round(time.Second).Seconds()))
	w["next"] = fmt.Sprintf("%d 秒后再试 next try in %d s", seconds, seconds)
	return w
}

// lasting says a stretch of time as people do.
func lasting(d time.Duration) (zh, en string) {
	minutes := int(d.Minutes())
	switch {
	case d < time.Minute:
		return "不到 1 分钟", "less than a minute"
	case d < time.Hour:
		return fmt.Sprintf(" %d 分钟", minutes), fmt.Sprintf("%d min", minutes)
	case d < 24*time.Hour:
		return fmt.Sprintf(" %d 小时 %d 分钟", minutes/60, minutes%60), fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	}
	return fmt.Sprintf(" %d 天 %d 小时", minutes/dayMinutes, minutes%dayMinutes/60), fmt.Sprintf("%d d %d h", minutes/dayMinutes, minutes%dayMinutes/60)
}

// script puts the words into the page.
func (a absence) script() (string, error) {
	words, err := json.Marshal(a.words())
	if err != nil {
		return "", fmt.Errorf("say that the hub is away: %w", err)
	}
	return fmt.Sprintf("for (const [id, text] of Object.entries(%s)) { const place = document.getElementById(id); if (place && place.textContent !== text) place.textContent = text }", words), nil
}

// because says what a failure means for whoever can mend it.
func because(err error, here []string) trouble {
	var r refusal
	var dns *net.DNSError
	switch {
	case err == nil:
		return trouble{}
	case errors.As(err, &r):
		return refused(string(r))
	case len(here) == 0:
		return trouble{"本机没有接入网络：请检查网线或无线网络。", "This screen is not on the network: check its cable or Wi-Fi."}
	case errors.As(err, &dns):
		return trouble{"找不到主机的名称：请检查 screen.conf 里的 hub，或改写成 IP 地址。", "The hub's name is not known: check hub in screen.conf, or write its IP address."}
	}
	return trouble{"主机没有应答：请检查主机的电源和网线。", "The hub does not answer: check its power and its cable."}
}

func refused(text string) trouble {
	switch {
	case strings.Contains(text, "CERT_DATE_INVALID"):
		return trouble{"证书的日期不对：多半是本机时钟未校准，请检查校时。", "The certificate's dates are wrong: most likely this screen's clock is not set; check its time service."}
	case strings.Contains(text, "CERT_AUTHORITY_INVALID"):
		return trouble{"不信任主机的证书：请把主机的根证书写进 screen.conf 的 authority。", "The hub's certificate is not trusted: name the hub's root certificate under authority in screen.conf."}
	case strings.Contains(text, "CERT_COMMON_NAME_INVALID"):
		return trouble{"证书不是这个地址的：请在主机的 names 里写上 screen.conf 用的地址。", "The certificate is for another address: add the address in screen.conf to names of the hub."}
	case strings.Contains(text, elsewhere):
		return trouble{"浏览器离开了主机的页面，正在返回。", "The browser has left the hub's page and goes back."}
	}
	return trouble{"打不开主机的页面：" + text, "The hub's page does not open: " + text}
}

// ownAddresses are this machine's, as others reach it.
func ownAddresses() (here []string) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			here = append(here, n.IP.String())
		}
	}
	return here
}
