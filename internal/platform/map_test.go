package platform

import (
	"slices"
	"testing"

	"github.com/pendopo-id/pendopo/tenants/areas"
)

func TestEveryProvinceHasOneTile(t *testing.T) {
	seen := map[string]string{}
	for _, i := range islands {
		for _, x := range i.tiles {
			if other, ok := seen[x.class]; ok {
				t.Errorf("%s and %s lie on one another", other, x.code)
			}
			seen[x.class] = x.code
		}
	}
	if len(seen) != 38 {
		t.Errorf("%d tiles", len(seen))
	}
	for _, p := range areas.Provinces() {
		n := 0
		for _, code := range seen {
			if code == p.Code {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s has %d tiles", p.Name, n)
		}
	}
}

func TestShade(t *testing.T) {
	var got []string
	for open := range 11 {
		got = append(got, shade(open, 10))
	}
	if want := []string{"0", "1", "1", "1", "2", "2", "3", "3", "4", "4", "4"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if shade(0, 0) != "0" {
		t.Error("no seats at all")
	}
}
