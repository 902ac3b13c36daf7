package signin_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// serve answers on a port of this machine and gives the address of the first region.
func (d *door) serve(t *testing.T) string {
	t.Helper()
	testkit.Browser(t) // before anything is served: without a browser the test ends here
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- d.Serve(ln) }()
	t.Cleanup(func() {
		_ = d.Shutdown(context.Background())
		<-done
	})
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return "http://" + d.a.Host("localhost") + ":" + port
}

// authenticator gives a page a device that keeps passkeys and knows its owner.
func authenticator(t *testing.T, p *testkit.Page) proto.WebAuthnAuthenticatorID {
	t.Helper()
	if err := (proto.WebAuthnEnable{}).Call(p); err != nil {
		t.Fatal(err)
	}
	got, err := proto.WebAuthnAddVirtualAuthenticator{Options: &proto.WebAuthnVirtualAuthenticatorOptions{
		Protocol: proto.WebAuthnAuthenticatorProtocolCtap2, Transport: proto.WebAuthnAuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, AutomaticPresenceSimulation: true, IsUserVerified: true,
	}}.Call(p)
	if err != nil {
		t.Fatal(err)
	}
	return got.AuthenticatorID
}

func signedIn(t *testing.T, p *testkit.Page, who string) {
	t.Helper()
	if got := p.MustElement("body").MustText(); got != who+" in uji-a" {
		t.Fatalf("not signed in: %.300s", got)
	}
}

// A passkey is added, is the second step after the password, is all that a sign-in needs, proves who one is, and
// goes again. A copy of it is noticed. Somebody else's device, and a device that does not check its owner, are not
// let in.
func TestPasskeyInABrowser(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db, "http")
		home := d.serve(t)
		c := testkit.Browser(t)
		who := d.a.Email("officer")
		p := c.Page(home+"/masuk?next=/petugas/akun", 1280, 900)
		device := authenticator(t, p)
		p.MustElement("#email").MustInput(who)
		p.MustElement("#password").MustInput(password)
		p.Press(t, ".p-form .p-btn")

		// Added.
		p.Press(t, `a[href="/petugas/akun/passkey"]`)
		p.Accessible(t)
		p.Press(t, "form[data-passkey] .p-btn")
		if n := len(p.MustElements(".p-codes li")); n != 10 {
			t.Fatalf("%d recovery codes: %.400s", n, p.MustElement("body").MustText())
		}
		p.Press(t, ".p-row .p-btn")
		if text := p.MustElement("main").MustText(); !strings.Contains(text, "Passkey: ") || !strings.Contains(text, "Tersisa 10") {
			t.Errorf("the account: %.500s", text)
		}

		// The second step.
		out := func() {
			t.Helper()
			p.Press(t, `form[action="/keluar"] button`)
		}
		out()
		p.Visit(t, home+"/masuk?next=/petugas")
		p.MustElement("#email").MustInput(who)
		p.MustElement("#password").MustInput(password)
		p.Press(t, ".p-form .p-btn")
		if got := p.MustInfo().URL; !strings.Contains(got, "/masuk/langkah-kedua") {
			t.Fatalf("led to %s", got)
		}
		p.Accessible(t)
		p.Press(t, "form[data-passkey] .p-btn")
		signedIn(t, p, who)

		// All that is needed, without an e-mail.
		p.Visit(t, home+"/petugas/akun")
		out()
		p.Visit(t, home+"/masuk?next=/petugas")
		p.Press(t, "form[data-passkey] .p-btn")
		signedIn(t, p, who)

		// Proof, eleven minutes later.
		d.ago(t, db, 11*time.Minute)
		p.Visit(t, home+"/petugas/akun/passkey")
		if got := p.MustInfo().URL; !strings.Contains(got, "/petugas/akun/pastikan") {
			t.Fatalf("led to %s", got)
		}
		p.Accessible(t)
		p.Press(t, "form[data-passkey] .p-btn")
		if got := p.MustInfo().URL; got != home+"/petugas/akun/passkey" {
			t.Fatalf("then led to %s", got)
		}

		// Not somebody else's: the region does not know the key.
		p.Visit(t, strings.Replace(home, "uji-a", "uji-b", 1)+"/masuk")
		p.Tap(t, "form[data-passkey] .p-btn")
		p.MustWait(`() => !document.querySelector('[data-passkey-note]').hidden`)

		// Not a device that did not check who holds it, where the key is all there is.
		p.Visit(t, home+"/petugas/akun")
		out()
		if err := (proto.WebAuthnSetUserVerified{AuthenticatorID: device, IsUserVerified: false}).Call(p); err != nil {
			t.Fatal(err)
		}
		p.Visit(t, home+"/masuk?next=/petugas")
		p.Tap(t, "form[data-passkey] .p-btn")
		p.MustWait(`() => !document.querySelector('[data-passkey-note]').hidden`)
		if err := (proto.WebAuthnSetUserVerified{AuthenticatorID: device, IsUserVerified: true}).Call(p); err != nil {
			t.Fatal(err)
		}

		// Not a copy: the number of uses goes backwards.
		err := db.In(t.Context(), d.a.ID, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Update[counted](tx).Set("sign_count = 1000").Where("true").Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		p.Visit(t, home+"/masuk?next=/petugas")
		p.Press(t, "form[data-passkey] .p-btn")
		if text := p.MustElement("[role=alert]").MustText(); !strings.Contains(text, "dua tempat") {
			t.Errorf("a copy: %s", text)
		}

		// Removed, after a sign-in by a recovery code is not needed: the password and the key's absence.
		if err := d.auth.ResetFactorsOf(t.Context(), d.a.ID, who, "system:test"); err != nil {
			t.Fatal(err)
		}
		p.Visit(t, home+"/masuk?next=/petugas")
		p.Press(t, "form[data-passkey] .p-btn")
		if text := p.MustElement("[role=alert]").MustText(); !strings.Contains(text, "tidak dikenal") {
			t.Errorf("a key that is gone: %s", text)
		}
	}, testkit.WithModels(models))
}

// An answer is taken once, in the browser that asked, in its region.
func TestPasskeyChallenges(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db, "https")
		a, b := d.a.Host("localhost"), d.b.Host("localhost")
		key := func() string {
			t.Helper()
			res, body := d.form(t, a, "/masuk/passkey/mulai", nil)
			if res.StatusCode != 200 || !strings.Contains(body, `"userVerification":"required"`) || !strings.Contains(body, `"rpId":"`+a+`"`) {
				t.Fatalf("%d %s", res.StatusCode, body)
			}
			for _, c := range res.Cookies() {
				if c.Name == "__Host-passkey" && c.HttpOnly && c.Secure {
					return c.Name + "=" + c.Value
				}
			}
			t.Fatal("no cookie")
			return ""
		}
		count := func() (n int) {
			err := db.View(t.Context(), d.a.ID, func(ctx context.Context, tx *store.Tx) (err error) {
				rows, err := store.Query[struct {
					N int `bun:"n"`
				}](ctx, tx, store.From{"challenges"}, "select count(*) as n from challenges")
				n = rows[0].N
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		k := key()
		if res, _ := d.form(t, b, "/masuk/passkey", nil, "Cookie", k); res.StatusCode != 401 || count() != 1 {
			t.Errorf("in the other region: %d, %d left", res.StatusCode, count())
		}
		if res, _ := d.form(t, a, "/masuk/passkey", nil); res.StatusCode != 401 || count() != 1 {
			t.Errorf("without the cookie: %d, %d left", res.StatusCode, count())
		}
		if res, _ := d.form(t, a, "/masuk/passkey", nil, "Cookie", k); res.StatusCode != 401 || count() != 0 {
			t.Errorf("an answer that is none: %d, %d left", res.StatusCode, count())
		}
		if res, body := d.form(t, a, "/masuk/passkey", nil, "Cookie", k); res.StatusCode != 401 || !strings.Contains(body, "Waktu untuk langkah kedua") {
			t.Errorf("a second time: %d", res.StatusCode)
		}
		if res, _ := d.form(t, a, "/masuk/langkah-kedua/passkey/mulai", nil); res.StatusCode != 303 {
			t.Errorf("a second step without a first: %d", res.StatusCode)
		}
	}, testkit.WithModels(models))
}
