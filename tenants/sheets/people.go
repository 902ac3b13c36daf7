package sheets

import (
	"io"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pendopo-id/pendopo/tenants"
)

// The columns of a table of people, in the order of peopleFields.
const (
	colName = iota
	colEmail
	colRole
	colAgency
	colCounters
	colPhone
	colNIK
)

var peopleFields = []field{
	{name: "Nama", en: "Name", required: true, words: []string{
		"nama", "nama lengkap", "nama petugas", "nama pegawai", "nama dan gelar", "nama orang", "nama staf", "name", "full name", "fullname"}},
	{name: "Surel", en: "E-mail", required: true, words: []string{
		"surel", "email", "e mail", "alamat surel", "alamat email", "alamat e mail", "pos el", "posel", "pos elektronik", "email dinas", "surel dinas", "email aktif", "surel aktif",
		"email address", "e mail address", "mail"}},
	{name: "Peran", en: "Role", required: true, words: []string{
		"peran", "role", "hak akses", "tugas", "level", "level akses", "jenis akun", "tipe akun", "posisi", "position", "jabatan"}},
	{name: "Instansi", en: "Agency", words: []string{
		"instansi", "kode instansi", "nama instansi", "asal instansi", "agency", "agency code", "opd", "skpd", "perangkat daerah", "lembaga", "kementerian lembaga", "dinas", "unit kerja",
		"unit", "organisasi", "organization", "organisation"}},
	{name: "Loket", en: "Counters", words: []string{
		"loket", "nomor loket", "no loket", "loket tugas", "counter", "counters", "konter", "gerai", "counter number", "booth"}},
	{name: "Telepon", en: "Phone", words: []string{
		"telepon", "no telepon", "nomor telepon", "telp", "no telp", "hp", "no hp", "nomor hp", "ponsel", "wa", "no wa", "nomor wa", "whatsapp", "phone", "phone number", "mobile"},
		unused: words{"Nomor telepon petugas tidak disimpan.", "Phone numbers of staff are not kept."}},
	{name: "NIK", en: "NIK", words: []string{"nik", "no ktp", "nomor ktp"},
		unused: words{"NIK petugas tidak diperlukan dan tidak disimpan. Hapus kolom ini dari berkas Anda.", "The NIK of staff is not needed and not kept. Remove this column from your file."}},
}

// Entry is a person with the row in which they stand.
type Entry struct {
	tenants.Person
	Sheet string
	Row   int
}

// MaxPeople is how many people one file may bring in.
const MaxPeople = 500

// People reads the people of a file: those whose rows have no mistake, and all mistakes of all rows. The file stays
// where it is; nothing is brought in.
func People(r io.Reader, known Known) ([]tenants.Person, []Problem) {
	f, wrong := Open(r)
	if f == nil {
		return nil, wrong
	}
	entries, wrong := f.People(known)
	out := make([]tenants.Person, len(entries))
	for i, e := range entries {
		out[i] = e.Person
	}
	return out, wrong
}

// People is People of a file that is open. It takes the sheet whose header fits best.
func (f *File) People(known Known) ([]Entry, []Problem) {
	t, wrong := f.peopleTable()
	if Wrong(wrong) {
		return nil, wrong
	}
	lines := t.lines()
	if len(lines) == 0 {
		w := say("Tidak ada baris berisi orang di bawah judul kolom.", "There is no row with a person below the headings.")
		return nil, append(wrong, Problem{Sheet: t.name, Row: t.header.n, Rule: RuleRequired, Message: w.id, MessageEN: w.en})
	}
	if len(lines) > MaxPeople {
		w := say("Ada %d orang; sekali unggah paling banyak %d. Bagi berkas ini.", "There are %d people; one file brings in at most %d. Divide it.", len(lines), MaxPeople)
		return nil, append(wrong, Problem{Sheet: t.name, Row: t.header.n, Rule: RuleSize, Message: w.id, MessageEN: w.en})
	}
	p := peopleReader{table: t, known: known, first: map[string]int{}}
	var out []Entry
	for _, r := range lines {
		before := len(p.wrong)
		e := p.person(r)
		if len(p.wrong) == before {
			out = append(out, e)
		}
	}
	wrong = append(wrong, p.wrong...)
	sortProblems(wrong, f.sheets)
	return out, wrong
}

// Emails are the addresses that stand in the file's table of people, in lower case, each once.
func (f *File) Emails() (out []string) {
	t, wrong := f.peopleTable()
	if Wrong(wrong) {
		return nil
	}
	for _, r := range t.lines() {
		email := strings.ToLower(t.in(r, colEmail))
		if email != "" && !slices.Contains(out, email) && len(out) < MaxPeople {
			out = append(out, email)
		}
	}
	return out
}

func (f *File) peopleTable() (table, []Problem) {
	var best table
	fit := 0
	for _, s := range f.sheets {
		t, n := find(s, peopleFields)
		if fold(s.name) == "petugas" && n > 1 {
			n++
		}
		if n > fit {
			best, fit = t, n
		}
	}
	if fit < 2 {
		return best, whole(RuleHeader, say("Judul kolom tidak ditemukan. Baris pertama tabel harus memuat judul kolom: Nama, Surel, Peran, Instansi, Loket.",
			"No headings were found. The table's first row must hold the headings: Nama, Surel, Peran, Instansi, Loket."))
	}
	return best, append(best.lacks(), best.ignored()...)
}

type peopleReader struct {
	table
	known Known
	first map[string]int // the row in which an address stood first
	wrong []Problem
}

func (p *peopleReader) report(r row, field int, rule Rule, suggestion string, w words) {
	w = w.meant(suggestion)
	one := p.at(r, field, rule, w)
	one.Suggestion = suggestion
	p.wrong = append(p.wrong, one)
}

// person reads a row and reports all that is wrong in it.
func (p *peopleReader) person(r row) Entry {
	e := Entry{Sheet: p.name, Row: r.n}
	e.Name = p.in(r, colName)
	switch {
	case e.Name == "":
		p.report(r, colName, RuleRequired, "", say("Nama belum diisi.", "The name is missing."))
	case len(e.Name) > 200:
		p.report(r, colName, RuleText, "", say("Nama ini terlalu panjang.", "This name is too long."))
	}
	e.Email = p.email(r)
	role, ok := p.role(r)
	agency := p.agency(r, role, ok)
	e.Role = role
	if agency != nil {
		e.Agency = agency.Code
	}
	e.Counters = p.counters(r, role, ok, agency)
	return e
}

var (
	emailForm = regexp.MustCompile(`^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$`)
	// misspelt are endings of addresses that nobody has, and what they were meant to be.
	misspelt = strings.NewReplacer("gmail.con", "gmail.com", "gmail.co.id", "gmail.com", "gmial.com", "gmail.com", "gmai.com", "gmail.com", "yaho.com", "yahoo.com", "yahoo.con", "yahoo.com",
		".go.idd", ".go.id", ".goid", ".go.id", ".go,id", ".go.id")
)

// isEmail tells whether a text is one address that a letter can be sent to.
func isEmail(s string) bool {
	at, err := mail.ParseAddress(s)
	return err == nil && at.Address == s && at.Name == "" && len(s) <= 254 && emailForm.MatchString(s)
}

func (p *peopleReader) email(r row) string {
	text := p.in(r, colEmail)
	email := strings.ToLower(text)
	if email == "" {
		p.report(r, colEmail, RuleRequired, "", say("Surel belum diisi.", "The e-mail is missing."))
		return ""
	}
	if right := misspelt.Replace(email); isEmail(email) && right != email {
		p.report(r, colEmail, RuleEmail, right, say("%q tampaknya salah ketik.", "%q seems to be mistyped.", Short(text)))
		return ""
	}
	if !isEmail(email) {
		right := strings.NewReplacer(" ", "", ",", ".", ";", "", "(at)", "@", "[at]", "@", "@@", "@", "..", ".", "mailto:", "", "<", "", ">", "").Replace(email)
		if right = misspelt.Replace(strings.Trim(right, ".")); !isEmail(right) {
			right = ""
		}
		p.report(r, colEmail, RuleEmail, right, say("%q bukan alamat surel. Tulis misalnya nama@daerah.go.id.", "%q is not an e-mail address. Write for example nama@daerah.go.id.", Short(text)))
		return ""
	}
	if n, again := p.first[email]; again {
		p.report(r, colEmail, RuleDuplicate, "", say("Surel ini sudah ada di baris %d. Satu orang cukup satu baris, dengan surelnya sendiri.",
			"This e-mail stands in row %d already. One row is enough for one person, with an e-mail of their own.", n))
		return ""
	}
	p.first[email] = r.n
	if p.known.There != nil && p.known.There(email) {
		p.report(r, colEmail, RuleThere, "", say("Orang dengan surel ini sudah punya akun. Hapus baris ini; perannya diubah di halaman Akun petugas.",
			"Somebody with this e-mail has an account already. Remove this row; their roles are changed on the page of staff accounts."))
		return ""
	}
	return email
}

// roleWords are what people write for a role, folded; the first is what a message proposes.
var roleWords = map[tenants.Role][]string{
	tenants.RoleOfficer: {"petugas loket", "petugas", "petugas layanan", "petugas counter", "operator loket", "operator", "loket", "officer", "counter officer", "front liner", "frontliner", "staf loket"},
	tenants.RoleAgencyAdmin: {"admin instansi", "administrator instansi", "koordinator instansi", "penanggung jawab instansi", "pic instansi", "admin opd", "admin dinas", "kepala instansi",
		"agency admin", "agency administrator"},
	tenants.RoleFrontOffice: {"meja depan", "front office", "frontoffice", "petugas meja depan", "resepsionis", "penerima tamu", "informasi", "petugas informasi", "customer service", "receptionist"},
	tenants.RoleManager:     {"manajer mpp", "manajer", "manager", "pengelola", "pengelola mpp", "kepala mpp", "koordinator mpp", "mall manager", "supervisor"},
	tenants.RoleAdmin:       {"ti daerah", "ti", "it", "it daerah", "admin ti", "admin it", "administrator", "admin daerah", "admin mpp", "admin", "regional it"},
}

var roleOrder = []tenants.Role{tenants.RoleOfficer, tenants.RoleAgencyAdmin, tenants.RoleFrontOffice, tenants.RoleManager, tenants.RoleAdmin}

// roleNames are the roles as they stand in a template's list.
func roleNames(may []tenants.Role) (out []string) {
	for _, role := range roleOrder {
		if may == nil || slices.Contains(may, role) {
			out = append(out, capital(roleWords[role][0]))
		}
	}
	return out
}

func capital(s string) string {
	if s == "" {
		return ""
	}
	s = strings.Replace(strings.Replace(s, "mpp", "MPP", 1), "ti daerah", "TI daerah", 1)
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

func (p *peopleReader) role(r row) (tenants.Role, bool) {
	text := p.in(r, colRole)
	if text == "" {
		p.report(r, colRole, RuleRequired, "", say("Peran belum diisi. Pilihannya: %s.", "The role is missing. It is one of: %s.", strings.Join(roleNames(p.known.Roles), ", ")))
		return "", false
	}
	want := fold(text)
	var all []string
	for _, role := range roleOrder {
		if want == fold(string(role)) || slices.Contains(roleWords[role], want) {
			if p.known.Roles != nil && !slices.Contains(p.known.Roles, role) {
				p.report(r, colRole, RuleRole, "", say("Peran %q tidak dapat Anda berikan. Pilihan Anda: %s.", "The role %q is not yours to give. Yours are: %s.", Short(text), strings.Join(roleNames(p.known.Roles), ", ")))
				return role, false
			}
			return role, true
		}
		all = append(all, roleWords[role]...)
	}
	p.report(r, colRole, RuleRole, capital(closest(want, all)), say("%q bukan peran yang dikenal. Pilihannya: %s.", "%q is not a role. It is one of: %s.", Short(text), strings.Join(roleNames(p.known.Roles), ", ")))
	return "", false
}

// agency reads the agency, against the role where that is known.
func (p *peopleReader) agency(r row, role tenants.Role, known bool) *Agency {
	text := p.in(r, colAgency)
	bound := role == tenants.RoleOfficer || role == tenants.RoleAgencyAdmin
	switch {
	case text == "" && known && bound:
		p.report(r, colAgency, RuleRequired, "", say("Peran %s memerlukan instansi. Tulis kode atau namanya, misalnya %s.", "The role %s needs an agency. Write its code or name, for example %s.",
			capital(roleWords[role][0]), example(p.known.open())))
		return nil
	case text == "":
		return nil
	case known && !bound:
		p.report(r, colAgency, RuleAgency, "", say("Peran %s berlaku untuk seluruh MPP. Kosongkan instansinya, atau ganti perannya.",
			"The role %s holds for the whole mall. Leave the agency empty, or change the role.", capital(roleWords[role][0])))
		return nil
	}
	a, guess := p.known.agency(text)
	switch {
	case a == nil:
		p.report(r, colAgency, RuleAgency, guess, say("Daerah ini tidak punya instansi %q. Pilihannya: %s.", "This region has no agency %q. It is one of: %s.", Short(text), example(p.known.open())))
	case a.Closed:
		p.report(r, colAgency, RuleAgency, "", say("Anda tidak mengurus orang instansi %s. Pilihan Anda: %s.", "You do not look after people of %s. Yours are: %s.", a.Shown(), example(p.known.open())))
		return nil
	}
	return a
}

// example is a list that stays readable.
func example(list []string) string {
	if len(list) > 12 {
		list = append(slices.Clone(list[:12]), "…")
	}
	return strings.Join(list, ", ")
}

var (
	rangeForm   = regexp.MustCompile(`^(?i:loket|counter|no\.?)?\s*0*(\d{1,3})\s*(?:-|–|—|s\.?\s?/?\s?d\.?|sampai|to)\s*(?i:loket|counter)?\s*0*(\d{1,3})$`)
	dateForm    = regexp.MustCompile(`^(?i)(\d{1,2}[-/ ](jan|feb|mar|apr|mei|may|jun|jul|agu|agt|aug|sep|okt|oct|nov|des|dec)[a-z]*([-/ ]\d{2,4})?|\d{1,2}/\d{1,2}/\d{2,4}|\d{4}-\d{2}-\d{2}([T ].*)?)$`)
	decimalForm = regexp.MustCompile(`^\d+\.\d+$`)
)

// allWords say that an officer works at all of the agency's counters, as an empty cell does.
var allWords = []string{"semua", "semua loket", "all", "seluruh", "seluruh loket"}

// date tells whether a spreadsheet has made a date of what was typed: 1-3 becomes the first of March, which it stores as
// a count of days.
func date(text string) bool {
	n, err := strconv.ParseFloat(text, 64)
	return dateForm.MatchString(text) || err == nil && n >= 20_000 && n < 80_000
}

// counters reads a list such as "1, 2" or "1-3".
func (p *peopleReader) counters(r row, role tenants.Role, known bool, agency *Agency) (out []string) {
	text := p.in(r, colCounters)
	if text == "" || text == "-" || slices.Contains(allWords, fold(text)) {
		return nil
	}
	if known && role != tenants.RoleOfficer {
		p.report(r, colCounters, RuleCounter, "", say("Hanya petugas loket yang bertugas di loket. Kosongkan kolom ini, atau ganti perannya.",
			"Only a counter officer works at counters. Leave this empty, or change the role."))
		return nil
	}
	if date(text) {
		p.report(r, colCounters, RuleCounter, "", say("Aplikasi lembar kerja mengubah isian ini menjadi tanggal. Ketik sebagai teks dengan tanda petik di depan, misalnya '1-3, atau pakai koma: 1, 2, 3.",
			"The spreadsheet has turned this into a date. Type it as text with a quote in front, such as '1-3, or with commas: 1, 2, 3."))
		return nil
	}
	if decimalForm.MatchString(text) {
		p.report(r, colCounters, RuleCounter, strings.Replace(text, ".", "; ", 1), say("Aplikasi lembar kerja membaca isian ini sebagai bilangan %s. Pisahkan nomor loket dengan titik koma.",
			"The spreadsheet has read this as the number %s. Separate the counters with semicolons.", text))
		return nil
	}
	if agency == nil {
		return nil // what is wrong with the agency is said there
	}
	for _, part := range listed(text) {
		for _, one := range spread(part, agency) {
			if key, ok := p.counter(r, one, agency); ok && !slices.Contains(out, key) {
				out = append(out, key)
			}
		}
	}
	return out
}

// listed divides a list.
func listed(text string) (out []string) {
	text = strings.NewReplacer(" dan ", ",", " and ", ",", "&", ",", ";", ",", "+", ",", "\n", ",").Replace(" " + text + " ")
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" && len(out) < 100 {
			out = append(out, part)
		}
	}
	return out
}

// spread makes single counters of a range. A counter that is called so, such as "1-3", is one.
func spread(part string, agency *Agency) []string {
	m := rangeForm.FindStringSubmatch(part)
	if m == nil || len(agency.counters(part)) > 0 {
		return []string{part}
	}
	from, _ := strconv.Atoi(m[1])
	to, _ := strconv.Atoi(m[2])
	if to < from || to-from > 100 {
		return []string{part}
	}
	var out []string
	for n := from; n <= to; n++ {
		out = append(out, strconv.Itoa(n))
	}
	return out
}

func (p *peopleReader) counter(r row, text string, agency *Agency) (key string, ok bool) {
	switch found := agency.counters(text); len(found) {
	case 1:
		return found[0].Key, true
	case 0:
		if owner := p.known.owner(text); owner != nil {
			p.report(r, colCounters, RuleForeign, "", say("Loket %q milik %s, bukan %s. Loket %[3]s: %[4]s.", "Counter %q belongs to %s, not to %s. The counters of %[3]s: %[4]s.",
				Short(text), owner.Shown(), agency.Shown(), agency.list()))
			return "", false
		}
		p.report(r, colCounters, RuleCounter, "", say("Tidak ada loket %q. Loket %s: %s.", "There is no counter %q. The counters of %s: %s.", Short(text), agency.Shown(), agency.list()))
	default:
		var keys []string
		for _, c := range found {
			keys = append(keys, c.Key)
		}
		p.report(r, colCounters, RuleCounter, "", say("Loket %q ada di beberapa lokasi. Tulis dengan lokasinya: %s.", "There is a counter %q at several venues. Write it with its venue: %s.",
			Short(text), strings.Join(keys, ", ")))
	}
	return "", false
}
