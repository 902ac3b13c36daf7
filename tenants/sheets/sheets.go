// Package sheets reads what regions keep in spreadsheets: people, services, counters, the numbers of a running day.
// It takes xlsx and CSV as people save them, and names everything that is wrong by sheet, row and column, with what
// would be right. Like tenants it imports nothing from internal and writes nothing anywhere.
package sheets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/xuri/excelize/v2"

	"github.com/pendopo-id/pendopo/tenants/nearest"
)

// Bounds of what is read. A mall with 300 people and as many services needs a tenth of each.
const (
	MaxSize    = 1 << 20 // bytes of a file
	maxUnzip   = 8 << 20 // bytes of an xlsx once it is unpacked: it is read whole, and never to a temporary file
	maxParts   = 500     // files within an xlsx
	maxSheets  = 50
	maxRows    = 5000 // rows of a sheet, by the number that the spreadsheet shows
	maxColumns = 100
	maxCell    = 20_000 // bytes of one cell
)

// Rule names what a problem is about, for tests and programs; people read Message.
type Rule string

// The rules.
const (
	RuleFile      Rule = "file"      // cannot be read at all
	RuleSize      Rule = "size"      // too large
	RuleSheet     Rule = "sheet"     // a sheet that is needed is not there
	RuleHeader    Rule = "header"    // a column that is needed is not there, or one that is not used
	RuleRequired  Rule = "required"  // an empty cell
	RuleText      Rule = "text"      // signs that no text may have, or too many
	RuleEmail     Rule = "email"     //
	RuleDuplicate Rule = "duplicate" // stands in another row too
	RuleRole      Rule = "role"      //
	RuleAgency    Rule = "agency"    //
	RuleCounter   Rule = "counter"   // none of any agency, or not written as a list
	RuleForeign   Rule = "foreign"   // another agency's counter
	RuleThere     Rule = "there"     // has an account already
	RuleNumber    Rule = "number"    //
	RuleService   Rule = "service"   //
	RuleSeries    Rule = "series"    //
	RuleUnused    Rule = "unused"    // read and left out; a warning
)

// Problem is one thing that is wrong in a file, and where.
type Problem struct {
	Sheet      string // empty in a CSV
	Row        int    // as the spreadsheet shows it, from 1; 0: the sheet or the file as a whole
	Column     string // "C"; empty: the row as a whole
	Header     string // as it stands in the file: "Peran"
	Rule       Rule
	Value      string // what stands there
	Message    string // in Indonesian, with what would be right
	MessageEN  string
	Suggestion string // ready to be typed; empty where there is none
	Warning    bool   // worth knowing, but no reason to refuse the file
}

// Cell is where it is, as the spreadsheet says: "C12"; "12" for a row, "" for the file.
func (p Problem) Cell() string {
	if p.Row == 0 {
		return p.Column
	}
	return p.Column + strconv.Itoa(p.Row)
}

// String is the line that a person reads: `Petugas C12 Peran: ...`.
func (p Problem) String() string { return p.line(p.Message) }

// English is String in English.
func (p Problem) English() string { return p.line(p.MessageEN) }

func (p Problem) line(message string) string {
	at := strings.Join(strings.Fields(p.Sheet+" "+p.Cell()+" "+p.Header), " ")
	if at == "" {
		return message
	}
	return at + ": " + message
}

// Wrong tells whether there is a problem that is no warning.
func Wrong(list []Problem) bool {
	return slices.ContainsFunc(list, func(p Problem) bool { return !p.Warning })
}

// Rows counts the rows in which there is something to mend.
func Rows(wrong []Problem) int {
	type row struct {
		sheet string
		n     int
	}
	seen := map[row]bool{}
	for _, p := range wrong {
		if p.Row > 0 {
			seen[row{p.Sheet, p.Row}] = true
		}
	}
	return len(seen)
}

// words are a message in both languages.
type words struct{ id, en string }

// say formats both languages with the same values; %q quotes them.
func say(id, en string, values ...any) words {
	return words{fmt.Sprintf(id, values...), fmt.Sprintf(en, values...)}
}

// meant adds what was probably meant.
func (w words) meant(suggestion string) words {
	if suggestion == "" {
		return w
	}
	return words{w.id + fmt.Sprintf(" Mungkin maksud Anda %q.", suggestion), w.en + fmt.Sprintf(" Did you mean %q?", suggestion)}
}

// Short is what stands in a cell, short enough to stand in or beside a sentence.
func Short(value string) string {
	const most = 60
	if r := []rune(value); len(r) > most {
		return string(r[:most]) + "…"
	}
	return value
}

// File is a spreadsheet that was read.
type File struct {
	sheets []sheet
	raw    []byte
	comma  rune // of a CSV; 0: an xlsx
}

// sheet is a table of texts.
type sheet struct {
	name string
	rows []row
}

// row is a row that is not empty.
type row struct {
	n     int // as the spreadsheet shows it
	cells []string
}

func (r row) at(column int) string {
	if column < 0 || column >= len(r.cells) {
		return ""
	}
	return r.cells[column]
}

// Open reads a file: xlsx or CSV, by what it holds and not by its name. What cannot be read is a problem without a row.
func Open(r io.Reader) (*File, []Problem) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, whole(RuleFile, say("Berkas ini tidak dapat dibaca.", "This file cannot be read."))
	}
	return OpenBytes(raw)
}

// OpenBytes is Open of what is in memory already.
func OpenBytes(raw []byte) (*File, []Problem) {
	switch {
	case len(raw) > MaxSize:
		return nil, whole(RuleSize, say("Berkas ini lebih besar dari %d KB. Hapus gambar dan lembar yang tidak diperlukan.",
			"This file is larger than %d KB. Remove pictures and sheets that are not needed.", MaxSize>>10))
	case len(bytes.TrimSpace(raw)) == 0:
		return nil, whole(RuleFile, say("Berkas ini kosong.", "This file is empty."))
	case bytes.HasPrefix(raw, []byte("\xd0\xcf\x11\xe0")):
		return nil, whole(RuleFile, say("Berkas ini berformat Excel lama (.xls) atau dikunci dengan kata sandi. Simpan sebagai .xlsx tanpa kata sandi, lalu unggah lagi.",
			"This file is in the old Excel format (.xls) or locked with a password. Save it as .xlsx without a password and upload it again."))
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")):
		return openXLSX(raw)
	case bytes.HasPrefix(raw, []byte("%PDF")), bytes.HasPrefix(raw, []byte("PK")):
		return nil, whole(RuleFile, say("Berkas ini bukan lembar kerja. Unggah berkas .xlsx atau .csv.", "This file is no spreadsheet. Upload an .xlsx or a .csv file."))
	}
	return openCSV(raw)
}

// IsCSV tells whether the file is a CSV; else it is an xlsx.
func (f *File) IsCSV() bool { return f.comma != 0 }

func whole(rule Rule, w words) []Problem {
	return []Problem{{Rule: rule, Message: w.id, MessageEN: w.en}}
}

// columnName is the letter of a column from 0.
func columnName(i int) string {
	name, err := excelize.ColumnNumberToName(i + 1)
	if err != nil {
		return ""
	}
	return name
}

// clean is a cell as one line: without what is not seen, and with single spaces.
func clean(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
	}), " ")
}

// fold makes alike what people write differently and mean the same: "No. HP *" and "no hp".
func fold(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// close finds the known word that was probably meant. Long texts are not compared: it would only cost.
func closest(word string, known []string) string {
	if len(word) > 120 {
		return ""
	}
	best, _ := nearest.Of(word, known)
	return best
}

// sortProblems puts them in the order in which the file is read.
func sortProblems(list []Problem, sheets []sheet) {
	order := func(name string) int {
		return slices.IndexFunc(sheets, func(s sheet) bool { return s.name == name })
	}
	slices.SortStableFunc(list, func(a, b Problem) int {
		for _, d := range []int{order(a.Sheet) - order(b.Sheet), a.Row - b.Row, len(a.Column) - len(b.Column), strings.Compare(a.Column, b.Column)} {
			if d != 0 {
				return d
			}
		}
		return 0
	})
}

var errTooMany = errors.New("sheets: too many rows")
