package nearest

import "testing"

func TestOf(t *testing.T) {
	agencies := []string{"dukcapil", "imigrasi", "polri", "samsat", "bpjs-kesehatan", "bpjs-ketenagakerjaan", "pln", "pdam", "pos"}
	services := []string{"ktp-baru", "ktp-hilang-rusak", "kk-baru", "kk-hilang-rusak", "kia"}
	for _, c := range []struct {
		in   string
		from []string
		want string
		ok   bool
	}{
		{"dukcapli", agencies, "dukcapil", true},
		{"Dukcapil ", agencies, "dukcapil", true},
		{"imigrsi", agencies, "imigrasi", true},
		{"bpjs-kesehtan", agencies, "bpjs-kesehatan", true},
		{"pnl", agencies, "pln", true},
		{"ktp-hilang", services, "ktp-hilang-rusak", true},
		{"ktp-hilang-rusk", services, "ktp-hilang-rusak", true},
		{"kk-bru", services, "kk-baru", true},
		{"bpjs", agencies, "", false}, // two begin so
		{"kementerian", agencies, "", false},
		{"x", agencies, "", false},
		{"", agencies, "", false},
		{"dukcapil", nil, "", false},
	} {
		got, ok := Of(c.in, c.from)
		if got != c.want || ok != c.ok {
			t.Errorf("Of(%q) = %q, %v; want %q, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}
