// Package bilingual is what the programs say at the command line when something went wrong: a sentence in Chinese and one in
// English, which name what happened and what to do. It owns how the two are made and printed, and the words for what any
// program meets (a missing file, no permission, a taken address, a full disk); it refuses to know any domain.
package bilingual

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Error is a sentence in both languages.
type Error struct {
	zh string
	en error
}

// New is a sentence without arguments; it can stand for a kind of error, as those of errors.New can.
func New(zh, en string) *Error { return &Error{zh, errors.New(en)} }

// Errorf makes a sentence of two formats with the same arguments; %[n]v puts them into another order. What is wrapped by %w in
// the English one is found by errors.Is and errors.As; it stands in the Chinese sentence in Chinese where there are words for it,
// and as it is where not. Each format must name every argument.
func Errorf(zh, en string, args ...any) *Error {
	said := make([]any, len(args))
	for i, a := range args {
		if err, ok := a.(error); ok {
			a = errors.New(InChinese(err))
		}
		said[i] = a
	}
	return &Error{fmt.Errorf(zh, said...).Error(), fmt.Errorf(en, args...)} //nolint:err113 // the formats are those of whoever calls
}

// Error is the English sentence, as it stands in logs.
func (e *Error) Error() string { return e.en.Error() }

// Unwrap gives the English sentence, which may wrap several.
func (e *Error) Unwrap() error { return e.en }

// Chinese is the Chinese sentence.
func (e *Error) Chinese() string { return e.zh }

// Chinese gives an error in Chinese as far as there are words for it: its own, those of what it wraps, or those of a cause that
// every program meets.
func Chinese(err error) (words string, ok bool) {
	switch x := err.(type) { //nolint:errorlint // each layer is looked at in its turn
	case nil:
		return "", false
	case interface{ Chinese() string }:
		return x.Chinese(), true
	case interface{ Unwrap() []error }:
		var all []string
		for _, part := range x.Unwrap() {
			if zh, ok := Chinese(part); ok {
				all = append(all, zh)
			}
		}
		return strings.Join(all, "；"), len(all) > 0
	}
	if c, ok := common(err); ok {
		return c.zh, true
	}
	return Chinese(errors.Unwrap(err))
}

// InChinese gives an error in Chinese where there are words for it, and as it is where not.
func InChinese(err error) string {
	if zh, ok := Chinese(err); ok {
		return zh
	}
	return err.Error()
}

// Print writes an error for people: a line in Chinese and one in English, each after the program's name. What nobody has
// Chinese words for is said not to have worked, with its cause as it is.
func Print(w io.Writer, program string, err error) {
	zh, ok := Chinese(err)
	switch {
	case !ok && errors.Is(err, context.Canceled):
		zh = "已中断"
	case !ok:
		zh = "没有完成，原因：" + err.Error()
	}
	en := err.Error()
	if c, ok := cause(err); ok && !strings.Contains(en, c.todo) {
		en += ": " + c.todo
	}
	_, _ = fmt.Fprintf(w, "%s: %s\n%s: %s\n", program, zh, program, en)
}
