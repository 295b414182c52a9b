// Package report makes the documents of a period (63号 第十五条、第十六条): a month's
// statistics, a quarter's bulletin, a year's assessment and a leaver's evaluation, as
// XLSX, DOCX and PDF. DOCX and PDF follow the layout of GB/T 9704-2012 (党政机关公文格式).
//
// It is given all that it prints and writes to an io.Writer; it opens no file and asks
// no clock, so the same input gives the same bytes. It refuses to know how scores come
// about, and to print a character as a box: what no font has is an error that names it.
package report
