package areas

import (
	"cmp"
	"embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed provinces.csv regencies.csv districts.csv
var files embed.FS

// tables is everything parsed once; nothing in it changes afterwards, and every exported function
// hands out copies, so that a caller who sorts or edits a result cannot reach another request.
type tables struct {
	provinces []Province
	regencies []Regency
	districts []District
	seats     []Seat

	provinceAt map[string]int
	regencyAt  map[string]int
	districtAt map[string]int
	seatAt     map[string]int
	slugAt     map[string]int
	span       map[string][2]int // districts of a regency or a province: from, to in districts
	index      []entry           // for Search; see search.go
	places     map[string][]int  // folded district name -> seats
}

var load = sync.OnceValue(func() *tables {
	t := &tables{
		provinceAt: map[string]int{},
		regencyAt:  map[string]int{},
		districtAt: map[string]int{},
		seatAt:     map[string]int{},
		slugAt:     map[string]int{},
		span:       map[string][2]int{},
	}
	for i, row := range rows("provinces.csv", 2) {
		code, name := row[0], row[1]
		t.provinceAt[code] = i
		t.provinces = append(t.provinces, Province{Code: code, Name: name, Short: cmp.Or(shorts[code], name)})
	}
	for i, row := range rows("regencies.csv", 3) {
		code, province, name := row[0], row[1], row[2]
		kind := Kabupaten
		if strings.HasPrefix(name, "Kota ") {
			kind = Kota
		}
		t.regencyAt[code] = i
		t.regencies = append(t.regencies, Regency{
			Code: code, Province: province, Kind: kind, Name: name, Zone: zoneOf(province),
		})
	}
	for i, row := range rows("districts.csv", 3) {
		code, regency, name := row[0], row[1], row[2]
		t.districtAt[code] = i
		t.districts = append(t.districts, District{Code: code, Regency: regency, Name: name})
		for _, area := range []string{regency, regency[:2]} {
			s, seen := t.span[area]
			if !seen {
				s[0] = i
			}
			s[1] = i + 1
			t.span[area] = s
		}
	}
	t.seats = makeSeats(t.provinces, t.regencies)
	for i, s := range t.seats {
		t.seatAt[s.Code], t.slugAt[s.Slug] = i, i
	}
	t.index, t.places = makeIndex(t)
	return t
})

// rows reads an embedded csv without its header. The data is part of the program: a bad file is a
// mistake of ours that the tests meet first, so it panics.
func rows(name string, fields int) [][]string {
	f, err := files.Open(name)
	if err != nil {
		panic(fmt.Sprintf("areas: %v", err))
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = fields
	all, err := r.ReadAll()
	if err != nil {
		panic(fmt.Sprintf("areas: %s: %v", name, err))
	}
	return all[1:]
}

// Provinces lists the 38 provinces by code.
func Provinces() []Province { return slices.Clone(load().provinces) }

// ProvinceByCode finds a province: "19".
func ProvinceByCode(code string) (Province, bool) {
	return at(load().provinces, load().provinceAt, code)
}

// Regencies lists the 514 kabupaten and kota by code, the six administrative ones of Jakarta included.
func Regencies() []Regency { return slices.Clone(load().regencies) }

// RegencyByCode finds a kabupaten or kota: "19.01", or one of Jakarta's six: "31.71".
func RegencyByCode(code string) (Regency, bool) {
	return at(load().regencies, load().regencyAt, code)
}

// DistrictByCode finds a kecamatan: "19.01.01".
func DistrictByCode(code string) (District, bool) {
	return at(load().districts, load().districtAt, code)
}

// DistrictsOf lists the kecamatan of a regency ("19.01") by code. A province's code gives those of
// all its regencies, which is what Jakarta's seat "31" needs. An unknown code gives none.
func DistrictsOf(code string) []District {
	t := load()
	s := t.span[code]
	return slices.Clone(t.districts[s[0]:s[1]])
}

// Location is the zone's clock: fixed offsets, because Indonesia has no daylight saving time. ok is
// false for anything but "WIB", "WITA" and "WIT".
func Location(zone string) (loc *time.Location, ok bool) {
	loc, ok = locations[zone]
	return loc, ok
}

func at[T any](list []T, index map[string]int, code string) (T, bool) {
	i, ok := index[code]
	if !ok {
		var none T
		return none, false
	}
	return list[i], true
}
