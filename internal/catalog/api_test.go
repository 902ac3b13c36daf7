package catalog_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/catalog"
	"github.com/pendopo-id/pendopo/internal/web/openapi"
)

func TestServicesAPI(t *testing.T) {
	w := newWorld(t)
	w.real(t, false, nil, "19.06", "53.15")
	read := func(url string, into any) {
		t.Helper()
		resp, body := w.get(t, url)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %s %s\n%s", url, resp.Status, resp.Header.Get("Content-Type"), body)
		}
		if err := json.Unmarshal([]byte(body), into); err != nil {
			t.Fatal(err)
		}
	}
	var list catalog.ServiceList
	read("http://belitung-timur.localhost/api/v1/services", &list)
	find := func(code string) catalog.Service {
		i := slices.IndexFunc(list.Services, func(s catalog.Service) bool { return s.Code == code })
		if i < 0 {
			t.Fatalf("no %s", code)
		}
		return list.Services[i]
	}
	here := find("akta-lahir")
	if here.Series == nil || here.Series.Prefix != "A" || here.Venue == nil || here.Venue.Kind != "digital" || !here.OpenNow ||
		here.OpensAt != nil || !here.Confirmed || here.Agency.Code != "dukcapil" || here.NameEN == "" || here.Agency.NameEN == "" || here.Series.NameEN != "Civil registry online" || here.Venue.NameEN != "Belitung Timur Online Services" || here.Execution != "front-desk" {
		t.Errorf("%+v", here)
	}
	away := find("pbg")
	if away.Series != nil || away.Venue != nil || away.OpenNow || away.OpensAt != nil || away.System != "SIMBG" || away.Confirmed {
		t.Errorf("%+v", away)
	}
	var raw map[string][]map[string]any
	read("http://belitung-timur.localhost/api/v1/services?q=pbg", &raw)
	if n := len(raw["services"]); n != 1 || raw["services"][0]["series"] != nil || raw["services"][0]["code"] != "pbg" {
		t.Errorf("?q=pbg gives %v", raw)
	}
	if _, there := raw["services"][0]["series"]; !there {
		t.Error("series is left out instead of null")
	}
	read("http://belitung-timur.localhost/api/v1/services?q=zzz", &raw)
	if raw["services"] == nil || len(raw["services"]) != 0 {
		t.Errorf("nothing found is %v, want an empty list", raw)
	}

	var one catalog.ServiceDetail
	read("http://belitung-timur.localhost/api/v1/services/"+here.ID.String(), &one)
	if one.ID != here.ID || one.Standard == nil || len(one.Standard.Requirements) != 4 || one.Minutes != 20 ||
		one.URL != "http://belitung-timur.localhost/layanan/dukcapil/akta-lahir" {
		t.Errorf("%+v", one)
	}
	read("http://belitung-timur.localhost/api/v1/services/"+away.ID.String(), &one)
	for _, id := range []string{"x", "00000000-0000-4000-8000-000000000000"} {
		resp, body := w.get(t, "http://belitung-timur.localhost/api/v1/services/"+id)
		if resp.StatusCode != http.StatusNotFound || resp.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, `"code":"not_found"`) {
			t.Errorf("%s: %s %s", id, resp.Status, body)
		}
	}

	if len(here.Places) != 1 || here.Places[0].Series != *here.Series || here.Places[0].Venue != *here.Venue || !here.Places[0].OpenNow || here.Places[0].Waiting != here.Waiting {
		t.Errorf("its one place is %+v", here.Places)
	}
	if away.Places == nil || len(away.Places) != 0 {
		t.Errorf("the places of what is handed off are %v, want an empty list", away.Places)
	}

	// Closed: when numbers are given again, in the region's own time.
	w.clock.Set(time.Date(2026, 11, 27, 15, 0, 0, 0, time.UTC)) // Friday 23.00 WITA
	read("http://manggarai-barat.localhost/api/v1/services", &list)
	at := find("ktp-baru").OpensAt
	if at == nil {
		t.Fatal("no next opening")
	}
	if _, offset := at.Zone(); offset != 8*3600 || !strings.Contains(string(must(json.Marshal(at))), "+08:00") {
		t.Errorf("opens_at %s is not in WITA", at)
	}
}

func TestPlacesInTheAPI(t *testing.T) {
	w := newWorld(t)
	w.real(t, false, nil, "19.01")
	w.clock.Set(time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)) // Wednesday 10.00 WIB: the vehicle moves on Tuesdays and Thursdays
	_, body := w.get(t, "http://bangka.localhost/api/v1/services?q=ikd")
	var list catalog.ServiceList
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Services) == 0 {
		t.Fatalf("%v %s", err, body)
	}
	s := list.Services[0]
	if s.Code != "ikd" || len(s.Places) != 2 {
		t.Fatalf("%+v", s)
	}
	office, vehicle := s.Places[0], s.Places[1]
	if *s.Series != office.Series || *s.Venue != office.Venue || s.OpenNow != office.OpenNow || s.Waiting != office.Waiting || s.OpensAt != nil {
		t.Errorf("the service %+v does not speak of its first place %+v", s, office)
	}
	if office.Venue.Code != "sungailiat" || office.Series.Prefix != "A" || !office.OpenNow || office.OpensAt != nil {
		t.Errorf("office: %+v", office)
	}
	if vehicle.Venue.Code != "keliling" || vehicle.Venue.Kind != "vehicle" || vehicle.Venue.NameEN != "Mobile Service Unit" || vehicle.Series.Prefix != "KA" ||
		vehicle.OpenNow || vehicle.OpensAt == nil || vehicle.OpensAt.Format(time.RFC3339) != "2026-11-26T09:00:00+07:00" {
		t.Errorf("vehicle: %+v", vehicle)
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestOperationsAreTheRoutes(t *testing.T) {
	w := newWorld(t)
	var api []string
	for _, r := range w.app.Routes() {
		if strings.HasPrefix(r.Path, "/api/") {
			api = append(api, r.Method+" "+r.Path)
		}
	}
	slices.Sort(api)
	if got := openapi.Paths(catalog.Operations); !slices.Equal(got, api) {
		t.Errorf("described %v, served %v", got, api)
	}
	doc, err := openapi.Document("Pendopo", "1", catalog.Operations)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"ServiceStandard"`, `"opens_at":{"type":"string","format":"date-time"`, `"requirements"`, `"/api/v1/services/{id}"`} {
		if !strings.Contains(string(doc), want) {
			t.Errorf("%s is missing in %s", want, doc)
		}
	}
}
