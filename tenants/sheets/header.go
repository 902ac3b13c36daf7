package sheets

import (
	"slices"
	"strings"
)

// field is a column that a table may have.
type field struct {
	name     string   // what it is called in a template and in messages: "Surel"
	en       string   // likewise, in English
	words    []string // what people write, folded; the first that is found counts
	required bool
	unused   words // instead of reading it: why it is not used
}

func (f field) knows(header string) int { return slices.Index(f.words, fold(header)) }

// table is a sheet whose header was found.
type table struct {
	sheet
	fields  []field
	header  row
	columns []int // by field; -1: not there
	body    []row
}

// headerWithin is how far down a header is looked for: below a title, a letterhead, an empty line.
const headerWithin = 15

// find looks for a table's header. How many of the columns that are needed were found says how well it fits.
func find(s sheet, fields []field) (t table, fit int) {
	for i, r := range s.rows {
		if i >= headerWithin {
			break
		}
		columns := make([]int, len(fields))
		n := 0
		for k, f := range fields {
			columns[k] = -1
			best := len(f.words)
			for c, text := range r.cells {
				if at := f.knows(text); at >= 0 && at < best {
					columns[k], best = c, at
				}
			}
			if columns[k] >= 0 {
				if n++; f.required {
					n += 10
				}
			}
		}
		if n > fit {
			t, fit = table{s, fields, r, columns, s.rows[i+1:]}, n
		}
	}
	return t, fit
}

// in gives a row's text in a field.
func (t table) in(r row, field int) string { return r.at(t.columns[field]) }

// at is a problem in a row's field, or in its row where there is no such column.
func (t table) at(r row, field int, rule Rule, w words) Problem {
	p := Problem{Sheet: t.name, Row: r.n, Rule: rule, Message: w.id, MessageEN: w.en}
	if c := t.columns[field]; c >= 0 {
		p.Column, p.Header, p.Value = columnName(c), t.header.at(c), r.at(c)
	}
	return p
}

// lacks are the columns that are needed and were not found, each with the header that was probably meant for it.
func (t table) lacks() (out []Problem) {
	var free []string
	for c, text := range t.header.cells {
		if text != "" && !slices.Contains(t.columns, c) {
			free = append(free, text)
		}
	}
	for k, f := range t.fields {
		if !f.required || t.columns[k] >= 0 {
			continue
		}
		w := say("Tidak ada kolom %[1]q di baris %[2]d.", "There is no column %[3]q in row %[2]d.", f.name, t.header.n, f.en)
		for _, text := range free {
			if closest(fold(text), f.words) != "" {
				w = say("Tidak ada kolom %q; ganti judul kolom %q menjadi %[1]q.", "There is no column %[3]q; change the heading %[2]q to %[3]q.", f.name, text, f.en)
				break
			}
		}
		out = append(out, Problem{Sheet: t.name, Row: t.header.n, Rule: RuleHeader, Header: f.name, Message: w.id, MessageEN: w.en, Suggestion: f.name})
	}
	return out
}

// ignored are the columns that are there and not read. What nobody would expect to be read is not mentioned.
func (t table) ignored() (out []Problem) {
	for c, text := range t.header.cells {
		if text == "" || slices.Contains(t.columns, c) || slices.Contains(quietly, fold(text)) {
			continue
		}
		w := say("Kolom ini tidak dipakai.", "This column is not used.")
		out = append(out, Problem{Sheet: t.name, Row: t.header.n, Column: columnName(c), Header: text, Rule: RuleUnused, Message: w.id, MessageEN: w.en, Warning: true})
	}
	for k, f := range t.fields {
		if f.unused.id != "" && t.columns[k] >= 0 && slices.ContainsFunc(t.body, func(r row) bool { return t.in(r, k) != "" }) {
			out = append(out, Problem{
				Sheet: t.name, Row: t.header.n, Column: columnName(t.columns[k]), Header: t.header.at(t.columns[k]), Rule: RuleUnused,
				Message: f.unused.id, MessageEN: f.unused.en, Warning: true,
			})
		}
	}
	return out
}

// quietly are headers that are left out without a word.
var quietly = []string{"no", "nomor", "no urut", "number", fold(problemHeader), fold(problemHeaderEN), "keterangan", "catatan", "remarks", "notes"}

// lines are the rows with something to read, without a template's example, which begins with "Contoh:".
func (t table) lines() (out []row) {
	for _, r := range t.body {
		first := r.at(t.columns[0])
		if strings.HasPrefix(fold(first), "contoh ") && strings.Contains(first, ":") || strings.HasPrefix(first, "Example:") {
			continue
		}
		if slices.ContainsFunc(t.columns, func(c int) bool { return r.at(c) != "" }) {
			out = append(out, r)
		}
	}
	return out
}
