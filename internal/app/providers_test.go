package app_test

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2-proxy/mockoidc"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// atProvider is the address at a provider to which the page between leads.
var atProvider = regexp.MustCompile(`id="lanjut"[^>]* href="([^"]+)"`)

// What regional IT does for an agency that has a provider of its own, as docs/sso.md tells it: the folder, the secret, a
// look, and somebody signs in; an apply keeps whom the provider has brought, and an agency without it closes the door.
func TestAnAgencysProviderOnTheCommandLine(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			db := testkit.Open(t, dialect)
			m, err := mockoidc.Run()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = m.Server.Close() })
			region := oneSeries("19.05", "WIB")
			region.Agencies[0].SignIn = tenants.SignIn{Issuer: m.Issuer(), ClientID: m.ClientID, Role: tenants.RoleOfficer, Domains: []string{"kantor.test"}, Create: true}
			dir := folder(t, region)
			const loopback = "--sso-networks=127.0.0.0/8"
			run := func(wants []string, args ...string) string {
				t.Helper()
				out, err := pendopo(t, db, args...)
				for _, want := range wants {
					if err != nil || !strings.Contains(out, want) {
						t.Fatalf("pendopo %s: %v, wanted %q in\n%s", strings.Join(args, " "), err, want, out)
					}
				}
				return out
			}
			refused := func(want string, args ...string) {
				t.Helper()
				if out, err := pendopo(t, db, args...); err == nil || !strings.Contains(out, want) {
					t.Errorf("pendopo %s: %v, wanted %q in\n%s", strings.Join(args, " "), err, want, out)
				}
			}
			back := "http://bangka-barat.localhost:8080/masuk/instansi/dukcapil/kembali"
			run([]string{"+ region", back, "rahasia klien belum ada, dan penyedia memerlukannya", "penyedia menjawab", "pendopo tenant sign-in 19.05 dukcapil --secret-file"}, "tenant", "plan", dir, loopback)
			run([]string{"PENDOPO_SSO_NETWORKS", "tidak dapat dihubungi"}, "tenant", "plan", dir)
			run([]string{"https://bangka-barat.mpp.test/masuk/instansi/dukcapil/kembali", "redirect address"},
				"tenant", "plan", dir, loopback, "--lang", "en", "--domain", "mpp.test", "--public-scheme", "https")
			run([]string{"dibuka di", back}, "tenant", "apply", dir, loopback)
			if out := run([]string{"Tidak ada yang berubah"}, "tenant", "apply", dir); strings.Contains(out, back) {
				t.Errorf("again, and the provider is asked again: %s", out)
			}
			copied := filepath.Join(t.TempDir(), "19.05-bangka-barat")
			run([]string{"Ditulis ke"}, "tenant", "export", "19.05", copied)
			if text, err := os.ReadFile(filepath.Join(copied, "agencies", "dukcapil.yaml")); err != nil || !strings.Contains(string(text), "sign_in:\n") || strings.Contains(string(text), m.ClientSecret) {
				t.Errorf("%v\n%s", err, text)
			}
			run([]string{"Tidak ada yang berubah"}, "tenant", "plan", copied, loopback)

			refused("it has no secret yet", "doctor", loopback)
			refused("rahasia klien belum ada", "tenant", "sign-in", "19.05", loopback)
			refused("dukcapil?", "tenant", "sign-in", "19.05", "dukcapill", loopback)
			secret := filepath.Join(t.TempDir(), "rahasia")
			for text, want := range map[string]string{"": "rahasianya kosong", strings.Repeat("x", 1001): "bukan rahasia klien", "a\nb": "bukan rahasia klien"} {
				if err := os.WriteFile(secret, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				refused(want, "tenant", "sign-in", "19.05", "dukcapil", "--secret-file", secret)
			}
			if err := os.WriteFile(secret, []byte(m.ClientSecret+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			refused("pendopo tenant", "tenant", "sign-in", "19.05", "--secret-file", secret) // of which agency?
			if out := run([]string{"tersimpan, tersegel, hanya untuk " + m.Issuer()}, "tenant", "sign-in", "19.05", "dukcapil", "--secret-file", secret); strings.Contains(out, m.ClientSecret) {
				t.Error("the secret is shown")
			}
			run([]string{"rahasia klien tersimpan", "penyedia menjawab", back}, "tenant", "sign-in", "19.05", loopback)
			run([]string{"1 agencies' identity providers answer"}, append([]string{"doctor", loopback}, mailFolder(t)...)...)
			run([]string{"mengganti rahasia klien untuk akun instansi Kependudukan"}, "audit", "list", "19.05", "--limit", "50")

			// Somebody signs in, in a process of its own.
			server := testkit.Serve(t, []string{"serve"}, append(serveEnv(db), "PENDOPO_SSO_NETWORKS=127.0.0.0/8")...)
			s := siteOf(server, "bangka-barat")
			enter := func(subject, email string) *http.Response {
				t.Helper()
				jar, err := cookiejar.New(nil)
				if err != nil {
					t.Fatal(err)
				}
				page := func(method, address string, form url.Values) (*http.Response, string) {
					t.Helper()
					r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
					if err != nil {
						t.Fatal(err)
					}
					r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					r.Header.Set("Sec-Fetch-Site", "same-origin")
					client := *s.Client
					client.Jar, client.CheckRedirect = jar, func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
					if strings.HasPrefix(address, m.Addr()) {
						client.Transport = nil
					}
					res, err := client.Do(r)
					if err != nil {
						t.Fatal(err)
					}
					var b strings.Builder
					if _, err := copyAll(&b, res.Body); err != nil {
						t.Fatal(err)
					}
					return res, b.String()
				}
				res, text := page("POST", "http://"+s.host+"/masuk/instansi", url.Values{"agency": {"dukcapil"}})
				to := atProvider.FindStringSubmatch(text)
				if to == nil {
					return res
				}
				m.QueueUser(&mockoidc.MockUser{Subject: subject, Email: email, EmailVerified: true})
				res, _ = page("GET", strings.ReplaceAll(to[1], "&amp;", "&"), nil)
				res, _ = page("GET", res.Header.Get("Location"), nil)
				return res
			}
			if res := enter("sub-1", "siti@kantor.test"); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/petugas" {
				t.Fatalf("%d %q", res.StatusCode, res.Header.Get("Location"))
			}
			run([]string{"mendapat akun saat pertama masuk", "menghubungkan akun instansinya"}, "audit", "list", "19.05", "--limit", "50")
			if res := enter("sub-2", "siti@kantor.test"); res.StatusCode != http.StatusForbidden {
				t.Errorf("somebody else with the address: %d", res.StatusCode)
			}
			run([]string{"sudah dilepas"}, "tenant", "account", "19.05", "siti@kantor.test", "loosen")
			run([]string{"Tidak ada yang berubah"}, "tenant", "account", "19.05", "siti@kantor.test", "loosen")
			if res := enter("sub-2", "siti@kantor.test"); res.StatusCode != http.StatusSeeOther {
				t.Errorf("loosened: %d", res.StatusCode)
			}

			// Another apply keeps them, with the role that the provider gave.
			region.Organiser = "DPMPTSP Kabupaten"
			run([]string{"diperbarui"}, "tenant", "apply", folder(t, region), loopback)
			if u, grants := personOf(t, db, "19.05", "siti@kantor.test"); u == nil || u.Retired || u.Source != tenant.FromProvider || !slices.Equal(grants, []string{"officer id/19/19.05/dukcapil provider"}) {
				t.Errorf("after an apply: %+v %v", u, grants)
			}
			// Named in the manifest they are the manifest's, and go with it.
			named := *region
			named.Staff = append(slices.Clone(region.Staff), tenants.Person{Email: "siti@kantor.test", Name: "Siti", Role: tenants.RoleOfficer, Agency: "dukcapil"})
			run([]string{"diperbarui"}, "tenant", "apply", folder(t, &named), loopback)
			if u, grants := personOf(t, db, "19.05", "siti@kantor.test"); u == nil || u.Source != tenant.FromManifest || !slices.Equal(grants, []string{"officer id/19/19.05/dukcapil manifest"}) {
				t.Errorf("named: %+v %v", u, grants)
			}
			if res := enter("sub-2", "siti@kantor.test"); res.StatusCode != http.StatusSeeOther {
				t.Errorf("named: %d", res.StatusCode)
			}
			run([]string{"diperbarui"}, "tenant", "apply", folder(t, region), loopback)
			if u, grants := personOf(t, db, "19.05", "siti@kantor.test"); u == nil || !u.Retired || len(grants) != 0 {
				t.Errorf("named no more: %+v %v", u, grants)
			}
			if res := enter("sub-2", "siti@kantor.test"); res.StatusCode != http.StatusForbidden {
				t.Errorf("named no more: %d", res.StatusCode)
			}
			// Another client: the secret stays behind.
			region.Agencies[0].SignIn.ClientID = "lain"
			run([]string{"milik penerbit atau klien lain"}, "tenant", "apply", folder(t, region), loopback)
			refused("another issuer's or client's", "doctor", loopback)
			run([]string{"dihapus"}, "tenant", "sign-in", "19.05", "dukcapil", "--forget-secret")
			region.Agencies[0].SignIn = tenants.SignIn{}
			run([]string{"diperbarui"}, "tenant", "apply", folder(t, region), loopback)
			run([]string{"Belum ada instansi"}, "tenant", "sign-in", "19.05")
		})
	}
}

// mailFolder lets doctor find nothing wrong with messages.
func mailFolder(t *testing.T) []string {
	return []string{"--mail-folder", t.TempDir(), "--checkpoints", t.TempDir()}
}

// personOf reads somebody's row and what they may do, with who says so.
func personOf(t *testing.T, db *store.DB, code, email string) (u *tenant.User, grants []string) {
	t.Helper()
	prov, err := app.NewProvisioner(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	row, _, err := prov.Find(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), row.ID, func(ctx context.Context, tx *store.Tx) error {
		grants = nil
		if u, err = tenant.UserByEmail(ctx, tx, seal.Email(email)); err != nil || u == nil {
			return err
		}
		rows, err := store.Select[tenant.Grant](tx).Where("user_id = ?", u.ID).All(ctx)
		for _, g := range rows {
			grants = append(grants, g.Role+" "+g.Scope+" "+string(g.Source))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return u, grants
}
