package id

import (
	"strings"
	"testing"
)

func TestOneRowHasOneAddress(t *testing.T) {
	i := New()
	i[15] = 0xab // so that it has a letter
	for _, s := range []string{"urn:uuid:" + i.String(), "{" + i.String() + "}", strings.ToUpper(i.String()), "0190F5a0-0000-7000-8000-000000000000", i.String() + " ", "", "x"} {
		if _, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) took a second spelling", s)
		}
	}
	back, err := Parse(i.String())
	if err != nil || back != i {
		t.Fatalf("Parse(String()) = %v, %v", back, err)
	}
}

func TestZeroIsNullAndBack(t *testing.T) {
	v, err := ID{}.Value()
	if v != nil || err != nil {
		t.Fatalf("zero is stored as %v, %v", v, err)
	}
	var i ID
	if err := i.Scan(nil); err != nil || !i.IsZero() {
		t.Fatal("NULL must scan to zero")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("0190f5a0-0000-7000-8000-000000000000")
	f.Fuzz(func(t *testing.T, s string) {
		if i, err := Parse(s); err == nil && !i.IsZero() && i.String() != s {
			t.Fatalf("%q gave %q", s, i)
		}
	})
}
