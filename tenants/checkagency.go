package tenants

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

var (
	prefixForm = regexp.MustCompile(`^[A-Z]{1,3}$`)
	executions = []string{string(catalogue.Native), string(catalogue.FrontDesk), string(catalogue.HandOff)}
)

// executionWords are what people write for a way of execution.
var executionWords = map[string]string{
	"internal": "native", "sendiri": "native", "loket": "front-desk", "frontdesk": "front-desk",
	"front-office": "front-desk", "rujuk": "hand-off", "rujukan": "hand-off", "external": "hand-off",
	"eksternal": "hand-off", "link": "hand-off",
}

const (
	maxQuota   = 100_000 // tickets a day in one series
	maxMinutes = 480     // of one service: a working day
)

func (c *checker) checkAgencies() {
	for i := range c.region.Agencies {
		for _, s := range c.region.Agencies[i].Series {
			if c.prefixes[s.Venue] == nil {
				c.prefixes[s.Venue] = map[string]string{}
			}
			c.prefixes[s.Venue][s.Prefix] = "" // taken; where follows below, in order
		}
	}
	first := map[string]string{}
	for i := range c.region.Agencies {
		a, d := &c.region.Agencies[i], c.agencies[i]
		if c.checkCode(d, "code", a.Code) {
			if where, again := first[a.Code]; again {
				d.report("code", RuleDuplicate, a.Code, "",
					say("instansi %q sudah ada di %s", "agency %q is already in %s", a.Code, where))
			} else {
				first[a.Code] = d.file
			}
		}
		c.checkAgency(a, d)
	}
}

func (c *checker) checkAgency(a *Agency, d *document) {
	known, inCatalogue := c.cat.Agency(a.Code)
	if !inCatalogue && a.Name == "" && codeForm.MatchString(a.Code) {
		var codes []string
		for _, k := range c.cat.Agencies() {
			codes = append(codes, k.Code)
		}
		right, _ := nearestOf(a.Code, codes)
		d.report("code", RuleAgency, a.Code, right, say(
			"instansi %q tidak ada di katalog (untuk instansi sendiri, isi name)",
			"agency %q is not in the catalogue (for an agency of your own, give name)", shown(a.Code)).meant(right))
	}
	if a.Icon != "" && !codeForm.MatchString(a.Icon) {
		c.checkCode(d, "icon", a.Icon)
	}
	if len(a.Services) == 0 {
		d.report("services", RuleRequired, "", "", say("sedikitnya satu layanan", "at least one service"))
	}
	c.duplicates(d, "series", len(a.Series), "code", func(i int) string { return a.Series[i].Code })
	c.duplicates(d, "services", len(a.Services), "code", func(i int) string { return a.Services[i].Code })
	for i := range a.Series {
		c.checkSeries(a, i, d)
	}
	for i := range a.Counters {
		c.checkCounter(a, i, d)
	}
	for i := range a.Services {
		c.checkService(a, i, d, known)
	}
	c.checkSignIn(a, d)
}

func (c *checker) checkSeries(a *Agency, i int, d *document) {
	s, path := a.Series[i], entryPath("series", i, "")
	fine := c.checkCode(d, path+".code", s.Code)
	if c.required(d, path+".venue", s.Venue) {
		c.venue(d, path+".venue", s.Venue)
	}
	c.checkRange(d, path+".quota", s.Quota, 0, maxQuota)
	if c.required(d, path+".prefix", s.Prefix) {
		c.checkPrefix(s, path+".prefix", d)
	}
	if !fine {
		return
	}
	if !slices.ContainsFunc(a.Services, func(v Service) bool { return slices.Contains(v.Series, s.Code) }) {
		d.report(path+".code", RuleSeries, s.Code, "",
			say("seri %q tidak dipakai layanan mana pun; isi series: %s pada layanannya, atau hapus seri ini",
				"series %q has no service; give series: %s to its services, or remove it", s.Code, s.Code))
	}
	if !slices.ContainsFunc(a.Counters, func(k Counter) bool { return slices.Contains(k.Series, s.Code) }) {
		d.report(path+".code", RuleSeries, s.Code, "",
			say("seri %q tidak dipanggil loket mana pun; siapa pun yang mengambil nomor tidak akan dipanggil",
				"no counter calls series %q; whoever takes a number would never be called", s.Code))
	}
}

func (c *checker) checkPrefix(s Series, path string, d *document) {
	taken := c.prefixes[s.Venue]
	if !prefixForm.MatchString(s.Prefix) {
		right := strings.ToUpper(strings.TrimSpace(s.Prefix))
		if !prefixForm.MatchString(right) {
			right = freePrefix(taken)
		}
		d.report(path, RulePrefix, s.Prefix, right,
			say("%q bukan awalan nomor; gunakan 1 sampai 3 huruf besar", "%q is not a prefix; use 1 to 3 capital letters", shown(s.Prefix)).meant(right))
		return
	}
	if where := taken[s.Prefix]; where != "" {
		right := freePrefix(taken)
		d.report(path, RuleDuplicate, s.Prefix, right, say(
			"awalan %q sudah dipakai di lokasi %q (%s); yang masih bebas misalnya %q",
			"prefix %q is taken at venue %q (%s); %q is free", s.Prefix, s.Venue, where, right))
		return
	}
	if taken != nil {
		taken[s.Prefix] = d.file + ":" + strconv.Itoa(d.find(path).line)
	}
}

// freePrefix is the first letter, or pair of letters, that no series of the venue uses.
func freePrefix(taken map[string]string) string {
	for _, first := range append([]string{""}, letters()...) {
		for _, l := range letters() {
			if _, used := taken[first+l]; !used {
				return first + l
			}
		}
	}
	return ""
}

func letters() []string { return strings.Split("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "") }

func (c *checker) checkCounter(a *Agency, i int, d *document) {
	k, path := a.Counters[i], entryPath("counters", i, "")
	fine := c.checkCode(d, path+".code", k.Code)
	if c.required(d, path+".venue", k.Venue) {
		if v, ok := c.venue(d, path+".venue", k.Venue); ok {
			c.checkPlace(v, k, path, d)
			c.checkServed(v, k, path+".days", d)
		}
	}
	if key := k.Venue + "/" + k.Code; fine && k.Venue != "" {
		if where := c.counters[key]; where != "" {
			d.report(path+".code", RuleDuplicate, k.Code, "",
				say("loket %q di lokasi %q sudah ada (%s)", "counter %q at venue %q is already there (%s)", k.Code, k.Venue, where))
		} else {
			c.counters[key] = d.file + ":" + strconv.Itoa(d.find(path+".code").line)
		}
	}
	if len(k.Series) == 0 {
		d.report(path+".series", RuleRequired, "", "",
			say("sebutkan seri yang dipanggil loket ini", "name the series that this counter calls"))
	}
	c.duplicates(d, path+".series", len(k.Series), "", func(j int) string { return k.Series[j] })
	for j, code := range k.Series {
		at := entryPath(path+".series", j, "")
		s, ok := c.series(a, at, code, d)
		if ok && s.Venue != k.Venue && c.declared(k.Venue) && c.declared(s.Venue) {
			d.report(at, RuleReference, code, "",
				say("seri %q ada di lokasi %q, sedangkan loket ini di %q", "series %q is at venue %q, but this counter is at %q", code, s.Venue, k.Venue))
		}
	}
}

// checkServed checks on which days a counter is served. A day on which its venue is closed is a warning: the venue may
// yet open on it.
func (c *checker) checkServed(v *Venue, k Counter, path string, d *document) {
	if k.Days == "" {
		return
	}
	week, ok := c.readDays(d, path, k.Days)
	if !ok {
		return
	}
	var closed Week
	for _, w := range weekdays {
		closed[w.day] = week[w.day] && len(v.Periods(w.day)) == 0
	}
	if closed == (Week{}) {
		return
	}
	id, en := closed.Words()
	c.warn(d, path, RuleDays, k.Days, words{
		"lokasi " + strconv.Quote(v.Code) + " tutup pada hari " + id + ", jadi loket ini tidak dilayani pada hari itu",
		"venue " + strconv.Quote(v.Code) + " is closed on " + en + ", so this counter is not served then",
	})
}

// checkPlace checks where in its venue a counter stands.
func (c *checker) checkPlace(v *Venue, k Counter, path string, d *document) {
	if v.Kind == Digital {
		for _, f := range [][2]string{{"zone", k.Zone}, {"place", k.Place}, {"place_en", k.PlaceEN}} {
			if f[1] != "" {
				d.report(path+"."+f[0], RuleDigital, f[1], "",
					say("lokasi %q digital, jadi loketnya tidak bertempat; hapus %s",
						"venue %q is digital, so its counters stand nowhere; remove %s", v.Code, f[0]))
			}
		}
		return
	}
	c.translates(d, path+".place", k.Place, k.PlaceEN)
	codes := make([]string, len(v.Zones))
	for i, z := range v.Zones {
		codes[i] = z.Code
	}
	switch {
	case k.Zone != "" && !slices.Contains(codes, k.Zone):
		c.unknown(d, path+".zone", k.Zone, codes, say("lokasi %q tidak punya zona %q", "venue %q has no zone %q", v.Code, shown(k.Zone)))
	case k.Zone == "" && len(codes) > 1:
		d.report(path+".zone", RuleZone, "", "",
			say("lokasi %q punya %d zona (%s); sebutkan zona loket ini agar panggilannya tampil di layar",
				"venue %q has %d zones (%s); name this counter's, so that a board shows its calls", v.Code, len(codes), strings.Join(codes, ", ")))
	}
}

// series finds one of the agency's series, and reports one that is not declared.
func (c *checker) series(a *Agency, path, code string, d *document) (*Series, bool) {
	if i := slices.IndexFunc(a.Series, func(s Series) bool { return s.Code == code }); i >= 0 {
		return &a.Series[i], true
	}
	if code == "" || d.broken["series"] {
		return nil, false
	}
	codes := make([]string, len(a.Series))
	for i, s := range a.Series {
		codes[i] = s.Code
	}
	c.unknown(d, path, code, codes, say("seri %q tidak ada pada instansi ini", "this agency has no series %q", shown(code)))
	return nil, false
}

func (c *checker) checkService(a *Agency, i int, d *document, agency *catalogue.Agency) {
	s, path := a.Services[i], entryPath("services", i, "")
	fine := c.checkCode(d, path+".code", s.Code)
	known, inCatalogue := c.cat.Service(a.Code, s.Code)
	if fine && !inCatalogue && (s.Name == "" || s.Execution == "") {
		var codes []string
		if agency != nil {
			for _, k := range agency.Services {
				codes = append(codes, k.Code)
			}
		}
		right, _ := nearestOf(s.Code, codes)
		d.report(path+".code", RuleService, s.Code, right, say(
			"layanan %q tidak ada di katalog (untuk layanan sendiri, isi name dan execution)",
			"service %q is not in the catalogue (for a service of your own, give name and execution)", shown(s.Code)).meant(right))
	}
	execution, system := s.Execution, s.System
	if execution != "" && !slices.Contains(executions, string(execution)) {
		right, ok := executionWords[strings.ToLower(string(execution))]
		if !ok {
			right, _ = nearestOf(string(execution), executions)
		}
		d.report(path+".execution", RuleExecution, string(execution), right,
			say("%q bukan cara pelaksanaan; pilihannya %s", "%q is not a way of execution; it is one of %s",
				shown(string(execution)), strings.Join(executions, ", ")).meant(right))
	}
	if inCatalogue {
		if execution == "" {
			execution = known.Execution
		}
		if system == "" {
			system = known.System
		}
	}
	if (execution == catalogue.FrontDesk || execution == catalogue.HandOff) && strings.TrimSpace(system) == "" {
		d.report(path+".system", RuleSystem, "", "",
			say("layanan %s memerlukan system: nama sistem pemilik layanan", "a %s service needs system: the owner's system", execution))
	}
	switch {
	case len(s.Series) > 0:
		c.checkGiven(a, s.Series, path+".series", d)
	case slices.Contains(executions, string(execution)) && execution != catalogue.HandOff:
		d.report(path+".series", RuleSeries, "", "",
			say("layanan %q tidak punya seri antrean; hanya hand-off yang boleh tanpa seri",
				"service %q has no series; only hand-off may be without one", s.Code))
	}
	c.checkRange(d, path+".minutes", s.Minutes, 0, maxMinutes)
	if s.Standard != nil {
		c.checkStandard(s.Standard, path+".standard", d)
	}
}

// checkGiven checks whose numbers a service gives. At a venue it is one series at most: nobody there would
// know in which of two lines to stand.
func (c *checker) checkGiven(a *Agency, codes Codes, path string, d *document) {
	c.duplicates(d, path, len(codes), "", func(i int) string { return codes[i] })
	given := map[string]string{} // venue -> the series that comes first
	for i, code := range codes {
		at := entryPath(path, i, "")
		if _, listed := d.at[at]; !listed {
			at = path
		}
		if !c.required(d, at, code) || slices.Contains(codes[:i], code) {
			continue
		}
		s, ok := c.series(a, at, code, d)
		if !ok || s.Venue == "" {
			continue
		}
		first, taken := given[s.Venue]
		if !taken {
			given[s.Venue] = code
			continue
		}
		right := elsewhere(a, codes)
		d.report(at, RuleSeries, code, right, say(
			"seri %q ada di lokasi %q, sama dengan seri %q; satu layanan hanya satu seri di satu lokasi, hapus salah satunya",
			"series %q is at venue %q, as is %q; a service has one series at a venue, remove one of them", code, s.Venue, first).meant(right))
	}
}

// elsewhere is a series of the agency at a venue where none of these is; empty when there is none.
func elsewhere(a *Agency, codes Codes) string {
	taken := map[string]bool{}
	for _, s := range a.Series {
		if slices.Contains(codes, s.Code) {
			taken[s.Venue] = true
		}
	}
	for _, s := range a.Series {
		if !taken[s.Venue] {
			return s.Code
		}
	}
	return ""
}

// checkStandard: a standard that a region declares replaces the catalogue's as a whole, so it must be
// whole. The sixth component, complaints, may be left to the region's contact.
func (c *checker) checkStandard(s *catalogue.Standard, path string, d *document) {
	for _, l := range []struct {
		key  string
		list []string
		must bool
	}{
		{"requirements", s.Requirements, true}, {"procedure", s.Procedure, true},
		{"requirements_en", s.RequirementsEN, false}, {"procedure_en", s.ProcedureEN, false},
	} {
		if l.must && len(l.list) == 0 {
			d.report(path+"."+l.key, RuleRequired, "", "", say("wajib diisi", "is required"))
		}
		for i, text := range l.list {
			c.required(d, entryPath(path+"."+l.key, i, ""), text)
		}
	}
	c.required(d, path+".time", s.Time)
	c.required(d, path+".fee", s.Fee)
	c.required(d, path+".product", s.Product)
	c.translates(d, path+".complaints", s.Complaints, s.ComplaintsEN)
}
