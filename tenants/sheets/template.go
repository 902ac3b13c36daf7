package sheets

import (
	"fmt"

	"github.com/xuri/excelize/v2"
)

// Kind is which sheet is meant.
type Kind string

// The kinds of templates.
const (
	KindPeople Kind = "people" // staff
	KindMall   Kind = "mall"   // a mall that runs already: services, counters, staff, the day's numbers
)

// templateRows is how far down a template's drop-down lists reach.
const templateRows = 600

// lists is the hidden sheet behind drop-down lists.
const lists = "Pilihan"

// Template is an xlsx to be filled in, with the region's own agencies and counters as drop-down lists and a row that
// shows how, which is left out when the file is read.
func Template(kind Kind, known Known) ([]byte, error) {
	b := newBook()
	switch kind {
	case KindPeople:
		b.people(0, known)
	case KindMall:
		b.mall(known)
	default:
		return nil, fmt.Errorf("sheets: no template %q", kind)
	}
	b.guide(kind)
	b.choices(known)
	return b.bytes()
}

func headings(fields []field, n int) (out []string) {
	for _, f := range fields[:n] {
		out = append(out, f.name)
	}
	return out
}

// peopleSheet is what the sheet of people is called.
const peopleSheet = "Petugas"

func (b *book) people(at int, known Known) {
	agency, counters := "dukcapil", "1, 2"
	if open := known.open(); len(open) > 0 {
		agency, counters = open[0], ""
		if a, _ := known.agency(agency); a != nil && len(a.Counters) > 0 {
			counters = a.Counters[0].Code()
		}
	}
	sample := []string{"Contoh: Siti Rahayu, S.Sos.", "siti.rahayu@contoh.go.id", "Petugas loket", agency, counters}
	b.keep(b.add(at, Table{Name: peopleSheet, Header: headings(peopleFields, colCounters+1), Rows: [][]string{sample}, Widths: []float64{32, 34, 18, 26, 14}}))
	for c := range sample {
		b.keep(b.SetCellStyle(peopleSheet, columnName(c)+"2", columnName(c)+"2", b.sample))
	}
	roles := roleNames(known.Roles)
	b.drop(peopleSheet, colRole, "A", len(roles), true)
	b.drop(peopleSheet, colAgency, "B", len(known.open()), false)
	b.drop(peopleSheet, colCounters, "C", len(known.keys()), false)
	b.keep(b.hint(peopleSheet, colCounters, "Loket", "Satu loket dari daftar, atau beberapa: 1, 2 atau 1-3. Kosong berarti semua loket instansinya."))
}

// keys are the counters of the agencies whose people may be brought in.
func (k Known) keys() (out []string) {
	for _, a := range k.Agencies {
		if a.Closed {
			continue
		}
		for _, c := range a.Counters {
			out = append(out, c.Key)
		}
	}
	return out
}

// drop gives a column a drop-down list of the hidden sheet's column. strict refuses what is not in it.
func (b *book) drop(sheet string, column int, from string, n int, strict bool) {
	if n == 0 {
		return
	}
	dv := excelize.NewDataValidation(true)
	dv.SetSqref(fmt.Sprintf("%[1]s2:%[1]s%[2]d", columnName(column), templateRows))
	dv.SetSqrefDropList(fmt.Sprintf("%s!$%s$2:$%s$%d", lists, from, from, n+1))
	if strict {
		dv.SetError(excelize.DataValidationErrorStyleStop, "Pilih dari daftar", "Mohon pilih salah satu dari daftar.")
	} else {
		dv.ShowErrorMessage = false
	}
	b.keep(b.AddDataValidation(sheet, dv))
}

// hint is a note on a heading.
func (b *book) hint(sheet string, column int, title, text string) error {
	return b.AddComment(sheet, excelize.Comment{Cell: columnName(column) + "1", Author: "Pendopo", Paragraph: []excelize.RichTextRun{{Text: title + "\n", Font: &excelize.Font{Bold: true}}, {Text: text}}})
}

// choices is the hidden sheet with what the lists offer.
func (b *book) choices(known Known) {
	_, err := b.NewSheet(lists)
	b.keep(err)
	for c, column := range [][]string{
		append([]string{"Peran"}, roleNames(known.Roles)...), append([]string{"Instansi"}, known.open()...), append([]string{"Loket"}, known.keys()...),
	} {
		for r, text := range column {
			b.set(lists, c, r+1, text, b.text)
		}
	}
	b.keep(b.SetSheetVisible(lists, false))
	b.SetActiveSheet(0)
}

var peopleGuide = []string{
	"Cara mengisi lembar Petugas",
	"Satu baris untuk satu orang. Baris yang diawali \"Contoh:\" dilewati; boleh dihapus.",
	"Surel: milik orang itu sendiri. Undangan dikirim ke sana, berlaku tujuh hari; kata sandi dibuat sendiri oleh yang diundang.",
	"Peran: Petugas loket, Admin instansi, Meja depan, Manajer MPP, atau TI daerah.",
	"Instansi: kode atau nama, wajib untuk Petugas loket dan Admin instansi, kosong untuk peran lain.",
	"Loket: hanya untuk Petugas loket. Kosong berarti semua loket instansinya. Beberapa: 1, 2 atau 1-3.",
	"Nomor telepon dan NIK tidak diperlukan dan tidak disimpan.",
	"Setelah diunggah, semua kekeliruan ditunjukkan baris demi baris. Tidak ada yang diundang sebelum semuanya benar dan Anda menyetujuinya.",
	"",
	"One row a person. Roles may be written in English: officer, agency-admin, front-office, manager, admin. Nobody is invited before every row is right and you have agreed.",
}

func (b *book) guide(kind Kind) {
	const name = "Petunjuk"
	_, err := b.NewSheet(name)
	b.keep(err)
	b.keep(b.SetColWidth(name, "A", "A", 110))
	text := peopleGuide
	if kind == KindMall {
		text = mallGuide
	}
	for i, line := range text {
		style := b.wrap
		if i == 0 {
			style = b.bold
		}
		b.set(name, 0, i+1, line, style)
	}
}
