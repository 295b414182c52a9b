package vm

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
)

// FreeAddress finds a port that nobody uses. QEMU cannot choose one and tell.
func FreeAddress() (string, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// Console keeps what the machine prints.
type Console struct {
	mu   sync.Mutex
	file io.Writer
	text bytes.Buffer
}

// NewConsole also writes all of it to file.
func NewConsole(file io.Writer) *Console { return &Console{file: file} }

// Write takes what the machine prints.
func (c *Console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.Write(p)
	return c.file.Write(p)
}

// Find gives the first whole line that contains sign.
func (c *Console) Find(sign string) (line string, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := c.text.Bytes()
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	for line := range bytes.Lines(text) {
		if bytes.Contains(line, []byte(sign)) {
			return strings.TrimSpace(string(line)), true
		}
	}
	return "", false
}

// Lines gives the rest of all whole lines that begin with sign.
func (c *Console) Lines(sign string) (rests []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := c.text.Bytes()
	for line := range bytes.Lines(text[:bytes.LastIndexByte(text, '\n')+1]) {
		if rest, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte(sign)); ok {
			rests = append(rests, string(rest))
		}
	}
	return rests
}

// Tail gives the last n lines.
func (c *Console) Tail(n int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(c.text.String(), "\r", "")), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
