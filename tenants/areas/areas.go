// Package areas holds Indonesia's administrative areas as the Ministry of Home Affairs codes them:
// 38 provinces, 514 kabupaten and kota, and their districts (kecamatan).
//
// Source: idn-area-data 4.0.1 (code MIT, data ODbL 1.0; see NOTICE.md), which follows Kepmendagri
// 300.2.2-2430/2025. Codes are dotted: "19" a province, "19.01" a regency, "19.01.01" a district.
package areas

// Kind tells a kabupaten from a kota. Jakarta's tenant is a province.
type Kind string

const (
	Kabupaten Kind = "kabupaten"
	Kota      Kind = "kota"
	Provinsi  Kind = "provinsi"
)

// Province is one of the 38.
type Province struct {
	Code  string // "19"
	Name  string // "Kepulauan Bangka Belitung"
	Short string // for small tiles, at most 13 signs: "Babel"
}

// Regency is one of the 514 kabupaten and kota, autonomous or (in Jakarta) administrative.
type Regency struct {
	Code     string // "19.01"
	Province string // "19"
	Kind     Kind
	Name     string // with its kind, as people say it: "Kabupaten Bangka", "Kota Pangkal Pinang"
	Zone     string // "WIB", "WITA" or "WIT"
}

// District is a kecamatan.
type District struct {
	Code    string // "19.01.01"
	Regency string // "19.01"
	Name    string
}

// Seat is an area that can be a tenant: the 508 autonomous kabupaten and kota, and Jakarta as one.
type Seat struct {
	Code     string // "19.01"; Jakarta "31"
	Province string // "19"
	Kind     Kind
	Name     string // "Kabupaten Bangka"; "Daerah Khusus Jakarta"
	Slug     string // the host's first label: "bangka", "kab-bogor", "kota-bogor", "jakarta"
	Zone     string // "WIB", "WITA" or "WIT"
}
