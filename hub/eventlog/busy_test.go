package eventlog

import (
	"errors"
	"testing"

	"hallkeeper/wire"
)

func TestACommitThatGoesOnIsSeen(t *testing.T) {
	l := open(t, t.TempDir())
	refused := errors.New("refused")
	inside, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		_, _, err := l.Append(t.Context(), "", func(Moment) ([]wire.Event, error) {
			close(inside)
			<-goOn
			return nil, refused
		})
		ended <- err
	}()
	<-inside
	before := l.Busy()
	waitFor(t, "the commit to take longer", func() bool { return l.Busy() > before })
	close(goOn)
	if err := <-ended; !errors.Is(err, refused) {
		t.Fatal(err)
	}
	waitFor(t, "the commit to end", func() bool { return l.Busy() == 0 })
}
