package signin_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// TestInABrowser signs in as a person does, on a phone, a tablet and a desk, and looks at the page with axe.
func TestInABrowser(t *testing.T) {
	d := open(t, testkit.Open(t, testkit.SQLite, testkit.WithModels(models)), "http")
	home := d.serve(t)

	for _, width := range []int{360, 768, 1280} {
		c := testkit.Browser(t)
		p := c.Page(home+"/petugas", width, 740)
		if got := p.MustInfo().URL; got != home+"/masuk?next=%2Fpetugas" {
			t.Fatalf("%d: led to %s", width, got)
		}
		p.Accessible(t)
		if wide := p.Wide(t); wide > 0 {
			t.Errorf("%d: the page is %d pixels too wide", width, wide)
		}
		p.Screenshot(t, fmt.Sprintf("signin-%d", width))
		p.MustElement("#email").MustInput(d.a.Email("officer"))
		p.MustElement("#password").MustInput("salah")
		p.Press(t, ".p-form .p-btn")
		if text := p.MustElement("[role=alert]").MustText(); !strings.Contains(text, "tidak cocok") {
			t.Errorf("%d: the note says %q", width, text)
		}
		p.Accessible(t)
		p.Screenshot(t, fmt.Sprintf("signin-wrong-%d", width))
		for _, problem := range p.Problems() {
			if !strings.Contains(problem, "401") { // the wrong password's own status
				t.Errorf("%d: %s", width, problem)
			}
		}
		p.MustElement("#password").MustInput(password)
		p.Press(t, ".p-form .p-btn")
		if text := p.MustElement("body").MustText(); text != d.a.Email("officer")+" in uji-a" {
			t.Errorf("%d: after signing in: %.100s", width, text)
		}
	}
}

// A screen that was left alone asks for itself anew once its session must be over, and then shows nothing any more.
func TestAScreenLeftAloneForgets(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite, testkit.WithModels(models))
	d := open(t, db, "http")
	home := d.serve(t)
	p := testkit.Browser(t).Page(home+"/masuk?next=/petugas/akun", 1280, 800)
	p.MustElement("#email").MustInput(d.a.Email("officer"))
	p.MustElement("#password").MustInput(password)
	p.Press(t, ".p-form .p-btn")
	if got, want := *p.MustElement("body").MustAttribute("data-idle"), strconv.Itoa(int((auth.Idle+2*time.Minute)/time.Second)); got != want {
		t.Errorf("it waits %s s, not %s", got, want)
	}
	err := db.In(t.Context(), d.a.ID, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Update[shift](tx).Set("seen_at = ?", tx.Now().Add(-auth.Idle-time.Minute)).Where("true").Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d.auth.Forget(d.a.ID, d.a.Officer)
	gone := p.MustWaitNavigation()
	p.MustEval(`() => { document.body.dataset.idle = '0.01'; document.dispatchEvent(new Event('htmx:afterRequest')) }`)
	gone()
	p.MustElement("#password")
	if text := p.MustElement("body").MustText(); strings.Contains(text, d.a.Email("officer")) {
		t.Errorf("it shows %.300s", text)
	}
}
