package sheets

import (
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Annotated is the file as it was given, with a column "Masalah" in which each row's mistakes stand. What an earlier
// reading wrote there is written over. english chooses the language. A CSV comes back in UTF-8, separated as it was.
func (f *File) Annotated(problems []Problem, english bool) ([]byte, error) {
	if f.IsCSV() {
		return f.annotateCSV(problems, english)
	}
	return f.annotateXLSX(problems, english)
}

// remark is what is said of a row: the columns and their mistakes.
func remark(list []Problem, english bool) string {
	var out []string
	for _, p := range list {
		message := p.Message
		if english {
			message = p.MessageEN
		}
		if p.Header != "" {
			message = p.Header + ": " + message
		}
		out = append(out, message)
	}
	return strings.Join(out, "\n")
}

func byRow(problems []Problem, sheet string) map[int][]Problem {
	out := map[int][]Problem{}
	for _, p := range problems {
		if p.Sheet == sheet && p.Row > 0 {
			out[p.Row] = append(out[p.Row], p)
		}
	}
	return out
}

// place finds where the remarks of a sheet go: the row of its headings, and the column that is free or was used before.
func (s sheet) place(problems []Problem) (header, column int) {
	width := 0
	for _, r := range s.rows {
		width = max(width, len(r.cells))
	}
	for i, r := range s.rows {
		if i >= headerWithin {
			break
		}
		if at := slices.IndexFunc(r.cells, func(c string) bool { return c == problemHeader || c == problemHeaderEN }); at >= 0 {
			return r.n, at
		}
	}
	header = 1
	for _, fields := range [][]field{peopleFields} {
		if t, fit := find(s, fields); fit > 1 {
			return t.header.n, width
		}
	}
	if len(s.rows) > 0 {
		header = s.rows[0].n
	}
	return header, width
}

func headerWord(english bool) string {
	if english {
		return problemHeaderEN
	}
	return problemHeader
}

func (f *File) annotateXLSX(problems []Problem, english bool) ([]byte, error) {
	inner, err := openBook(f.raw)
	if err != nil {
		return nil, err
	}
	b := &book{File: inner}
	b.wrap = b.style(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}, Font: &excelize.Font{Color: "9C0006"}})
	b.bold = b.style(&excelize.Style{Font: &excelize.Font{Bold: true}})
	for _, s := range f.sheets {
		rows := byRow(problems, s.name)
		if len(rows) == 0 {
			continue
		}
		header, column := s.place(problems)
		b.keep(b.SetColWidth(s.name, columnName(column), columnName(column), 70))
		for _, r := range s.rows {
			if r.n > header && r.at(column) != "" {
				b.set(s.name, column, r.n, "", 0)
			}
		}
		b.set(s.name, column, header, headerWord(english), b.bold)
		for n, list := range rows {
			if n == header { // of the headings themselves: above the table there may be no room
				b.set(s.name, column, n, headerWord(english)+" — "+remark(list, english), b.wrap)
				continue
			}
			b.set(s.name, column, n, remark(list, english), b.wrap)
		}
	}
	return b.bytes()
}

func (f *File) annotateCSV(problems []Problem, english bool) ([]byte, error) {
	s := f.sheets[0]
	rows := byRow(problems, s.name)
	header, column := s.place(problems)
	var out [][]string
	for n, i := 1, 0; i < len(s.rows); n++ { // rows keep their numbers: what was empty stays an empty row
		cells := make([]string, column+1)
		if s.rows[i].n == n {
			copy(cells[:column], s.rows[i].cells)
			i++
		}
		switch {
		case n == header:
			cells[column] = headerWord(english)
		case len(rows[n]) > 0:
			cells[column] = strings.ReplaceAll(remark(rows[n], english), "\n", " ")
		}
		out = append(out, cells)
	}
	return writeCSV(out, f.comma)
}
