package areas

import (
	"slices"
	"strings"
)

// Jakarta is the one tenant at the level of a province: its kabupaten and kota are administrative and
// have no government of their own to run a mall.
const Jakarta = "31"

// Reserved are host labels that belong to the platform and can never be a region's slug.
var Reserved = []string{
	"www", "api", "admin", "app", "static", "assets", "mail", "status", "docs", "pendopo",
}

// makeSeats gives the areas that can be tenants. A name that is both a kabupaten and a kota (26 of
// them, not always in one province: Banjar) takes its kind into the slug; every other name stands alone.
func makeSeats(provinces []Province, regencies []Regency) []Seat {
	bearers := map[string]int{}
	for _, r := range regencies {
		if r.Province != Jakarta {
			bearers[bareName(r.Name)]++
		}
	}
	var seats []Seat
	for _, p := range provinces {
		if p.Code == Jakarta {
			seats = append(seats, Seat{
				Code: p.Code, Province: p.Code, Kind: Provinsi,
				// UU 2/2024's name; the csv still has the former one, which Province keeps.
				Name: "Daerah Khusus Jakarta", Slug: "jakarta", Zone: zoneOf(p.Code),
			})
			continue
		}
		for _, r := range regencies {
			if r.Province != p.Code {
				continue
			}
			name := bareName(r.Name)
			slug := slugify(name)
			if bearers[name] > 1 {
				slug = map[Kind]string{Kabupaten: "kab-", Kota: "kota-"}[r.Kind] + slug
			}
			seats = append(seats, Seat{
				Code: r.Code, Province: r.Province, Kind: r.Kind, Name: r.Name, Slug: slug, Zone: r.Zone,
			})
		}
	}
	return seats
}

// bareName is a regency's name without its kind.
func bareName(name string) string {
	for _, kind := range []string{"Kabupaten Administrasi ", "Kota Administrasi ", "Kabupaten ", "Kota "} {
		if rest, ok := strings.CutPrefix(name, kind); ok {
			return rest
		}
	}
	return name
}

// slugify makes a DNS label: lower case letters and digits, one hyphen for every run of anything else.
func slugify(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

// Seats lists the 509 areas that can be tenants, by province and code.
func Seats() []Seat { return slices.Clone(load().seats) }

// SeatByCode finds a seat by its own code: "19.01", or "31" for Jakarta. The six 31.xx are no seats;
// SeatFor finds theirs.
func SeatByCode(code string) (Seat, bool) { return at(load().seats, load().seatAt, code) }

// SeatBySlug finds a seat by its host's first label: "bangka", "kota-bogor".
func SeatBySlug(slug string) (Seat, bool) { return at(load().seats, load().slugAt, slug) }

// SeatFor finds the seat that serves an area: itself, Jakarta for the six 31.xx, and for a district
// the seat that it lies in. ok is false for codes that do not exist.
func SeatFor(code string) (Seat, bool) {
	if s, ok := SeatByCode(code); ok {
		return s, true
	}
	if d, ok := DistrictByCode(code); ok {
		code = d.Regency
	}
	if r, ok := RegencyByCode(code); ok && r.Province == Jakarta {
		return SeatByCode(Jakarta)
	}
	return SeatByCode(code)
}

// SeatsOf lists a province's seats by code; an unknown province has none.
func SeatsOf(province string) []Seat {
	var seats []Seat
	for _, s := range load().seats {
		if s.Province == province {
			seats = append(seats, s)
		}
	}
	return seats
}

// NearestSeats lists up to n other seats, those of the same province first, then those of the same
// group of islands, then all others, each by code. It is an administrative order: the data has no
// coordinates, and we do not invent distances. An unknown code gives none.
func NearestSeats(code string, n int) []Seat {
	here, ok := SeatFor(code)
	if !ok || n <= 0 {
		return nil
	}
	rank := func(s Seat) int {
		switch {
		case s.Province == here.Province:
			return 0
		case islands(s.Province) == islands(here.Province):
			return 1
		default:
			return 2
		}
	}
	seats := slices.DeleteFunc(Seats(), func(s Seat) bool { return s.Code == here.Code })
	slices.SortStableFunc(seats, func(a, b Seat) int { return rank(a) - rank(b) })
	return seats[:min(n, len(seats))]
}
