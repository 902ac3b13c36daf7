package tenants

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/tenants/areas"
	"github.com/pendopo-id/pendopo/tenants/areas/spell"
)

var venueKinds = []string{string(Office), string(Shared), string(ShopHouse), string(Vehicle), string(Digital)}

// kindWords are what people write for a kind of venue.
var kindWords = map[string]string{
	"kantor": "office", "ruko": "shophouse", "kendaraan": "vehicle", "mobil": "vehicle", "bus": "vehicle",
	"mobile": "vehicle", "keliling": "vehicle", "bersama": "shared", "online": "digital", "daring": "digital",
	"building": "office", "gedung": "office",
}

func (c *checker) checkVenues() {
	d, r := c.root, c.region
	if len(r.Venues) == 0 {
		d.report("venues", RuleRequired, "", "", say("sedikitnya satu lokasi; layanan daring pun satu lokasi, dengan kind: digital",
			"at least one venue; an online service is a venue too, with kind: digital"))
	}
	c.duplicates(d, "venues", len(r.Venues), "code", func(i int) string { return r.Venues[i].Code })
	for i := range r.Venues {
		c.checkVenue(&r.Venues[i], entryPath("venues", i, ""))
	}
}

func (c *checker) checkVenue(v *Venue, path string) {
	d := c.root
	c.checkCode(d, path+".code", v.Code)
	c.required(d, path+".name", v.Name)
	if c.required(d, path+".kind", string(v.Kind)) && !slices.Contains(venueKinds, string(v.Kind)) {
		kind := string(v.Kind)
		right, ok := kindWords[strings.ToLower(kind)]
		if !ok {
			right, _ = nearestOf(kind, venueKinds)
		}
		d.report(path+".kind", RuleVenueKind, kind, right,
			say("%q bukan jenis lokasi; pilihannya %s", "%q is not a kind of venue; it is one of %s", shown(kind), strings.Join(venueKinds, ", ")).meant(right))
	}
	if v.Kind == Digital {
		c.checkDigital(v, path)
	}
	if v.District != "" {
		c.checkDistrict(path+".district", v.District)
	}
	c.duplicates(d, path+".zones", len(v.Zones), "code", func(i int) string { return v.Zones[i].Code })
	for i, z := range v.Zones {
		c.checkCode(d, entryPath(path+".zones", i, "code"), z.Code)
		c.required(d, entryPath(path+".zones", i, "name"), z.Name)
		c.translates(d, entryPath(path+".zones", i, "place"), z.Place, z.PlaceEN)
	}
	c.checkHours(v, path)
	c.checkTicketsStop(v, path+".tickets_stop")
}

// checkDigital: what has no place has no hall board and no address. Its counters are where officers work
// the online queue, so it may have those.
func (c *checker) checkDigital(v *Venue, path string) {
	d := c.root
	if len(v.Zones) > 0 {
		d.report(path+".zones", RuleDigital, strconv.Itoa(len(v.Zones)), "",
			say("lokasi digital tidak punya ruang, jadi tidak punya zona; hapus zones",
				"a digital venue has no room and so no zones; remove zones"))
	}
	for _, f := range [][2]string{{"address", v.Address}, {"district", v.District}} {
		if f[1] != "" {
			c.warn(d, path+"."+f[0], RuleDigital, f[1],
				say("lokasi digital tidak punya tempat; %q tidak akan ditampilkan", "a digital venue has no place; %q will not be shown", shown(f[1])))
		}
	}
}

// warn tells of what holds, but hardly as it was meant.
func (c *checker) warn(d *document, path string, rule Rule, value string, w words) {
	at := d.find(path)
	c.sink(Problem{File: d.file, Path: path, Rule: rule, Value: value, Line: at.line, Column: at.column, Message: w.id, MessageEN: w.en, Warning: true})
}

// checkDistrict knows a kecamatan by its code, and helps who wrote its name.
func (c *checker) checkDistrict(path, code string) {
	d, region := c.root, c.region.Code
	if _, ok := areas.SeatByCode(region); !ok {
		return // which kecamatan are meant is anyone's guess
	}
	here := areas.DistrictsOf(region)
	if slices.ContainsFunc(here, func(k areas.District) bool { return k.Code == code }) {
		return
	}
	var codes, names []string
	for _, k := range here {
		codes, names = append(codes, k.Code), append(names, spell.Fold(k.Name))
	}
	right, name := "", ""
	if i := slices.Index(names, spell.Fold(code)); i >= 0 {
		right = codes[i]
	} else if near, ok := nearestOf(spell.Fold(code), names); ok && !strings.ContainsAny(code, "0123456789") {
		right = codes[slices.Index(names, near)]
	} else if near, ok := nearestOf(code, codes); ok {
		right = near
	}
	if k, ok := areas.DistrictByCode(right); ok {
		name = " (" + k.Name + ")"
	}
	w := say("%q bukan kode kecamatan", "%q is not the code of a kecamatan", shown(code))
	if k, ok := areas.DistrictByCode(code); ok {
		other, _ := areas.SeatFor(k.Regency)
		w = say("%q (%s) berada di %s, bukan di daerah ini", "%q (%s) is in %s, not in this region", code, k.Name, other.Name)
	}
	w = w.meant(right)
	if right != "" {
		w.id, w.en = w.id+name, strings.TrimSuffix(w.en, "?")+name+"?"
	}
	d.report(path, RuleDistrict, code, right, w)
}

func (c *checker) checkHours(v *Venue, path string) {
	d := c.root
	if len(v.Hours) == 0 {
		d.report(path+".hours", RuleRequired, "", "", say("jam buka wajib diisi", "opening hours are required"))
	}
	type span struct {
		week   Week
		period Period
		ok     bool
	}
	spans := make([]span, len(v.Hours))
	for i, h := range v.Hours {
		p := entryPath(path+".hours", i, "")
		week, okDays := c.checkDays(p+".days", h.Days)
		from, okOpen := c.checkClock(p+".open", h.Open, "08:00")
		to, okClose := c.checkClock(p+".close", h.Close, "15:30")
		if okOpen && okClose && to <= from {
			okClose = false
			d.report(p+".close", RuleHours, h.Close, "",
				say("tutup %q harus sesudah buka %q; jam yang melewati tengah malam dibagi dua, sampai \"24:00\" dan mulai \"00:00\" hari berikutnya",
					"closing %q must be after opening %q; hours past midnight are two entries, until \"24:00\" and from \"00:00\" the next day", h.Close, h.Open))
		}
		spans[i] = span{week, Period{from, to}, okDays && okOpen && okClose}
	}
	for i, s := range spans {
		for j, before := range spans[:i] {
			day, both := sharedDay(s.week, before.week)
			if !s.ok || !before.ok || !both || s.period.Open >= before.period.Close || before.period.Open >= s.period.Close {
				continue
			}
			p := entryPath(path+".hours", i, "open")
			w := words{
				"jam " + s.period.String() + " bertumpuk dengan " + before.period.String() + " pada hari " + dayName(day) + " di baris ",
				"hours " + s.period.String() + " overlap " + before.period.String() + " on " + day.String() + " on line ",
			}
			line := strconv.Itoa(d.find(entryPath(path+".hours", j, "open")).line)
			d.report(p, RuleHours, v.Hours[i].Open, "", words{w.id + line, w.en + line})
			break
		}
	}
}

func sharedDay(a, b Week) (time.Weekday, bool) {
	for _, d := range weekdays {
		if a[d.day] && b[d.day] {
			return d.day, true
		}
	}
	return 0, false
}

func dayName(day time.Weekday) string {
	for _, d := range weekdays {
		if d.day == day {
			return d.id
		}
	}
	return ""
}

func (c *checker) checkDays(path, s string) (Week, bool) {
	if !c.required(c.root, path, s) {
		return Week{}, false
	}
	return c.readDays(c.root, path, s)
}

func (c *checker) readDays(d *document, path, s string) (Week, bool) {
	week, err := ParseDays(s)
	if err == nil {
		return week, true
	}
	part := s
	var wrong dayError
	if errors.As(err, &wrong) {
		part = wrong.part
	}
	right := nearDays(s)
	d.report(path, RuleDays, s, right,
		say("%q: %q bukan hari; tulis mon, tue, wed, thu, fri, sat, sun, misalnya \"mon-thu,sat\"",
			"%q: %q is not a day; write mon, tue, wed, thu, fri, sat, sun, such as \"mon-thu,sat\"", shown(s), shown(part)).meant(right))
	return Week{}, false
}

// nearDays mends each part of a days text: "Senin - Kamis; sabtu" gives "mon-thu,sat".
func nearDays(s string) string {
	if len(s) > 60 {
		return ""
	}
	if week, ok := ReadDays(s); ok {
		return FormatDays(week)
	}
	codes := make([]string, 0, 14)
	for _, d := range weekdays {
		codes = append(codes, d.code, d.id)
	}
	mend := func(day string) string {
		day = strings.ToLower(strings.TrimSpace(day))
		if day == "ahad" {
			return "sun"
		}
		// "monday", "sen", "Jum'at": the first letters say which.
		if folded := spell.Fold(day); len(folded) >= 3 {
			for _, d := range weekdays {
				if strings.HasPrefix(folded, d.code) || strings.HasPrefix(folded, d.id) || strings.HasPrefix(d.id, folded) {
					return d.code
				}
			}
		}
		near, ok := nearestOf(day, codes)
		if !ok {
			return ""
		}
		for _, d := range weekdays {
			if near == d.id {
				return d.code
			}
		}
		return near
	}
	var parts []string
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ';' || r == '/' || r == '&' }) {
		var run []string
		for day := range strings.FieldsFuncSeq(part, func(r rune) bool { return r == '-' || r == '–' }) {
			code := mend(day)
			if code == "" {
				return ""
			}
			run = append(run, code)
		}
		if len(run) == 0 || len(run) > 2 {
			return ""
		}
		parts = append(parts, strings.Join(run, "-"))
	}
	right := strings.Join(parts, ",")
	if _, err := ParseDays(right); err != nil {
		return ""
	}
	return right
}

func (c *checker) checkClock(path, s, usual string) (int, bool) {
	if !c.required(c.root, path, s) {
		return 0, false
	}
	minute, err := ParseClock(s)
	if err == nil {
		return minute, true
	}
	right := nearClock(s)
	if right == "" {
		right = usual
	}
	c.root.report(path, RuleClock, s, right,
		say("%q bukan jam yang benar; tulis misalnya %q", "%q is not a time of day; write for example %q", shown(s), right))
	return 0, false
}

// nearClock mends the ways in which people write a time: "8:00", "8.30", "0800", "08:00 WIB", "8".
// Minutes that do not exist are dropped: "8:60" gives "08:00".
func nearClock(s string) string {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if len(parts) == 1 && (len(parts[0]) == 3 || len(parts[0]) == 4) {
		parts = []string{parts[0][:len(parts[0])-2], parts[0][len(parts[0])-2:]}
	}
	if len(parts) == 0 || len(parts[0]) > 2 {
		return ""
	}
	hour, _ := strconv.Atoi(parts[0])
	minute := 0
	if len(parts) > 1 && len(parts[1]) <= 2 {
		if m, _ := strconv.Atoi(parts[1]); m < 60 {
			minute = m
		}
	}
	if hour*60+minute > Midnight {
		return ""
	}
	return FormatClock(hour*60 + minute)
}

// checkTicketsStop: whoever stops giving tickets before opening gives none at all.
func (c *checker) checkTicketsStop(v *Venue, path string) {
	shortest := Midnight
	for _, d := range weekdays {
		if p := v.Periods(d.day); len(p) > 0 {
			shortest = min(shortest, p[len(p)-1].Close-p[0].Open)
		}
	}
	n, most := v.TicketsStop, shortest-1
	if n >= 0 && n <= most {
		return
	}
	right := strconv.Itoa(min(30, most))
	c.root.report(path, RuleTicketsStop, strconv.Itoa(n), right,
		say("%d menit di luar batas; hari buka yang terpendek %d menit, jadi isilah 0 sampai %d",
			"%d minutes is out of range; the shortest open day has %d minutes, so it is 0 to %d", n, shortest, most))
}
