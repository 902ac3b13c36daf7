package tenants

import (
	"fmt"
	"os"
	"strings"
	"unicode"

	"pgregory.net/rapid"

	"github.com/pendopo-id/pendopo/tenants/areas"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// nasty are texts that YAML would like to read as something else.
var nasty = []string{
	"true", "No", "null", "~", "- a", "a: b", "a:", ": a", "# x", "a #b", "a#b", "'", "''", `"`, `\`, `\n`, `a\"b`,
	"&a", "*a", "!x", "%d", "@x", "`x`", "{a}", "[a]", "{", "]", ",", "a, b", "?", "? a", ":", "|", ">", ">-", "=", "<<",
	" depan", "belakang ", "0x1F", "1e3", "1_000", "0123", "+3", "-1", ".5", ".inf", "08:00", "2026-12-25", "19.10",
	"é", "日本語", "👋🏽", "a\u00a0b", "---", "...", "--- a", "Jum'at", "Ra\"as", "50%", "a/b", "(0717) 1", "x;y", "-",
}

var anyText = rapid.OneOf(
	rapid.SampledFrom(nasty),
	rapid.StringOfN(rapid.RuneFrom(nil, unicode.L, unicode.N, unicode.P, unicode.S, unicode.Zs), 1, 30, -1),
).Filter(func(s string) bool {
	return strings.TrimSpace(s) != "" && !strings.ContainsFunc(s, forbidden)
})

var maybeText = rapid.OneOf(rapid.Just(""), anyText)

// english draws a text's translation; what says nothing has none.
func english(t *rapid.T, text string) string {
	if text == "" {
		return ""
	}
	return maybeText.Draw(t, "english")
}

// paragraphs may hold line breaks, as the texts of a standard may.
var paragraphs = rapid.OneOf(anyText, rapid.Map(rapid.SliceOfN(anyText, 2, 4), func(s []string) string { return strings.Join(s, "\n") }))

var aCode = rapid.StringMatching(`[a-z0-9]{1,6}(-[a-z0-9]{1,4})?`)

// codes draws n codes that differ.
func codes(t *rapid.T, label string, from, to int) []string {
	return rapid.SliceOfNDistinct(aCode, from, to, rapid.ID[string]).Draw(t, label)
}

var weeks = [][]Hours{
	{{"mon-fri", "08:00", "16:00"}},
	{{"mon-thu", "08:00", "12:00"}, {"mon-thu", "12:00", "15:30"}, {"fri", "08:00", "11:30"}},
	{{"sat-sun", "00:00", "24:00"}},
	{{"mon", "09:00", "10:00"}, {"tue,thu", "10:00", "11:00"}},
}

// genRegion draws a region that Load takes with testCat.
func genRegion(t *rapid.T) *Region {
	seat := rapid.SampledFrom(areas.Seats()).Draw(t, "seat")
	r := &Region{
		Code: seat.Code, Timezone: seat.Zone, Example: rapid.Bool().Draw(t, "example"), Organiser: anyText.Draw(t, "organiser"),
		Contact: Contact{
			Phone:      maybeText.Draw(t, "phone"),
			Email:      rapid.SampledFrom([]string{"", "halo@contoh.go.id"}).Draw(t, "email"),
			Website:    rapid.SampledFrom([]string{"", "https://contoh.go.id/mpp"}).Draw(t, "website"),
			Complaints: maybeText.Draw(t, "complaints"),
		},
		Brand: Brand{Colour: rapid.SampledFrom([]string{"", "#8a1538", "#000000"}).Draw(t, "colour")},
		Logo:  rapid.SampledFrom([]string{"", testLogo}).Draw(t, "logo"),
	}
	r.Contact.ComplaintsEN = english(t, r.Contact.Complaints)
	for _, code := range codes(t, "venues", 1, 3) {
		r.Venues = append(r.Venues, genVenue(t, seat, code))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "closures") {
		c := Closure{From: fmt.Sprintf("2026-12-%02d", i+1), Reason: anyText.Draw(t, "reason"), ReasonEN: maybeText.Draw(t, "reason_en")}
		if rapid.Bool().Draw(t, "for one venue") {
			c.Venue, c.To = r.Venues[0].Code, "2027-01-02"
		}
		r.Closures = append(r.Closures, c)
	}
	agencies := rapid.SliceOfNDistinct(rapid.OneOf(rapid.SampledFrom([]string{"dukcapil", "imigrasi"}), aCode), 0, 3, rapid.ID[string]).Draw(t, "agencies")
	numbers := map[string]int{} // counters and prefixes so far, by venue
	for _, code := range agencies {
		r.Agencies = append(r.Agencies, genAgency(t, r, code, numbers))
	}
	genStaff(t, r)
	return r
}

func genVenue(t *rapid.T, seat areas.Seat, code string) Venue {
	v := Venue{
		Code: code, Name: anyText.Draw(t, "name"), NameEN: maybeText.Draw(t, "name_en"),
		Kind:        rapid.SampledFrom([]VenueKind{Office, Shared, ShopHouse, Vehicle, Digital}).Draw(t, "kind"),
		Hours:       rapid.SampledFrom(weeks).Draw(t, "hours"),
		TicketsStop: rapid.IntRange(0, 59).Draw(t, "stop"),
	}
	if v.Kind == Digital {
		return v
	}
	v.Address = maybeText.Draw(t, "address")
	if rapid.Bool().Draw(t, "with district") {
		v.District = rapid.SampledFrom(areas.DistrictsOf(seat.Code)).Draw(t, "district").Code
	}
	for _, z := range codes(t, "zones", 0, 3) {
		zone := Zone{Code: z, Name: anyText.Draw(t, "zone"), NameEN: maybeText.Draw(t, "zone en"), Place: maybeText.Draw(t, "place")}
		zone.PlaceEN = english(t, zone.Place)
		v.Zones = append(v.Zones, zone)
	}
	return v
}

func genAgency(t *rapid.T, r *Region, code string, numbers map[string]int) Agency {
	a := Agency{Code: code, Short: maybeText.Draw(t, "short"), NameEN: maybeText.Draw(t, "name_en")}
	if _, known := testCat.Agency(code); !known {
		a.Name, a.Icon = anyText.Draw(t, "agency"), "building"
	}
	for i, s := range codes(t, "series", 0, 3) {
		v := rapid.SampledFrom(r.Venues).Draw(t, "venue")
		numbers[v.Code]++
		n := numbers[v.Code]
		a.Series = append(a.Series, Series{
			Code: s, Name: maybeText.Draw(t, "series name"), NameEN: maybeText.Draw(t, "series name en"), Prefix: string(rune('A'+n/26)) + string(rune('A'+n%26)),
			Venue: v.Code, Quota: rapid.IntRange(0, 200).Draw(t, "quota"),
		})
		k := Counter{Code: fmt.Sprint(n), Name: maybeText.Draw(t, "counter"), Venue: v.Code, Series: []string{s}}
		if rapid.Bool().Draw(t, "some days") {
			k.Days = rapid.SampledFrom([]string{"mon", "mon,thu", "tue-thu", "mon-wed,sat", "sat-mon", "mon-sun"}).Draw(t, "days")
		}
		if len(v.Zones) > 0 {
			k.Zone, k.Place = v.Zones[0].Code, maybeText.Draw(t, "place")
			k.PlaceEN = english(t, k.Place)
		}
		a.Counters = append(a.Counters, k)
		a.Services = append(a.Services, genService(t, a, fmt.Sprintf("layanan-%d", i), s))
	}
	a.Services = append(a.Services, Service{
		Code: "rujukan", Name: anyText.Draw(t, "service"), Execution: catalogue.HandOff, System: anyText.Draw(t, "system"),
		Receipt: maybeText.Draw(t, "receipt"),
	})
	if code == "dukcapil" && len(a.Series) > 0 {
		a.Services = append(a.Services, Service{Code: "ktp-baru", Series: Codes{a.Series[0].Code}})
	}
	return a
}

func genService(t *rapid.T, a Agency, code, series string) Service {
	given, venues := Codes{series}, map[string]bool{}
	for _, s := range a.Series {
		venues[s.Venue] = venues[s.Venue] || s.Code == series
	}
	for _, s := range a.Series { // so far: also at other venues, now and then
		if !venues[s.Venue] && rapid.Bool().Draw(t, "also there") {
			given, venues[s.Venue] = append(given, s.Code), true
		}
	}
	s := Service{
		Code: code, Series: given, Name: anyText.Draw(t, "service"), NameEN: maybeText.Draw(t, "service en"),
		Words: rapid.SliceOfN(anyText, 0, 4).Draw(t, "words"), Execution: catalogue.Native,
		Minutes: rapid.IntRange(0, 60).Draw(t, "minutes"), Confirmed: rapid.Bool().Draw(t, "confirmed"),
	}
	if len(s.Words) == 0 {
		s.Words = nil
	}
	if rapid.Bool().Draw(t, "standard") {
		s.Standard = &catalogue.Standard{
			Requirements: rapid.SliceOfN(paragraphs, 1, 3).Draw(t, "requirements"),
			Procedure:    rapid.SliceOfN(paragraphs, 1, 3).Draw(t, "procedure"),
			Time:         paragraphs.Draw(t, "time"), Fee: paragraphs.Draw(t, "fee"), Product: paragraphs.Draw(t, "product"),
			Basis: maybeText.Draw(t, "basis"), Complaints: maybeText.Draw(t, "complaints"),
		}
		s.Standard.ComplaintsEN = english(t, s.Standard.Complaints)
	}
	return s
}

func genStaff(t *rapid.T, r *Region) {
	for i := range rapid.IntRange(0, 4).Draw(t, "staff") {
		p := Person{
			Email: fmt.Sprintf("orang%d@contoh.go.id", i), Name: anyText.Draw(t, "person"),
			Role: rapid.SampledFrom([]Role{RoleAdmin, RoleManager, RoleFrontOffice}).Draw(t, "role"),
		}
		if len(r.Agencies) > 0 && rapid.Bool().Draw(t, "officer") {
			a := rapid.SampledFrom(r.Agencies).Draw(t, "agency")
			p.Role, p.Agency = RoleOfficer, a.Code
			if len(a.Counters) > 0 {
				p.Counters = []string{a.Counters[0].Venue + "/" + a.Counters[0].Code}
			}
		}
		if p.Role != RoleManager && rapid.Bool().Draw(t, "also") {
			p.Also = []Post{{Role: RoleManager}}
		}
		r.Staff = append(r.Staff, p)
	}
}

// testLogo is the valid folder's crest in its plain form.
var testLogo = func() string {
	text, err := os.ReadFile(validFolder + "/logo.svg")
	if err != nil {
		panic(err)
	}
	return readLogo(text, newDocument(logoFile, func(Problem) {}))
}()
