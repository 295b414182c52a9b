package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/xuri/excelize/v2"
)

// readXLSX reads the first worksheet.
func readXLSX(file []byte) (g *grid, err error) {
	defer func() {
		if p := recover(); p != nil { // a file made to break readers
			g, err = nil, unreadable(fmt.Errorf("%v", p))
		}
	}()
	if err := bounded(file); err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(file), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped})
	if err != nil {
		return nil, unreadable(err)
	}
	defer func() { _ = f.Close() }()
	if err := boundedParts(f); err != nil {
		return nil, err
	}
	g = &grid{spoiled: map[string]bool{}}
	if err := g.look(file); err != nil {
		return nil, err
	}
	rows, err := f.Rows(f.GetSheetName(0))
	if err != nil {
		return nil, unreadable(err)
	}
	defer func() { _ = rows.Close() }()
	for written := 0; rows.Next(); {
		row, err := rows.Columns()
		if err != nil {
			return nil, unreadable(err)
		}
		for _, text := range row {
			written += len(text)
		}
		if written > maxUnzipped { // one text may stand in many cells
			return nil, tooMuch()
		}
		g.rows = append(g.rows, row)
	}
	if err := rows.Error(); err != nil {
		return nil, unreadable(err)
	}
	return g, nil
}

// spoil marks the cells of a range, as far as a table may reach.
func (g *grid) spoil(from, to string) error {
	left, top, err := excelize.CellNameToCoordinates(from)
	if err != nil {
		return err
	}
	right, bottom, err := excelize.CellNameToCoordinates(to)
	if err != nil {
		return err
	}
	for row := top; row <= min(bottom, top+MaxRows); row++ {
		for column := left; column <= min(right, left+maxColumns); column++ {
			if g.marked++; g.marked > maxCells {
				return errors.New("too much of it is merged")
			}
			cell, err := excelize.CoordinatesToCellName(column, row)
			if err != nil {
				return err
			}
			g.spoiled[cell] = true
		}
	}
	return nil
}

// What is said of a formula.
const (
	formulaZH = "单元格里是公式，请复制后“选择性粘贴为数值”"
	formulaEN = "holds a formula; paste its value instead"
)

func unreadable(err error) error {
	return fmt.Errorf("%w (%w)", refuse("file_format", "这个 .xlsx 文件已损坏或无法读取：请重新另存后再导入", "this .xlsx file is damaged or cannot be read: save it again"), err)
}

// look finds the formulas and the merged cells of the first worksheet.
func (g *grid) look(file []byte) error {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return unreadable(err)
	}
	part, err := firstSheet(z)
	if err != nil {
		return unreadable(err)
	}
	r, err := z.Open(part)
	if err != nil {
		return unreadable(err)
	}
	defer func() { _ = r.Close() }()
	d := xml.NewDecoder(r)
	merged, cell := 0, ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return unreadable(err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch e.Name.Local {
		case "c":
			cell = attr(e, "r")
		case "f":
			g.fault(cell, "formula", formulaZH, formulaEN)
		case "mergeCell":
			ref := attr(e, "ref")
			if merged++; merged > maxFaults {
				return tooMuch()
			}
			g.fault(ref, "merged", "合并的单元格无法确定属于哪一行，请取消合并", "merged cells belong to no one row; unmerge them")
			from, to, _ := strings.Cut(ref, ":")
			if err := g.spoil(from, to); err != nil {
				return unreadable(err)
			}
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// firstSheet finds the part of the workbook's first worksheet (ECMA-376 part 1, 18.2.19 and part 2, 9.3).
func firstSheet(z *zip.Reader) (string, error) {
	var book struct {
		Sheets []struct {
			ID string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	var rels struct {
		Relationship []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		}
	}
	if err := decode(z, "xl/workbook.xml", &book); err != nil {
		return "", err
	}
	if err := decode(z, "xl/_rels/workbook.xml.rels", &rels); err != nil {
		return "", err
	}
	for _, r := range rels.Relationship {
		if len(book.Sheets) > 0 && r.ID == book.Sheets[0].ID {
			if strings.HasPrefix(r.Target, "/") {
				return strings.TrimPrefix(r.Target, "/"), nil
			}
			return path.Join("xl", r.Target), nil
		}
	}
	return "", errors.New("the workbook has no sheet")
}

func decode(z *zip.Reader, name string, into any) error {
	r, err := z.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	return xml.NewDecoder(io.LimitReader(r, 8<<20)).Decode(into)
}
