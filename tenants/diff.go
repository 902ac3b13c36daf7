package tenants

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// ChangeKind is what happens to something.
type ChangeKind string

const (
	Add    ChangeKind = "add"
	Modify ChangeKind = "change"
	Remove ChangeKind = "remove"
)

// Change is one line of what would change.
type Change struct {
	Kind   ChangeKind
	Path   string // what it happens to: "agencies/dukcapil/services/ktp-baru"
	Field  string // the key that changes, for Modify: "minutes", "standard.fee"; empty for an order
	Old    string // as text; empty for Add
	New    string // as text; empty for Remove
	Text   string // the line: "~ agencies/dukcapil/services/ktp-baru: waktu 15 → 20 menit"
	TextEN string // the same in English: "~ agencies/dukcapil/services/ktp-baru: minutes 15 → 20"
	Noted  bool   // it holds already, and the folder only comes to say so; Diff does not know of that
}

// both is a piece of a line in both languages.
type both struct{ id, en string }

func same(text string) both { return both{text, text} }

func (b both) plus(o both) both { return both{b.id + o.id, b.en + o.en} }

// Diff lists what turns old into new, in a stable order: the region itself, venues, closures, staff,
// crest, agencies; in each what is new or changed, by new's order, then what is gone. Things are matched
// by their codes, so a file that was renamed or a list that was rearranged is not taken for another. It
// is empty if and only if the two are Equal. Without old everything is added, without new everything
// removed; what is added or removed as a whole is summarised in one line.
func Diff(old, new *Region) []Change {
	var d differ
	switch {
	case old == nil && new == nil:
		return nil
	case old == nil:
		d.whole(Add, "region", summariseRegion(new))
		old = &Region{}
	case new == nil:
		d.whole(Remove, "region", summariseRegion(old))
		new = &Region{}
	default:
		d.fields("region", "", reflect.ValueOf(*old), reflect.ValueOf(*new))
	}
	entities(&d, "venues", old.Venues, new.Venues, func(v Venue) string { return v.Code }, summariseVenue, d.venue)
	entities(&d, "closures", old.Closures, new.Closures, closureKey, summariseClosure, plainEntity[Closure](&d))
	entities(&d, "staff", old.Staff, new.Staff, func(p Person) string { return strings.ToLower(p.Email) }, summarisePerson, d.person)
	d.logo(old.Logo, new.Logo)
	entities(&d, "agencies", old.Agencies, new.Agencies, func(a Agency) string { return a.Code }, summariseAgency, d.agency)
	return d.changes
}

// differ gathers changes.
type differ struct{ changes []Change }

var sigils = map[ChangeKind]string{Add: "+", Modify: "~", Remove: "-"}

func (d *differ) add(c Change, what both) {
	line := sigils[c.Kind] + " " + c.Path + ": "
	c.Text, c.TextEN = line+what.id, line+what.en
	d.changes = append(d.changes, c)
}

// whole notes that something appears or disappears with everything in it.
func (d *differ) whole(kind ChangeKind, path string, summary both) {
	c := Change{Kind: kind, Path: path, New: summary.id}
	if kind == Remove {
		c.Old, c.New = summary.id, ""
	}
	d.add(c, summary)
}

// entities compares two lists of things that have a code.
func entities[T any](d *differ, path string, old, new []T, code func(T) string, summary func(T) both, change func(path string, old, new T)) {
	before, after := keyed(old, code), keyed(new, code)
	for i, key := range after {
		at := path + "/" + key
		if j := slices.Index(before, key); j >= 0 {
			change(at, old[j], new[i])
		} else {
			d.whole(Add, at, summary(new[i]))
		}
	}
	for j, key := range before {
		if !slices.Contains(after, key) {
			d.whole(Remove, path+"/"+key, summary(old[j]))
		}
	}
	stayed := func(keys, in []string) []string {
		return slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return !slices.Contains(in, k) })
	}
	if was, is := stayed(before, after), stayed(after, before); !slices.Equal(was, is) {
		c := Change{Kind: Modify, Path: path, Old: strings.Join(was, ", "), New: strings.Join(is, ", ")}
		d.add(c, both{"urutan menjadi ", "order becomes "}.plus(same(shown(c.New))))
	}
}

// keyed gives each thing's code, numbered where one appears again, so that none hides another.
func keyed[T any](list []T, code func(T) string) []string {
	keys := make([]string, len(list))
	seen := map[string]int{}
	for i, t := range list {
		key := code(t)
		if seen[key]++; seen[key] > 1 {
			key += "#" + strconv.Itoa(seen[key])
		}
		keys[i] = key
	}
	return keys
}

func plainEntity[T any](d *differ) func(string, T, T) {
	return func(path string, old, new T) { d.fields(path, "", reflect.ValueOf(old), reflect.ValueOf(new)) }
}

func (d *differ) venue(path string, old, new Venue) {
	d.fields(path, "", reflect.ValueOf(old), reflect.ValueOf(new))
	if was, is := hoursText(old.Hours), hoursText(new.Hours); was != is {
		a, b := hoursWords(old.Hours), hoursWords(new.Hours)
		d.modify(path, "hours", was, is, both{
			"jam buka " + or(a, "(kosong)") + " → " + or(b, "(kosong)"), "hours " + or(was, "(none)") + " → " + or(is, "(none)"),
		})
	}
	entities(d, path+"/zones", old.Zones, new.Zones, func(z Zone) string { return z.Code }, summariseZone, plainEntity[Zone](d))
}

func (d *differ) person(path string, old, new Person) {
	d.fields(path, "", reflect.ValueOf(old), reflect.ValueOf(new))
	entities(d, path+"/also", old.Also, new.Also, Post.key, summarisePost, plainEntity[Post](d))
}

func (d *differ) agency(path string, old, new Agency) {
	d.fields(path, "", reflect.ValueOf(old), reflect.ValueOf(new))
	entities(d, path+"/series", old.Series, new.Series, func(s Series) string { return s.Code }, summariseSeries, plainEntity[Series](d))
	entities(d, path+"/counters", old.Counters, new.Counters, func(c Counter) string { return c.Venue + "/" + c.Code }, summariseCounter, plainEntity[Counter](d))
	entities(d, path+"/services", old.Services, new.Services, func(s Service) string { return s.Code }, summariseService, plainEntity[Service](d))
}

func (d *differ) logo(old, new string) {
	size := func(s string) string { return strconv.Itoa(len(s)) + " byte" }
	switch {
	case old == new:
	case old == "":
		d.whole(Add, logoFile, both{"lambang, " + size(new), "crest, " + size(new)})
	case new == "":
		d.whole(Remove, logoFile, both{"lambang, " + size(old), "crest, " + size(old)})
	default:
		d.modify(logoFile, "", size(old), size(new), both{"lambang diganti", "crest replaced"})
	}
}

func (d *differ) modify(path, field, old, new string, what both) {
	d.add(Change{Kind: Modify, Path: path, Field: field, Old: old, New: new}, what)
}

// fields compares what stands directly in a struct: texts, numbers, truths, lists of texts, and structs
// without a code. Lists of things that have one are compared by entities.
func (d *differ) fields(path, prefix string, old, new reflect.Value) {
	t := old.Type()
	for i := range t.NumField() {
		name := yamlName(t.Field(i))
		if name == "" {
			continue
		}
		a, b, field := old.Field(i), new.Field(i), join(prefix, name)
		switch {
		case a.Kind() == reflect.Slice && a.Type().Elem().Kind() == reflect.Struct:
			continue
		case a.Kind() == reflect.Struct:
			d.fields(path, field, a, b)
			continue
		case a.Kind() == reflect.Pointer:
			d.standard(path, field, a, b)
			continue
		case equal(a, b):
			continue
		}
		was, is := valueText(a), valueText(b)
		label := labels[name]
		if t == reflect.TypeFor[SignIn]() && name == "second_factor" { // not for whom, as in Security, but by what
			label = "langkah kedua menurut"
		}
		d.modify(path, field, was, is, both{label + " ", englishLabel(name) + " "}.plus(changeText(t, name, a, b)))
	}
}

// standard compares a service's own standard, which may be there or not.
func (d *differ) standard(path, field string, old, new reflect.Value) {
	switch {
	case old.IsNil() && new.IsNil():
	case old.IsNil():
		d.modify(path, field, "", "ada", both{"standar layanan sendiri, bukan dari katalog lagi", "a standard of its own, no longer the catalogue's"})
	case new.IsNil():
		d.modify(path, field, "ada", "", both{"standar layanan kembali dari katalog", "the standard is the catalogue's again"})
	default:
		d.fields(path, field, old.Elem(), new.Elem())
	}
}

// changeText is "15 → 20 menit", `"Loket A" → "Loket B"`, "5 → 6 butir".
func changeText(owner reflect.Type, name string, old, new reflect.Value) both {
	if owner == reflect.TypeFor[catalogue.Standard]() && old.Kind() == reflect.Slice {
		if old.Len() == new.Len() {
			return both{"diubah", "changed"}
		}
		return both{fmt.Sprintf("%d → %d butir", old.Len(), new.Len()), fmt.Sprintf("%d → %d items", old.Len(), new.Len())}
	}
	text := quoted(owner, name, old).plus(same(" → ")).plus(quoted(owner, name, new))
	if unit, ok := units[name]; ok && !new.IsZero() {
		text = text.plus(unit)
	}
	return text
}

func valueText(v reflect.Value) string {
	if v.Kind() == reflect.Slice {
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = v.Index(i).String()
		}
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(v.Interface())
}

func quoted(owner reflect.Type, name string, v reflect.Value) both {
	switch {
	case v.Kind() == reflect.Bool:
		return map[bool]both{true: {"ya", "yes"}, false: {"tidak", "no"}}[v.Bool()]
	case name == "quota" && v.IsZero():
		return both{"tanpa batas", "no limit"}
	case name == "tickets_stop" && v.IsZero():
		return same("0")
	case name == "days":
		return daysOf(v.String())
	case v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0:
		if fromCatalogue[owner] && name != "series" {
			return both{"(katalog)", "(catalogue)"}
		}
		return both{"(kosong)", "(none)"}
	}
	if name == "role" || name == "second_factor" && owner == reflect.TypeFor[Security]() {
		var text both
		for i, role := range strings.Split(valueText(v), ", ") {
			if i > 0 {
				text = text.plus(same(", "))
			}
			text = text.plus(roleText(role))
		}
		return text
	}
	text := shown(valueText(v))
	if strings.ContainsAny(text, " \t\n") && v.Kind() == reflect.String {
		return same(strconv.Quote(text))
	}
	return same(text)
}

// fromCatalogue are the things whose empty fields the catalogue fills.
var fromCatalogue = map[reflect.Type]bool{reflect.TypeFor[Agency](): true, reflect.TypeFor[Service](): true}

var units = map[string]both{"minutes": {" menit", ""}, "tickets_stop": {" menit", " minutes"}, "quota": {" nomor sehari", " numbers a day"}}

// englishLabel is a key in English words: they are its own.
func englishLabel(name string) string {
	if base, ok := strings.CutSuffix(name, "_en"); ok {
		name = base + " (English)"
	}
	return strings.ReplaceAll(name, "_", " ")
}

// labels are the keys in words.
var labels = map[string]string{
	"code": "kode", "timezone": "zona waktu", "example": "contoh", "organiser": "penyelenggara",
	"phone": "telepon", "email": "surel", "website": "situs", "complaints": "pengaduan", "colour": "warna",
	"name": "nama", "kind": "jenis", "address": "alamat", "district": "kecamatan",
	"tickets_stop": "nomor berhenti sebelum tutup", "place": "tempat", "days": "hari", "open": "buka",
	"close": "tutup", "from": "dari", "to": "sampai", "venue": "lokasi", "reason": "alasan",
	"short": "nama pendek", "name_en": "nama Inggris", "short_en": "nama pendek Inggris", "icon": "ikon",
	"prefix": "awalan", "quota": "kuota", "zone": "zona", "series": "seri", "confirmed": "dipastikan",
	"words": "kata kunci", "execution": "pelaksanaan", "system": "sistem", "receipt": "tanda terima",
	"minutes": "waktu", "requirements": "persyaratan", "procedure": "prosedur", "time": "jangka waktu",
	"fee": "biaya", "product": "produk", "requirements_en": "persyaratan (Inggris)",
	"procedure_en": "prosedur (Inggris)", "time_en": "jangka waktu (Inggris)", "fee_en": "biaya (Inggris)",
	"product_en": "produk (Inggris)", "proxy": "perwakilan", "basis": "dasar hukum", "role": "peran",
	"agency": "instansi", "counters": "loket", "place_en": "tempat (Inggris)", "reason_en": "alasan (Inggris)",
	"complaints_en": "pengaduan (Inggris)", "second_factor": "langkah kedua untuk",
	"issuer": "penerbit", "client_id": "pengenal klien", "domains": "domain surel", "create": "akun baru otomatis",
}

// roleNames are the roles in words.
var roleNames = map[Role]string{
	RoleOfficer: "petugas loket", RoleAgencyAdmin: "admin instansi", RoleFrontOffice: "meja depan", RoleManager: "manajer MPP", RoleAdmin: "TI daerah",
}

func roleText(role string) both { return both{or(roleNames[Role(role)], role), role} }

// kindNames are the kinds of venues in words.
var kindNames = map[VenueKind]string{
	Office: "kantor", Shared: "tempat bersama", ShopHouse: "ruko", Vehicle: "kendaraan", Digital: "digital",
}

func summariseRegion(r *Region) both {
	name := r.Code + " " + or(r.Seat().Name, "?")
	return both{name + ", zona waktu " + r.Timezone, name + ", time zone " + r.Timezone}
}

func summariseVenue(v Venue) both {
	text := both{v.Name + " (" + or(kindNames[v.Kind], string(v.Kind)) + ")", v.Name + " (" + string(v.Kind) + ")"}
	if n := len(v.Zones); n > 0 {
		text = text.plus(both{fmt.Sprintf(", %d zona", n), fmt.Sprintf(", zones: %d", n)})
	}
	if h := hoursText(v.Hours); h != "" {
		text = text.plus(both{", " + hoursWords(v.Hours), ", " + h})
	}
	return text
}

// hoursWords is hoursText with the days in Indonesian.
func hoursWords(hours []Hours) string {
	words := slices.Clone(hours)
	for i := range words {
		words[i].Days = daysWords(words[i].Days)
	}
	return hoursText(words)
}

func hoursText(hours []Hours) string {
	parts := make([]string, len(hours))
	for i, h := range hours {
		parts[i] = h.Days + " " + h.Open + "-" + h.Close
	}
	return strings.Join(parts, ", ")
}

func summariseZone(z Zone) both {
	if z.Place != "" {
		return same(z.Name + ", " + z.Place)
	}
	return same(z.Name)
}

func closureKey(c Closure) string {
	if c.Venue != "" {
		return c.From + "/" + c.Venue
	}
	return c.From
}

func summariseClosure(c Closure) both {
	if c.To != "" && c.To != c.From {
		return both{c.Reason + ", sampai " + c.To, c.Reason + ", until " + c.To}
	}
	return same(c.Reason)
}

func summarisePerson(p Person) both {
	text := same(p.Name)
	for _, post := range p.Posts() {
		text = text.plus(same(", ")).plus(summarisePost(post))
	}
	return text
}

// PostText is a role in words, with its agency and counters, in both languages.
func PostText(p Post) (indonesian, english string) {
	text := summarisePost(p)
	return text.id, text.en
}

func (p Post) key() string { return or(strings.Trim(string(p.Role)+"/"+p.Agency, "/"), "?") }

func summarisePost(p Post) both {
	text := roleText(string(p.Role))
	if p.Agency != "" {
		text = text.plus(same(", " + p.Agency))
	}
	if len(p.Counters) > 0 {
		text = text.plus(both{", loket ", ", counters "}).plus(same(strings.Join(p.Counters, ", ")))
	}
	return text
}

func summariseAgency(a Agency) both {
	name, series, counters, services := or(a.Short, a.Name, a.Code), len(a.Series), len(a.Counters), len(a.Services)
	return both{
		fmt.Sprintf("%s, %d seri, %d loket, %d layanan", name, series, counters, services),
		fmt.Sprintf("%s, series: %d, counters: %d, services: %d", name, series, counters, services),
	}
}

func summariseSeries(s Series) both {
	text := both{"awalan " + s.Prefix + ", " + s.Venue, "prefix " + s.Prefix + ", " + s.Venue}
	if s.Quota > 0 {
		text = text.plus(both{fmt.Sprintf(", kuota %d nomor sehari", s.Quota), fmt.Sprintf(", quota %d numbers a day", s.Quota)})
	}
	return text
}

func summariseCounter(c Counter) both {
	name := or(c.Name, "Loket "+c.Code)
	text := both{name + ", seri " + strings.Join(c.Series, ", "), name + ", series " + strings.Join(c.Series, ", ")}
	if c.Days != "" {
		text = text.plus(same(", ")).plus(daysOf(c.Days))
	}
	return text
}

// daysOf is on which days a counter is served, in words. What is no day stays.
func daysOf(s string) both {
	if s == "" {
		return both{"setiap hari buka", "each open day"}
	}
	week, err := ParseDays(s)
	if err != nil {
		return same(shown(s))
	}
	id, en := week.Words()
	return both{id, en}
}

func summariseService(s Service) both {
	text := same(or(s.Name, s.Code))
	if len(s.Series) > 0 {
		text = text.plus(both{", seri ", ", series "}).plus(same(strings.Join(s.Series, ", ")))
	}
	return text
}
