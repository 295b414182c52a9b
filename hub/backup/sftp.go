package backup

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"hallkeeper/bilingual"
)

// Access is how servers for backups are reached: a private key without a passphrase, and the file of known host keys as ssh has it.
type Access struct{ KeyFile, KnownHosts string }

const (
	dialWithin = 20 * time.Second
	// silentFor ends a connection on which nothing moves.
	silentFor = 2 * time.Minute
)

// OnServer tells whether a place is on a server, and no folder.
func OnServer(where string) bool { return strings.HasPrefix(where, "sftp:") }

// At opens a place: a folder, or sftp://user@host[:port]/path.
func At(ctx context.Context, where string, with Access) (Place, error) {
	if !OnServer(where) {
		return Folder(where), nil
	}
	u, err := CheckSFTP(where)
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(with.KeyFile)
	if err != nil {
		return nil, bilingual.Errorf("读不了连接 %s 用的私钥（backup.sftp_key）：%w", "read the key for %s: %w", u.Host, err)
	}
	signer, err := ssh.ParsePrivateKey(key)
	if err != nil {
		return nil, bilingual.Errorf("%s 不是没有口令的 SSH 私钥：%w", "%s is no private key of SSH without a passphrase: %w", with.KeyFile, err)
	}
	known, err := knownhosts.New(with.KnownHosts)
	if err != nil {
		return nil, bilingual.Errorf("读不了服务器公钥文件（backup.sftp_known_hosts）：%w", "read the keys of known hosts: %w", err)
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "22")
	}
	plain, err := (&net.Dialer{Timeout: dialWithin}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, bilingual.Errorf("连不到备份服务器 %s：%w", "reach %s: %w", host, err)
	}
	conn := &lively{plain}
	c, chans, requests, err := ssh.NewClientConn(conn, host, &ssh.ClientConfig{User: u.User.Username(), Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: known, HostKeyAlgorithms: algorithms(known, host), Timeout: dialWithin})
	if err != nil {
		_ = conn.Close() // NewClientConn has closed it
		var unknown *knownhosts.KeyError
		if errors.As(err, &unknown) {
			err = bilingual.Errorf("服务器出示的公钥不在 %s 里；请与服务器自己的核对，再用 ssh-keyscan 加上：%w", "the server shows a key that %s does not have; compare it with the server's own and add it with ssh-keyscan: %w", with.KnownHosts, err)
		}
		return nil, bilingual.Errorf("登录不了备份服务器 %s：%w", "sign in at %s: %w", host, err)
	}
	client := ssh.NewClient(c, chans, requests)
	files, err := sftp.NewClient(client)
	if err != nil {
		return nil, errors.Join(bilingual.Errorf("备份服务器 %s 开不了 SFTP：%w", "open SFTP at %s: %w", host, err), client.Close())
	}
	return &remote{client, files, u.Path}, nil
}

// CheckSFTP reads the address of a place.
func CheckSFTP(where string) (*url.URL, error) {
	u, err := url.Parse(where)
	if err != nil || u.Scheme != "sftp" || u.Hostname() == "" || u.User.Username() == "" || u.Path == "" || u.RawQuery != "" {
		return nil, bilingual.Errorf("应写成 sftp://用户@主机/路径，而不是 %q", "expected sftp://user@host/path, got %q", where)
	}
	if _, has := u.User.Password(); has {
		return nil, bilingual.Errorf("%s 的地址里不要写口令：登录用的是密钥", "a password does not belong in the address of %s: a key is used", u.Host)
	}
	return u, nil
}

// algorithms are those of the keys that are known of a host, so that it does not show another.
func algorithms(known ssh.HostKeyCallback, host string) (all []string) {
	var e *knownhosts.KeyError
	if err := known(host, &net.TCPAddr{}, nobody{}); errors.As(err, &e) {
		for _, k := range e.Want {
			if t := k.Key.Type(); t == ssh.KeyAlgoRSA {
				all = append(all, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
			} else {
				all = append(all, t)
			}
		}
	}
	return all
}

// nobody is a key that no host has.
type nobody struct{}

func (nobody) Type() string                        { return "none" }
func (nobody) Marshal() []byte                     { return []byte("none") }
func (nobody) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }

// lively is a connection that ends where nothing moves on it.
type lively struct{ net.Conn }

func (l *lively) Read(p []byte) (int, error) {
	if err := l.SetReadDeadline(time.Now().Add(silentFor)); err != nil {
		return 0, err
	}
	return l.Conn.Read(p)
}

func (l *lively) Write(p []byte) (int, error) {
	if err := l.SetWriteDeadline(time.Now().Add(silentFor)); err != nil {
		return 0, err
	}
	return l.Conn.Write(p)
}

type remote struct {
	conn  *ssh.Client
	files *sftp.Client
	dir   string
}

func (r *remote) path(name string) string { return path.Join(r.dir, path.Base(name)) }

// Names lists it.
func (r *remote) Names() (names []string, err error) {
	all, err := r.files.ReadDir(r.dir)
	if err != nil {
		return nil, bilingual.Errorf("打不开服务器上的 %s：%w", "look into %s on the server: %w", r.dir, err)
	}
	for _, x := range all {
		names = append(names, x.Name())
	}
	return names, nil
}

// Open reads one file.
func (r *remote) Open(name string) (io.ReadCloser, error) { return r.files.Open(r.path(name)) }

// Remove removes one file.
func (r *remote) Remove(name string) error { return r.files.Remove(r.path(name)) }

// Close ends the connection, first of all: a server that does not answer must not hold it up.
func (r *remote) Close() error {
	err := r.conn.Close()
	_ = r.files.Close() // ends what waits for an answer, and says that the connection is gone
	return err
}

// Create makes a file; see Place. Where the server can, it syncs it first.
func (r *remote) Create(name string, write func(io.Writer) error) error {
	tmp := r.path("." + name + ".new")
	w, err := r.files.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return bilingual.Errorf("写不了服务器上的 %s：%w", "write %s on the server: %w", name, err)
	}
	err = write(w)
	if _, can := r.files.HasExtension("fsync@openssh.com"); err == nil && can {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err == nil {
		err = r.files.Rename(tmp, r.path(name)) // fails where there is one
	}
	if err != nil {
		_ = r.files.Remove(tmp) // the connection may be gone
		return bilingual.Errorf("写不了服务器上的 %s：%w", "write %s on the server: %w", name, err)
	}
	return nil
}
