package queue_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/events"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui/uitest"
	"github.com/pendopo-id/pendopo/tenants"
)

// twoPlaces is a region that gives one service at an office and on a vehicle: Kabupaten Bangka, on Tuesday
// 2026-11-24, 09.30 WIB, when both are open.
type twoPlaces struct {
	*house
	service, single, handed id.ID
	office, vehicle         *tenant.Series
}

func newTwoPlaces(t *testing.T, db *store.DB, change func(*tenants.Region)) *twoPlaces {
	t.Helper()
	w := &twoPlaces{house: &house{clock: testkit.NewClock(time.Date(2026, 11, 24, 9, 30, 0, 0, clock.WIB))}}
	db = testkit.Again(t, testkit.URLs(db), testkit.WithClock(w.clock))
	all, err := tenants.Regions()
	if err != nil {
		t.Fatal(err)
	}
	p := tenant.Provisioner{DB: db, Password: func() (string, string, error) { return "x", "x", nil }}
	for _, r := range all {
		if r.Code != "19.01" {
			continue
		}
		if change != nil {
			change(r)
		}
		if _, err := p.Apply(t.Context(), r, tenant.Options{Actor: "system:test"}); err != nil {
			t.Fatal(err)
		}
	}
	reg, dirs := tenant.NewRegistry(db, "localhost", nil), tenant.NewDirectories(db)
	if err := reg.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	tn, _ := reg.ByCode("19.01")
	w.mall = &mall{Region: &testkit.Region{ID: tn.ID, Slug: tn.Slug}, db: db, hall: queue.New(db, dirs), tenant: tn}
	dir, err := dirs.Of(t.Context(), tn)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range dir.Services() {
		switch o.Agency.Code + "/" + o.Code {
		case "dukcapil/ktp-baru":
			w.service, w.office, w.vehicle = o.ID, o.Series[0], o.Series[1]
		case "dukcapil/kk-baru":
			w.single = o.ID
		case "dpmptsp/pbg":
			w.handed = o.ID
		}
	}
	w.app = web.New(web.Config{Registry: reg, Clock: w.clock, Log: slog.New(slog.DiscardHandler), Sessions: badges{}})
	hub := events.NewHub(db, slog.New(slog.DiscardHandler))
	queue.NewPages(w.hall, hub).Routes(w.app.Tenant())
	queue.NewAPI(w.hall, hub).Routes(w.app.Tenant())
	return w
}

// get takes a number and tells its label, or the fault.
func (w *twoPlaces) get(t *testing.T, key string, series id.ID) (string, *fault.Error) {
	t.Helper()
	p, err := w.hall.Issue(t.Context(), w.tenant, queue.Request{ServiceID: w.service, SeriesID: series, Key: key, Channel: queue.Web})
	return p.Label, fault.Of(err)
}

func (w *twoPlaces) at(day, hour, minute int) {
	w.clock.Set(time.Date(2026, 11, day, hour, minute, 0, 0, clock.WIB))
}

func TestANumberComesFromTheSeriesThatIsNamedOrGivesNumbersNow(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		w := newTwoPlaces(t, db, func(r *tenants.Region) {
			r.Closures = append(r.Closures, tenants.Closure{From: "2026-11-26", Venue: "sungailiat", Reason: "Pindah ruang"})
		})
		want := func(what, key string, series id.ID, label, code string) {
			t.Helper()
			got, f := w.get(t, key, series)
			switch {
			case f != nil && f.Code != code, f == nil && code != "":
				t.Errorf("%s: %q, %v; want the fault %q", what, got, f, code)
			case got != label:
				t.Errorf("%s: %q, want %q", what, got, label)
			}
		}
		want("both are open, the first", "a", id.ID{}, "A-001", "")
		want("the vehicle by name", "b", w.vehicle.ID, "KA-001", "")
		want("the office by name", "c", w.office.ID, "A-002", "")
		w.at(24, 13, 30) // the vehicle has driven home
		want("the vehicle is away", "d", w.vehicle.ID, "", "queue.closed")
		want("the office is not", "d", id.ID{}, "A-003", "")
		w.at(24, 15, 0) // and the office gives no more numbers
		if _, f := w.get(t, "e", id.ID{}); f == nil || f.Extra["next_opening"] != "2026-11-25T08:00:00+07:00" {
			t.Errorf("nobody gives numbers: the office opens first, not %v", f)
		}
		w.at(26, 10, 0) // Thursday: the office is closed, the vehicle is out
		want("the vehicle alone", "f", id.ID{}, "KA-001", "")
		want("the office by name", "g", w.office.ID, "", "queue.closed")
		if _, f := w.get(t, "g", w.office.ID); f.Extra["closure"] != "Pindah ruang" || f.Extra["closure_en"] != nil {
			t.Errorf("%v", f.Extra)
		}
		// A key is one ticket: it comes back whatever is open by now, and for nothing else.
		want("again, unnamed", "a", id.ID{}, "A-001", "")
		want("again, by name", "a", w.office.ID, "A-001", "")
		want("again, at another place", "a", w.vehicle.ID, "", "queue.key_reused")
		want("the other one again", "b", w.vehicle.ID, "KA-001", "")
		want("the other one again, unnamed", "b", id.ID{}, "KA-001", "")
		want("the other one, at the office", "b", w.office.ID, "", "queue.key_reused")
		if _, err := w.hall.Issue(t.Context(), w.tenant, queue.Request{ServiceID: w.single, Key: "a"}); !fault.Is(err, "queue.key_reused") {
			t.Errorf("the key with another service: %v", err)
		}
		before := w.tickets(t)
		for what, series := range map[string]id.ID{"another region's": id.New(), "a service": w.service, "another agency's": w.foreign(t)} {
			_, f := w.get(t, "h", series)
			if f == nil || f.Kind != fault.Invalid || f.Code != "invalid" || len(f.Fields) != 1 || f.Fields[0].Name != "series_id" {
				t.Errorf("%s series: %v", what, f)
			}
		}
		if _, err := w.hall.Issue(t.Context(), w.tenant, queue.Request{ServiceID: w.handed}); !fault.Is(err, "queue.no_numbers") {
			t.Errorf("a service without numbers: %v", err)
		}
		if n := w.tickets(t); n != before {
			t.Errorf("%d tickets were stored by refused requests", n-before)
		}
	})
}

// tickets counts them.
func (w *twoPlaces) tickets(t *testing.T) (n int) {
	t.Helper()
	err := w.db.View(t.Context(), w.tenant.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		n, err = store.Select[queue.Ticket](tx).Count(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// foreign is a series of the same region that is none of the service's.
func (w *twoPlaces) foreign(t *testing.T) id.ID {
	t.Helper()
	return id.Named(w.tenant.ID, "series/imigrasi/paspor")
}

// A full series gives no numbers either: who names none gets the next one's, who names it is told so.
func TestAFullSeriesIsPassedOver(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		w := newTwoPlaces(t, db, func(r *tenants.Region) {
			for i := range r.Agencies {
				for j := range r.Agencies[i].Series {
					r.Agencies[i].Series[j].Quota = 1
				}
			}
		})
		for i, want := range []string{"A-001", "KA-001"} {
			if got, f := w.get(t, string(rune('a'+i)), id.ID{}); got != want || f != nil {
				t.Errorf("%q, %v; want %q", got, f, want)
			}
		}
		if got, f := w.get(t, "b", id.ID{}); got != "KA-001" || f != nil {
			t.Errorf("the same key again: %q, %v", got, f)
		}
		for _, series := range []id.ID{{}, w.office.ID, w.vehicle.ID} {
			if _, f := w.get(t, "c", series); f == nil || f.Code != "queue.full" || f.Extra["next_opening"] == nil {
				t.Errorf("all are full: %v", f)
			}
		}
	})
}

func TestSeriesInTheAPI(t *testing.T) {
	w := newTwoPlaces(t, testkit.Open(t, testkit.SQLite), nil)
	post := func(body map[string]string, lang string) (int, map[string]any) {
		t.Helper()
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest("POST", "http://bangka.localhost/api/v1/tickets", strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept-Language", lang)
		r.Header.Set("Idempotency-Key", body["service_id"])
		resp, err := w.app.Test(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		var out map[string]any
		if err := json.Unmarshal(answer, &out); err != nil {
			t.Fatalf("%v\n%s", err, answer)
		}
		return resp.StatusCode, out
	}
	service := w.service.String()
	if status, got := post(map[string]string{"service_id": service, "series_id": w.vehicle.ID.String()}, "id"); status != 201 || got["label"] != "KA-001" || got["series_id"] != w.vehicle.ID.String() {
		t.Errorf("%d %v", status, got)
	}
	if status, got := post(map[string]string{"service_id": service}, "id"); status != 201 || got["label"] != "KA-001" {
		t.Errorf("the same key without a series: %d %v", status, got)
	}
	if status, got := post(map[string]string{"service_id": service, "series_id": w.office.ID.String()}, "id"); status != 422 || got["code"] != "queue.key_reused" {
		t.Errorf("the same key with another series: %d %v", status, got)
	}
	for service, code := range map[string]string{"": "required", "x": "not_an_id"} {
		status, got := post(map[string]string{"service_id": service}, "id")
		if wrong, _ := got["errors"].([]any); status != 422 || len(wrong) != 1 || wrong[0].(map[string]any)["field"] != "service_id" || wrong[0].(map[string]any)["code"] != code {
			t.Errorf("service_id %q: %d %v", service, status, got)
		}
	}
	for series, code := range map[string]string{"x": "not_an_id", "00000000-0000-0000-0000-000000000000": "not_an_id", w.foreign(t).String(): "queue.not_its_series"} {
		status, got := post(map[string]string{"service_id": service, "series_id": series}, "en")
		wrong, _ := got["errors"].([]any)
		if status != 422 || got["code"] != "invalid" || len(wrong) != 1 {
			t.Errorf("%s: %d %v", series, status, got)
			continue
		}
		f := wrong[0].(map[string]any)
		if f["field"] != "series_id" || f["code"] != code || f["detail"] == "" || f["detail"] == "This value does not fit." {
			t.Errorf("%s: %v", series, f)
		}
	}
}

func TestAPlaceIsChosenWithoutAScript(t *testing.T) {
	w := newTwoPlaces(t, testkit.Open(t, testkit.SQLite), nil)
	form := func(series string) url.Values { return url.Values{"layanan": {w.service.String()}, "seri": {series}} }
	ticket := w.send(t, "/antrean", "", form(w.vehicle.ID.String()))
	w.see(t, ticket, "", "KA-001", "MPP Keliling")
	w.see(t, ticket+"?lang=en", "", "Mobile Service Unit")
	w.see(t, w.send(t, "/antrean", "", form("")), "", "A-001", "Kantor Pelayanan Sungailiat")
	// A number that was given back is taken again at the same place.
	w.send(t, ticket+"/batal", "", url.Values{})
	w.see(t, ticket, "", `name="seri" value="`+w.vehicle.ID.String())
	for _, bad := range []string{"x", id.New().String(), w.foreign(t).String()} {
		if resp, body := w.ask(t, "POST", "/antrean", "", form(bad)); resp.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("series %q: %d\n%.300s", bad, resp.StatusCode, body)
		}
	}
	// The vehicle is away, the office is not: the refusal leads there.
	w.at(24, 13, 30)
	resp, body := w.ask(t, "POST", "/antrean", "", form(w.vehicle.ID.String()))
	if resp.StatusCode != http.StatusConflict {
		t.Fatalf("%d", resp.StatusCode)
	}
	uitest.Page(t, body)
	for _, want := range []string{"Di MPP Keliling.", "Kamis, 26 November 2026 pukul 09.00 WIB", "Ambil nomor di lokasi lain layanan ini", `href="/layanan/dukcapil/ktp-baru"`} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is missing in the refusal", want)
		}
	}
	w.at(28, 10, 0) // Saturday: nobody
	if _, body := w.ask(t, "POST", "/antrean", "", form("")); strings.Contains(body, "lokasi lain") || !strings.Contains(body, "Di Kantor Pelayanan Sungailiat.") {
		t.Error("the refusal speaks of another place that gives no numbers either")
	}
}
