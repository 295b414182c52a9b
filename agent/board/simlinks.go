package board

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"hallkeeper/agent/board/simlink"
)

const (
	// maxUnsent is how many reports wait for a slow reader before its link is ended.
	maxUnsent = 1024
	// linkPatience is how long one report may take to be written.
	linkPatience = 5 * time.Second
	// maxMessage bounds one message; a train of simlink.MaxSteps takes less.
	maxMessage = 1 << 20
)

// link is one connection of somebody who plays trains.
type link struct {
	board *simBoard
	conn  net.Conn
	out   chan simlink.Output
	over  chan struct{} // closed where out has overflown
	once  sync.Once
}

func newLink(s *simBoard, conn net.Conn) *link {
	return &link{board: s, conn: conn, out: make(chan simlink.Output, maxUnsent), over: make(chan struct{})}
}

// send never blocks; a link whose reader is too slow is ended, because a
// report that is missing would be taken for a lamp that stayed dark.
func (l *link) send(o simlink.Output) {
	select {
	case l.out <- o:
	default:
		l.once.Do(func() { close(l.over) })
	}
}

// serve plays trains one after the other until the link or ctx ends.
func (l *link) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = l.conn.Close() })
	defer stop()
	var writer sync.WaitGroup
	defer writer.Wait()
	defer cancel()
	writer.Go(func() {
		defer cancel()
		l.write(ctx)
	})
	plays := make(chan simlink.Play)
	var reader sync.WaitGroup
	defer reader.Wait()
	defer cancel()
	var readErr error
	reader.Go(func() {
		defer cancel() // a train of somebody who has gone is not played on
		readErr = l.read(ctx, plays)
	})
	for {
		select {
		case <-ctx.Done():
			cancel()
			reader.Wait()
			return readErr
		case p := <-plays:
			answer := simlink.Output{Played: p.ID}
			if err := l.board.check(p.Train); err != nil {
				answer.Error = err.Error()
			} else if err := l.board.play(ctx, p.Train); err != nil {
				continue
			}
			l.send(answer)
		}
	}
}

// read hands on messages; the end of the link is no error, bytes that are no message are.
func (l *link) read(ctx context.Context, plays chan<- simlink.Play) error {
	limited := &io.LimitedReader{R: l.conn}
	in := json.NewDecoder(limited)
	for {
		limited.N = maxMessage
		var p simlink.Play
		if err := in.Decode(&p); err != nil {
			if gone := ctx.Err() != nil || errors.Is(err, io.EOF) && limited.N > 0 || isNet(err); !gone {
				return fmt.Errorf("read a train: %w", err)
			}
			return nil
		}
		select {
		case plays <- p:
		case <-ctx.Done():
			return nil
		}
	}
}

func isNet(err error) bool {
	var netErr *net.OpError
	return errors.As(err, &netErr)
}

func (l *link) write(ctx context.Context) {
	out := json.NewEncoder(l.conn)
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.over:
			return
		case o := <-l.out:
			if l.conn.SetWriteDeadline(time.Now().Add(linkPatience)) != nil || out.Encode(o) != nil {
				return
			}
		}
	}
}
