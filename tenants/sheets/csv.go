package sheets

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// decode gives a CSV's text in UTF-8: as its mark says, else UTF-8 where it is, else Windows-1252, in which Excel saves.
func decode(raw []byte) ([]byte, error) {
	var from encoding.Encoding
	switch {
	case bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
		return raw[3:], nil
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		from = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case utf8.Valid(raw):
		return raw, nil
	default:
		from = charmap.Windows1252
	}
	return from.NewDecoder().Bytes(raw)
}

// commaOf finds what separates the columns: as the file says ("sep=;"), else what stands most often outside quotation
// marks in its first lines.
func commaOf(text []byte) rune {
	count, quoted, lines := map[rune]int{}, false, 0
	for _, r := range string(text[:min(len(text), 8<<10)]) {
		switch r {
		case '"':
			quoted = !quoted
		case ',', ';', '\t':
			if !quoted {
				count[r]++
			}
		case '\n':
			if lines++; lines >= 20 && !quoted {
				return most(count)
			}
		}
	}
	return most(count)
}

func most(count map[rune]int) rune {
	best := ','
	for _, r := range []rune{';', '\t'} {
		if count[r] > count[best] {
			best = r
		}
	}
	return best
}

func openCSV(raw []byte) (*File, []Problem) {
	text, err := decode(raw)
	if err != nil || bytes.IndexByte(text, 0) >= 0 {
		return nil, whole(RuleFile, say("Berkas ini bukan lembar kerja atau teks. Unggah berkas .xlsx atau .csv.", "This file is neither a spreadsheet nor text. Upload an .xlsx or a .csv file."))
	}
	if bytes.IndexByte(text, '\n') < 0 {
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	}
	f := &File{raw: raw}
	skipped := 0
	if line, rest, _ := bytes.Cut(text, []byte("\n")); len(bytes.TrimSpace(line)) == 5 && strings.HasPrefix(strings.ToLower(string(line)), "sep=") {
		f.comma, text, skipped = rune(line[4]), rest, 1
		if f.comma == '"' || f.comma == '\r' || f.comma >= utf8.RuneSelf {
			f.comma = ','
		}
	} else {
		f.comma = commaOf(text)
	}
	s, err := readCSV(text, f.comma, skipped)
	if errors.Is(err, errTooMany) {
		return nil, whole(RuleSize, say("Berkas ini lebih dari %d baris.", "This file has more than %d rows.", maxRows))
	}
	if err != nil {
		return nil, whole(RuleFile, say("Berkas CSV ini tidak dapat dibaca: ada tanda kutip yang tidak ditutup. Simpan ulang dari Excel atau LibreOffice.",
			"This CSV cannot be read: a quotation mark is not closed. Save it again from Excel or LibreOffice."))
	}
	f.sheets = []sheet{s}
	return f, nil
}

// readCSV reads the rows with the numbers that a spreadsheet would show: a line of text is a row, but for those within
// quotation marks.
func readCSV(text []byte, comma rune, skipped int) (s sheet, err error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = comma, -1, true
	inner := 0
	for {
		cells, err := r.Read()
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return s, err
		}
		line, _ := r.FieldPos(0)
		n := line - inner + skipped
		for _, c := range cells {
			inner += strings.Count(c, "\n")
		}
		if r, ok := rowOf(n, cells); ok {
			if n > maxRows {
				return s, errTooMany
			}
			s.rows = append(s.rows, r)
		}
	}
}
