package hall

import "strings"

// Code says what sort of refusal an error is; hub/api maps each to one HTTP status.
type Code string

// The sorts of refusal.
const (
	CodeMalformed   Code = "malformed"   // cannot be read at all
	CodeInvalid     Code = "invalid"     // fields are wrong, each named
	CodeUnknown     Code = "unknown"     // names something that is not there
	CodeRefused     Code = "refused"     // a rule refuses
	CodeForbidden   Code = "forbidden"   // not for this person
	CodeUnavailable Code = "unavailable" // cannot be done now
)

// Field is one wrong field of an invalid request.
type Field struct {
	Name string
	Code string // e.g. "required", "too_long"
	ZH   string
	EN   string
}

// Error is a refusal in words for people, in both languages. It holds no internals.
type Error struct {
	Code Code
	// Name is stable and specific, e.g. "window_unknown".
	Name string
	ZH   string
	EN   string
	// Article is the passage of the regulation that refuses, e.g. "63号 第十二条(二)".
	Article string
	Fields  []Field
}

// Error gives the English words, for logs.
func (e *Error) Error() string {
	parts := []string{e.EN}
	for _, f := range e.Fields {
		parts = append(parts, f.Name+": "+f.EN)
	}
	return strings.Join(parts, "; ")
}

// Chinese gives the Chinese words; see package bilingual.
func (e *Error) Chinese() string {
	parts := []string{e.ZH}
	for _, f := range e.Fields {
		parts = append(parts, f.Name+"："+f.ZH)
	}
	return strings.Join(parts, "；")
}

// Refuse is an error that a rule refuses with.
func Refuse(name, zh, en string) *Error {
	return &Error{Code: CodeRefused, Name: name, ZH: zh, EN: en}
}

// Unknown is an error that names something that is not there.
func Unknown(name, zh, en string) *Error {
	return &Error{Code: CodeUnknown, Name: name, ZH: zh, EN: en}
}

// Invalid is an error of wrong fields.
func Invalid(fields ...Field) *Error {
	return &Error{Code: CodeInvalid, Name: "fields_invalid", ZH: "有字段填写不正确", EN: "some fields are wrong", Fields: fields}
}
