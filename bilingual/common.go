package bilingual

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// told is what there is to say of a cause that every program meets: all of it in Chinese, what to do in English, since the
// system says there by itself what happened.
type told struct{ zh, todo string }

func numbers() map[syscall.Errno]told {
	return map[syscall.Errno]told{
		syscall.ENOENT:        {"没有这个文件或文件夹，请核对路径", "look at the path"},
		syscall.ENOTDIR:       {"路径中有一段不是文件夹，请核对路径", "look at the path"},
		syscall.EISDIR:        {"这是一个文件夹，应为文件", "name a file"},
		syscall.EEXIST:        {"已经存在，请另取一个名称", "choose another name"},
		syscall.ENOTEMPTY:     {"文件夹不是空的，请另取一个", "choose another folder"},
		syscall.EACCES:        {"没有权限，请用拥有它的用户（装好的程序是 hallkeeper）运行，或改它的权限", "run this as the user who owns it (hallkeeper where it is installed), or change who may use it"},
		syscall.EPERM:         {"没有权限，请用拥有它的用户（装好的程序是 hallkeeper）运行，或改它的权限", "run this as the user who owns it (hallkeeper where it is installed), or change who may use it"},
		syscall.EROFS:         {"这块磁盘只能读，请换一处或重新挂载", "choose another disk, or mount it for writing"},
		syscall.ENOSPC:        {"磁盘已满，请腾出空间再试", "make room on the disk and try again"},
		syscall.EDQUOT:        {"磁盘配额已用完，请腾出空间再试", "make room on the disk and try again"},
		syscall.EIO:           {"磁盘读写出错，磁盘可能损坏，请检查或更换", "the disk may be failing: check or replace it"},
		syscall.EADDRINUSE:    {"地址已被另一个程序占用，请停掉那个程序或另选一个地址", "stop the program that has it, or choose another address"},
		syscall.EADDRNOTAVAIL: {"本机没有这个地址，请改用本机的地址", "choose an address that this machine has"},
		syscall.ECONNREFUSED:  {"那个地址没有程序在听，请核对地址和对方程序是否运行", "look at the address, and whether the program there runs"},
		syscall.EHOSTUNREACH:  {"连不到那台机器，请检查网络和地址", "look at the network and the address"},
		syscall.ENETUNREACH:   {"连不到那个网络，请检查网线和网络设置", "look at the network's cable and settings"},
		syscall.ECONNRESET:    {"对方断开了连接，请稍后再试", "try again in a while"},
		syscall.ETIMEDOUT:     {"对方没有及时答复，请检查网络和地址", "look at the network and the address"},
		syscall.EMFILE:        {"打开的文件太多，请提高限额（ulimit -n）", "raise the limit of open files (ulimit -n)"},
	}
}

// common are the words for one layer of an error, with the file or the address that it names.
func common(err error) (told, bool) {
	name := ""
	switch x := err.(type) { //nolint:errorlint // one layer of it
	case *fs.PathError:
		name = x.Path
	case *os.LinkError:
		name = x.New
	case *net.OpError:
		if x.Addr != nil {
			name = x.Addr.String()
		}
	case *os.SyscallError, syscall.Errno:
	case *net.DNSError:
		return told{"找不到名为 " + x.Name + " 的机器，请核对名称和网络的域名服务", "look at the name and the network's DNS"}, true
	default:
		if x, ok := err.(net.Error); ok && x.Timeout() { //nolint:errorlint // one layer of it
			return told{"没有及时答复，请检查网络和对方程序", "look at the network and the program there"}, true
		}
		return told{}, false
	}
	var number syscall.Errno
	if !errors.As(err, &number) {
		return told{}, false
	}
	if x, ok := err.(*net.OpError); ok && x.Op == "listen" && number == syscall.EACCES { //nolint:errorlint // one layer of it
		return told{name + "：没有权限，1024 以下的端口只有装好的服务能用，请另选一个端口", "ports below 1024 are for the installed service: choose another one"}, true
	}
	t, ok := numbers()[number]
	if ok && name != "" {
		t.zh = name + "：" + t.zh
	}
	return t, ok
}

// cause is the first layer that there are common words for.
func cause(err error) (told, bool) {
	for ; err != nil; err = errors.Unwrap(err) {
		if t, ok := common(err); ok {
			return t, true
		}
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, part := range joined.Unwrap() {
				if t, ok := cause(part); ok {
					return t, true
				}
			}
		}
	}
	return told{}, false
}
