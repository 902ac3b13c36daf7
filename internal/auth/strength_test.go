package auth_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

func TestStrength(t *testing.T) {
	here := &tenant.Tenant{Name: "Kabupaten Bangka", Slug: "bangka", Code: "19.01"}
	me := authz.NewActor(authz.Identity{Name: "Juhari Sungailiat", Email: "juhari.s@bangka.contoh.id"}, nil)
	for password, strong := range map[string]bool{
		"password1234": false, "qwertyuiop12": false, "111111111111": false, "abcdefghijkl": false, "P@ssw0rd2026": false, "pendek": false,
		"Bangka2026!!!": false, "juhari.bangka2026": false, "JuhariSungailiat": false, "rahasia123456": false, "indonesia1945": false, "petugasloket1": false,
		"hujan payung kerikil": true, "kunci yang lain sekali": true, "v9Kq-rT2x-Lm7p": true,
	} {
		if got := auth.Strength(here, me, password); (got >= auth.MinStrength) != strong {
			t.Errorf("%q has %d", password, got)
		}
	}
	other := authz.NewActor(authz.Identity{Name: "Siti", Email: "siti@contoh.id"}, nil)
	const own = "sungailiatjuhari"
	if mine, theirs := auth.Strength(here, me, own), auth.Strength(here, other, own); mine >= theirs {
		t.Errorf("one's own name is as good as another's: %d, %d", mine, theirs)
	}
	start := time.Now()
	auth.Strength(here, me, strings.Repeat("a1/2/1990", 110))
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("a long one takes %v", took)
	}
}

func TestAWeakPasswordIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.signIn(t, w.a, "officer")
		for _, weak := range []string{"password1234", "qwertyuiop12", w.a.Email("officer") + "1"} {
			_, err := w.s.ChangePassword(t.Context(), of(w.a), s.Actor, password, weak, home)
			if e := fault.Of(err); e == nil || e.Code != "invalid" || e.Fields[0].Name != "new" || e.Fields[0].Code != "weak" {
				t.Errorf("%q: %v", weak, err)
			}
		}
	})
}
