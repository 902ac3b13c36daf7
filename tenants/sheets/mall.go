package sheets

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/areas"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// Mall is what a workbook tells of a mall that runs already: a part of a manifest, and the day's numbers.
type Mall struct {
	Agencies []tenants.Agency
	Staff    []tenants.Person
	Numbers  []Running
	Own      int // services that the national catalogue does not know
}

// The columns of the services: the 14 components of a service standard (PermenPANRB 15/2014), which is what SIPPN asks
// for, by their official names. SIPPN's own file format is not published: whoever has a file of it keeps its headings, in
// any order. Of the components that are not published to citizens the legal basis alone has a place here yet.
const (
	svcAgency = iota
	svcName
	svcCode
	svcRequirements
	svcProcedure
	svcTime
	svcFee
	svcProduct
	svcComplaints
	svcBasis
	svcSeries
	svcMinutes
	svcSystem
	svcFirstUnused // what no field here holds
)

// servicesSheet and countersSheet are what the sheets are called.
const (
	servicesSheet = "Layanan"
	countersSheet = "Loket"
	bookingsSheet = "Reservasi"
)

var notKept = words{"Komponen ini belum disimpan; kolomnya dilewati.", "This component is not kept yet; the column is left out."}

var serviceFields = []field{
	{name: "Instansi", en: "Agency", required: true, words: []string{"instansi", "kode instansi", "nama instansi", "unit penyelenggara", "penyelenggara", "unit layanan", "opd", "agency"}},
	{name: "Nama Layanan", en: "Service", required: true, words: []string{"nama layanan", "layanan", "jenis layanan", "nama pelayanan", "jenis pelayanan", "service", "service name"}},
	{name: "Kode", en: "Code", words: []string{"kode", "kode layanan", "code"}},
	{name: "Persyaratan", en: "Requirements", words: []string{"persyaratan", "syarat", "persyaratan pelayanan", "requirements"}},
	{name: "Sistem, Mekanisme, dan Prosedur", en: "Procedure", words: []string{"sistem mekanisme dan prosedur", "sistem mekanisme prosedur", "mekanisme dan prosedur", "prosedur", "mekanisme", "procedure"}},
	{name: "Jangka Waktu", en: "Time", words: []string{"jangka waktu", "jangka waktu penyelesaian", "waktu penyelesaian", "waktu", "time"}},
	{name: "Biaya/Tarif", en: "Fee", words: []string{"biaya tarif", "biaya", "tarif", "fee"}},
	{name: "Produk Pelayanan", en: "Product", words: []string{"produk pelayanan", "produk layanan", "produk", "product"}},
	{name: "Pengaduan, Saran, dan Masukan", en: "Complaints", words: []string{"pengaduan saran dan masukan", "penanganan pengaduan saran dan masukan", "penanganan pengaduan", "pengaduan", "pengaduan layanan", "complaints"}},
	{name: "Dasar Hukum", en: "Legal basis", words: []string{"dasar hukum", "legal basis"}},
	{name: "Seri", en: "Series", words: []string{"seri", "awalan", "seri antrean", "prefix", "series"}},
	{name: "Menit di Loket", en: "Minutes", words: []string{"menit di loket", "menit", "lama pelayanan menit", "minutes"}},
	{name: "Sistem Pemilik", en: "Owner's system", words: []string{"sistem pemilik", "aplikasi", "sistem", "system"}},
	{name: "Sarana dan Prasarana", en: "Facilities", words: []string{"sarana dan prasarana", "sarana prasarana dan atau fasilitas", "fasilitas"}, unused: notKept},
	{name: "Kompetensi Pelaksana", en: "Competence", words: []string{"kompetensi pelaksana"}, unused: notKept},
	{name: "Pengawasan Internal", en: "Supervision", words: []string{"pengawasan internal"}, unused: notKept},
	{name: "Jumlah Pelaksana", en: "Staff", words: []string{"jumlah pelaksana"}, unused: notKept},
	{name: "Jaminan Pelayanan", en: "Guarantee", words: []string{"jaminan pelayanan"}, unused: notKept},
	{name: "Jaminan Keamanan dan Keselamatan", en: "Safety", words: []string{"jaminan keamanan dan keselamatan", "jaminan keamanan dan keselamatan pelayanan"}, unused: notKept},
	{name: "Evaluasi Kinerja Pelaksana", en: "Evaluation", words: []string{"evaluasi kinerja pelaksana", "evaluasi kinerja"}, unused: notKept},
}

const (
	ctrCode = iota
	ctrAgency
	ctrVenue
	ctrSeries
	ctrZone
)

var counterFields = []field{
	{name: "Loket", en: "Counter", required: true, words: []string{"loket", "nomor loket", "no loket", "kode loket", "counter"}},
	{name: "Instansi", en: "Agency", required: true, words: []string{"instansi", "kode instansi", "nama instansi", "opd", "agency"}},
	{name: "Lokasi", en: "Venue", words: []string{"lokasi", "kode lokasi", "gedung", "venue"}},
	{name: "Seri", en: "Series", required: true, words: []string{"seri", "awalan", "seri antrean", "seri antrian", "prefix", "series"}},
	{name: "Zona", en: "Zone", words: []string{"zona", "zone"}},
}

// mallReader reads the sheets of a workbook against the national catalogue.
type mallReader struct {
	f        *File
	cat      *catalogue.Catalogue
	region   *tenants.Region // venues and what else is declared already
	known    Known
	agencies []tenants.Agency
	prefixes map[string]string // the agency of a prefix at a venue: "mal/A"
	wrong    []Problem
	own      int
}

// Mall reads a workbook with the sheets Layanan, Loket, Petugas and Nomor hari ini. region is what the region has
// declared: its venues, of which the first is meant where a row names none, and its code. An agency or a service is the
// catalogue's by its code or its name, or by a name that is close; a service that the catalogue does not know becomes the
// region's own, with the standard that the row has. Bookings do not exist here yet: a sheet of them is left out, and
// said so.
func (f *File) Mall(region *tenants.Region, cat *catalogue.Catalogue) (Mall, []Problem) {
	m := mallReader{f: f, cat: cat, region: region, known: knownAgencies(region, cat), prefixes: map[string]string{}}
	if len(region.Venues) == 0 {
		return Mall{}, whole(RuleSheet, say("Lokasi belum ada. Isi lokasi lebih dahulu.", "There is no venue yet. Declare one first."))
	}
	counters, ok := m.table(countersSheet, counterFields)
	if ok {
		for _, r := range counters.lines() {
			m.counter(counters, r)
		}
	}
	if services, ok := m.table(servicesSheet, serviceFields); ok {
		for _, r := range services.lines() {
			m.service(services, r)
		}
	}
	out := Mall{Agencies: m.agencies, Own: m.own}
	if !Wrong(m.wrong) { // people are read against agencies that are right
		m.people(&out)
		m.numbers(&out)
	}
	if s := m.sheet(bookingsSheet); s != nil && len(s.rows) > 0 {
		w := say("Reservasi belum dapat diimpor: %d baris dilewati. Layani pemegang reservasi di meja depan pada harinya.",
			"Bookings cannot be imported yet: %d rows are left out. Serve those who have one at the front desk on their day.", len(s.rows)-1)
		m.wrong = append(m.wrong, Problem{Sheet: s.name, Rule: RuleUnused, Message: w.id, MessageEN: w.en, Warning: true})
	}
	sortProblems(m.wrong, f.sheets)
	return out, m.wrong
}

func (m *mallReader) sheet(name string) *sheet {
	for i, s := range m.f.sheets {
		if fold(s.name) == fold(name) {
			return &m.f.sheets[i]
		}
	}
	return nil
}

func (m *mallReader) table(name string, fields []field) (table, bool) {
	s := m.sheet(name)
	if s == nil {
		m.wrong = append(m.wrong, whole(RuleSheet, say("Lembar %q tidak ada.", "There is no sheet %q.", name))...)
		return table{}, false
	}
	t, fit := find(*s, fields)
	if fit < 2 {
		w := say("Judul kolom lembar %q tidak ditemukan.", "The headings of the sheet %q were not found.", name)
		m.wrong = append(m.wrong, Problem{Sheet: s.name, Rule: RuleHeader, Message: w.id, MessageEN: w.en})
		return t, false
	}
	lacks := t.lacks()
	m.wrong = append(append(m.wrong, lacks...), t.ignored()...)
	return t, len(lacks) == 0
}

func (m *mallReader) report(t table, r row, field int, rule Rule, suggestion string, w words) {
	p := t.at(r, field, rule, w.meant(suggestion))
	p.Suggestion = suggestion
	m.wrong = append(m.wrong, p)
}

// agency finds an agency in the catalogue, by code, name or a close one, and takes it into the region.
func (m *mallReader) agency(t table, r row, field int) *tenants.Agency {
	text := t.in(r, field)
	if text == "" {
		m.report(t, r, field, RuleRequired, "", say("Instansi belum diisi.", "The agency is missing."))
		return nil
	}
	found, guess := m.known.agency(text)
	if found == nil {
		m.report(t, r, field, RuleAgency, guess, say("%q tidak ada di katalog instansi nasional, dan bukan instansi daerah ini.", "%q is not in the national catalogue of agencies, and no agency of this region.", Short(text)))
		return nil
	}
	i := slices.IndexFunc(m.agencies, func(a tenants.Agency) bool { return a.Code == found.Code })
	if i < 0 {
		one := tenants.Agency{Code: found.Code}
		if d := slices.IndexFunc(m.region.Agencies, func(a tenants.Agency) bool { return a.Code == found.Code }); d >= 0 {
			one = m.region.Agencies[d] // what it is called here, and how its people sign in
			one.Series, one.Counters, one.Services = nil, nil, nil
		}
		m.agencies = append(m.agencies, one)
		i = len(m.agencies) - 1
	}
	return &m.agencies[i]
}

// knownAgencies are the catalogue's agencies, with the region's name and without it, and those of the region's own.
func knownAgencies(region *tenants.Region, cat *catalogue.Catalogue) (k Known) {
	seat, _ := areas.SeatByCode(region.Code)
	for _, a := range cat.Agencies() {
		plain := strings.TrimSpace(strings.ReplaceAll(a.Name, "{region}", ""))
		k.Agencies = append(k.Agencies, Agency{Code: a.Code, Names: append(filled(plain, strings.ReplaceAll(a.Name, "{region}", seat.Name), a.Short, a.NameEN, a.ShortEN), a.Words...)})
	}
	for _, a := range region.Agencies {
		i := slices.IndexFunc(k.Agencies, func(o Agency) bool { return o.Code == a.Code })
		if i < 0 {
			k.Agencies = append(k.Agencies, Agency{Code: a.Code})
			i = len(k.Agencies) - 1
		}
		k.Agencies[i].Names = append(k.Agencies[i].Names, filled(a.Name, a.Short, a.NameEN, a.ShortEN)...)
	}
	return k
}

var prefixForm = regexp.MustCompile(`^[A-Z]{1,3}$`)

// counter reads a counter, and makes the series that it calls.
func (m *mallReader) counter(t table, r row) {
	before := len(m.wrong)
	code := strings.ToLower(strings.TrimSpace(strings.TrimPrefix(fold(t.in(r, ctrCode)), "loket")))
	code = strings.ReplaceAll(code, " ", "-")
	if n := trimZero(code); n != "" {
		code = n
	}
	if code == "" {
		m.report(t, r, ctrCode, RuleRequired, "", say("Nomor loket belum diisi.", "The counter is missing."))
	}
	venue, ok := m.venue(t, r)
	a := m.agency(t, r, ctrAgency)
	if t.in(r, ctrSeries) == "" {
		m.report(t, r, ctrSeries, RuleRequired, "", say("Seri yang dipanggil loket ini belum diisi.", "The series that this counter calls is missing."))
	}
	var series []string
	for _, prefix := range listed(strings.ToUpper(t.in(r, ctrSeries))) {
		if !prefixForm.MatchString(prefix) {
			m.report(t, r, ctrSeries, RuleSeries, "", say("%q bukan awalan seri. Awalan seri terdiri atas satu sampai tiga huruf, misalnya A.", "%q is no prefix of a series: one to three letters, such as A.", Short(prefix)))
			continue
		}
		if a == nil || !ok {
			continue
		}
		key := venue.Code + "/" + prefix
		if owner := m.prefixes[key]; owner != "" && owner != a.Code {
			m.report(t, r, ctrSeries, RuleSeries, "", say("Awalan %s sudah dipakai instansi %s di lokasi ini. Setiap instansi perlu awalan sendiri.", "The prefix %s is %s's at this venue. Each agency needs one of its own.", prefix, owner))
			continue
		}
		m.prefixes[key] = a.Code
		one := tenants.Series{Code: strings.ToLower(prefix), Prefix: prefix, Venue: venue.Code}
		if len(m.region.Venues) > 1 {
			one.Code += "-" + venue.Code
		}
		if i := slices.IndexFunc(m.declared(a.Code).Series, func(s tenants.Series) bool { return s.Prefix == prefix && s.Venue == venue.Code }); i >= 0 {
			one = m.declared(a.Code).Series[i] // with its name and its quota
		}
		if !slices.ContainsFunc(a.Series, func(s tenants.Series) bool { return s.Code == one.Code }) {
			a.Series = append(a.Series, one)
		}
		series = append(series, one.Code)
	}
	if len(m.wrong) > before {
		return
	}
	for _, o := range m.agencies {
		if slices.ContainsFunc(o.Counters, func(c tenants.Counter) bool { return c.Code == code && c.Venue == venue.Code }) {
			m.report(t, r, ctrCode, RuleDuplicate, "", say("Loket %q sudah ada di lokasi ini.", "The counter %q is there already at this venue.", code))
			return
		}
	}
	zone := strings.ToLower(t.in(r, ctrZone))
	if i := slices.IndexFunc(venue.Zones, func(z tenants.Zone) bool {
		return fold(z.Code) == fold(zone) || fold(z.Name) == fold(zone)
	}); i >= 0 {
		zone = venue.Zones[i].Code
	} else if len(venue.Zones) > 0 {
		zone = venue.Zones[0].Code
	} else {
		zone = ""
	}
	one := tenants.Counter{Code: code, Venue: venue.Code}
	if i := slices.IndexFunc(m.declared(a.Code).Counters, func(c tenants.Counter) bool { return c.Code == code && c.Venue == venue.Code }); i >= 0 {
		one = m.declared(a.Code).Counters[i] // with its name and its place
	}
	if t.columns[ctrZone] >= 0 || one.Zone == "" {
		one.Zone = zone
	}
	one.Series = series
	a.Counters = append(a.Counters, one)
}

// declared is what the region has declared of an agency; empty where it has not.
func (m *mallReader) declared(code string) tenants.Agency {
	for _, a := range m.region.Agencies {
		if a.Code == code {
			return a
		}
	}
	return tenants.Agency{}
}

func (m *mallReader) venue(t table, r row) (tenants.Venue, bool) {
	text := t.in(r, ctrVenue)
	if text == "" {
		return m.region.Venues[0], true
	}
	var all []string
	for _, v := range m.region.Venues {
		if fold(v.Code) == fold(text) || fold(v.Name) == fold(text) {
			return v, true
		}
		all = append(all, v.Code, v.Name)
	}
	m.report(t, r, ctrVenue, RuleCounter, closest(text, all), say("Daerah ini tidak punya lokasi %q.", "This region has no venue %q.", Short(text)))
	return tenants.Venue{}, false
}

// people reads the sheet of people against the agencies and counters that the workbook has.
func (m *mallReader) people(out *Mall) {
	if m.sheet(peopleSheet) == nil {
		return
	}
	k := Known{}
	for _, a := range m.agencies {
		one := Agency{Code: a.Code}
		if c, _ := m.known.agency(a.Code); c != nil {
			one.Names = c.Names
		}
		for _, c := range a.Counters {
			one.Counters = append(one.Counters, Counter{c.Venue + "/" + c.Code, "Loket " + c.Code})
		}
		k.Agencies = append(k.Agencies, one)
	}
	only := File{sheets: []sheet{*m.sheet(peopleSheet)}}
	entries, wrong := only.People(k)
	for _, e := range entries {
		out.Staff = append(out.Staff, e.Person)
	}
	m.wrong = append(m.wrong, wrong...)
}

func (m *mallReader) numbers(out *Mall) {
	s := m.sheet(numbersSheet)
	if s == nil {
		return
	}
	var prefixes []string
	for _, a := range m.agencies {
		for _, x := range a.Series {
			prefixes = append(prefixes, x.Prefix)
		}
	}
	only := File{sheets: []sheet{*s}}
	var wrong []Problem
	out.Numbers, wrong = only.Numbers(prefixes)
	m.wrong = append(m.wrong, wrong...)
}

var mallGuide = []string{
	"Cara mengisi",
	"Lembar Loket: satu baris untuk satu loket, dengan instansinya dan awalan seri yang dipanggilnya (A, B, ...).",
	"Lembar Layanan: satu baris untuk satu layanan. Yang ada di katalog nasional dikenali dari kode atau namanya; standarnya diisi sendiri bila kolomnya kosong. Yang tidak ada menjadi layanan daerah.",
	"Lembar Petugas: lihat judul kolom; satu baris untuk satu orang.",
	"Lembar Nomor hari ini: untuk setiap seri, nomor terakhir yang diberikan dan yang dipanggil sistem lama. Diisi pada hari peralihan.",
	"Lembar Reservasi belum dapat diimpor.",
	"Baris yang diawali \"Contoh:\" dilewati.",
}

// mall writes the sheets of a mall.
func (b *book) mall(known Known) {
	b.keep(b.add(0, Table{Name: countersSheet, Header: headings(counterFields, len(counterFields))}))
	b.keep(b.add(1, Table{Name: servicesSheet, Header: headings(serviceFields, svcFirstUnused), Widths: []float64{34, 40, 22, 50, 50, 24, 18, 30, 40, 30, 8, 14, 20}}))
	b.people(2, known)
	b.keep(b.add(3, Table{Name: numbersSheet, Header: headings(numberFields, len(numberFields)), Widths: []float64{10, 24, 24, 18}}))
}
