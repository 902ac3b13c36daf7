// Package tenants is what a region declares about itself: one folder, read, checked and written here.
// It imports nothing from internal, so that a region's manifest can be checked without the service.
//
//	19.01-bangka/
//	  region.yaml         who runs the mall, where, when, in which colours
//	  agencies/*.yaml     one file an agency: services, series, counters
//	  logo.svg            optional crest
package tenants

import "github.com/pendopo-id/pendopo/tenants/catalogue"

// Region is everything that one folder declares. Codes are lower case letters, digits and hyphens.
type Region struct {
	Code      string    `yaml:"code" json:"code"`                           // Kemendagri's: "19.01"
	Timezone  string    `yaml:"timezone" json:"timezone"`                   // WIB, WITA or WIT
	Example   bool      `yaml:"example,omitempty" json:"example,omitempty"` // figures are fictional; pages say "contoh"
	Organiser string    `yaml:"organiser" json:"organiser"`                 // penyelenggara: usually the DPMPTSP
	Contact   Contact   `yaml:"contact,omitempty" json:"contact,omitzero"`
	Brand     Brand     `yaml:"brand,omitempty" json:"brand,omitzero"`
	Venues    []Venue   `yaml:"venues" json:"venues"`
	Closures  []Closure `yaml:"closures,omitempty" json:"closures,omitempty"`
	Security  Security  `yaml:"security,omitempty" json:"security,omitzero"`
	Staff     []Person  `yaml:"staff,omitempty" json:"staff,omitempty"`
	Agencies  []Agency  `yaml:"-" json:"agencies"`       // from agencies/*.yaml, by file name
	Logo      string    `yaml:"-" json:"logo,omitempty"` // the SVG's text, from logo.svg; sanitised
}

// Contact is how people reach the region's mall.
type Contact struct {
	Phone        string `yaml:"phone,omitempty" json:"phone,omitempty"`
	Email        string `yaml:"email,omitempty" json:"email,omitempty"`
	Website      string `yaml:"website,omitempty" json:"website,omitempty"`
	Complaints   string `yaml:"complaints,omitempty" json:"complaints,omitempty"` // where and how to complain, one sentence
	ComplaintsEN string `yaml:"complaints_en,omitempty" json:"complaints_en,omitempty"`
}

// Brand is the one colour a region gives; the other seven accents are derived (web/brand).
type Brand struct {
	Colour string `yaml:"colour,omitempty" json:"colour,omitempty"` // "#8a1538"
}

// Security is what the region asks of those who sign in, beyond what every region does.
type Security struct {
	// SecondFactor are the roles that must have a second factor. Regional IT (admin) always must.
	SecondFactor []Role `yaml:"second_factor,omitempty" json:"second_factor,omitempty"`
}

// VenueKind is what a place is. Never a new building by default.
type VenueKind string

const (
	Office    VenueKind = "office"    // an existing government office
	Shared    VenueKind = "shared"    // a place shared with others: a library, a terminal
	ShopHouse VenueKind = "shophouse" // a floor of a ruko
	Vehicle   VenueKind = "vehicle"   // MPP Keliling
	Digital   VenueKind = "digital"   // no place at all
)

// Venue is a lokasi.
type Venue struct {
	Code        string    `yaml:"code" json:"code"`
	Name        string    `yaml:"name" json:"name"`
	NameEN      string    `yaml:"name_en,omitempty" json:"name_en,omitempty"` // empty, as in every _en field: English pages show the Indonesian
	Kind        VenueKind `yaml:"kind" json:"kind"`
	Address     string    `yaml:"address,omitempty" json:"address,omitempty"`
	District    string    `yaml:"district,omitempty" json:"district,omitempty"` // Kemendagri's code: "19.01.01"
	Hours       []Hours   `yaml:"hours" json:"hours"`
	TicketsStop int       `yaml:"tickets_stop,omitempty" json:"tickets_stop,omitempty"` // minutes before the day's last closing at which no more tickets are given
	Zones       []Zone    `yaml:"zones,omitempty" json:"zones,omitempty"`               // each has a board; none: one zone for the venue
}

// Hours is one opening period on some days of the week, in the region's local time.
type Hours struct {
	Days  string `yaml:"days" json:"days"`   // "mon", "mon-thu", "mon-thu,sat"
	Open  string `yaml:"open" json:"open"`   // "08:00"
	Close string `yaml:"close" json:"close"` // "15:30"; "24:00" is midnight
}

// Zone is a part of a venue with a hall board of its own.
type Zone struct {
	Code    string `yaml:"code" json:"code"`
	Name    string `yaml:"name" json:"name"` // "Zona A"
	NameEN  string `yaml:"name_en,omitempty" json:"name_en,omitempty"`
	Place   string `yaml:"place,omitempty" json:"place,omitempty"` // "Lantai 1"
	PlaceEN string `yaml:"place_en,omitempty" json:"place_en,omitempty"`
}

// Closure is a local day, or a run of days, on which a venue (or, if empty, every venue) is closed.
type Closure struct {
	From     string `yaml:"from" json:"from"`                 // "2026-12-25"
	To       string `yaml:"to,omitempty" json:"to,omitempty"` // inclusive; empty: the same day
	Venue    string `yaml:"venue,omitempty" json:"venue,omitempty"`
	Reason   string `yaml:"reason" json:"reason"`
	ReasonEN string `yaml:"reason_en,omitempty" json:"reason_en,omitempty"`
}

// Agency is an instansi in this region.
type Agency struct {
	Code     string    `yaml:"code" json:"code"`                     // the catalogue's, or the region's own
	Name     string    `yaml:"name,omitempty" json:"name,omitempty"` // empty: the catalogue's, with {region} filled in
	Short    string    `yaml:"short,omitempty" json:"short,omitempty"`
	NameEN   string    `yaml:"name_en,omitempty" json:"name_en,omitempty"`
	ShortEN  string    `yaml:"short_en,omitempty" json:"short_en,omitempty"`
	Icon     string    `yaml:"icon,omitempty" json:"icon,omitempty"`
	Series   []Series  `yaml:"series" json:"series"`
	Counters []Counter `yaml:"counters" json:"counters"`
	Services []Service `yaml:"services" json:"services"`
	SignIn   SignIn    `yaml:"sign_in,omitempty" json:"sign_in,omitzero"`
}

// SignIn is an agency's own identity provider (OpenID Connect), by which its people may sign in. The client's secret
// never stands in a manifest: "pendopo tenant sign-in" takes it.
type SignIn struct {
	Issuer   string   `yaml:"issuer" json:"issuer"`                     // "https://sso.imigrasi.go.id"
	ClientID string   `yaml:"client_id" json:"client_id"`               // as the provider has registered this region
	Role     Role     `yaml:"role" json:"role"`                         // officer or agency-admin, in this agency only: what Create gives
	Domains  []string `yaml:"domains" json:"domains"`                   // of the e-mail addresses that the provider speaks for
	Create   bool     `yaml:"create,omitempty" json:"create,omitempty"` // who is not known yet gets an account at the first sign-in
	// SecondFactor are the values of the claims acr and amr that say that the provider has asked for a second factor.
	SecondFactor []string `yaml:"second_factor,omitempty" json:"second_factor,omitempty"`
}

// Given tells whether the agency has a provider.
func (s SignIn) Given() bool { return s.Issuer != "" }

// Series is a run of queue numbers at a venue (seri antrean): prefix "A" gives ... a day.
type Series struct {
	Code   string `yaml:"code" json:"code"`
	Name   string `yaml:"name,omitempty" json:"name,omitempty"`
	NameEN string `yaml:"name_en,omitempty" json:"name_en,omitempty"`
	Prefix string `yaml:"prefix" json:"prefix"` // 1 to 3 capital letters, unique at the venue
	Venue  string `yaml:"venue" json:"venue"`
	Quota  int    `yaml:"quota,omitempty" json:"quota,omitempty"` // tickets a day; 0: no limit
}

// Counter is a loket, where an officer serves. Its name has no English: it is what stands on its sign and
// what people look for when they are called.
type Counter struct {
	Code    string   `yaml:"code" json:"code"`                     // unique at the venue, usually its number: "3"
	Name    string   `yaml:"name,omitempty" json:"name,omitempty"` // empty: "Loket 3"
	Venue   string   `yaml:"venue" json:"venue"`
	Zone    string   `yaml:"zone,omitempty" json:"zone,omitempty"`
	Place   string   `yaml:"place,omitempty" json:"place,omitempty"` // "Lantai 1, sebelah kanan pintu masuk"
	PlaceEN string   `yaml:"place_en,omitempty" json:"place_en,omitempty"`
	Days    string   `yaml:"days,omitempty" json:"days,omitempty"` // "mon,thu", as in Hours; empty: each day on which its venue is open
	Series  []string `yaml:"series" json:"series"`                 // codes of this agency's series that it calls
}

// Week are the weekdays on which the counter is served, whatever its venue's hours: all seven where none are named, or
// where what is written names none.
func (c Counter) Week() Week {
	if week, err := ParseDays(c.Days); c.Days != "" && err == nil {
		return week
	}
	return EveryDay
}

// Codes are one code or several. In YAML one is a text and several are a list.
type Codes []string

// Service is a layanan that this region offers. What is empty comes from the catalogue.
type Service struct {
	Code      string              `yaml:"code" json:"code"`
	Series    Codes               `yaml:"series,omitempty" json:"series,omitempty"`       // whose numbers it gives, one at each venue where it is given; empty only for hand-off without a counter
	Confirmed bool                `yaml:"confirmed,omitempty" json:"confirmed,omitempty"` // the region has checked time, fee and requirements
	Name      string              `yaml:"name,omitempty" json:"name,omitempty"`
	NameEN    string              `yaml:"name_en,omitempty" json:"name_en,omitempty"`
	Words     []string            `yaml:"words,omitempty" json:"words,omitempty"`
	Execution catalogue.Execution `yaml:"execution,omitempty" json:"execution,omitempty"`
	System    string              `yaml:"system,omitempty" json:"system,omitempty"`
	Receipt   string              `yaml:"receipt,omitempty" json:"receipt,omitempty"`
	Minutes   int                 `yaml:"minutes,omitempty" json:"minutes,omitempty"`
	Standard  *catalogue.Standard `yaml:"standard,omitempty" json:"standard,omitempty"` // replaces the catalogue's as a whole
}

// Role is what a person in the manifest may do; the service gives it meaning (authz).
type Role string

const (
	RoleOfficer     Role = "officer"      // counter officer of an agency
	RoleAgencyAdmin Role = "agency-admin" // runs one agency's part
	RoleFrontOffice Role = "front-office"
	RoleManager     Role = "manager" // mall manager
	RoleAdmin       Role = "admin"   // regional IT
)

// Person is somebody who signs in. Passwords never stand in a manifest.
type Person struct {
	Email    string   `yaml:"email" json:"email"`
	Name     string   `yaml:"name" json:"name"`
	Role     Role     `yaml:"role" json:"role"`
	Agency   string   `yaml:"agency,omitempty" json:"agency,omitempty"`     // for officer and agency-admin
	Counters []string `yaml:"counters,omitempty" json:"counters,omitempty"` // "venue/3"; empty for an officer: all of the agency's
	Also     []Post   `yaml:"also,omitempty" json:"also,omitempty"`         // further roles
}

// Post is a role and where it holds.
type Post struct {
	Role     Role     `yaml:"role" json:"role"`
	Agency   string   `yaml:"agency,omitempty" json:"agency,omitempty"`
	Counters []string `yaml:"counters,omitempty" json:"counters,omitempty"`
}

// Posts are all of a person's roles.
func (p Person) Posts() []Post {
	return append([]Post{{p.Role, p.Agency, p.Counters}}, p.Also...)
}
