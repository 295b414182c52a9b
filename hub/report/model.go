package report

// letter is a document as GB/T 9704-2012 orders its parts; PDF and DOCX are made from it.
type letter struct {
	lang Lang
	// head is the issuing organ in red (发文机关标志), with the number below it; both only where there is a number.
	head, number string
	// mark stands at the upper right: a draft, or a correction.
	mark  string
	title []string
	// to are the addressees (主送机关).
	to     string
	blocks []block
	// attachments are the lines after the body (附件说明).
	attachments []string
	// sign and date end the text (发文机关署名、成文日期).
	sign, date string
	// proof stands below it: what the document rests on, with a code to check it.
	proof proof
	// copies, printer and printed are the colophon (版记); printer is empty for none.
	copies, printer, printed string
	meta                     meta
}

// proof is a table beside a QR code.
type proof struct {
	title string
	url   string
	rows  [][2]string
}

// block is a part of the body.
type block interface{ isBlock() }

type (
	// heading is 一、 at level 1, （一） at level 2.
	heading struct {
		level int
		text  string
	}
	// para is a paragraph of the body.
	para struct{ text string }
	// table has its title above it and its head on each page.
	table struct {
		title   string
		columns []column
		rows    [][]string
	}
)

// column is one of a table. Numbers and short words get the room that they need; what is left goes to
// the columns of texts, by their weights.
type column struct {
	name   string
	weight float64
	align  align
}

type align int

const (
	left align = iota // texts
	centre
	right
)

func (heading) isBlock() {}
func (para) isBlock()    {}
func (table) isBlock()   {}
