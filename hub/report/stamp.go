package report

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hallkeeper/hub/assess"
)

// Stamp is what a document says of itself to programs: which publication it is of, and all
// that its bytes depend on besides the log. It is in the custom properties of DOCX and XLSX
// and in the XMP metadata of PDF, which are not compressed.
type Stamp struct {
	Period   assess.Period
	Revision int
	// Digest is the hex SHA-256 of the outcome.
	Digest string
	// Through is the last record of the log that was known when the document was made.
	Through uint64
	// Part says whose part of the results it holds; empty is all.
	Part   string
	Lang   Lang
	Number string
	// Hall and Bureau are the names on it, URL is where the hub is reached.
	Hall, Bureau, URL string
	// Version is the program's.
	Version string
}

// Made is under what circumstances a document is made; it is not printed.
type Made struct {
	Through uint64
	Part    string
	URL     string
	Version string
}

// stamp is nil for what is no document of a period.
func (b *builder) stamp() *Stamp {
	if b.Outcome == nil {
		return nil
	}
	return &Stamp{Period: b.Outcome.Period, Revision: b.Revision, Digest: b.Digest, Through: b.Made.Through, Part: b.Made.Part, Lang: b.lang, Number: b.Number,
		Hall: b.Hall, Bureau: b.Bureau, URL: b.Made.URL, Version: b.Made.Version}
}

// values are the stamp's as they are written, in this order.
func (s *Stamp) values() [][2]string {
	return [][2]string{{"Period", string(s.Period)}, {"Revision", strconv.Itoa(s.Revision)}, {"Digest", s.Digest}, {"Through", strconv.FormatUint(s.Through, 10)}, {"Part", s.Part},
		{"Language", string(s.Lang)}, {"Number", s.Number}, {"Hall", s.Hall}, {"Bureau", s.Bureau}, {"Address", s.URL}, {"Program", s.Version}}
}

func (s *Stamp) set(name, value string) (err error) {
	switch name {
	case "Period":
		s.Period = assess.Period(value)
	case "Revision":
		s.Revision, err = strconv.Atoi(value)
	case "Digest":
		s.Digest = value
	case "Through":
		s.Through, err = strconv.ParseUint(value, 10, 64)
	case "Part":
		s.Part = value
	case "Language":
		s.Lang = Lang(value)
	case "Number":
		s.Number = value
	case "Hall":
		s.Hall = value
	case "Bureau":
		s.Bureau = value
	case "Address":
		s.URL = value
	case "Program":
		s.Version = value
	}
	return err
}

const (
	propertyPrefix = "Hallkeeper"
	customPart     = "docProps/custom.xml"
	customType     = `<Override PartName="/docProps/custom.xml" ContentType="application/vnd.openxmlformats-officedocument.custom-properties+xml"/>`
	customRelation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
	stampSpace     = "https://hallkeeper.example/ns/stamp/1/"
)

// custom is the part of an Office file with custom properties (ECMA-376 part 1, 15.2.12.2).
func (s *Stamp) custom() []byte {
	var b strings.Builder
	b.WriteString(xmlHead + `<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">`)
	for i, v := range s.values() {
		fmt.Fprintf(&b, `<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="%d" name="%s"><vt:lpwstr>%s</vt:lpwstr></property>`, i+2, propertyPrefix+v[0], escaped(v[1]))
	}
	return []byte(b.String() + "</Properties>")
}

// into puts the custom properties into an Office file.
func (s *Stamp) into(parts []filePart) []filePart {
	if s == nil {
		return parts
	}
	for i := range parts {
		p := &parts[i]
		switch p.name {
		case "[Content_Types].xml":
			p.data = bytes.Replace(p.data, []byte("</Types>"), []byte(customType+"</Types>"), 1)
		case "_rels/.rels":
			p.data = bytes.Replace(p.data, []byte("</Relationships>"), []byte(`<Relationship Id="rIdStamp" Type="`+customRelation+`" Target="`+customPart+`"/></Relationships>`), 1)
		}
	}
	return append(parts, filePart{customPart, s.custom()})
}

// xmp is the metadata of a PDF (ISO 16684-1).
func (s *Stamp) xmp(m *meta) []byte {
	var b strings.Builder
	b.WriteString("<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n")
	fmt.Fprintf(&b, "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:hall=\"%s\">\n<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">%s</rdf:li></rdf:Alt></dc:title>\n", stampSpace, escaped(m.title))
	for _, v := range s.values() {
		fmt.Fprintf(&b, "<hall:%s>%s</hall:%s>\n", v[0], escaped(v[1]), v[0])
	}
	return []byte(b.String() + "</rdf:Description>\n</rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>")
}

// What ReadStamp answers.
var (
	ErrNoDocument = errors.New("the file is no DOCX, XLSX or PDF that can be read")
	ErrNoStamp    = errors.New("the file does not say which publication it is of")
)

// ReadStamp reads what a document says of itself. Nothing of it is true because it is said.
func ReadStamp(file []byte) (s Stamp, f Format, err error) {
	if bytes.HasPrefix(file, []byte("%PDF-")) {
		s, err = pdfStamp(file)
		return s, PDF, err
	}
	parts, err := Parts(file)
	if err != nil {
		return s, "", err
	}
	f = XLSX
	if _, ok := parts["word/document.xml"]; ok {
		f = DOCX
	} else if _, ok := parts["xl/workbook.xml"]; !ok {
		return s, "", ErrNoDocument
	}
	var custom struct {
		Properties []struct {
			Name  string `xml:"name,attr"`
			Value string `xml:"lpwstr"`
		} `xml:"property"`
	}
	if err := xml.Unmarshal(parts[customPart], &custom); err != nil || len(custom.Properties) == 0 {
		return s, f, ErrNoStamp
	}
	for _, p := range custom.Properties {
		if name, ours := strings.CutPrefix(p.Name, propertyPrefix); ours {
			if err := s.set(name, p.Value); err != nil {
				return s, f, fmt.Errorf("%s: %w", p.Name, ErrNoStamp)
			}
		}
	}
	err = s.complete()
	return s, f, err
}

func (s *Stamp) complete() error {
	if s.Period.Kind() == "" {
		return ErrNoStamp
	}
	return nil
}

// pdfStamp takes the last packet: a PDF may have been added to.
func pdfStamp(file []byte) (s Stamp, err error) {
	begin := bytes.LastIndex(file, []byte("<?xpacket begin="))
	if begin < 0 {
		return s, ErrNoStamp
	}
	end := bytes.Index(file[begin:], []byte("<?xpacket end="))
	if end < 0 {
		return s, ErrNoStamp
	}
	d := xml.NewDecoder(bytes.NewReader(file[begin : begin+end]))
	for {
		token, terr := d.Token()
		if errors.Is(terr, io.EOF) {
			err = s.complete()
			return s, err
		}
		if terr != nil {
			return s, ErrNoStamp
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Space == stampSpace {
			var value string
			if d.DecodeElement(&value, &e) != nil || s.set(e.Name.Local, value) != nil {
				return s, ErrNoStamp
			}
		}
	}
}

// largestPart bounds what is unpacked of a file that somebody brings.
const largestPart = 64 << 20

// Parts unpacks a DOCX or XLSX.
func Parts(file []byte) (map[string][]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, ErrNoDocument
	}
	parts, left := map[string][]byte{}, int64(largestPart)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, ErrNoDocument)
		}
		data, err := io.ReadAll(io.LimitReader(r, left+1))
		if left -= int64(len(data)); err != nil || left < 0 {
			return nil, fmt.Errorf("%s: %w", f.Name, ErrNoDocument)
		}
		parts[f.Name] = data
	}
	return parts, nil
}

// Difference is where the text of two documents begins to differ.
type Difference struct {
	Part string
	// Has is what the first one has there, Lacks what the second one has; empty is nothing.
	Has, Lacks string
}

// TextDifference compares what two DOCX or two XLSX show: the text of their parts, whatever
// their looks. It is nil where both show the same.
func TextDifference(one, two []byte) (*Difference, error) {
	a, err := Parts(one)
	if err != nil {
		return nil, err
	}
	b, err := Parts(two)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, all := range []map[string][]byte{a, b} {
		for name := range all {
			if shows(name) {
				names[name] = true
			}
		}
	}
	sorted := make([]string, 0, len(names))
	for name := range names {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	for _, name := range sorted {
		x, y := textsOf(a[name]), textsOf(b[name])
		for i := range max(len(x), len(y)) {
			has, lacks := at(x, i), at(y, i)
			if has != lacks {
				return &Difference{name, has, lacks}, nil
			}
		}
	}
	return nil, nil
}

func at(all []string, i int) string {
	if i < len(all) {
		return all[i]
	}
	return ""
}

// shows tells whether people read a part.
func shows(name string) bool {
	return strings.HasPrefix(name, "word/") && strings.HasSuffix(name, ".xml") || name == "xl/sharedStrings.xml" || strings.HasPrefix(name, "xl/worksheets/") && strings.HasSuffix(name, ".xml")
}

// textsOf are the texts between the tags of a part; one that does not read has its bytes.
func textsOf(part []byte) (texts []string) {
	d := xml.NewDecoder(bytes.NewReader(part))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			return []string{string(part)}
		}
		if t, ok := token.(xml.CharData); ok && len(bytes.TrimSpace(t)) > 0 {
			texts = append(texts, string(t))
		}
	}
}

// Digests are all that a DOCX or XLSX shows that look like digests of outcomes, for files that have lost their stamp.
func Digests(file []byte) (found []string) {
	parts, err := Parts(file)
	if err != nil {
		return nil
	}
	for name, data := range parts {
		if !shows(name) {
			continue
		}
		for _, text := range textsOf(data) {
			for _, m := range regexp.MustCompile(`\b[0-9a-f]{64}\b`).FindAllString(text, -1) {
				if !slices.Contains(found, m) {
					found = append(found, m)
				}
			}
		}
	}
	slices.Sort(found)
	return found
}
