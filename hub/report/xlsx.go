package report

import "io"

func (b *builder) workbook(w io.Writer) error { return nil }
