// Package ui holds what every page is made of: the layouts (roof, menu, foot), and the pieces between them, in
// the visual language of tokens.css. Verticals compose their views from it; it knows none of them.
//
//	templ home(p ui.Page, v homeView) {
//		@ui.Citizen(p, homeHero(p, v)) {
//			@ui.Section("antre", p.T("catalog.queue_now"), p.T("catalog.updated", v.At)) { ... }
//		}
//	}
//
// Everything works without JavaScript, and under a CSP that allows scripts, styles, pictures and fonts
// from this host only: there is no inline style and no inline script anywhere.
package ui

import (
	_ "embed"
	"net/url"
	"strings"

	"github.com/pendopo-id/pendopo/internal/web/assets"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
)

//go:embed text.yaml
var text []byte

var _ = i18n.Register("internal/web/ui/text.yaml", text)

// Where the pages that every layout links to live. The routes are the verticals'.
const (
	PathHome     = "/"
	PathServices = "/layanan"
	PathNumbers  = "/antrean" // of this browser
	PathPlaces   = "/#lokasi"
	PathCounters = "/petugas" // where staff begin
	PathSignIn   = "/masuk"
	PathSignOut  = "/keluar"            // POST
	PathAccount  = "/petugas/akun"      // of who is signed in
	PathSetup    = "/petugas/persiapan" // where a region's people set it up
	PathClaim    = "/daftar"            // on the bare domain: where somebody begins to
	PathRegions  = "/#daerah"           // on the bare domain
)

// Page is what a layout needs to know. The zero values are those of a public page.
type Page struct {
	Title       string // of the page alone; the region's name is added. Empty: the home page
	Description string // one sentence for search engines
	Surface     string // which stylesheet: "citizen", "platform", "staff", "board", "kiosk" or "print"; empty: the layout's own
	Class       string // on body, beside the layout's own: "p-board-12"
	Locale      i18n.Locale
	P           *i18n.Printer // in the region's time zone; nil: the locale's, in the zone that each time carries
	Region      *Region       // nil on the platform's bare domain
	Path        string        // this page's path and query, for the language switch and as the canonical address
	Home        string        // the platform's own site, on a host that is nobody's; empty: this host
	Nav         []Link        // nil: the layout's own
	Desks       []Link        // the staff's pages that the person may open: the menu of the staff's layout
	Icons       []string      // icons that scripts or live fragments bring later; those in the page are found by themselves
	Scripts     []string      // of package assets: "live.js"; the staff's layouts add htmx by themselves
	Live        string        // URL of this page's events, for live.js
	User        *User         // who is signed in
	NoIndex     bool          // keep out of search engines
	Example     bool          // figures are made up: the page says "Contoh"
	Demo        bool          // the day is simulated: the page says "Demo"
	Dark        bool          // boards are dark by themselves

	Notes []Announcement // what the operator of the platform tells here now

	RefreshSeconds int // without JavaScript the page loads itself again; 0: it does not
	Idle           int // seconds after which a screen that was left alone is asked for anew; 0: never
}

// Region is the tenant whose page this is.
type Region struct {
	Name         string // "Kabupaten Bangka"
	Slug         string // "bangka"
	LogoURL      string // empty: Pendopo's mark stands in
	BrandURL     string // the sheet of brand.Accents.CSS; empty: Pendopo's colours
	ThemeColour  string // Accents.Deep, for the phone's address bar
	Organiser    string
	Province     string
	Phone        string
	Email        string
	Complaints   string // where and how to complain, one sentence
	ComplaintsEN string // empty: there is no English
	PlatformURL  string // the bare domain, for "Diselenggarakan dengan Pendopo"; empty: no link
}

// Announcement is what the operator of the platform tells a region.
type Announcement struct {
	Text      string
	StaffOnly bool
	Close     string // where staff put it away; "": nobody can
	Away      bool   // this browser has
}

// notes are those that a page of the public's shows, or of staff's.
func (p Page) notes(staff bool) (out []Announcement) {
	for _, n := range p.Notes {
		if staff && !n.Away || !staff && !n.StaffOnly {
			out = append(out, n)
		}
	}
	return out
}

// User is who is signed in, as the staff's bar shows them.
type User struct{ Name, Role string }

// Link is a place to go.
type Link struct {
	Label   string
	Href    string
	Icon    string
	Current bool // this is the page itself
}

// T is the sentence for a key, in the page's language.
func (p Page) T(key string, args ...any) string { return p.Print().T(key, args...) }

// Print is the page's printer.
func (p Page) Print() *i18n.Printer {
	if p.P != nil {
		return p.P
	}
	return i18n.For(p.Locale)
}

// lang is the locale's tag for the lang attribute.
func (p Page) lang() string {
	if p.Locale == i18n.EN {
		return string(i18n.EN)
	}
	return string(i18n.ID)
}

// Heading is the document's title: "Paspor baru · MPP Kabupaten Bangka".
func (p Page) Heading() string {
	switch {
	case p.Region == nil && p.Title == "":
		return "Pendopo · " + p.T("ui.tagline")
	case p.Region == nil:
		return p.Title + " · Pendopo"
	case p.Title == "":
		return p.T("ui.mall") + " " + p.Region.Name
	}
	return p.Title + " · MPP " + p.Region.Name
}

// manyDesks tells whether the menu has more pages than stand beside a region's name: it is then folded on every screen.
func (p Page) manyDesks() bool { return len(p.nav()) > 5 }

// on fills the surface in where the page names none, and cleans up what follows from it.
func (p Page) on(surface string) Page {
	if p.Surface == "" {
		p.Surface = surface
	}
	return p
}

func (p Page) stylesheet() string { return assets.URL(p.Surface + ".css") }

// theme is Tabler's name for light or dark.
func (p Page) theme() string {
	if p.Dark {
		return "dark"
	}
	return "light"
}

// In gives the address of this page in a language: the switch works without JavaScript and without losing
// the place, and a cookie remembers it.
func (p Page) In(l i18n.Locale) string { return withQuery(p.Path, "lang", string(l)) }

// canonical is the page's address without a language or a search engine's additions.
func (p Page) canonical() string { return withQuery(p.Path, "lang", "") }

// withQuery sets one value of a path's query, or takes it away. It gives a path on this host, whatever
// it was given.
func withQuery(path, key, value string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
		u = &url.URL{Path: "/"}
	}
	q := u.Query()
	q.Del(key)
	if value != "" {
		q.Set(key, value)
	}
	u.RawQuery, u.Fragment = q.Encode(), ""
	return u.String()
}

// nav is the page's navigation.
func (p Page) nav() []Link {
	if p.Nav == nil && p.Surface == "staff" && len(p.Desks) > 0 {
		return p.Desks
	}
	if p.Nav != nil || p.Region == nil && p.Surface != "platform" {
		return p.Nav
	}
	if p.Region == nil {
		return []Link{{Label: p.T("ui.regions"), Href: p.Home + PathRegions}, {Label: p.T("ui.for_regions"), Href: p.Home + PathClaim}}
	}
	path, _, _ := strings.Cut(p.Path, "?")
	return []Link{
		{Label: p.T("ui.services"), Href: PathServices, Current: path == PathServices},
		{Label: p.T("ui.places"), Href: PathPlaces},
		{Label: p.T("ui.numbers"), Href: PathNumbers, Current: path == PathNumbers},
	}
}

// menu is the navigation on phones: the same, and the way home and in.
func (p Page) menu() []Link {
	path, _, _ := strings.Cut(p.Path, "?")
	links := append([]Link{{Label: p.T("ui.home"), Href: PathHome, Current: path == PathHome}}, p.nav()...)
	if p.Region != nil && p.Surface == "citizen" { // the staff's pages have no foot
		links = append(links, Link{Label: p.T("ui.contact"), Href: "#kaki"})
	}
	return links
}

// TelURL is a phone number as a link takes it: Indonesian numbers get their country code.
func TelURL(phone string) string {
	var digits strings.Builder
	for _, c := range phone {
		if c >= '0' && c <= '9' || c == '+' && digits.Len() == 0 {
			digits.WriteRune(c)
		}
	}
	if rest, ok := strings.CutPrefix(digits.String(), "0"); ok {
		return "tel:+62" + rest
	}
	return "tel:" + digits.String()
}

// Capital begins a sentence with what stands inside others in small letters. Our texts begin with ASCII.
func Capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
