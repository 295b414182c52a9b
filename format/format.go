// Package format is what all programs say of data that they leave alone: a newer one has written it, or something
// that belongs to it is not there. They refuse it before they change anything. It owns the exit status and the words
// of the first, and knows no file.
package format

import "fmt"

// ExitStatus is what a program ends with where it leaves data alone: starting it again helps nobody.
const ExitStatus = 3

// Newer is data that this program must leave alone.
type Newer struct {
	// What is in it that this program does not know, for technicians: "log format 2, this program reads 1".
	What string
	// Program is the version that wrote it; empty where it does not say.
	Program string
}

// Error says it in both languages, on one line.
func (n *Newer) Error() string {
	zh, en := n.Chinese(), n.EN()
	return zh + " / " + en
}

// Chinese says it in Chinese.
func (n *Newer) Chinese() string {
	return fmt.Sprintf("数据由更新的 Hallkeeper（%s）写成：请安装该版本或更新的版本；未作任何改动（%s）", n.program("版本未知"), n.What)
}

// EN says it in English.
func (n *Newer) EN() string {
	return fmt.Sprintf("this data was written by a newer Hallkeeper (%s); install that or newer; nothing was changed (%s)", n.program("of unknown version"), n.What)
}

func (n *Newer) program(unknown string) string {
	if n.Program == "" {
		return unknown
	}
	return n.Program
}

// Unfit is data that a program leaves alone though no newer one has written it. Both say what is wrong and what to do.
type Unfit struct{ ZH, EN string }

// Error says it in both languages, one below the other.
func (u *Unfit) Error() string { return u.ZH + "\n" + u.EN }
