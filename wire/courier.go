package wire

import "time"

// Kinds of copies to departments (抄送, 63号 第八条). Only the hub makes them. Mail addresses
// travel sealed under the department's key.
const (
	KindDepartmentMailSet Kind = "department.mail-set"
	KindCopyQueued        Kind = "copy.queued"
	KindCopySent          Kind = "copy.sent"
	KindCopyFailed        Kind = "copy.failed"
	KindCopyGivenUp       Kind = "copy.given-up"
	KindCopyRetried       Kind = "copy.retried"
	KindCopyDownloaded    Kind = "copy.downloaded"
)

// DepartmentMailSet says where a department's copies go; the address is sealed.
type DepartmentMailSet struct {
	Department string `json:"department"`
	// Set is false where the department gets no mail any more.
	Set bool `json:"set"`
}

// CopyQueued orders that a department gets its part of a published revision; the address is sealed.
type CopyQueued struct {
	Copy       string `json:"copy"`
	Period     string `json:"period"`
	Revision   int    `json:"revision"`
	Department string `json:"department"`
	// Formats are those of the files: xlsx, docx, pdf.
	Formats []string `json:"formats"`
}

// CopyFile is one file as it left the hub.
type CopyFile struct {
	Name   string `json:"name"`
	Format string `json:"format"`
	Size   int    `json:"size"`
	SHA256 string `json:"sha256"`
	// Made is what the file's bytes depend on besides the log; older records have none.
	Made *DocumentMade `json:"made,omitempty"`
}

// DocumentMade is all that a document's bytes depend on besides the log and the fonts, so
// that it can be made again.
type DocumentMade struct {
	// Through is the last record that was known.
	Through Position `json:"through"`
	// Part says whose part of the results it holds, e.g. copy=civil; empty is all.
	Part   string `json:"part,omitempty"`
	Lang   string `json:"lang"`
	Number string `json:"number,omitempty"`
	Hall   string `json:"hall"`
	Bureau string `json:"bureau,omitempty"`
	// URL is where the hub is reached.
	URL     string `json:"url,omitempty"`
	Version string `json:"version"`
}

// CopySent says that a mail server took a copy.
type CopySent struct {
	Copy    string `json:"copy"`
	Attempt int    `json:"attempt"`
	// Server is its host and port, Answer what it said.
	Server string `json:"server"`
	Answer string `json:"answer"`
	// MessageID is the mail's; each attempt of a copy has the same.
	MessageID string     `json:"message_id"`
	Files     []CopyFile `json:"files"`
}

// CopyFailed says why an attempt failed, and when the next one is.
type CopyFailed struct {
	Copy    string `json:"copy"`
	Attempt int    `json:"attempt"`
	Server  string `json:"server,omitempty"`
	// Why is what the server said, or what stood in the way; no address is in it.
	Why  string    `json:"why"`
	Next time.Time `json:"next"`
}

// CopyGivenUp says that nothing more is tried until somebody asks for it.
type CopyGivenUp struct {
	Copy    string `json:"copy"`
	Attempt int    `json:"attempt"`
	Server  string `json:"server,omitempty"`
	Why     string `json:"why"`
}

// CopyRetried lets a copy be tried again at once.
type CopyRetried struct {
	Copy string `json:"copy"`
}

// CopyDownloaded says that a department has fetched its part itself.
type CopyDownloaded struct {
	Period     string `json:"period"`
	Revision   int    `json:"revision"`
	Department string `json:"department"`
	Format     string `json:"format"`
	SHA256     string `json:"sha256"`
	// Made is what the file's bytes depend on besides the log; older records have none.
	Made *DocumentMade `json:"made,omitempty"`
}

func courierKinds() []KindInfo {
	return []KindInfo{
		{KindDepartmentMailSet, 1, true, DepartmentMailSet{}}, {KindCopyQueued, 1, true, CopyQueued{}}, {KindCopySent, 1, true, CopySent{}},
		{KindCopyFailed, 1, true, CopyFailed{}}, {KindCopyGivenUp, 1, true, CopyGivenUp{}}, {KindCopyRetried, 1, true, CopyRetried{}},
		{KindCopyDownloaded, 1, true, CopyDownloaded{}},
	}
}
