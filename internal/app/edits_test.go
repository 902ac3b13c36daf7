package app_test

import (
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// The plan of a folder says who changed on the pages what it would change back.
func TestPlanNamesWhoChangedItOnThePages(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	declared := oneSeries("19.05", "WIB")
	dir := folder(t, declared)
	if out, err := pendopo(t, db, "tenant", "apply", dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	prov := &tenant.Provisioner{DB: db}
	changed := oneSeries("19.05", "WIB")
	changed.Agencies[0].Services[0].Minutes = 45
	if _, err := prov.Apply(t.Context(), changed, tenant.Options{Actor: "user:" + id.New().String()}); err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string]string{
		"id": "(diubah di halaman oleh seseorang yang sudah keluar, ", "en": "(changed on the pages by somebody who has left, ",
	} {
		out, err := pendopo(t, db, "tenant", "plan", dir, "--lang", lang)
		if err != nil || strings.Count(out, want) != 1 {
			t.Errorf("%v: no %q in\n%s", err, want, out)
		}
	}
	if out, err := pendopo(t, db, "tenant", "apply", dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	declared.Agencies[0].Services[0].Minutes = 50
	if out, err := pendopo(t, db, "tenant", "plan", folder(t, declared)); err != nil || strings.Contains(out, "di halaman") || !strings.Contains(out, "50 menit") {
		t.Errorf("%v: the folder's own change names somebody:\n%s", err, out)
	}
}
