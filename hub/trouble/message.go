package trouble

import (
	"fmt"
	"strings"
	"time"

	"hallkeeper/wire"
)

// Sender is the hub that a message comes from.
type Sender struct {
	Hall, Name string
	// Console is where the console is opened; empty where no address is known that others can open.
	Console string
	Zone    *time.Location
}

// Language is in which language a mail is written.
type Language string

// The languages. Both puts English below the Chinese.
const (
	ZH   Language = "zh"
	EN   Language = "en"
	Both Language = "both"
)

// mostLines bounds what one message lists of each part; the rest is counted.
const mostLines = 30

// Subject is a message's one line.
func (s *Sender) Subject(l *Letter, lang Language, test bool) string {
	if lang == EN {
		if test {
			return s.Name + ": a test"
		}
		return s.Name + ": " + strings.Join(counts(l, [3]string{"%d new", "%d over", "%d go on"}), ", ")
	}
	if test {
		return "【" + s.Name + "】测试消息"
	}
	return "【" + s.Name + "】" + strings.Join(counts(l, [3]string{"新问题 %d 项", "已恢复 %d 项", "仍未处理 %d 项"}), "，")
}

func counts(l *Letter, words [3]string) (out []string) {
	for i, part := range [][]Trouble{l.Raised, l.Cleared, l.Again} {
		if len(part) > 0 {
			out = append(out, fmt.Sprintf(words[i], len(part)))
		}
	}
	return out
}

// Body is a message's text.
func (s *Sender) Body(l *Letter, lang Language, test bool) string {
	switch lang {
	case EN:
		return s.english(l, test)
	case ZH:
		return s.chinese(l, test)
	}
	return s.chinese(l, test) + "\n----\n\n" + s.english(l, test)
}

func (s *Sender) chinese(l *Letter, test bool) string {
	var b strings.Builder
	if test {
		b.WriteString("这是从控制台发出的测试消息，用来确认通知能够送达，不需要处理。\n")
	}
	s.part(&b, "新问题", l.Raised, "另有 %d 项，见控制台。", func(t *Trouble) string {
		w := t.Describe(s.Zone)
		return mark(t.Severity, "【须处理】", "【提醒】") + w.ZH + "。\n  处理：" + w.DoZH
	})
	s.part(&b, "仍未处理（还没有人在控制台确认知悉）", l.Again, "另有 %d 项，见控制台。", func(t *Trouble) string { return t.Describe(s.Zone).ZH + "。" })
	s.part(&b, "已恢复", l.Cleared, "另有 %d 项，见控制台。", func(t *Trouble) string {
		return t.Describe(s.Zone).ZH + "，" + t.Until.In(s.Zone).Format("1月2日 15:04") + " 恢复。"
	})
	fmt.Fprintf(&b, "\n现在共有 %d 项问题未恢复。", l.Open)
	if s.Console != "" {
		b.WriteString("请打开控制台确认知悉：" + s.Console)
	}
	b.WriteString("\n（本消息由大厅主机自动发出，请勿回复。）\n")
	return strings.TrimLeft(b.String(), "\n")
}

func (s *Sender) english(l *Letter, test bool) string {
	var b strings.Builder
	if test {
		b.WriteString("This is a test from the console, to see that messages arrive. Nothing needs to be done.\n")
	}
	s.part(&b, "New", l.Raised, "and %d more, see the console.", func(t *Trouble) string {
		w := t.Describe(s.Zone)
		return mark(t.Severity, "[act] ", "[notice] ") + w.EN + ".\n  To do: " + w.DoEN
	})
	s.part(&b, "Going on (nobody has taken notice on the console yet)", l.Again, "and %d more, see the console.", func(t *Trouble) string { return t.Describe(s.Zone).EN + "." })
	s.part(&b, "Over", l.Cleared, "and %d more, see the console.", func(t *Trouble) string {
		return t.Describe(s.Zone).EN + ", over at " + t.Until.In(s.Zone).Format("2 Jan 15:04") + "."
	})
	fmt.Fprintf(&b, "\n%d go on now in all.", l.Open)
	if s.Console != "" {
		b.WriteString(" Take notice on the console: " + s.Console)
	}
	b.WriteString("\n(The hall's hub sends this by itself; please don't answer.)\n")
	return strings.TrimLeft(b.String(), "\n")
}

func mark(severity wire.Severity, alarm, notice string) string {
	if severity == wire.SeverityAlarm {
		return alarm
	}
	return notice
}

func (s *Sender) part(b *strings.Builder, title string, all []Trouble, more string, line func(*Trouble) string) {
	if len(all) == 0 {
		return
	}
	b.WriteString("\n" + title + "\n")
	for i := range all[:min(len(all), mostLines)] {
		b.WriteString("- " + line(&all[i]) + "\n")
	}
	if n := len(all) - mostLines; n > 0 {
		fmt.Fprintf(b, "- "+more+"\n", n)
	}
}

// Payload is what a webhook is sent.
type Payload struct {
	Type string `json:"type"`
	// Message is the same for each attempt to send it.
	Message string    `json:"message"`
	At      time.Time `json:"at"`
	Hall    struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"hall"`
	Test    bool   `json:"test"`
	Raised  []Item `json:"raised"`
	Cleared []Item `json:"cleared"`
	Again   []Item `json:"again"`
	// Open counts what goes on in all.
	Open int `json:"open"`
	// Subject and Text are the message in words, for programs that only pass it on.
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// Item is one trouble of a payload.
type Item struct {
	Trouble  string         `json:"trouble"`
	Kind     wire.AlarmKind `json:"kind"`
	Severity wire.Severity  `json:"severity"`
	Subject  string         `json:"subject,omitempty"`
	Window   string         `json:"window,omitempty"`
	Number   string         `json:"number,omitempty"`
	Since    time.Time      `json:"since"`
	Until    *time.Time     `json:"until,omitempty"`
	Words
}

// PayloadType names what a payload is, and its version.
const PayloadType = "hallkeeper.troubles.v1"

// Payload makes a webhook's message.
func (s *Sender) Payload(l *Letter, message string, now time.Time, lang Language, test bool) Payload {
	p := Payload{Type: PayloadType, Message: message, At: now.In(s.Zone), Test: test, Open: l.Open, Subject: s.Subject(l, lang, test), Text: s.Body(l, lang, test)}
	p.Hall.ID, p.Hall.Name = s.Hall, s.Name
	items := func(all []Trouble) []Item {
		out := []Item{}
		for i := range all[:min(len(all), mostLines)] {
			t := &all[i]
			out = append(out, Item{t.Trouble, t.Kind, t.Severity, t.Subject, t.Window, t.Number, t.Since, t.Until, t.Describe(s.Zone)})
		}
		return out
	}
	p.Raised, p.Cleared, p.Again = items(l.Raised), items(l.Cleared), items(l.Again)
	return p
}
