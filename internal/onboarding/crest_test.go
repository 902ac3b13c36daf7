package onboarding_test

import (
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/onboarding"
	"github.com/pendopo-id/pendopo/tenants"
)

const (
	oneCrest     = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><!-- made by hand --><path d="M0 0h10v10z"/></svg>`
	anotherCrest = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4"/></svg>`
)

// A crest is put, replaced and removed; who saw another one overwrites nothing; and what is no plain drawing never gets
// into a draft, by whichever way it comes.
func TestTheCrest(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn, rina, budi := w.prepared(t, "34.02")
		crest := func() string { return w.draft(t, tn).Fields["logo"] }
		if got, err := w.svc.SaveCrest(t.Context(), tn, rina, "", oneCrest); err != nil || got.Outcome != onboarding.Saved {
			t.Fatalf("%+v %v", got, err)
		}
		first := crest()
		if !strings.Contains(first, "M0 0h10v10z") || strings.Contains(first, "made by hand") {
			t.Errorf("stored: %s", first)
		}
		// Budi's page shows none.
		got, err := w.svc.SaveCrest(t.Context(), tn, budi, "", anotherCrest)
		if err != nil || got.Outcome != onboarding.Conflict || got.By != rina.UserID || crest() != first {
			t.Errorf("unseen: %+v %v", got, err)
		}
		if got, err = w.svc.SaveCrest(t.Context(), tn, budi, onboarding.CrestMark(first), anotherCrest); err != nil || got.Outcome != onboarding.Saved || !strings.Contains(crest(), "circle") {
			t.Errorf("seen: %+v %v", got, err)
		}
		if got, err = w.svc.SaveCrest(t.Context(), tn, rina, onboarding.CrestMark(first), ""); err != nil || got.Outcome != onboarding.Conflict || crest() == "" {
			t.Errorf("removed unseen: %+v %v", got, err)
		}
		second := crest()
		for _, bad := range []string{
			`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script>alert(1)</script></svg>`, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" onload="x()"/>`, "lambang", "<svg",
		} {
			got := w.save(t, tn, rina, onboarding.Change{Path: "logo", Was: second, Value: bad})
			if got[0].Outcome != onboarding.Refused || got[0].Problem != "onboarding.crest" || crest() != second {
				t.Errorf("%s: %+v", bad, got)
			}
		}
		if got, err = w.svc.SaveCrest(t.Context(), tn, rina, onboarding.CrestMark(second), ""); err != nil || got.Outcome != onboarding.Saved || crest() != "" {
			t.Errorf("removed: %+v %v", got, err)
		}
	})
}

// A file says where each thing stands for which it is refused.
func TestReadLogoSaysWhere(t *testing.T) {
	svg, problems := tenants.ReadLogo([]byte("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\">\n<script/>\n<image href=\"x\"/>\n</svg>"))
	if svg != "" || len(problems) != 2 || problems[0].Line != 2 || problems[1].Line != 3 || problems[0].Rule != tenants.RuleLogo {
		t.Errorf("%q %v", svg, problems)
	}
	if svg, problems = tenants.ReadLogo([]byte(oneCrest + strings.Repeat(" ", 64<<10))); svg != "" || len(problems) != 1 {
		t.Errorf("too large: %d %v", len(svg), problems)
	}
}
