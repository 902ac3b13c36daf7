package tenants

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestLoadValid(t *testing.T) {
	r := valid(t)
	if r.Code != "19.01" || r.Timezone != "WIB" || !r.Example || len(r.Venues) != 4 || len(r.Staff) != 6 {
		t.Errorf("region read wrongly: %+v", r)
	}
	codes := []string{}
	for _, a := range r.Agencies {
		codes = append(codes, a.Code)
	}
	if !slices.Equal(codes, []string{"dukcapil", "imigrasi", "rumah-bumn"}) {
		t.Errorf("agencies by file name: %v", codes)
	}
	d := r.Agencies[0]
	if d.Counters[0].Code != "1" || d.Series[0].Quota != 80 || d.Services[0].Minutes != 10 || !d.Services[0].Confirmed {
		t.Errorf("agency read wrongly: %+v", d)
	}
	if one, two := d.Services[1].Series, d.Services[4].Series; !slices.Equal(one, Codes{"umum"}) || !slices.Equal(two, Codes{"umum", "keliling"}) {
		t.Errorf("series of services read wrongly: %v, %v", one, two)
	}
	if s := d.Services[0].Standard; s == nil || len(s.Requirements) != 2 || s.Fee != "Gratis" {
		t.Errorf("standard read wrongly: %+v", s)
	}
	if !strings.HasPrefix(r.Logo, "<svg ") || r.FolderName() != "19.01-bangka" || r.Seat().Name != "Kabupaten Bangka" {
		t.Errorf("logo %q, folder %q", r.Logo, r.FolderName())
	}
	onDisk, problems := LoadDir(validFolder)
	// The national catalogue is not the test's: only what it knows may differ.
	if onDisk == nil {
		for _, p := range problems {
			if p.Rule != RuleAgency && p.Rule != RuleService && p.Rule != RuleSeries {
				t.Errorf("LoadDir: %v", p)
			}
		}
	} else if !Equal(onDisk, r) {
		t.Errorf("LoadDir and Load differ: %v", Diff(r, onDisk))
	}
}

// wrongCase edits one file of the valid folder and says what should be found. The mark in the new text
// is where.
type wrongCase struct {
	name     string
	rule     Rule
	file     string // empty: region.yaml
	old, new string // new "" with old "": the file is removed; old "": the whole file is new
	path     string
	value    string
	suggest  string
	says     string // part of the Indonesian message
	warning  bool
	dir      string    // the folder's name, where it is not the right one
	also     [2]string // a second edit of the same file, old and new
}

// second gives the agency another series at the same venue.
var second = [2]string{"{code: daring, prefix: D, venue: daring}", "{code: daring, prefix: D, venue: daring}\n  - {code: akta, prefix: AK, venue: utama}"}

const (
	capil = "agencies/dukcapil.yaml"
	imi   = "agencies/imigrasi.yaml"
)

var wrongCases = []wrongCase{
	// The file as text
	{name: "missing", rule: RuleFile, file: "region.yaml", says: "tidak ada"},
	{name: "NUL", rule: RuleText, old: "name: MPP Keliling", new: "name: MPP §\x00Keliling", says: "U+0000"},
	{name: "not UTF-8", rule: RuleText, old: "name: MPP Keliling", new: "name: MPP §\xff", says: "UTF-8"},
	{name: "direction", rule: RuleText, old: "name: MPP Keliling", new: "name: MPP §\u202eKeliling", says: "U+202E"},
	{name: "escaped NUL", rule: RuleText, old: "name: MPP Keliling", new: `name: §"a\0b"`, path: "venues[2].name", value: "a\x00b", says: "U+0000"},
	{name: "two lines", rule: RuleText, old: "name: MPP Keliling", new: "name: §|\n      a\n      b", path: "venues[2].name", value: "a\nb\n", says: "satu baris"},
	{name: "too long", rule: RuleTooLong, old: "name: MPP Keliling", new: "name: §" + strings.Repeat("x", 301), path: "venues[2].name", value: strings.Repeat("x", 60) + "…", says: "301 huruf"},
	{name: "too large", rule: RuleFile, file: capil, new: "code: dukcapil\n#" + strings.Repeat("x", maxFile), says: "1024 KiB"},
	{name: "too many entries", rule: RuleFile, file: capil, new: "§[" + strings.Repeat("1,", maxTokens) + "]", says: "terlalu banyak"},

	// YAML
	{name: "syntax", rule: RuleSyntax, file: imi, old: "code: imigrasi", new: `code: §"imigrasi`, value: `"imigrasi`, says: "tidak ditutup"},
	{name: "brackets", rule: RuleSyntax, file: imi, old: "series: [paspor]}", new: "series: [paspor\n§services: [}", value: "services", says: "kurung siku"},
	{name: "tab", rule: RuleSyntax, file: imi, old: "series:\n", new: "series:\n§\t", value: "", says: "tab tidak boleh dipakai, gunakan spasi"},
	{name: "anchor", rule: RuleRefused, old: "name: MPP Keliling", new: "name: §&a MPP Keliling", value: "&", says: "jangkar"},
	{name: "alias", rule: RuleRefused, old: "name: MPP Keliling", new: "name: §*a", value: "*", says: "rujukan"},
	{name: "tag", rule: RuleRefused, old: "name: MPP Keliling", new: "name: §!!str MPP", value: "!!str", says: "tanda jenis"},
	{name: "merge", rule: RuleRefused, old: "    name: MPP Keliling", new: "    §<<: {}", value: "<<", says: "penggabungan"},
	{name: "explicit key", rule: RuleRefused, file: imi, old: "code: imigrasi", new: "§? code\n: imigrasi", value: "?", says: "? kunci"},
	{name: "documents", rule: RuleRefused, file: imi, old: "services:", new: "§---\nservices:", value: "---", says: "satu dokumen"},
	{name: "directive", rule: RuleRefused, file: imi, old: "code: imigrasi", new: "§%YAML 1.2\n---\ncode: imigrasi", value: "%", says: "arahan"},
	{name: "deep", rule: RuleRefused, file: imi, old: "code: imigrasi", new: "code: [[[[[[[[[[[[§[]]]]]]]]]]]]]", value: "[", says: "terlalu dalam"},
	{name: "empty file", rule: RuleRequired, file: imi, new: "§# kosong\n", says: "kosong"},
	{name: "unknown key", rule: RuleUnknownKey, old: "organiser:", new: "§organizer:", path: "organizer", value: "organizer", suggest: "organiser", says: "tidak dikenal"},
	{name: "unknown key in a list", rule: RuleUnknownKey, old: `open: "09:00"`, new: `§oppen: "09:00"`, path: "venues[1].hours[0].oppen", value: "oppen", suggest: "open", says: "tidak dikenal"},
	{name: "Indonesian key", rule: RuleUnknownKey, old: "    kind: vehicle", new: "    §jenis: vehicle", path: "venues[2].jenis", value: "jenis", suggest: "kind", says: "tidak dikenal"},
	{name: "duplicate key", rule: RuleDuplicateKey, old: "timezone: WIB", new: "timezone: WIB\n§timezone: WIB", path: "timezone", value: "timezone", says: "baris 3"},
	{name: "list for text", rule: RuleType, old: "name: MPP Keliling", new: "name: §[MPP]", path: "venues[2].name", value: "[...]", says: "teks"},
	{name: "text for list", rule: RuleType, file: imi, old: "series: [paspor]}", new: "series: §paspor}", path: "counters[0].series", value: "paspor", suggest: "[paspor]", says: "daftar"},
	{name: "text for group", rule: RuleType, old: "contact:\n  phone: \"(0717) 000 000\"\n  email: halo@contoh.go.id\n  website: https://mpp.contoh.go.id\n  complaints: Sampaikan ke meja depan.", new: "contact: §0717", path: "contact", value: "0717", says: "kunci: isi"},
	{name: "group for text", rule: RuleType, old: "organiser: DPMPTSP Kabupaten Bangka", new: "organiser:\n  §nama: DPMPTSP", path: "organiser", value: "{...}", says: "teks"},
	{name: "truth for text", rule: RuleType, old: "name: MPP Keliling", new: "name: §true", path: "venues[2].name", value: "true", suggest: `"true"`, says: "tanda petik"},
	{name: "text for truth", rule: RuleType, old: "example: true", new: "example: §ya", path: "example", value: "ya", suggest: "true", says: "true atau false"},
	{name: "text for number", rule: RuleType, old: "tickets_stop: 60", new: "tickets_stop: §60 menit", path: "venues[0].tickets_stop", value: "60 menit", suggest: "60", says: "bilangan"},
	{name: "quoted number", rule: RuleType, old: "tickets_stop: 60", new: `tickets_stop: §"60"`, path: "venues[0].tickets_stop", value: "60", suggest: "60", says: "tanpa tanda petik"},
	{name: "octal", rule: RuleType, old: "tickets_stop: 60", new: "tickets_stop: §060", path: "venues[0].tickets_stop", value: "060", suggest: "60", says: "bilangan"},
	{name: "whole file a list", rule: RuleType, file: imi, new: "§- code: imigrasi\n", value: "[...]", says: "kunci: isi"},
	{name: "empty entry", rule: RuleRequired, file: imi, old: "series: [paspor]}", new: "series: [paspor, §~]}", path: "counters[0].series[1]", says: "kosong"},

	// The region
	{name: "missing code", rule: RuleRequired, old: "# Daerah uji: dua lokasi bertempat, satu kendaraan, satu digital.\ncode: \"19.01\"\n", new: "§", path: "code", says: "wajib"},
	{name: "empty code", rule: RuleRequired, old: `code: "19.01"`, new: `§code:`, path: "code", says: "wajib"},
	{name: "unknown area", rule: RuleArea, old: `code: "19.01"`, new: `code: §"19.07"`, path: "code", value: "19.07", suggest: "19.06", says: "Kabupaten Belitung Timur"},
	{name: "unquoted area", rule: RuleArea, old: `code: "19.01"`, new: `code: §19.1`, path: "code", value: "19.1", suggest: "19.01", says: "Kabupaten Bangka"},
	{name: "name for area", rule: RuleArea, old: `code: "19.01"`, new: `code: §Bangka Brat`, path: "code", value: "Bangka Brat", suggest: "19.05", says: "Kabupaten Bangka Barat"},
	{name: "province", rule: RuleArea, old: `code: "19.01"`, new: `code: §"19"`, path: "code", value: "19", suggest: "19.01", says: "provinsi"},
	{name: "administrative", rule: RuleArea, old: `code: "19.01"`, new: `code: §"31.71"`, path: "code", value: "31.71", suggest: "31", says: "administratif"},
	{name: "folder", rule: RuleFolder, dir: "bangka", old: "timezone: WIB", new: "timezone: WIB", value: "bangka", suggest: "19.01-bangka", says: "bernama", warning: true},
	{name: "no timezone", rule: RuleRequired, old: "timezone: WIB\n", new: "", path: "timezone", says: "wajib"},
	{name: "wrong timezone", rule: RuleTimezone, old: "timezone: WIB", new: "timezone: §WITA", path: "timezone", value: "WITA", suggest: "WIB", says: `zona waktu Kabupaten Bangka; yang benar "WIB"`},
	{name: "unknown timezone", rule: RuleTimezone, old: "timezone: WIB", new: "timezone: §Asia/Jakarta", path: "timezone", value: "Asia/Jakarta", suggest: "WIB", says: "WIB, WITA, WIT"},
	{name: "colour", rule: RuleColour, old: `"#8a1538"`, new: `§"8A1538"`, path: "brand.colour", value: "8A1538", suggest: "#8a1538", says: "warna"},
	{name: "short colour", rule: RuleColour, old: `"#8a1538"`, new: `§"#a13"`, path: "brand.colour", value: "#a13", suggest: "#aa1133", says: "warna"},
	{name: "colour unquoted", rule: RuleColour, old: `"#8a1538"`, new: `§merah`, path: "brand.colour", value: "merah", says: "warna"},
	{name: "contact email", rule: RuleEmail, old: "email: halo@contoh.go.id", new: "email: §halo@@contoh.go.id", path: "contact.email", value: "halo@@contoh.go.id", suggest: "halo@contoh.go.id", says: "surel"},
	{name: "English without Indonesian", rule: RuleRequired, old: "complaints: Sampaikan ke meja depan.", new: "complaints_en: §Tell the front desk.", path: "contact.complaints_en", value: "Tell the front desk.", says: "bahasa Indonesia"},
	{name: "website", rule: RuleWebsite, old: "https://mpp.contoh.go.id", new: "§mpp.contoh.go.id", path: "contact.website", value: "mpp.contoh.go.id", suggest: "https://mpp.contoh.go.id", says: "situs"},
	{name: "website script", rule: RuleWebsite, old: "https://mpp.contoh.go.id", new: "§javascript:alert(1)", path: "contact.website", value: "javascript:alert(1)", says: "situs"},

	// Venues
	{name: "venue code", rule: RuleCode, old: "code: gerai", new: "code: §Gerai Baru", path: "venues[1].code", value: "Gerai Baru", suggest: "gerai-baru", says: "kode yang sah"},
	{name: "venue twice", rule: RuleDuplicate, old: "code: gerai", new: "code: §utama", path: "venues[1].code", value: "utama", says: "baris 15"},
	{name: "venue name", rule: RuleRequired, old: "  - code: gerai\n    name: Gerai Perpustakaan\n", new: "  - §code: gerai\n", path: "venues[1].name", says: "wajib"},
	{name: "venue kind", rule: RuleVenueKind, old: "kind: shared", new: "kind: §sharde", path: "venues[1].kind", value: "sharde", suggest: "shared", says: "jenis lokasi"},
	{name: "Indonesian kind", rule: RuleVenueKind, old: "kind: shophouse", new: "kind: §ruko", path: "venues[1].kind", value: "ruko", suggest: "shophouse", says: "jenis lokasi"},
	{name: "district unknown", rule: RuleDistrict, old: `district: "19.01.01"`, new: `district: §"19.01.99"`, path: "venues[0].district", value: "19.01.99", suggest: "19.01.01", says: "kecamatan"},
	{name: "district elsewhere", rule: RuleDistrict, old: `district: "19.01.01"`, new: `district: §"32.01.01"`, path: "venues[0].district", value: "32.01.01", suggest: "19.01.01", says: "Kabupaten Bogor"},
	{name: "district by name", rule: RuleDistrict, old: `district: "19.01.01"`, new: `district: §sungailiat`, path: "venues[0].district", value: "sungailiat", suggest: "19.01.01", says: "Sungailiat"},
	{name: "zone twice", rule: RuleDuplicate, old: "{code: b, name: Zona B}", new: "{code: §a, name: Zona B}", path: "venues[0].zones[1].code", value: "a", says: "baris 26"},
	{name: "zone name", rule: RuleRequired, old: "{code: b, name: Zona B}", new: "§{code: b}", path: "venues[0].zones[1].name", says: "wajib"},
	{name: "zone's place in English only", rule: RuleRequired, old: "{code: b, name: Zona B}", new: "{code: b, name: Zona B, place_en: §Upstairs}", path: "venues[0].zones[1].place_en", value: "Upstairs", says: "place belum diisi"},
	{name: "digital zones", rule: RuleDigital, old: "    kind: digital\n", new: "    kind: digital\n    zones:\n      §- {code: a, name: A}\n", path: "venues[3].zones", value: "1", says: "tidak punya zona"},
	{name: "digital address", rule: RuleDigital, old: "    kind: digital\n", new: "    kind: digital\n    address: §Jalan\n", path: "venues[3].address", value: "Jalan", says: "tidak akan ditampilkan", warning: true},
	{name: "tickets stop", rule: RuleTicketsStop, old: "tickets_stop: 60", new: "tickets_stop: §450", path: "venues[0].tickets_stop", value: "450", suggest: "30", says: "450 menit"},
	{name: "tickets stop negative", rule: RuleTicketsStop, old: "tickets_stop: 60", new: "tickets_stop: §-5", path: "venues[0].tickets_stop", value: "-5", suggest: "30", says: "luar batas"},
	{name: "no venues", rule: RuleRequired, file: "region.yaml", new: "§code: \"19.01\"\ntimezone: WIB\norganiser: X\n", path: "venues", says: "satu lokasi"},

	// Hours
	{name: "no hours", rule: RuleRequired, old: "    kind: vehicle\n    hours:\n      - {days: \"tue,thu\", open: \"09:00\", close: \"13:00\"}\n", new: "    kind: vehicle\n    hours: §[]\n", path: "venues[2].hours", says: "jam buka"},
	{name: "time", rule: RuleClock, old: `{days: fri, open: "08:00"`, new: `{days: fri, open: §"8:60"`, path: "venues[0].hours[1].open", value: "8:60", suggest: "08:00", says: `"8:60" bukan jam yang benar; tulis misalnya "08:00"`},
	{name: "time with a dot", rule: RuleClock, old: `close: "14:00"`, new: `close: §14.30 WIB`, path: "venues[1].hours[0].close", value: "14.30 WIB", suggest: "14:30", says: "bukan jam"},
	{name: "time past midnight", rule: RuleClock, old: `close: "14:00"`, new: `close: §"25:00"`, path: "venues[1].hours[0].close", value: "25:00", suggest: "15:30", says: "bukan jam"},
	{name: "no opening time", rule: RuleRequired, old: "        open: \"09:00\"\n", new: "", path: "venues[1].hours[0].open", says: "wajib"},
	{name: "close before open", rule: RuleHours, old: `close: "14:00"`, new: `close: §"08:30"`, path: "venues[1].hours[0].close", value: "08:30", says: "sesudah buka"},
	{name: "close at open", rule: RuleHours, old: `close: "14:00"`, new: `close: §"09:00"`, path: "venues[1].hours[0].close", value: "09:00", says: "sesudah buka"},
	{name: "overlap", rule: RuleHours, old: `{days: fri, open: "13:00"`, new: `{days: "thu,fri", open: §"11:00"`, path: "venues[0].hours[2].open", value: "11:00", says: "11:00-15:30 bertumpuk dengan 08:00-15:30 pada hari kamis di baris 21"},
	{name: "unknown day", rule: RuleDays, old: "days: mon-thu,", new: "days: §mon-thr,", path: "venues[0].hours[0].days", value: "mon-thr", suggest: "mon-thu", says: `"thr" bukan hari`},
	{name: "Indonesian days", rule: RuleDays, old: "days: tue-fri", new: "days: §Selasa - Jum'at", path: "venues[1].hours[0].days", value: "Selasa - Jum'at", suggest: "tue-fri", says: "bukan hari"},
	{name: "days mended in parts", rule: RuleDays, old: `days: "tue,thu"`, new: `days: §"sel; KAM"`, path: "venues[2].hours[0].days", value: "sel; KAM", suggest: "tue,thu", says: "bukan hari"},

	// Closures
	{name: "date", rule: RuleDate, old: `from: "2026-12-25"`, new: `from: §25/12/2026`, path: "closures[0].from", value: "25/12/2026", suggest: "2026-12-25", says: "bukan tanggal"},
	{name: "no such date", rule: RuleDate, old: `from: "2026-12-25"`, new: `from: §"2026-02-30"`, path: "closures[0].from", value: "2026-02-30", says: "bukan tanggal"},
	{name: "to before from", rule: RuleDate, old: `to: "2027-03-16"`, new: `to: §"2027-03-06"`, path: "closures[1].to", value: "2027-03-06", says: "sebelum"},
	{name: "closure of no venue", rule: RuleReference, old: "venue: keliling, reason", new: "venue: §kelliling, reason", path: "closures[1].venue", value: "kelliling", suggest: "keliling", says: "lokasi"},
	{name: "closure twice", rule: RuleDuplicate, old: `{from: "2026-12-25", reason: Hari Raya Natal}`, new: "{from: \"2026-12-25\", reason: Hari Raya Natal}\n  - {from: §\"2026-12-25\", reason: Natal}", path: "closures[1].from", value: "2026-12-25", says: "baris 47"},
	{name: "closure without reason", rule: RuleRequired, old: `{from: "2026-12-25", reason: Hari Raya Natal}`, new: `§{from: "2026-12-25"}`, path: "closures[0].reason", says: "wajib"},

	// Staff
	{name: "email", rule: RuleEmail, old: "email: ti@contoh.go.id", new: "email: §ti@contoh", path: "staff[0].email", value: "ti@contoh", says: "surel"},
	{name: "email twice", rule: RuleDuplicate, old: "email: manajer@contoh.go.id", new: "email: §TI@contoh.go.id", path: "staff[1].email", value: "TI@contoh.go.id", says: "baris 51"},
	{name: "role", rule: RuleRole, old: "role: manager", new: "role: §manger", path: "staff[1].role", value: "manger", suggest: "manager", says: "bukan peran"},
	{name: "Indonesian role", rule: RuleRole, old: "role: officer, agency: imigrasi", new: "role: §petugas, agency: imigrasi", path: "staff[5].role", value: "petugas", suggest: "officer", says: "bukan peran"},
	{name: "no person's name", rule: RuleRequired, old: "name: Rizky Putra, ", new: "", path: "staff[0].name", says: "wajib"},
	{name: "officer without agency", rule: RuleRequired, old: "{email: paspor@contoh.go.id, name: Ketut Suardana, role: officer, agency: imigrasi}", new: "§{email: paspor@contoh.go.id, name: Ketut Suardana, role: officer}", path: "staff[5].agency", says: "memerlukan agency"},
	{name: "manager with agency", rule: RuleRole, old: "role: manager}", new: "role: manager, agency: §dukcapil}", path: "staff[1].agency", value: "dukcapil", says: "tidak terikat"},
	{name: "agency not here", rule: RuleReference, old: "role: officer, agency: imigrasi", new: "role: officer, agency: §imigrsi", path: "staff[5].agency", value: "imigrsi", suggest: "imigrasi", says: "tidak punya instansi"},
	{name: "counter not here", rule: RuleReference, old: "[utama/1, utama/2]", new: "[utama/1, §utama/9]", path: "staff[4].counters[1]", value: "utama/9", suggest: "utama/1", says: "tidak punya loket"},
	{name: "counter without venue", rule: RuleReference, old: "[utama/1, utama/2]", new: "[utama/1, §2]", path: "staff[4].counters[1]", value: "2", suggest: "utama/2", says: "tidak punya loket"},
	{name: "another's counter", rule: RuleReference, old: "[utama/1, utama/2]", new: "[utama/1, §utama/3]", path: "staff[4].counters[1]", value: "utama/3", suggest: "utama/1", says: "milik instansi lain (agencies/imigrasi.yaml:5)"},
	{name: "counter twice for a person", rule: RuleDuplicate, old: "[utama/1, utama/2]", new: "[utama/1, §utama/1]", path: "staff[4].counters[1]", value: "utama/1", says: "sudah ada"},
	{name: "a further role without agency", rule: RuleRequired, old: "role: manager}", new: "role: manager, also: [§{role: officer}]}", path: "staff[1].also[0].agency", says: "memerlukan agency"},
	{name: "a further role that is none", rule: RuleRole, old: "role: manager}", new: "role: manager, also: [{role: §manger}]}", path: "staff[1].also[0].role", value: "manger", suggest: "manager", says: "bukan peran"},
	{name: "a role twice", rule: RuleDuplicate, old: "role: manager}", new: "role: manager, also: [{role: §manager}]}", path: "staff[1].also[0].role", value: "manager", says: "orang yang sama"},
	{name: "issuer without TLS", rule: RuleIssuer, file: imi, old: "code: imigrasi\n", new: "code: imigrasi\nsign_in: {issuer: §\"http://sso.contoh.go.id\", client_id: mpp, role: officer, domains: [contoh.go.id]}\n", path: "sign_in.issuer", value: "http://sso.contoh.go.id", suggest: "https://sso.contoh.go.id", says: "bukan alamat penerbit"},
	{name: "issuer's document", rule: RuleIssuer, file: imi, old: "code: imigrasi\n", new: "code: imigrasi\nsign_in: {issuer: §\"https://sso.contoh.go.id/a/.well-known/openid-configuration\", client_id: mpp, role: officer, domains: [contoh.go.id]}\n", path: "sign_in.issuer", value: "https://sso.contoh.go.id/a/.well-known/openid-configuration", suggest: "https://sso.contoh.go.id/a", says: "bukan alamat penerbit"},
	{name: "issuer without a client", rule: RuleRequired, file: imi, old: "code: imigrasi\n", new: "code: imigrasi\nsign_in: §{issuer: \"https://sso.contoh.go.id\", role: officer, domains: [contoh.go.id]}\n", path: "sign_in.client_id", says: "wajib"},
	{name: "provider for administrators", rule: RuleRole, file: imi, old: "code: imigrasi\n", new: "code: imigrasi\nsign_in: {issuer: \"https://sso.contoh.go.id\", client_id: mpp, role: §admin, domains: [contoh.go.id]}\n", path: "sign_in.role", value: "admin", says: "tidak dapat diberikan penyedia"},
	{name: "Indonesian role of a provider", rule: RuleRole, file: imi, old: "code: imigrasi\n", new: "code: imigrasi\nsign_in: {issuer: \"https://sso.contoh.go.id\", client_id: mpp, role: §petugas, domains: [contoh.go.id]}\n", path: "sign_in.role", value: "petugas", suggest: "officer", says: "tidak dapat diberikan penyedia"},
	{name: "provider without domains", rule: RuleRequired, file: imi, old: "code: imigrasi\n", new: "code: imigrasi\nsign_in: §{issuer: \"https://sso.contoh.go.id\", client_id: mpp, role: officer}\n", path: "sign_in.domains", says: "domain surel instansi"},
	{name: "address for a domain", rule: RuleDomain, file: imi, old: "code: imigrasi\n", new: "code: imigrasi\nsign_in: {issuer: \"https://sso.contoh.go.id\", client_id: mpp, role: officer, domains: [§\"@Contoh.go.id\"]}\n", path: "sign_in.domains[0]", value: "@Contoh.go.id", suggest: "contoh.go.id", says: "bukan domain surel"},
	{name: "everybody's domain", rule: RuleDomain, file: imi, old: "code: imigrasi\n", new: "code: imigrasi\nsign_in: {issuer: \"https://sso.contoh.go.id\", client_id: mpp, role: officer, domains: [contoh.go.id, §gmail.com]}\n", path: "sign_in.domains[1]", value: "gmail.com", says: "siapa pun"},
	{name: "key of a provider", rule: RuleUnknownKey, file: imi, old: "code: imigrasi\n", new: "code: imigrasi\nsign_in: {§penerbit: \"https://sso.contoh.go.id\", client_id: mpp, role: officer, domains: [contoh.go.id]}\n", path: "sign_in.penerbit", value: "penerbit", suggest: "issuer", says: "tidak dikenal"},
	{name: "admin at a counter", rule: RuleRole, old: "role: agency-admin, agency: dukcapil}", new: "role: agency-admin, agency: dukcapil, counters: §[utama/1]}", path: "staff[3].counters", value: "utama/1", says: "hanya officer"},

	// Agencies
	{name: "agency unknown", rule: RuleAgency, file: imi, old: "code: imigrasi", new: "code: §imigasi", path: "code", value: "imigasi", suggest: "imigrasi", says: "tidak ada di katalog"},
	{name: "agency code", rule: RuleCode, file: imi, old: "code: imigrasi", new: "code: §Imigrasi", path: "code", value: "Imigrasi", suggest: "imigrasi", says: "kode yang sah"},
	{name: "agency twice", rule: RuleDuplicate, file: imi, old: "code: imigrasi", new: "code: §dukcapil", path: "code", value: "dukcapil", says: "agencies/dukcapil.yaml"},
	{name: "agency without services", rule: RuleRequired, file: "agencies/rumah-bumn.yaml", new: "§code: rumah-bumn\nname: Rumah BUMN\n", path: "services", says: "satu layanan"},
	{name: "icon", rule: RuleCode, file: "agencies/rumah-bumn.yaml", old: "icon: building-store", new: "icon: §Building Store", path: "icon", value: "Building Store", suggest: "building-store", says: "kode"},

	// Series
	{name: "series twice", rule: RuleDuplicate, file: capil, old: "{code: daring, prefix: D", new: "{code: §umum, prefix: D", path: "series[2].code", value: "umum", says: "baris 3"},
	{name: "series of no venue", rule: RuleReference, file: imi, old: "{code: paspor, prefix: B, venue: utama", new: "{code: paspor, prefix: B, venue: §utma", path: "series[0].venue", value: "utma", suggest: "utama", says: "lokasi"},
	{name: "prefix form", rule: RulePrefix, file: imi, old: "prefix: B", new: "prefix: §b", path: "series[0].prefix", value: "b", suggest: "B", says: "huruf besar"},
	{name: "prefix long", rule: RulePrefix, file: imi, old: "prefix: B", new: "prefix: §PASPOR", path: "series[0].prefix", value: "PASPOR", suggest: "B", says: "huruf besar"},
	{name: "prefix missing", rule: RuleRequired, file: imi, old: "{code: paspor, prefix: B, venue", new: "§{code: paspor, venue", path: "series[0].prefix", says: "wajib"},
	{name: "prefix twice", rule: RuleDuplicate, file: imi, old: "prefix: B", new: "prefix: §A", path: "series[0].prefix", value: "A", suggest: "B", says: "agencies/dukcapil.yaml:3"},
	{name: "quota", rule: RuleRange, file: imi, old: "quota: 40", new: "quota: §-40", path: "series[0].quota", value: "-40", suggest: "40", says: "luar batas"},
	{name: "series without service", rule: RuleSeries, file: imi, old: "{code: paspor-baru, series: paspor}", new: "{code: paspor-baru, execution: hand-off}", path: "series[0].code", value: "paspor", says: "tidak dipakai layanan"},
	{name: "series without counter", rule: RuleSeries, file: capil, old: "{code: 1, venue: keliling, series: [keliling]}", new: "{code: 1, venue: keliling, series: [umum]}", path: "series[1].code", value: "keliling", says: "tidak dipanggil loket"},

	// Counters
	{name: "counter twice", rule: RuleDuplicate, file: imi, old: "{code: 3, venue", new: "{code: §2, venue", path: "counters[0].code", value: "2", says: "agencies/dukcapil.yaml:8"},
	{name: "a counter's days", rule: RuleDays, file: imi, old: "series: [paspor]}", new: "days: §Senin dan Kamis, series: [paspor]}", path: "counters[0].days", value: "Senin dan Kamis", suggest: "mon,thu", says: "bukan hari"},
	{name: "a counter on a closed day", rule: RuleDays, file: imi, old: "series: [paspor]}", new: "days: §\"fri,sat\", series: [paspor]}", path: "counters[0].days", value: "fri,sat", says: `lokasi "utama" tutup pada hari Sabtu`, warning: true},
	{name: "counter at no venue", rule: RuleReference, file: imi, old: "{code: 3, venue: utama,", new: "{code: 3, venue: §utamaa,", path: "counters[0].venue", value: "utamaa", suggest: "utama", says: "lokasi"},
	{name: "counter in no zone", rule: RuleReference, file: imi, old: "zone: b", new: "zone: §B", path: "counters[0].zone", value: "B", suggest: "b", says: "tidak punya zona"},
	{name: "counter without zone", rule: RuleZone, file: imi, old: "{code: 3, venue: utama, zone: b, series", new: "§{code: 3, venue: utama, series", path: "counters[0].zone", says: "2 zona (a, b)"},
	{name: "zone where there is none", rule: RuleReference, file: capil, old: "{code: 1, venue: keliling, series", new: "{code: 1, venue: keliling, zone: §a, series", path: "counters[2].zone", value: "a", says: "tidak punya zona"},
	{name: "digital counter in a place", rule: RuleDigital, file: capil, old: "{code: 1, venue: daring, series", new: "{code: 1, venue: daring, place: §Lantai 2, series", path: "counters[3].place", value: "Lantai 2", says: "digital"},
	{name: "counter in a place, in English", rule: RuleDigital, file: capil, old: "{code: 1, venue: daring, series", new: "{code: 1, venue: daring, place_en: §Upstairs, series", path: "counters[3].place_en", value: "Upstairs", says: "digital"},
	{name: "counter's place in English only", rule: RuleRequired, file: capil, old: "place: Dekat pintu,", new: "place_en: §By the door,", path: "counters[1].place_en", value: "By the door", says: "place belum diisi"},
	{name: "counter of no series", rule: RuleReference, file: imi, old: "series: [paspor]}", new: "series: [paspor, §paspr]}", path: "counters[0].series[1]", value: "paspr", suggest: "paspor", says: "tidak ada pada instansi"},
	{name: "counter without series", rule: RuleRequired, file: capil, old: "{code: 2, name: Loket prioritas, venue: utama, zone: b, place: Dekat pintu, series: [umum]}", new: "§{code: 2, venue: utama, zone: b}", path: "counters[1].series", says: "sebutkan seri"},
	{name: "series elsewhere", rule: RuleReference, file: capil, old: "zone: a, series: [umum]", new: "zone: a, series: [umum, §keliling]", path: "counters[0].series[1]", value: "keliling", says: `di lokasi "keliling"`},

	// Services
	{name: "service unknown", rule: RuleService, file: capil, old: "{code: kk-baru, series", new: "{code: §kk-bru, series", path: "services[1].code", value: "kk-bru", suggest: "kk-baru", says: "tidak ada di katalog"},
	{name: "own service without execution", rule: RuleService, file: capil, old: "name: Konsultasi lewat video, words: [video, tanya], execution: native,", new: "name: Konsultasi lewat video,", path: "services[3].code", value: "konsultasi", says: "name dan execution"},
	{name: "service twice", rule: RuleDuplicate, file: capil, old: "{code: kk-baru, series", new: "{code: §ktp-baru, series", path: "services[1].code", value: "ktp-baru", says: "baris 12"},
	{name: "service without series", rule: RuleSeries, file: capil, old: "{code: kk-baru, series: umum}", new: "§{code: kk-baru}", path: "services[1].series", says: "tidak punya seri"},
	{name: "service of no series", rule: RuleReference, file: capil, old: "{code: kk-baru, series: umum}", new: "{code: kk-baru, series: §umm}", path: "services[1].series", value: "umm", suggest: "umum", says: "seri"},
	{name: "two series at one venue", rule: RuleSeries, file: capil, old: "{code: kk-baru, series: umum}", new: "{code: kk-baru, series: [umum, §akta]}", path: "services[1].series[1]", value: "akta", suggest: "keliling", says: `di lokasi "utama", sama dengan seri "umum"`, also: second},
	{name: "a series of each venue, one too many", rule: RuleSeries, file: capil, old: "{code: kk-baru, series: umum}", new: "{code: kk-baru, series: [umum, keliling, daring, §akta]}", path: "services[1].series[3]", value: "akta", says: "hapus salah satunya", also: second},
	{name: "a series twice", rule: RuleDuplicate, file: capil, old: "{code: kk-baru, series: umum}", new: "{code: kk-baru, series: [umum, §umum]}", path: "services[1].series[1]", value: "umum", says: "sudah ada di baris 26"},
	{name: "one of several series", rule: RuleReference, file: capil, old: "{code: kk-baru, series: umum}", new: "{code: kk-baru, series: [umum, §kelilling]}", path: "services[1].series[1]", value: "kelilling", suggest: "keliling", says: "seri"},
	{name: "an empty one of several series", rule: RuleRequired, file: capil, old: "{code: kk-baru, series: umum}", new: "{code: kk-baru, series: [umum, §\"\"]}", path: "services[1].series[1]", says: "wajib"},
	{name: "no series in the list", rule: RuleSeries, file: capil, old: "{code: kk-baru, series: umum}", new: "{code: kk-baru, series: §[]}", path: "services[1].series", says: "tidak punya seri"},
	{name: "a group for series", rule: RuleType, file: capil, old: "{code: kk-baru, series: umum}", new: "{code: kk-baru, series: §{umum: 1}}", path: "services[1].series", value: "{...}", says: "teks"},
	{name: "the only series", rule: RuleReference, file: imi, old: "{code: paspor-baru, series: paspor}", new: "{code: paspor-baru, series: §umum}", path: "services[0].series", value: "umum", suggest: "paspor", says: "seri"},
	{name: "after a BOM", rule: RuleTimezone, old: "# Daerah uji: dua lokasi bertempat, satu kendaraan, satu digital.\ncode: \"19.01\"\ntimezone: WIB", new: "\ufeffcode: \"19.01\"\ntimezone: §WIT", path: "timezone", value: "WIT", suggest: "WIB", says: "zona waktu"},
	{name: "after Windows lines", rule: RuleTimezone, old: "code: \"19.01\"\ntimezone: WIB", new: "code: \"19.01\"\r\ntimezone: §WIT", path: "timezone", value: "WIT", suggest: "WIB", says: "zona waktu"},
	{name: "execution", rule: RuleExecution, file: capil, old: "name: Konsultasi lewat video, words: [video, tanya], execution: native", new: "name: Konsultasi lewat video, execution: §natif", path: "services[3].execution", value: "natif", suggest: "native", says: "cara pelaksanaan"},
	{name: "own service without system", rule: RuleSystem, file: "agencies/rumah-bumn.yaml", old: "    system: Rumah BUMN Digital\n", new: "", path: "services[0].system", says: "nama sistem pemilik"},
	{name: "minutes", rule: RuleRange, file: capil, old: "minutes: 10", new: "minutes: §900", path: "services[0].minutes", value: "900", suggest: "480", says: "luar batas"},
	{name: "standard not whole", rule: RuleRequired, file: capil, old: "      fee: Gratis\n", new: "", path: "services[0].standard.fee", says: "wajib"},
	{name: "complaints in English only", rule: RuleRequired, file: capil, old: "      fee: Gratis\n", new: "      fee: Gratis\n      complaints_en: §Ask us\n", path: "services[0].standard.complaints_en", value: "Ask us", says: "complaints belum diisi"},
	{name: "empty requirement", rule: RuleRequired, file: capil, old: "- Berusia 17 tahun", new: "- §\"\"", path: "services[0].standard.requirements[1]", says: "wajib"},

	// The crest
	{name: "script", rule: RuleLogo, file: "logo.svg", old: "<title>", new: "§<script>alert(1)</script><title>", value: "script", says: "<script> tidak boleh"},
	{name: "handler", rule: RuleLogo, file: "logo.svg", old: `viewBox="0 0 40 40">`, new: `viewBox="0 0 40 40" §onload="x()">`, value: "onload", says: "menjalankan skrip"},
	{name: "style", rule: RuleLogo, file: "logo.svg", old: `fill="#fff"/>`, new: `§style="fill:#fff"/>`, value: "style", says: "atribut style"},
}

func TestEveryMistakeIsPlaced(t *testing.T) {
	for _, c := range wrongCases {
		t.Run(c.name, func(t *testing.T) {
			files := folderFS(t, validFolder)
			file := c.file
			if file == "" {
				file = regionFile
			}
			name := "19.01-bangka/" + file
			line, column := 0, 0
			switch {
			case c.old == "" && c.new == "":
				delete(files, name)
			default:
				text := strings.Replace(string(files[name].Data), c.also[0], c.also[1], 1)
				if c.name == "Indonesian kind" {
					text = strings.Replace(text, "kind: shared", "kind: shophouse", 1)
				}
				if c.old == "" {
					text = c.new
				} else {
					if n := strings.Count(text, c.old); n == 0 {
						t.Fatalf("%q is not in %s", c.old, file)
					}
					text = strings.Replace(text, c.old, c.new, 1)
				}
				text, line, column = unmark(text)
				files[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
			}
			dir := "19.01-bangka"
			if c.dir != "" {
				dir = c.dir
				for name, f := range files {
					files[strings.Replace(name, "19.01-bangka", dir, 1)] = f
				}
			}
			r, problems := LoadWith(testCat, files, dir)
			if (r == nil) == c.warning {
				t.Errorf("region %v with warning %v:\n%v", r != nil, c.warning, problems)
			}
			for _, p := range problems {
				if p.Rule == c.rule && p.File == file && p.Path == c.path && strings.Contains(p.Message, c.says) {
					if line > 0 && (p.Line != line || p.Column != column) {
						t.Errorf("at %d:%d, want %d:%d: %v", p.Line, p.Column, line, column, p)
					}
					if p.Value != c.value || p.Suggestion != c.suggest || p.Warning != c.warning {
						t.Errorf("value %q suggestion %q warning %v, want %q %q %v: %v", p.Value, p.Suggestion, p.Warning, c.value, c.suggest, c.warning, p)
					}
					if c.suggest != "" && c.rule != RuleType && !strings.Contains(p.Message, c.suggest) && c.rule != RuleTicketsStop && c.rule != RuleRange {
						t.Errorf("the message hides the suggestion %q: %s", c.suggest, p.Message)
					}
					if p.MessageEN == "" || p.MessageEN == p.Message || strings.Contains(p.Message+p.MessageEN, "%!") {
						t.Errorf("English: %q, Indonesian: %q", p.MessageEN, p.Message)
					}
					return
				}
			}
			t.Errorf("not found: rule %s, file %s, path %q, message with %q; got:\n%v", c.rule, file, c.path, c.says, problems)
		})
	}
}

// A rule that no case breaks is a rule nobody knows to work.
func TestEveryRuleHasACase(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "problem.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	covered := map[string]bool{}
	for _, c := range wrongCases {
		covered[string(c.rule)] = true
	}
	rules := 0
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && len(spec.Values) == 1 && strings.HasPrefix(spec.Names[0].Name, "Rule") {
			rules++
			value := strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`)
			if !covered[value] {
				t.Errorf("no case for rule %q", value)
			}
		}
		return true
	})
	if rules < 30 {
		t.Errorf("only %d rules found in problem.go", rules)
	}
}

// What is wrong in many places is listed in one run, in order, and not more than is wrong: the golden
// file is what a person sees. Set UPDATE=1 to write it anew, then read it.
func TestEverythingIsListedAtOnce(t *testing.T) {
	_, problems := LoadWith(testCat, folderFS(t, "testdata/wrong/19.01-bangka"), "19.01-bangka")
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&b, p)
		fmt.Fprintln(&b, "  "+p.English())
	}
	golden := "testdata/wrong/problems.txt"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
	if problems.Err() == nil || problems.Error() == "" {
		t.Error("problems are no error")
	}
}

func TestWarningsAreNoError(t *testing.T) {
	if (Problems{{Warning: true}}).Err() != nil || (Problems)(nil).Err() != nil {
		t.Error("a warning is an error")
	}
	if err := (Problems{{Warning: true}, {File: "a"}}).Err(); err == nil || len(err.(Problems)) != 1 {
		t.Errorf("Err = %v", err)
	}
}

func TestFolderProblems(t *testing.T) {
	for _, c := range []struct {
		name    string
		edit    func(fstest.MapFS)
		file    string
		suggest string
		says    string
		warning bool
	}{
		{"agency .yml", func(f fstest.MapFS) { rename(f, "agencies/imigrasi.yaml", "agencies/imigrasi.yml") }, "agencies/imigrasi.yml", "agencies/imigrasi.yaml", "tidak dibaca", false},
		{"region .yml", func(f fstest.MapFS) { rename(f, "region.yaml", "region.yml") }, "region.yml", "region.yaml", "tidak dibaca", false},
		{"logo.png", func(f fstest.MapFS) { rename(f, "logo.svg", "logo.png") }, "logo.png", "logo.svg", "tidak dibaca", true},
		{"a folder for a file", func(f fstest.MapFS) {
			delete(f, "19.01-bangka/region.yaml")
			f["19.01-bangka/region.yaml/x"] = &fstest.MapFile{Data: []byte("x")}
		}, "region.yaml", "", "bukan berkas biasa", false},
		{"large logo", func(f fstest.MapFS) {
			f["19.01-bangka/logo.svg"] = &fstest.MapFile{Data: make([]byte, maxLogo+1)}
		}, "logo.svg", "", "64 KiB", false},
		{"too many agencies", func(f fstest.MapFS) {
			for i := range maxFiles {
				f[fmt.Sprintf("19.01-bangka/agencies/x%d.yaml", i)] = &fstest.MapFile{Data: []byte("code: x")}
			}
		}, "agencies", "", "lebih dari 200", false},
		{"no agencies", func(f fstest.MapFS) {
			for name := range f {
				if strings.Contains(name, "/agencies/") {
					delete(f, name)
				}
			}
			staff := f["19.01-bangka/region.yaml"]
			staff.Data = []byte(strings.Split(string(staff.Data), "  - {email: admin.dukcapil")[0])
		}, "region.yaml", "", "belum ada instansi", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := folderFS(t, validFolder)
			c.edit(files)
			r, problems := LoadWith(testCat, files, "19.01-bangka")
			i := slices.IndexFunc(problems, func(p Problem) bool { return p.File == c.file && strings.Contains(p.Message, c.says) })
			if i < 0 {
				t.Fatalf("not found: %s with %q; got:\n%v", c.file, c.says, problems)
			}
			if p := problems[i]; p.Suggestion != c.suggest || p.Warning != c.warning || p.Line != 0 {
				t.Errorf("got %+v", p)
			}
			if (r == nil) == c.warning {
				t.Errorf("region: %v", r != nil)
			}
		})
	}
	if _, problems := LoadWith(testCat, fstest.MapFS{}, "19.01-bangka"); problems.Err() == nil {
		t.Error("a folder that is not there is no problem")
	}
	if _, problems := LoadDir(filepath.Join(t.TempDir(), "x")); problems.Err() == nil || !strings.Contains(problems[0].Message, "tidak ada") {
		t.Errorf("a folder that is not there: %v", problems)
	}
}

func rename(f fstest.MapFS, from, to string) {
	f["19.01-bangka/"+to] = f["19.01-bangka/"+from]
	delete(f, "19.01-bangka/"+from)
}

// A link out of the folder must not bring a foreign file into an error message.
func TestLoadDirFollowsNoLinkOutside(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("password: hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "19.01-bangka")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, regionFile)); err != nil {
		t.Skip("no links here")
	}
	_, problems := LoadDir(dir)
	if problems.Err() == nil || strings.Contains(problems.Error(), "password") {
		t.Errorf("got %v", problems)
	}
}

// A region.yaml that cannot be read must not make every agency look wrong, nor an agency every officer.
func TestUnreadableFilesAreNotMissingThings(t *testing.T) {
	for _, name := range []string{"region.yaml", "agencies/dukcapil.yaml"} {
		files := folderFS(t, validFolder)
		files["19.01-bangka/"+name] = &fstest.MapFile{Data: []byte("code: [\n"), Mode: 0o644}
		_, problems := LoadWith(testCat, files, "19.01-bangka")
		if len(problems) != 1 || problems[0].Rule != RuleSyntax || problems[0].File != name {
			t.Errorf("%s: want one syntax problem, got:\n%v", name, problems)
		}
	}
}

func TestManyProblemsAreCut(t *testing.T) {
	files := folderFS(t, validFolder)
	files["19.01-bangka/agencies/imigrasi.yaml"].Data = []byte("code: imigrasi\n" + strings.Repeat("x: 1\n", 3*maxProblems))
	_, problems := LoadWith(testCat, files, "19.01-bangka")
	if len(problems) != maxProblems+1 || !strings.Contains(problems.Error(), "masalah lain") {
		t.Errorf("%d problems", len(problems))
	}
}

func TestOneBrokenRegionIsNamed(t *testing.T) {
	regions, err := loadAll(fstest.MapFS{
		"r/README.md":             {Data: []byte("x")},
		"r/19.01-bangka/logo.svg": {Data: []byte("x")},
		"r/19.02-x/region.yaml":   {Data: []byte("code: [\n")},
	}, "r")
	if regions != nil || err == nil || !strings.Contains(err.Error(), "19.01-bangka/region.yaml: ") || !strings.Contains(err.Error(), "19.02-x/region.yaml:") {
		t.Errorf("%v, %v", regions, err)
	}
}

func TestNationalCatalogueIsWired(t *testing.T) {
	regions, err := Regions()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d embedded regions", len(regions))
	for _, r := range regions {
		if _, problems := Load(embedded, "regions/"+r.FolderName()); len(problems) > 0 {
			t.Errorf("%s:\n%v", r.FolderName(), problems)
		}
	}
}

// Files made to cost: each is a sixteenth of what is allowed, and each must be answered with a problem, soon, and without
// taking the process along (a parser that calls itself for each bracket would overflow the stack).
func TestHostileFilesAreCheap(t *testing.T) {
	fill := func(s string) string { return strings.Repeat(s, maxFile/16/len(s)) }
	keys := strings.Builder{}
	for i := range maxTokens/3 - 10 {
		fmt.Fprintf(&keys, "k%d: v\n", i)
	}
	for name, text := range map[string]string{
		"brackets": fill("["), "braces": fill("{"), "mappings": fill("{a: "), "dashes": fill("- "), "keys": keys.String(),
		"explicit": fill("? "), "tags": fill("!a "), "anchors": fill("&a "), "aliases": fill("*a "), "comments": fill("#\n"),
		"documents": fill("---\n"), "colons": fill("a: "), "quotes": fill(`"" `), "literals": fill("|\n"), "commas": "[" + fill("1,") + "]",
		"long text": "code: \"" + fill("x") + "\"", "long key": fill("x") + ": 1", "spaces": "code: " + fill(" ") + "x", "percent": fill("%a\n"),
		"billion laughs": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
	} {
		start := time.Now()
		for _, file := range []string{regionFile, capil, logoFile} {
			files := folderFS(t, validFolder)
			files["19.01-bangka/"+file] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
			if _, problems := LoadWith(testCat, files, "19.01-bangka"); problems.Err() == nil {
				t.Errorf("%s as %s is taken", name, file)
			}
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}
