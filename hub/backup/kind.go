package backup

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"hallkeeper/bilingual"
)

// looked is how much of a file tells what kind it is: a tar says so after 257 bytes.
const looked = 512

// kind tells by its beginning whether a file can be a backup, and what it is otherwise.
func kind(r *bufio.Reader) error {
	head, err := r.Peek(looked)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return err
	}
	starts := func(with string) bool { return bytes.HasPrefix(head, []byte(with)) }
	no := func(zh, en string) error {
		return bilingual.Errorf("这不是备份：%s。备份是 hub backup 写的 .age 文件，名称像 hall-大厅-日期.age", "this is no backup: %s. A backup is an .age file that hub backup has written, with a name like hall-HALL-DATE.age", bilingual.New(zh, en))
	}
	switch {
	case starts("age-encryption.org/v1"):
		return nil
	case len(head) == 0:
		return no("文件是空的（0 字节），可能没有复制完，请重新复制", "the file is empty (0 bytes), perhaps it was not copied to its end: copy it again")
	case starts("-----BEGIN AGE ENCRYPTED FILE"):
		return no("它是用文字形式加密的文件，不是主机写的", "it was encrypted in the form of text, which no hub does")
	case starts("AGE-SECRET-KEY-"), starts("# created:"), bytes.Contains(head, []byte("\nAGE-SECRET-KEY-")):
		return no("它是私钥文件，应放在 --identity 后面", "it is a file with a secret key, which belongs after --identity")
	case starts("age1"):
		return no("它是公钥文件", "it is a file with a public key")
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return no("它是没有加密的 tar；主机的备份都是加密的，请用原来的 .age 文件", "it is a tar that is not encrypted; the hub's backups all are: use the .age file that it came from")
	case starts("\x1f\x8b"), starts("PK\x03\x04"), starts("7z\xbc\xaf"), starts("BZh"), starts("\xfd7zXZ"), starts("\x28\xb5\x2f\xfd"):
		return no("它是压缩包，请先解开，用里面的 .age 文件", "it is a compressed archive: unpack it and use the .age file in it")
	case len(head) > 20 && bytes.Equal(head[16:20], []byte{0xed, 0xda, 0x0c, 0xed}):
		return no("它是数据文件夹里的一个日志分段，本身不是备份", "it is one segment of a data folder's log")
	case starts(`{"parts":`):
		return no("它是备份旁边的清单（.parts），请用同名的 .age 文件", "it is the list beside a backup (.parts): use the .age file of the same name")
	}
	return no("它的开头不是加密文件", "it does not begin as an encrypted file")
}

// PartOnly tells whether a name is that of a part that backups share, which is none by itself.
func PartOnly(name string) bool { return partName().MatchString(name) }

// Newest names the newest backups of a place, five at most, newest first.
func Newest(names []string) string {
	all := InPlace(names, "")
	var out []string
	for i := len(all) - 1; i >= 0 && len(out) < 5; i-- {
		out = append(out, all[i].Name)
	}
	return strings.Join(out, ", ")
}
