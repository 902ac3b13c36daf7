package id

import "testing"

func TestOneRowHasOneAddress(t *testing.T) {
	i := New()
	for _, s := range []string{"urn:uuid:" + i.String(), "{" + i.String() + "}", i.String() + " ", "", "x"} {
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
		if i, err := Parse(s); err == nil && !i.IsZero() && len(i.String()) != 36 {
			t.Fatalf("%q gave %q", s, i)
		}
	})
}
