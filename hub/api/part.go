package api

import (
	"errors"
	"maps"
	"net/url"
	"slices"

	"hallkeeper/hub/report"
	"hallkeeper/wire"
)

// part says whose part of a period a document holds. The zero value is all of it.
type part struct {
	// copy is the department that a copy was made for, by the hub itself.
	copy string
	// department, staff and windows are what a reader with less than all may see.
	department, staff string
	windows           []string
}

var errPart = errors.New("the part of the results that the document holds does not read")

// partOf is what a reader sees.
func partOf(s *scope) part {
	if s.all {
		return part{}
	}
	return part{department: s.department, staff: s.staff, windows: slices.Sorted(maps.Keys(s.windows))}
}

func parsePart(text string) (p part, err error) {
	v, err := url.ParseQuery(text)
	if err != nil {
		return p, errPart
	}
	p = part{v.Get("copy"), v.Get("department"), v.Get("staff"), v["window"]}
	if p.String() != text {
		return p, errPart
	}
	return p, nil
}

// String is how documents carry it.
func (p part) String() string {
	v := url.Values{}
	for name, value := range map[string]string{"copy": p.copy, "department": p.department, "staff": p.staff} {
		if value != "" {
			v.Set(name, value)
		}
	}
	for _, id := range p.windows {
		v.Add("window", id)
	}
	return v.Encode()
}

// scope is what the part was cut down to before it became a document.
func (p part) scope() scope {
	s := scope{all: p.department == "" && p.staff == "" && len(p.windows) == 0, department: p.department, staff: p.staff, windows: map[string]bool{}}
	for _, id := range p.windows {
		s.windows[id] = true
	}
	return s
}

// of leaves of a document's input what is of the part.
func (p part) of(in report.Input) report.Input {
	in.Made.Part = p.String()
	switch {
	case p.copy != "":
		in = in.Of(p.copy)
	case p.department != "":
		in = in.Of(p.department)
	case in.Made.Part != "" && len(in.Outcome.Windows) > 0:
		in.Department = in.Outcome.Windows[0].Department
	}
	return in
}

// CopyPart is the part of a copy that the hub makes for a department; see DocumentInput.
func CopyPart(department string) string { return part{copy: department}.String() }

// MadeOf is what a document's bytes depend on besides the log and the fonts.
func MadeOf(in *report.Input, lang report.Lang) *wire.DocumentMade {
	return &wire.DocumentMade{Through: wire.Position(in.Made.Through), Part: in.Made.Part, Lang: string(lang), Number: in.Number,
		Hall: in.Hall, Bureau: in.Bureau, URL: in.Made.URL, Version: in.Made.Version}
}
