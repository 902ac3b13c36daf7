// Package platform is the bare domain: the hall in which people find their region, the provinces with
// what is there and what is not yet, and the helpful answers for a host that is no region's and for
// a region that is suspended.
package platform

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants/areas"
	"github.com/pendopo-id/pendopo/tenants/areas/spell"
)

// Registry knows which regions are here; tenant.Registry is one.
type Registry interface {
	All() []*tenant.Tenant
	ByCode(code string) (*tenant.Tenant, bool)
}

// Sites gives a region's address; web.App is one.
type Sites interface {
	Origin(t *tenant.Tenant) string
	BareOrigin() string
}

// Platform answers on the bare domain and on hosts that are nobody's.
type Platform struct{ reg Registry }

// New makes a platform.
func New(reg Registry) *Platform { return &Platform{reg} }

// Seat is an area that can be a region here, with whether it is.
type Seat struct {
	areas.Seat
	Tenant *tenant.Tenant // nil: not here yet
}

// Open tells whether the region is here and not suspended.
func (s Seat) Open() bool { return s.Tenant != nil && s.Tenant.State == tenant.Active }

// Province is a province with its seats.
type Province struct {
	areas.Province
	Seats []Seat
	Open  int // how many of them are open here
}

func (p *Platform) seat(s areas.Seat) Seat {
	t, _ := p.reg.ByCode(s.Code)
	return Seat{s, t}
}

func (p *Platform) seats(list []areas.Seat) []Seat {
	out := make([]Seat, len(list))
	for i, s := range list {
		out[i] = p.seat(s)
	}
	return out
}

// Province gives one province; an unknown code is not ok.
func (p *Platform) Province(code string) (Province, bool) {
	a, ok := areas.ProvinceByCode(code)
	if !ok {
		return Province{}, false
	}
	v := Province{Province: a, Seats: p.seats(areas.SeatsOf(code))}
	for _, s := range v.Seats {
		if s.Open() {
			v.Open++
		}
	}
	return v, true
}

// Provinces gives all 38, by code.
func (p *Platform) Provinces() []Province {
	all := areas.Provinces()
	out := make([]Province, 0, len(all))
	for _, a := range all {
		v, _ := p.Province(a.Code)
		out = append(out, v)
	}
	return out
}

// found is how many results a search shows: more than that and people should type another letter.
const found = 24

// Search finds regions as people write them, those that are open here first.
func (p *Platform) Search(query string) []Seat {
	list := p.seats(areas.Search(query, found))
	slices.SortStableFunc(list, func(a, b Seat) int { return cmp.Compare(rank(a), rank(b)) })
	return list
}

func rank(s Seat) int {
	if s.Open() {
		return 0
	}
	return 1
}

// Meant is what the label of a host that is nobody's was meant to be.
type Meant struct {
	Seat    *Seat  // the label names this seat
	Own     bool   // and is its own, where the region will be: "bangka"; else another name of it: "pali"
	Perhaps []Seat // otherwise what it may be a misspelling of, at most three
}

// maxLabel is the length that DNS allows a label. A Host header may say anything.
const maxLabel = 63

// Mean guesses what a label stands for: "pali", "kabupaten-bangka", "bangkka".
func (p *Platform) Mean(label string) Meant {
	if label == "" || len(label) > maxLabel || slices.Contains(areas.Reserved, label) {
		return Meant{}
	}
	if s, ok := areas.SeatBySlug(label); ok {
		here := p.seat(s)
		return Meant{Seat: &here, Own: true}
	}
	words := strings.ReplaceAll(label, "-", " ")
	for _, extra := range []string{"mpp ", "mal pelayanan publik "} {
		words = strings.TrimPrefix(words, extra)
	}
	list := areas.Search(words, 3)
	if len(list) == 0 {
		if slug, ok := areas.Nearest(label); ok {
			if s, ok := areas.SeatBySlug(slug); ok {
				list = []areas.Seat{s}
			}
		}
	}
	if here := p.seats(list); len(here) == 1 && !here[0].Open() && !slipped(words, here[0].Seat) {
		return Meant{Seat: &here[0]}
	}
	return Meant{Perhaps: p.seats(list)}
}

// slipped tells whether words are the seat's name with a slip or two, and not another name of it. Only of the
// latter can we be sure.
func slipped(words string, s areas.Seat) bool {
	got := spell.Fold(words)
	for _, name := range []string{s.Name, strings.TrimPrefix(strings.TrimPrefix(s.Name, "Kabupaten "), "Kota ")} {
		name = spell.Fold(name)
		if d := spell.Distance(got, name); d > 0 && d <= spell.Slack(utf8.RuneCountInString(name)) {
			return true
		}
	}
	return false
}

// Near are up to n regions that are open here, those of the seat's own province first. The order is the
// administration's: we know no distances and invent none.
func (p *Platform) Near(code string, n int) []Seat {
	var out []Seat
	for _, s := range areas.NearestSeats(code, len(areas.Seats())) {
		if here := p.seat(s); here.Open() {
			if out = append(out, here); len(out) == n {
				break
			}
		}
	}
	return out
}
