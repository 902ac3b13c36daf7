package tenants_test

import (
	"archive/zip"
	"bytes"
	"slices"
	"testing"

	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// A region in memory is checked as its folder would be, and each problem is found by the codes of what it is about.
func TestCheckInMemory(t *testing.T) {
	regions, err := tenants.Regions()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range regions {
		again, problems := tenants.Check(r, catalogue.Default())
		if problems.Err() != nil || !tenants.Equal(r, again) {
			t.Errorf("%s: %v", r.Code, problems)
		}
	}
	r := *regions[0]
	r.Organiser = ""
	r.Venues = slices.Clone(r.Venues)
	r.Venues[0].Hours = []tenants.Hours{{Days: "mon", Open: "08:00", Close: "07:00"}}
	r.Agencies = slices.Clone(r.Agencies)
	r.Agencies[1].Services = slices.Clone(r.Agencies[1].Services)
	r.Agencies[1].Services[0].Minutes = 100_000
	want := []string{"organiser", "venues/" + r.Venues[0].Code + "/hours", "agencies/" + r.Agencies[1].Code + "/services/" + r.Agencies[1].Services[0].Code + "/minutes"}
	var got []string
	read, problems := tenants.Check(&r, catalogue.Default())
	if read != nil {
		t.Error("what is wrong was read")
	}
	for _, p := range problems {
		if !p.Warning {
			got = append(got, tenants.Where(&r, p))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("problems at %v, not %v", got, want)
	}
}

// The file to download reads back as the region.
func TestZip(t *testing.T) {
	regions, err := tenants.Regions()
	if err != nil {
		t.Fatal(err)
	}
	r := regions[0]
	var file bytes.Buffer
	if err := tenants.Zip(&file, r); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	again, problems := tenants.Load(z, r.FolderName())
	if problems.Err() != nil || !tenants.Equal(r, again) {
		t.Errorf("reads back differently: %v", problems)
	}
}
