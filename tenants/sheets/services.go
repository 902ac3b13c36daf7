package sheets

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// service reads a service: the catalogue's, or the region's own.
func (m *mallReader) service(t table, r row) {
	before := len(m.wrong)
	name := t.in(r, svcName)
	if name == "" {
		m.report(t, r, svcName, RuleRequired, "", say("Nama layanan belum diisi.", "The service's name is missing."))
	}
	a := m.agency(t, r, svcAgency)
	s := tenants.Service{}
	if text := t.in(r, svcMinutes); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 480 {
			m.report(t, r, svcMinutes, RuleNumber, "", say("%q bukan jumlah menit. Tulis bilangan bulat, misalnya 15.", "%q is no number of minutes. Write a whole number, such as 15.", Short(text)))
		}
		s.Minutes = n
	}
	if a == nil || len(m.wrong) > before {
		return
	}
	s.Code, s.Name = m.serviceCode(a.Code, t.in(r, svcCode), name)
	standard := standardOf(t, r)
	if standard != nil && standard.Complaints == clean(m.region.Contact.Complaints) {
		standard.Complaints = "" // the region's own desk, which is meant where nothing stands
	}
	s = m.keep(a.Code, s, standard)
	if s.Name != "" && s.Execution == "" { // the region's own
		m.own++
		s.Execution = catalogue.Native
		if s.System = t.in(r, svcSystem); s.System != "" {
			s.Execution = catalogue.FrontDesk
		}
	}
	if slices.ContainsFunc(a.Services, func(o tenants.Service) bool { return o.Code == s.Code }) {
		m.report(t, r, svcName, RuleDuplicate, "", say("Layanan ini sudah ada untuk instansi yang sama.", "This service is there already for the same agency."))
		return
	}
	if t.in(r, svcSeries) == noSeries {
		if !m.handedOff(a.Code, &s) {
			m.report(t, r, svcSeries, RuleSeries, "", say("Hanya layanan yang diajukan lewat sistem pemiliknya yang tanpa nomor antrean. Isi serinya, atau isi Sistem Pemilik.",
				"Only a service that goes through its owner's system has no numbers. Give its series, or the owner's system."))
			return
		}
		a.Services = append(a.Services, s)
		return
	}
	prefixes := listed(strings.ToUpper(t.in(r, svcSeries)))
	for _, own := range a.Series {
		if len(prefixes) == 0 || slices.Contains(prefixes, own.Prefix) {
			if !slices.ContainsFunc(s.Series, func(code string) bool { return venueOf(a, code) == own.Venue }) { // one at each venue
				s.Series = append(s.Series, own.Code)
			}
		}
	}
	if len(s.Series) == 0 {
		var have []string
		for _, own := range a.Series {
			have = append(have, own.Prefix)
		}
		m.report(t, r, svcSeries, RuleSeries, "", say("Tidak ada loket %s yang memanggil seri ini. Serinya: %s.", "No counter of %s calls this series. Its series: %s.", a.Code, strings.Join(have, ", ")))
		return
	}
	a.Services = append(a.Services, s)
}

// keep gives a service what the region has declared of it and a sheet has no column for. A standard that says what the
// region's, or the catalogue's, says already changes nothing.
func (m *mallReader) keep(agency string, s tenants.Service, standard *catalogue.Standard) tenants.Service {
	var base *catalogue.Standard
	minutes := 0
	if known, ok := m.cat.Service(agency, s.Code); ok {
		base, minutes = known.Standard, known.Minutes
	}
	for _, d := range m.declared(agency).Services {
		if d.Code != s.Code {
			continue
		}
		if d.Standard != nil {
			base = d.Standard
		}
		if d.Minutes > 0 {
			minutes = d.Minutes
		}
		typed := s.Minutes
		s = d
		s.Series = nil
		if typed > 0 && typed != minutes {
			s.Minutes = typed
		}
		if standard != nil && !sameStandard(standard, base) {
			s.Standard = standard
		}
		return s
	}
	if s.Minutes == minutes {
		s.Minutes = 0
	}
	if standard != nil && !sameStandard(standard, base) {
		s.Standard = standard
	}
	return s
}

// sameStandard tells whether two standards read the same in Indonesian.
func sameStandard(a, b *catalogue.Standard) bool {
	if b == nil {
		return false
	}
	text := func(s *catalogue.Standard) string {
		return fold(strings.Join(slices.Concat(s.Requirements, []string{"|"}, s.Procedure, []string{"|", s.Time, "|", s.Fee, "|", s.Product, "|", s.Complaints, "|", s.Basis}), " "))
	}
	return text(a) == text(b)
}

// noSeries stands in the column of the series for a service without numbers.
const noSeries = "-"

// handedOff tells whether a service may be without numbers: it is handed off to its owner's system.
func (m *mallReader) handedOff(agency string, s *tenants.Service) bool {
	if s.Name != "" {
		s.Execution = catalogue.HandOff
		return s.System != ""
	}
	known, ok := m.cat.Service(agency, s.Code)
	return ok && known.Execution == catalogue.HandOff
}

func venueOf(a *tenants.Agency, series string) string {
	for _, s := range a.Series {
		if s.Code == series {
			return s.Venue
		}
	}
	return ""
}

// serviceCode is the catalogue's code of a service by its code, its name or a name that is close; else a code of the
// region's own, and its name.
func (m *mallReader) serviceCode(agency, code, name string) (string, string) {
	var names []string
	a, ok := m.cat.Agency(agency)
	if ok {
		for _, s := range a.Services {
			if fold(s.Code) == fold(code) && code != "" || fold(s.Name) == fold(name) || fold(s.NameEN) == fold(name) {
				return s.Code, ""
			}
			names = append(names, s.Name)
		}
	}
	if guess := closest(name, names); guess != "" && code == "" {
		return a.Services[slices.Index(names, guess)].Code, ""
	}
	own := strings.ToLower(strings.ReplaceAll(fold(code), " ", "-"))
	if own == "" {
		own = slug(name)
	}
	return own, name
}

// slug makes a code of a name: lower case letters, digits and hyphens.
func slug(name string) string {
	var b strings.Builder
	for _, r := range fold(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
		if b.Len() >= 40 {
			break
		}
	}
	return strings.Trim(b.String(), "-")
}

var itemMark = regexp.MustCompile(`(?:^|[\s;])(?:\d{1,2}[.)]|[a-z][.)]|[•*])\s+`)

// items divides a cell into the points of a list: "1. KTP 2. KK".
func items(text string) (out []string) {
	for _, part := range itemMark.Split(text, -1) {
		if part = strings.Trim(part, " ;"); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// standardOf is the row's standard; nil where it has none, so that the catalogue's stays.
func standardOf(t table, r row) *catalogue.Standard {
	s := catalogue.Standard{
		Requirements: items(t.in(r, svcRequirements)), Procedure: items(t.in(r, svcProcedure)), Time: t.in(r, svcTime), Fee: t.in(r, svcFee), Product: t.in(r, svcProduct),
		Complaints: t.in(r, svcComplaints), Basis: t.in(r, svcBasis),
	}
	if len(s.Requirements)+len(s.Procedure) == 0 && s.Time+s.Fee+s.Product == "" {
		return nil
	}
	return &s
}

// CountersTable is a region's counters in the columns in which Mall reads them.
func CountersTable(r *tenants.Resolved) Table {
	t := Table{Name: countersSheet, Header: headings(counterFields, len(counterFields)), Widths: []float64{10, 40, 20, 12, 12}}
	for _, a := range r.Agencies {
		for _, c := range a.Counters {
			var prefixes []string
			for _, code := range c.Series {
				if i := slices.IndexFunc(a.Series, func(s tenants.ResolvedSeries) bool { return s.Code == code }); i >= 0 {
					prefixes = append(prefixes, a.Series[i].Prefix)
				}
			}
			t.Rows = append(t.Rows, []string{c.Code, a.Name, c.Venue, strings.Join(prefixes, ", "), c.Zone})
		}
	}
	return t
}

// ServicesTable is a region's services in the columns in which Mall reads them.
func ServicesTable(r *tenants.Resolved) Table {
	t := Table{Name: servicesSheet, Header: headings(serviceFields, len(serviceFields)), Widths: []float64{34, 40, 22, 50, 50, 24, 18, 30, 40, 30, 8, 10, 20}}
	for _, a := range r.Agencies {
		for _, s := range a.Services {
			cells := make([]string, len(serviceFields))
			cells[svcAgency], cells[svcName], cells[svcCode], cells[svcSystem] = a.Name, s.Name, s.Code, s.System
			if s.Minutes > 0 {
				cells[svcMinutes] = itoa(s.Minutes)
			}
			var prefixes []string
			for _, x := range a.Series {
				if slices.Contains(s.Series, x.Code) {
					prefixes = append(prefixes, x.Prefix)
				}
			}
			if cells[svcSeries] = strings.Join(prefixes, ", "); len(prefixes) == 0 {
				cells[svcSeries] = noSeries
			}
			if d := s.Standard; d != nil {
				cells[svcRequirements], cells[svcProcedure] = numbered(d.Requirements), numbered(d.Procedure)
				cells[svcTime], cells[svcFee], cells[svcProduct], cells[svcComplaints], cells[svcBasis] = d.Time, d.Fee, d.Product, d.Complaints, d.Basis
			}
			t.Rows = append(t.Rows, cells)
		}
	}
	return t
}

func numbered(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = itoa(i+1) + ". " + s
	}
	return strings.Join(out, "\n")
}
