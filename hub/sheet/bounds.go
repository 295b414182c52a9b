package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// What a workbook may hold at most. A small file can be made to unfold into
// gigabytes: by compression, by a cell far away from the others, by one text that
// stands in a thousand cells. A roster of MaxRows rows stays far below all of them.
const (
	// maxUnzipped bounds all parts together, and the text of all cells, in bytes.
	maxUnzipped = 16 << 20
	// maxPart bounds a part that is neither a worksheet nor its texts nor a picture.
	maxPart    = 2 << 20
	maxColumns = 256
	maxLastRow = 100_000
	// maxCells counts the empty cells before the last of a row as well.
	maxCells = 500_000
	// maxText is what spreadsheets themselves let into a cell, in characters.
	maxText = 32_767
	// maxFaults is how many cells of one kind of fault are named.
	maxFaults = 1_000
)

// bounded looks at a workbook's directory, before anything of it is unpacked.
func bounded(file []byte) error {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return unreadable(err)
	}
	all := uint64(0)
	for _, part := range z.File {
		name := strings.ToLower(strings.ReplaceAll(part.Name, `\`, "/"))
		large := strings.HasPrefix(name, "xl/worksheets/") || name == "xl/sharedstrings.xml" || strings.HasPrefix(name, "xl/media/")
		if all += part.UncompressedSize64; part.UncompressedSize64 > maxUnzipped || all > maxUnzipped || !large && part.UncompressedSize64 > maxPart {
			return tooMuch()
		}
	}
	return nil
}

// boundedParts looks through every part that could be taken for a worksheet or for
// its texts, as the reader of workbooks will read it.
func boundedParts(f *excelize.File) (err error) {
	f.Pkg.Range(func(_, content any) bool {
		if part, ok := content.([]byte); ok {
			d := xml.NewDecoder(bytes.NewReader(part))
			d.CharsetReader = f.CharsetReader
			err = boundedPart(d)
		}
		return err == nil
	})
	return err
}

func boundedPart(d *xml.Decoder) error {
	rows, cells, column, texts, text := 0, 0, 0, 0, 0
	for {
		token, err := d.RawToken()
		if err != nil {
			return nil //nolint:nilerr // it is read no further, here or later
		}
		switch e := token.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "row":
				rows++
				if n, err := strconv.Atoi(attr(e, "r")); err == nil {
					rows = max(rows, n)
				}
				cells += column
				column = 0
			case "c":
				column++
				if name := attr(e, "r"); name != "" {
					if at, row, err := excelize.CellNameToCoordinates(name); err == nil {
						column, rows = max(column, at), max(rows, row)
					}
				}
			case "si", "is":
				texts++
				text = 0
			}
		case xml.CharData:
			text += len(e)
		case xml.EndElement:
			if e.Name.Local == "si" || e.Name.Local == "is" {
				if text > 3*maxText {
					return tooMuch()
				}
			}
		}
		if rows > maxLastRow || column > maxColumns || cells > maxCells || texts > maxCells {
			return tooMuch()
		}
	}
}

func tooMuch() error {
	return refuse("file_too_large", "这个 .xlsx 文件展开后过大，或含有很远的单元格、过长的文字：请只留下要导入的表，另存后再导入",
		"this .xlsx file unfolds into too much, or has cells far away or texts that are too long: keep the table alone, save it again")
}
