package tenants

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/tenants/areas"
	"github.com/pendopo-id/pendopo/tenants/areas/spell"
)

// checker finds what is wrong with a region that could be read. It goes through everything once and
// stops at nothing.
type checker struct {
	cat      Catalogue
	region   *Region
	root     *document   // of region.yaml
	agencies []*document // of region.Agencies, same order
	sink     func(Problem)
	base     string // the folder's name
	rooted   bool   // region.yaml could be read: without it every venue would look unknown
	whole    bool   // every agency file could be read

	prefixes map[string]map[string]string // venue -> prefix -> where it was first declared
	counters map[string]string            // "venue/code" -> where
}

var (
	codeForm   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	colourForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	emailForm  = regexp.MustCompile(`^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$`)
)

const maxCode = 40

func (c *checker) check() {
	c.prefixes, c.counters = map[string]map[string]string{}, map[string]string{}
	if c.rooted {
		c.checkRegion()
		c.checkVenues()
		c.checkClosures()
	}
	c.checkAgencies()
	if c.rooted {
		c.checkStaff()
	}
}

func (c *checker) checkRegion() {
	r, d := c.region, c.root
	seat, known := c.checkArea()
	zones := []string{"WIB", "WITA", "WIT"}
	switch _, ok := areas.Location(r.Timezone); {
	case !c.required(d, "timezone", r.Timezone):
	case !ok:
		right := seat.Zone
		if !known {
			right, _ = nearestOf(r.Timezone, zones)
		}
		d.report("timezone", RuleTimezone, r.Timezone, right,
			say("%q bukan zona waktu; pilihannya WIB, WITA, WIT", "%q is not a time zone; it is one of WIB, WITA, WIT", shown(r.Timezone)).meant(right))
	case known && r.Timezone != seat.Zone:
		d.report("timezone", RuleTimezone, r.Timezone, seat.Zone,
			say("%q bukan zona waktu %s; yang benar %q", "%q is not the time zone of %s; it is %q", r.Timezone, seat.Name, seat.Zone))
	}
	c.required(d, "organiser", r.Organiser)
	if colour := r.Brand.Colour; colour != "" && !colourForm.MatchString(colour) {
		right := nearColour(colour)
		d.report("brand.colour", RuleColour, colour, right,
			say("%q bukan warna; tulis # dan enam angka heksadesimal, misalnya \"#8a1538\"",
				"%q is not a colour; write # and six hexadecimal digits, such as \"#8a1538\"", shown(colour)).meant(right))
	}
	c.checkEmail(d, "contact.email", r.Contact.Email)
	c.translates(d, "contact.complaints", r.Contact.Complaints, r.Contact.ComplaintsEN)
	if site := r.Contact.Website; site != "" {
		u, err := url.Parse(site)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			right := ""
			if !strings.Contains(site, ":") && strings.Contains(site, ".") && !strings.Contains(site, " ") {
				right = "https://" + site
			}
			d.report("contact.website", RuleWebsite, site, right,
				say("%q bukan alamat situs; tulis lengkap dengan https://", "%q is not a web address; write it with https://", shown(site)).meant(right))
		}
	}
	if c.whole && len(r.Agencies) == 0 {
		w := say("belum ada instansi; tambahkan berkas di folder agencies/", "there is no agency yet; add files to the folder agencies/")
		c.sink(Problem{File: regionFile, Rule: RuleRequired, Message: w.id, MessageEN: w.en, Warning: true})
	}
}

// checkArea finds the region's seat, and for a wrong code the one that was probably meant.
func (c *checker) checkArea() (areas.Seat, bool) {
	code, d := c.region.Code, c.root
	if !c.required(d, "code", code) {
		return areas.Seat{}, false
	}
	if seat, ok := areas.SeatByCode(code); ok {
		if right := seat.Code + "-" + seat.Slug; c.base != "" && c.base != right {
			w := say("folder ini bernama %q; biasanya %q", "this folder is called %q; usually it is %q", c.base, right)
			c.sink(Problem{File: regionFile, Rule: RuleFolder, Value: c.base, Suggestion: right, Message: w.id, MessageEN: w.en, Warning: true})
		}
		return seat, true
	}
	seat, near := nearSeat(code, c.base)
	w := say("%q bukan kode kabupaten atau kota", "%q is not the code of a kabupaten or kota", shown(code))
	if r, ok := areas.RegencyByCode(code); ok {
		w = say("%q (%s) adalah wilayah administratif; seluruh Jakarta satu daerah",
			"%q (%s) is administrative; all of Jakarta is one region", code, r.Name)
	} else if p, ok := areas.ProvinceByCode(code); ok {
		w = say("%q adalah provinsi (%s); tulis kode kabupaten atau kotanya",
			"%q is a province (%s); write the code of the kabupaten or kota", code, p.Name)
	}
	if near {
		w = w.meant(seat.Code)
		w.id = strings.TrimSuffix(w.id, "?") + " (" + seat.Name + ")"
		w.en = strings.TrimSuffix(w.en, "?") + " (" + seat.Name + ")?"
	}
	d.report("code", RuleArea, code, seat.Code, w)
	return areas.Seat{}, false
}

// nearSeat guesses a seat from a wrong code, from a name written instead of a code, or, where the code
// says too little, from the folder's name.
func nearSeat(code, base string) (areas.Seat, bool) {
	if number, _, ok := strings.Cut(base, "-"); ok && strings.HasPrefix(number, code) {
		if seat, ok := areas.SeatByCode(number); ok {
			return seat, true
		}
	}
	best, ok := areas.Nearest(code)
	if !ok {
		return areas.Seat{}, false
	}
	if seat, ok := areas.SeatByCode(best); ok {
		return seat, true
	}
	return areas.SeatBySlug(best)
}

// required reports an empty value and tells whether there is one.
func (c *checker) required(d *document, path, value string) bool {
	if strings.TrimSpace(value) != "" {
		return true
	}
	d.report(path, RuleRequired, "", "", say("wajib diisi", "is required"))
	return false
}

// translates reports an English text without the Indonesian one that it stands for: most readers would see
// nothing.
func (c *checker) translates(d *document, path, indonesian, english string) {
	if strings.TrimSpace(english) == "" || strings.TrimSpace(indonesian) != "" || d.broken[path] {
		return
	}
	key := path[strings.LastIndex(path, ".")+1:]
	d.report(path+"_en", RuleRequired, shown(english), "",
		say("%s belum diisi; tulis dahulu dalam bahasa Indonesia", "%s is not given; write it in Indonesian first", key))
}

// checkCode checks a code's presence and form, and tells whether it can be referred to.
func (c *checker) checkCode(d *document, path, code string) bool {
	if !c.required(d, path, code) {
		return false
	}
	if codeForm.MatchString(code) && len(code) <= maxCode {
		return true
	}
	right := codeFrom(code)
	d.report(path, RuleCode, code, right,
		say("%q bukan kode yang sah; gunakan huruf kecil, angka, dan tanda hubung, paling panjang %d",
			"%q is not a valid code; use lower case letters, digits and hyphens, at most %d", shown(code), maxCode).meant(right))
	return false
}

// codeFrom makes a code of what was written; empty when nothing is left.
func codeFrom(s string) string {
	code := strings.Join(spell.Words(s), "-")
	if !codeForm.MatchString(code) || len(code) > maxCode {
		return ""
	}
	return code
}

func (c *checker) checkEmail(d *document, path, email string) bool {
	if email == "" || len(email) <= 254 && emailForm.MatchString(email) {
		return true
	}
	right := strings.Join(strings.Fields(strings.ReplaceAll(email, "@@", "@")), "")
	if !emailForm.MatchString(right) {
		right = ""
	}
	d.report(path, RuleEmail, email, right,
		say("%q bukan alamat surel; tulis misalnya \"nama@daerah.go.id\"",
			"%q is not an email address; write for example \"nama@daerah.go.id\"", shown(email)).meant(right))
	return false
}

// duplicates reports the codes of a list that stand in it already, in order; capitals do not tell two
// codes apart.
func (c *checker) duplicates(d *document, list string, n int, key string, at func(int) string) {
	first := map[string]int{}
	for i := range n {
		code := at(i)
		if code == "" {
			continue
		}
		path := entryPath(list, i, key)
		if j, again := first[strings.ToLower(code)]; again {
			d.report(path, RuleDuplicate, code, "",
				say("%q sudah ada di baris %d", "%q is already on line %d", code, d.find(entryPath(list, j, key)).line))
			continue
		}
		first[strings.ToLower(code)] = i
	}
}

func entryPath(list string, i int, key string) string {
	path := list + "[" + strconv.Itoa(i) + "]"
	if key != "" {
		path += "." + key
	}
	return path
}

// checkRange reports a number outside from..to.
func (c *checker) checkRange(d *document, path string, n, from, to int) {
	if n >= from && n <= to {
		return
	}
	right := strconv.Itoa(min(max(n, from), to))
	if n < 0 && -n <= to {
		right = strconv.Itoa(-n)
	}
	d.report(path, RuleRange, strconv.Itoa(n), right,
		say("%d di luar batas; isilah %d sampai %d", "%d is out of range; it is %d to %d", n, from, to))
}

func nearColour(s string) string {
	s = "#" + strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "#")
	if len(s) == 4 {
		s = "#" + s[1:2] + s[1:2] + s[2:3] + s[2:3] + s[3:4] + s[3:4]
	}
	if colourForm.MatchString(s) {
		return s
	}
	return ""
}

func (c *checker) checkClosures() {
	d, r := c.root, c.region
	seen := map[Closure]int{}
	for i, cl := range r.Closures {
		path := entryPath("closures", i, "")
		okFrom := c.required(d, path+".from", cl.From) && c.checkDate(d, path+".from", cl.From)
		okTo := cl.To == "" || c.checkDate(d, path+".to", cl.To)
		if okFrom && okTo && cl.To != "" && cl.To < cl.From {
			d.report(path+".to", RuleDate, cl.To, "", say("%q sebelum %q; balikkan keduanya", "%q is before %q; swap them", cl.To, cl.From))
		}
		if cl.Venue != "" {
			c.venue(d, path+".venue", cl.Venue)
		}
		c.required(d, path+".reason", cl.Reason)
		key := Closure{From: cl.From, Venue: cl.Venue}
		if j, again := seen[key]; again && okFrom {
			d.report(path+".from", RuleDuplicate, cl.From, "",
				say("penutupan mulai %q sudah ada di baris %d", "a closure from %q is already on line %d", cl.From, d.find(entryPath("closures", j, "from")).line))
		} else if !again {
			seen[key] = i
		}
	}
}

func (c *checker) checkDate(d *document, path, s string) bool {
	if t, err := time.Parse(time.DateOnly, s); err == nil && t.Year() >= 2000 && t.Year() < 2100 {
		return true
	}
	right := ""
	for _, layout := range []string{"02-01-2006", "02/01/2006", "2006/01/02", "2-1-2006", "2/1/2006", "2006-1-2", "02.01.2006", "2.1.2006", "20060102"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 2000 && t.Year() < 2100 {
			right = t.Format(time.DateOnly)
			break
		}
	}
	d.report(path, RuleDate, s, right,
		say("%q bukan tanggal yang benar; tulis tahun-bulan-hari, misalnya \"2026-12-25\"",
			"%q is not a date; write year-month-day, such as \"2026-12-25\"", shown(s)).meant(right))
	return false
}

// declared tells whether there is such a venue.
func (c *checker) declared(venue string) bool {
	return slices.ContainsFunc(c.region.Venues, func(v Venue) bool { return v.Code == venue })
}

// venue finds a venue by the code that a path refers to, and reports one that is not declared.
func (c *checker) venue(d *document, path, code string) (*Venue, bool) {
	if i := slices.IndexFunc(c.region.Venues, func(v Venue) bool { return v.Code == code }); i >= 0 {
		return &c.region.Venues[i], true
	}
	if !c.rooted || c.root.broken["venues"] {
		return nil, false
	}
	codes := make([]string, len(c.region.Venues))
	for i, v := range c.region.Venues {
		codes[i] = v.Code
	}
	c.unknown(d, path, code, codes, say("lokasi %q tidak ada", "there is no venue %q", shown(code)))
	return nil, false
}

// unknown reports a reference to something that is not declared, with the nearest that is.
func (c *checker) unknown(d *document, path, value string, known []string, w words) {
	right, _ := nearestOf(value, known)
	if right == "" && len(known) == 1 {
		right = known[0]
	}
	d.report(path, RuleReference, value, right, w.meant(right))
}
