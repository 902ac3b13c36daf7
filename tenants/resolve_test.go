package tenants

import (
	"slices"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

func TestResolve(t *testing.T) {
	r := valid(t)
	got, err := Resolve(r, testCat)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "Kabupaten Bangka" || got.NameEN != "Bangka Regency" || got.Location.String() != "WIB" ||
		got.Seat.Slug != "bangka" || got.Province.Short != "Babel" {
		t.Errorf("region: %+v", got)
	}
	if got.Closures[0].To != "2026-12-25" {
		t.Errorf("closure: %+v", got.Closures[0])
	}

	utama, gerai, daring := got.Venues[0], got.Venues[1], got.Venues[3]
	if utama.District.Name != "Sungailiat" || len(utama.Zones) != 2 || !slices.Equal(utama.Week[time.Friday], []Period{{480, 690}, {780, 930}}) {
		t.Errorf("venue: %+v", utama)
	}
	if len(gerai.Zones) != 1 || gerai.Zones[0] != (Zone{Code: "utama", Name: "Gerai Perpustakaan"}) {
		t.Errorf("a venue without zones is one: %+v", gerai.Zones)
	}
	if len(daring.Zones) != 0 {
		t.Errorf("a digital venue has no board: %+v", daring.Zones)
	}

	capil, imigrasi, own := got.Agencies[0], got.Agencies[1], got.Agencies[2]
	if capil.Name != "Dinas Kependudukan dan Pencatatan Sipil Kabupaten Bangka" || capil.Short != "Kependudukan" ||
		capil.NameEN != "Civil Registry of Bangka Regency" || capil.Owner != "daerah" || capil.Own || capil.Icon != "id" {
		t.Errorf("agency: %+v", capil)
	}
	if own.Name != "Rumah BUMN Kabupaten Bangka" || own.NameEN != "Rumah BUMN Bangka Regency" || own.ShortEN != "Rumah BUMN" || !own.Own {
		t.Errorf("own agency: %+v", own)
	}
	if k := capil.Counters; k[0].Name != "Loket 1" || k[1].Name != "Loket prioritas" || k[2].Zone != "utama" || k[3].Zone != "" || k[0].Key() != "utama/1" {
		t.Errorf("counters: %+v", k)
	}
	if s := capil.Series; s[0].Name != "Kependudukan" || s[1].Name != "Kependudukan" ||
		!slices.Equal(s[0].Services, []string{"ktp-baru", "kk-baru"}) || !slices.Equal(s[0].Counters, []string{"utama/1", "utama/2"}) {
		t.Errorf("series: %+v", s)
	}

	ktp, kk := capil.Services[0], capil.Services[1]
	if ktp.Name != "KTP-el baru" || ktp.Minutes != 10 || ktp.Execution != catalogue.FrontDesk || ktp.System != "SIAK" ||
		ktp.Receipt != "Nomor permohonan SIAK" || ktp.Venue != "utama" || !ktp.Confirmed || ktp.Own || !slices.Equal(ktp.Words, []string{"ktp"}) {
		t.Errorf("service: %+v", ktp)
	}
	if ktp.Standard.Time != "15 menit" || ktp.Standard.Complaints != "Sampaikan ke meja depan." {
		t.Errorf("the region's standard replaces the catalogue's, and complaints are the region's: %+v", ktp.Standard)
	}
	if kk.Minutes != 12 || kk.Standard.Time != "1 hari" || kk.Confirmed {
		t.Errorf("service from the catalogue: %+v", kk)
	}
	if s := capil.Services[3]; !s.Own || s.NameEN != s.Name || s.Execution != catalogue.Native || s.Standard != nil {
		t.Errorf("own service: %+v", s)
	}
	if s := imigrasi.Services[1]; s.Series != "" || s.Venue != "" || s.Execution != catalogue.HandOff {
		t.Errorf("hand-off: %+v", s)
	}
}

func TestResolveTakesOver(t *testing.T) {
	r := valid(t)
	r.Agencies[0].Services[0].Execution = catalogue.Native
	got, err := Resolve(r, testCat)
	if err != nil {
		t.Fatal(err)
	}
	if s := got.Agencies[0].Services[0]; s.System != "" || s.Receipt != "" {
		t.Errorf("native, and yet %q, %q", s.System, s.Receipt)
	}
}

// Who writes to what was resolved must reach neither the region nor the catalogue, which all share.
func TestResolveShares(t *testing.T) {
	r := valid(t)
	got, err := Resolve(r, testCat)
	if err != nil {
		t.Fatal(err)
	}
	kk := got.Agencies[0].Services[1]
	kk.Standard.Requirements[0], kk.Standard.Fee = "x", "x"
	got.Agencies[0].Words[0] = "x"
	got.Agencies[0].Services[0].Words[0] = "x"
	got.Agencies[0].Counters[0].Series[0] = "x"
	got.Venues[0].Zones[0].Name = "x"
	got.Closures[0].Reason = "x"
	got.Staff[4].Counters[0] = "x"
	if !Equal(r, valid(t)) {
		t.Errorf("the region changed: %v", lines(Diff(valid(t), r)))
	}
	again, _ := Resolve(valid(t), testCat)
	if s := again.Agencies[0].Services[1].Standard; s.Requirements[0] == "x" || s.Fee == "x" || again.Agencies[0].Words[0] == "x" {
		t.Error("the catalogue changed")
	}
}

func TestResolveRefuses(t *testing.T) {
	for _, r := range []*Region{{}, {Code: "31.71", Timezone: "WIB"}, {Code: "19.01"}} {
		if got, err := Resolve(r, testCat); err == nil {
			t.Errorf("%+v", got)
		}
	}
}

func TestResolveEveryEmbeddedRegion(t *testing.T) {
	regions, err := Regions()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range regions {
		got, err := Resolve(r, catalogue.Default())
		if err != nil {
			t.Error(err)
			continue
		}
		for _, a := range got.Agencies {
			if a.Name == "" || a.Short == "" || a.NameEN == "" || a.ShortEN == "" {
				t.Errorf("%s/%s: %+v", r.Code, a.Code, a)
			}
			for _, s := range a.Services {
				if s.Name == "" || s.NameEN == "" || s.Execution == "" || (s.Execution == catalogue.Native) != (s.System == "") {
					t.Errorf("%s/%s/%s: %+v", r.Code, a.Code, s.Code, s)
				}
			}
			for _, k := range a.Counters {
				if k.Zone == "" && venueKind(got, k.Venue) != Digital {
					t.Errorf("%s/%s/%s has no zone", r.Code, a.Code, k.Key())
				}
			}
		}
	}
}

func venueKind(r *Resolved, code string) VenueKind {
	for _, v := range r.Venues {
		if v.Code == code {
			return v.Kind
		}
	}
	return ""
}
