package board

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"hallkeeper/agent/card"
)

// A recording is a text file of JSON lines: a head, then one mark for each thing
// that an input did, in the order in which it was seen. Cards can be read from
// it, so it is personal data.

// recordingVersion is raised when an older program could misread a recording.
const recordingVersion = 1

// maxRecording bounds a recording, in bytes: a reader that chatters for a day.
const maxRecording = 64 << 20

// RecordingHead is the first line of a recording.
type RecordingHead struct {
	Recording int       `json:"hallkeeper_recording"`
	At        time.Time `json:"at"`
	Agent     string    `json:"agent"`
	Version   string    `json:"version"`
	Board     File      `json:"board"`
}

// mark is one further line. At is in nanoseconds since the recording began.
type mark struct {
	At time.Duration `json:"at"`
	In string        `json:"in,omitempty"`
	// Open is the opening of an input, with Down where it is a button; Lost says
	// why it went away.
	Open bool   `json:"open,omitempty"`
	Lost string `json:"lost,omitempty"`
	// Down is a button's state; D1 and Seq are a pulse, Key the type, code and
	// value of a key.
	Down *bool     `json:"down,omitempty"`
	D1   *bool     `json:"d1,omitempty"`
	Seq  uint32    `json:"seq,omitempty"`
	Key  *[3]int32 `json:"key,omitempty"`
	// End is the last line of a recording that was ended well.
	End bool `json:"end,omitempty"`
}

func (m *mark) edge() (card.Edge, bool) {
	if m.D1 == nil {
		return card.Edge{}, false
	}
	return card.Edge{At: m.At, Seq: m.Seq, One: *m.D1}, true
}

func (m *mark) key() (card.Key, bool) {
	if m.Key == nil {
		return card.Key{}, false
	}
	return card.Key{At: m.At, Type: uint16(m.Key[0]), Code: uint16(m.Key[1]), Value: m.Key[2]}, true
}

// recording is a whole file.
type recording struct {
	head  RecordingHead
	marks map[string][]mark // by input
	end   time.Duration
}

// readRecording reads a file.
func readRecording(path string) (*recording, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	defer file.Close()
	r, line, err := parseRecording(file)
	if err != nil {
		return nil, fmt.Errorf("read the recording: %s:%d: %w", path, line, err)
	}
	return r, nil
}

// parseRecording reads a recording and says, with an error, in which line it
// is. A last line that was cut off, as a power failure leaves it, is left out.
func parseRecording(from io.Reader) (r *recording, line int, err error) {
	r = &recording{marks: map[string][]mark{}}
	lines := bufio.NewReader(io.LimitReader(from, 2*maxRecording))
	for line = 1; ; line++ {
		text, err := lines.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF) && line == 1:
			return nil, line, errors.New("it has no head")
		case errors.Is(err, io.EOF):
			return r, line, nil
		case err != nil:
			return nil, line, err
		case line == 1:
			err = r.readHead(text)
		default:
			err = r.readMark(text)
		}
		if err != nil {
			return nil, line, err
		}
	}
}

func (r *recording) readHead(line []byte) error {
	switch err := json.Unmarshal(line, &r.head); {
	case err != nil || r.head.Recording < 1:
		return errors.New("expected a recording, as agent record makes it")
	case r.head.Recording > recordingVersion:
		return errors.New("a newer agent has made it; use that")
	}
	wrong := []error{r.head.Board.Check()}
	for name, b := range r.head.Board.Buttons {
		if err := b.Check(); err != nil {
			wrong = append(wrong, fmt.Errorf("button %s: %w", name, err))
		}
	}
	for name, c := range r.head.Board.Readers {
		if err := c.Check(); err != nil {
			wrong = append(wrong, fmt.Errorf("reader %s: %w", name, err))
		}
	}
	return errors.Join(wrong...)
}

func (r *recording) readMark(line []byte) error {
	var m mark
	if err := json.Unmarshal(line, &m); err != nil {
		return errors.New("expected a line that agent record has written")
	}
	if m.At < 0 {
		return errors.New("expected a time from 0 on")
	}
	r.end = max(r.end, m.At)
	if m.End {
		return nil
	}
	_, isButton := r.head.Board.Buttons[m.In]
	_, isReader := r.head.Board.Readers[m.In]
	if !isButton && !isReader {
		return fmt.Errorf("its board has no input %q", m.In)
	}
	r.marks[m.In] = append(r.marks[m.In], m)
	return nil
}
