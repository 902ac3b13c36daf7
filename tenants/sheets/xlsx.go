package sheets

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"

	"github.com/xuri/excelize/v2"
)

// openXLSX reads the texts of all sheets. What it unpacks to is known, and refused, before anything is unpacked:
// archive/zip gives no byte beyond what the directory says.
func openXLSX(raw []byte) (f *File, wrong []Problem) {
	if wrong := tooLarge(raw); wrong != nil {
		return nil, wrong
	}
	defer func() { // the file is a stranger's: whatever it makes a parser do, it is only a file that cannot be read
		if recover() != nil {
			f, wrong = nil, unreadable()
		}
	}()
	book, err := openBook(raw)
	if err != nil {
		return nil, unreadable()
	}
	defer func() { _ = book.Close() }()
	f = &File{raw: raw}
	names := book.GetSheetList()
	if len(names) > maxSheets {
		return nil, whole(RuleSize, say("Berkas ini berisi lebih dari %d lembar.", "This file holds more than %d sheets.", maxSheets))
	}
	for _, name := range names {
		if seen, err := book.GetSheetVisible(name); err == nil && !seen {
			continue // the lists behind a template's drop-downs
		}
		s, err := readSheet(book, name)
		if errors.Is(err, errTooMany) {
			w := say("Lembar %q lebih dari %d baris. Hapus baris yang tidak diperlukan, juga yang kosong di bawah tabel.",
				"The sheet %q has more than %d rows. Remove those that are not needed, and empty ones below the table.", name, maxRows)
			return nil, []Problem{{Sheet: name, Rule: RuleSize, Message: w.id, MessageEN: w.en}}
		}
		if err != nil {
			return nil, unreadable()
		}
		f.sheets = append(f.sheets, s)
	}
	return f, nil
}

func openBook(raw []byte) (*excelize.File, error) {
	return excelize.OpenReader(bytes.NewReader(raw), excelize.Options{UnzipSizeLimit: maxUnzip, UnzipXMLSizeLimit: maxUnzip})
}

func unreadable() []Problem {
	return whole(RuleFile, say("Berkas ini rusak atau bukan lembar kerja. Buka di Excel atau LibreOffice, simpan sebagai .xlsx, lalu unggah lagi.",
		"This file is damaged or no spreadsheet. Open it in Excel or LibreOffice, save it as .xlsx and upload it again."))
}

func tooLarge(raw []byte) []Problem {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return unreadable()
	}
	total := uint64(0)
	for _, part := range z.File {
		if total += part.UncompressedSize64; total > maxUnzip || part.UncompressedSize64 > maxUnzip || len(z.File) > maxParts {
			return whole(RuleSize, say("Isi berkas ini terlalu besar. Salin tabelnya saja ke berkas baru.", "What this file holds is too large. Copy the table alone into a new file."))
		}
	}
	return nil
}

func readSheet(book *excelize.File, name string) (s sheet, err error) {
	s.name = name
	rows, err := book.Rows(name)
	if err != nil {
		// A sheet that is a chart has no rows.
		var notSheet excelize.ErrSheetNotExist
		if errors.As(err, &notSheet) {
			return s, nil
		}
		return s, fmt.Errorf("sheets: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for n := 1; rows.Next(); n++ {
		// Raw: a number as it was typed, not as the cell's format shows it.
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return s, fmt.Errorf("sheets: %w", err)
		}
		if r, ok := rowOf(n, cells); ok {
			if n > maxRows {
				return s, errTooMany
			}
			s.rows = append(s.rows, r)
		}
		if n > 4*maxRows {
			return s, nil // nothing but formatted emptiness has come for long
		}
	}
	return s, rows.Error()
}

// rowOf makes a row of its cells; ok is false for an empty one.
func rowOf(n int, cells []string) (r row, ok bool) {
	r.n = n
	for i, c := range cells[:min(len(cells), maxColumns)] {
		if len(c) > maxCell {
			c = c[:maxCell]
		}
		if c = clean(c); c == "" {
			continue
		}
		for len(r.cells) < i {
			r.cells = append(r.cells, "")
		}
		r.cells = append(r.cells, c)
	}
	return r, len(r.cells) > 0
}
