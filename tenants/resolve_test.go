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
	if own.Name != "Rumah BUMN Kabupaten Bangka" || own.NameEN != "" || own.ShortEN != "" || !own.Own {
		t.Errorf("own agency: %+v", own)
	}
	if k := capil.Counters; k[0].Name != "Loket 1" || k[1].Name != "Loket prioritas" || k[2].Zone != "utama" || k[3].Zone != "" || k[0].Key() != "utama/1" {
		t.Errorf("counters: %+v", k)
	}
	if s := capil.Series; s[0].Name != "Kependudukan" || s[1].Name != "Kependudukan" ||
		!slices.Equal(s[0].Services, []string{"ktp-baru", "kk-baru", "legalisasi"}) || !slices.Equal(s[0].Counters, []string{"utama/1", "utama/2"}) {
		t.Errorf("series: %+v", s)
	}

	ktp, kk := capil.Services[0], capil.Services[1]
	if ktp.Name != "KTP-el baru" || ktp.Minutes != 10 || ktp.Execution != catalogue.FrontDesk || ktp.System != "SIAK" ||
		ktp.Receipt != "Nomor permohonan SIAK" || !slices.Equal(ktp.Series, []string{"umum"}) || !slices.Equal(ktp.Venues, []string{"utama"}) || !ktp.Confirmed || ktp.Own || !slices.Equal(ktp.Words, []string{"ktp"}) {
		t.Errorf("service: %+v", ktp)
	}
	if ktp.Standard.Time != "15 menit" || ktp.Standard.Complaints != "Sampaikan ke meja depan." {
		t.Errorf("the region's standard replaces the catalogue's, and complaints are the region's: %+v", ktp.Standard)
	}
	if kk.Minutes != 12 || kk.Standard.Time != "1 hari" || kk.Confirmed {
		t.Errorf("service from the catalogue: %+v", kk)
	}
	if s := capil.Services[3]; !s.Own || s.NameEN != "" || s.Execution != catalogue.Native || s.Standard != nil {
		t.Errorf("own service: %+v", s)
	}
	if s := capil.Services[4]; !slices.Equal(s.Series, []string{"umum", "keliling"}) || !slices.Equal(s.Venues, []string{"utama", "keliling"}) {
		t.Errorf("a service at two venues: %+v", s)
	}
	if s := imigrasi.Services[1]; len(s.Series) > 0 || len(s.Venues) > 0 || s.Execution != catalogue.HandOff {
		t.Errorf("hand-off: %+v", s)
	}
}

func TestResolveKeepsBothLanguagesTogether(t *testing.T) {
	r := valid(t)
	r.Venues[1].NameEN, r.Contact.ComplaintsEN = "Library Desk", "Tell the front desk."
	r.Agencies[0].Series[0].NameEN = "Residents"
	own := *r.Agencies[0].Services[0].Standard
	own.Complaints = "Telepon 1500537."
	r.Agencies[0].Services[1].Standard = &own
	got, err := Resolve(r, testCat)
	if err != nil {
		t.Fatal(err)
	}
	if z := got.Venues[1].Zones[0]; z.NameEN != "Library Desk" || got.Venues[1].NameEN != "Library Desk" {
		t.Errorf("the one zone of a venue bears its names: %+v", z)
	}
	capil := got.Agencies[0]
	if s := capil.Series; s[0].NameEN != "Residents" || s[1].Name != "Kependudukan" || s[1].NameEN != "Civil registry" {
		t.Errorf("a series without a name is called as the agency, in both languages: %+v", s)
	}
	if s := capil.Services[0].Standard; s.Complaints != "Sampaikan ke meja depan." || s.ComplaintsEN != "Tell the front desk." {
		t.Errorf("the region's complaints in one language only: %+v", s)
	}
	if s := capil.Services[1].Standard; s.Complaints != "Telepon 1500537." || s.ComplaintsEN != "" {
		t.Errorf("the region's English stands beside the service's own Indonesian: %+v", s)
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
		// Whoever tries the samples in English reads no Indonesian but addresses and signs.
		pairs := [][3]string{{"contact.complaints", got.Contact.Complaints, got.Contact.ComplaintsEN}}
		for _, v := range got.Venues {
			pairs = append(pairs, [3]string{v.Code, v.Name, v.NameEN})
			for _, z := range v.Zones {
				pairs = append(pairs, [3]string{v.Code + "/" + z.Code, z.Name, z.NameEN}, [3]string{v.Code + "/" + z.Code, z.Place, z.PlaceEN})
			}
		}
		for _, c := range got.Closures {
			pairs = append(pairs, [3]string{c.From, c.Reason, c.ReasonEN})
		}
		for _, a := range got.Agencies {
			for _, s := range a.Series {
				pairs = append(pairs, [3]string{a.Code + "/" + s.Code, s.Name, s.NameEN})
			}
			for _, k := range a.Counters {
				pairs = append(pairs, [3]string{k.Key(), k.Place, k.PlaceEN})
			}
			for _, s := range a.Services {
				if s.Standard != nil {
					pairs = append(pairs, [3]string{a.Code + "/" + s.Code, s.Standard.Complaints, s.Standard.ComplaintsEN})
				}
			}
		}
		for _, p := range pairs {
			if (p[1] == "") != (p[2] == "") {
				t.Errorf("%s/%s: %q has the English %q", r.Code, p[0], p[1], p[2])
			}
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
