package sheets

import (
	"bytes"
	"encoding/csv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// problemHeader is the column into which a file's mistakes are written, and from which nothing is read.
const (
	problemHeader   = "Masalah"
	problemHeaderEN = "Problems"
)

// Table is a sheet that is written: a line of headings and rows of texts.
type Table struct {
	Name   string
	Header []string
	Rows   [][]string
	Widths []float64 // of the columns, in characters; missing: 18
	Note   string    // what stands above the headings; empty: nothing
}

// WriteXLSX makes a workbook of tables. Every cell is a text: nothing that somebody typed becomes a formula.
func WriteXLSX(tables ...Table) ([]byte, error) {
	b := newBook()
	for i, t := range tables {
		if err := b.add(i, t); err != nil {
			return nil, err
		}
	}
	return b.bytes()
}

// WriteCSV makes a CSV as Excel in Indonesian opens it: a mark for UTF-8, semicolons. A cell that a spreadsheet would take
// for a formula begins with a quotation mark.
func WriteCSV(rows [][]string) ([]byte, error) { return writeCSV(rows, ';') }

func writeCSV(rows [][]string, comma rune) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("\xef\xbb\xbf")
	w := csv.NewWriter(&out)
	w.Comma, w.UseCRLF = comma, true
	for _, r := range rows {
		safe := make([]string, len(r))
		for i, c := range r {
			if safe[i] = c; c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
				safe[i] = "'" + c
			}
		}
		if err := w.Write(safe); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

// book is a workbook in the making. The first error stays.
type book struct {
	*excelize.File
	bold, text, wrap, sample int
	err                      error
}

func newBook() *book {
	b := &book{File: excelize.NewFile()}
	line := []excelize.Border{{Type: "bottom", Color: "44546A", Style: 2}}
	b.bold = b.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Border: line, NumFmt: 49, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}})
	b.text = b.style(&excelize.Style{NumFmt: 49})
	b.wrap = b.style(&excelize.Style{NumFmt: 49, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	b.sample = b.style(&excelize.Style{NumFmt: 49, Font: &excelize.Font{Italic: true, Color: "7F7F7F"}})
	return b
}

func (b *book) style(s *excelize.Style) int {
	n, err := b.NewStyle(s)
	b.keep(err)
	return n
}

func (b *book) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

// add writes a table as the sheet with this place, from 0.
func (b *book) add(i int, t Table) error {
	if i == 0 {
		b.keep(b.SetSheetName(b.GetSheetName(0), t.Name))
	} else {
		_, err := b.NewSheet(t.Name)
		b.keep(err)
	}
	at := 1
	if t.Note != "" {
		b.set(t.Name, 0, at, t.Note, 0)
		at = 3
	}
	for c, h := range t.Header {
		width := 18.0
		if c < len(t.Widths) {
			width = t.Widths[c]
		}
		b.keep(b.SetColWidth(t.Name, columnName(c), columnName(c), width))
		// Cells to be filled in are texts: else a spreadsheet makes a date of 1-3.
		b.keep(b.SetColStyle(t.Name, columnName(c), b.text))
		b.set(t.Name, c, at, h, b.bold)
	}
	for r, cells := range t.Rows {
		for c, text := range cells {
			b.set(t.Name, c, at+1+r, text, b.text)
		}
	}
	if len(t.Header) > 0 {
		b.keep(b.SetPanes(t.Name, &excelize.Panes{Freeze: true, YSplit: at, TopLeftCell: columnName(0) + itoa(at+1), ActivePane: "bottomLeft"}))
	}
	return b.err
}

// set writes a text; the column is from 0, the row from 1.
func (b *book) set(sheet string, column, row int, text string, style int) {
	cell := columnName(column) + itoa(row)
	b.keep(b.SetCellStr(sheet, cell, text))
	if style != 0 {
		b.keep(b.SetCellStyle(sheet, cell, cell, style))
	}
}

func (b *book) bytes() ([]byte, error) {
	defer func() { _ = b.Close() }()
	if b.err != nil {
		return nil, b.err
	}
	out, err := b.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
