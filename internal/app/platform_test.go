package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/tenants"
)

// overseers are one of each of the platform's roles, by a name for their address.
var overseers = map[string]authz.Grant{
	"instansi": {Role: authz.RoleAgencyOverseer, Scope: "agency/dukcapil"},
	"provinsi": {Role: authz.RoleProvinceOverseer, Scope: "id/19"},
	"nasional": {Role: authz.RoleNationalOverseer, Scope: "id"},
	"operator": {Role: authz.RoleOperator, Scope: "id"},
}

func overseerEmail(who string) string { return who + "@pemantau.test" }

// invitePlatform gives the platform its people, with a password and an app.
func invitePlatform(t *testing.T, db *store.DB) {
	t.Helper()
	hash, err := auth.Hash(t.Context(), tenant.ID{}, password)
	if err != nil {
		t.Fatal(err)
	}
	prov := &tenant.Provisioner{DB: db, Password: func() (string, string, error) { return password, hash, nil }}
	for who, g := range overseers {
		m := tenant.Membership{Name: "Pemantau " + who, Email: overseerEmail(who), Role: g.Role, Scope: g.Scope}
		_, err := prov.GivePlatform(t.Context(), m, "system:test", func(ctx context.Context, tx *store.Tx, given tenant.Given) error {
			return testkit.GiveFactor(ctx, tx, given.User)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// platformTokens signs the platform's people in.
func platformTokens(t *testing.T, ap *app.App) map[string]string {
	t.Helper()
	here, ok := ap.Registry.Platform()
	if !ok {
		t.Fatal("there is no platform")
	}
	out := map[string]string{}
	for who := range overseers {
		out[who] = testkit.SignIn(t, ap.DB, ap.Auth, here, overseerEmail(who), password, auth.Bearer).Token
	}
	return out
}

// A session of the platform's is worth nothing on a region's host, and a region's nothing on the bare domain; on every
// route. What an overseer opens shows nothing that is a region's own, and changes nothing in it.
func TestThePlatformAndRegionsAreApart(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		hash, err := auth.Hash(t.Context(), tenant.ID{}, password)
		if err != nil {
			t.Fatal(err)
		}
		a, b := testkit.Two(t, db, testkit.PasswordHash(hash))
		ap := newApp(t, db)
		invitePlatform(t, db)
		here, _ := ap.Registry.ByHost(a.Host("localhost"))
		place, err := ap.Hall.Issue(t.Context(), here, queue.Request{ServiceID: a.Services[0], Channel: queue.Web})
		if err != nil {
			t.Fatal(err)
		}
		ticket := place.ID.String()
		regions := map[string]string{}
		for _, role := range []string{"admin", "officer"} {
			regions[role] = testkit.SignIn(t, db, ap.Auth, here, a.Email(role), password, auth.Bearer).Token
		}
		mine := platformTokens(t, ap)
		before := map[*testkit.Region]map[string]string{a: snapshot(t, db, a.ID), b: snapshot(t, db, b.ID)}
		asked := 0
		ask := func(r web.Route, host, tok string) (int, string, string) {
			asked++
			path := strings.NewReplacer(":id", a.Counters[0].String(), ":session", a.Officer.String(), ":zone", a.Hall.String(), ":agency", "dukcapil",
				":service", "layanan-a", ":move", "selesai", ":code", "dukcapil").Replace(r.Path)
			body, kind := "", "application/json"
			if r.Method != "GET" {
				if body = "{}"; !strings.HasPrefix(path, "/api/") {
					body, kind = "email=x", "application/x-www-form-urlencoded"
				}
			}
			req := httptest.NewRequest(r.Method, path, strings.NewReader(body))
			req.Host = host
			req.Header.Set("Content-Type", kind)
			req.Header.Set("Authorization", "Bearer "+tok)
			res, err := ap.Web.Test(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			text, _ := io.ReadAll(res.Body)
			var head strings.Builder
			_ = res.Header.Write(&head)
			return res.StatusCode, string(text), head.String()
		}
		for _, r := range ap.Web.Routes() {
			if strings.HasSuffix(r.Path, "/events") || strings.HasSuffix(r.Path, "/langsung") {
				continue
			}
			switch r.Kind {
			case web.OnBare:
				for role, tok := range regions {
					if status, text, _ := ask(r, "localhost", tok); status != http.StatusUnauthorized {
						t.Errorf("%s %s on the bare domain with the token of a region's %s: %d %.200s", r.Method, r.Path, role, status, text)
					}
				}
			case web.OnTenant:
				for who, tok := range mine {
					if status, text, _ := ask(r, a.Host("localhost"), tok); status != http.StatusUnauthorized {
						t.Errorf("%s %s on a region's host with the token of %s: %d %.200s", r.Method, r.Path, who, status, text)
					}
				}
			}
		}
		// With their own tokens: what signs out comes last.
		routes := ap.Web.Routes()
		for name := range bareCases {
			if !slices.ContainsFunc(routes, func(r web.Route) bool { return nameOf(r) == name }) {
				t.Errorf("there is no route %s: take it out of bareCases", name)
			}
		}
		slices.SortStableFunc(routes, func(x, y web.Route) int { return ending(x) - ending(y) })
		for _, r := range routes {
			if r.Kind != web.OnBare {
				continue
			}
			for who, tok := range mine {
				status, text, head := ask(r, "localhost", tok)
				if may := bareCases[nameOf(r)]; r.Permission != authz.Public {
					switch let := slices.Contains(may, who); {
					case !let && status != http.StatusForbidden:
						t.Errorf("%s as %s, whom it is not for: %d %.200s", nameOf(r), who, status, text)
					case let && r.Method == http.MethodGet && (status == http.StatusUnauthorized || status == http.StatusForbidden):
						t.Errorf("%s as %s, whom it is for: %d %.200s", nameOf(r), who, status, text)
					}
				}
				if status >= 500 && status != http.StatusServiceUnavailable {
					t.Errorf("%s %s as %s: %d %.300s", r.Method, r.Path, who, status, text)
				}
				for _, secret := range []string{a.Canary, b.Canary, ticket} {
					if strings.Contains(text+head, secret) {
						t.Errorf("%s %s as %s shows %q of a region", r.Method, r.Path, who, secret)
					}
				}
			}
		}
		for r, was := range before {
			for table, rows := range snapshot(t, db, r.ID) {
				if was[table] != rows {
					t.Errorf("%s of region %s has changed", table, r.Code)
				}
			}
		}
		t.Logf("%d requests", asked)
	})
}

// The platform is a tenant, and no region: it stands in no list of them, and is neither suspended nor exported; its
// records, keys and work are looked after like theirs.
func TestThePlatformIsNoRegion(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, oneSeries("19.05", "WIB"))
		ap := newApp(t, db)
		here, ok := ap.Registry.Platform()
		if !ok || here.Scope != "id" || ap.Registry.Host(here) != "localhost" || !here.IsPlatform() {
			t.Fatalf("%+v", here)
		}
		if all := ap.Registry.All(); len(all) != 1 || all[0].Code != "19.05" {
			t.Errorf("%d regions", len(all))
		}
		if all := ap.Registry.Tenants(); len(all) != 2 || all[0] != here {
			t.Errorf("%d tenants", len(all))
		}
		for _, host := range []string{"pendopo.localhost", "id.localhost"} {
			if _, known := ap.Registry.ByHost(host); known {
				t.Errorf("%s is somebody's host", host)
			}
		}
		if again, err := tenant.OpenPlatform(t.Context(), db); err != nil || again.ID != here.ID {
			t.Errorf("opened again: %v %v", again.ID, err)
		}
		prov := &tenant.Provisioner{DB: db}
		if _, err := prov.SetState(t.Context(), tenant.PlatformCode, tenant.Suspended, "uji", "system:test"); err == nil {
			t.Error("the platform was suspended")
		}
		env := serveEnv(db)
		for _, args := range [][]string{{"tenant", "suspend", "id"}, {"tenant", "resume", "id"}, {"tenant", "domain", "id", "mpp.contoh.go.id"}, {"tenant", "export", "id", filepath.Join(t.TempDir(), "x")}} {
			if code, out := command(t, env, "", args...); code != 1 || !strings.Contains(out, "bukan daerah") {
				t.Errorf("%v: %d %s", args, code, out)
			}
		}
		if code, out := command(t, env, "", "tenant", "list"); code != 0 || strings.Contains(out, "Pendopo") || !strings.Contains(out, "19.05") {
			t.Errorf("tenant list: %d %s", code, out)
		}
		if code, out := command(t, env, "", "audit", "verify", "id"); code != 0 || !strings.Contains(out, "utuh") {
			t.Errorf("audit verify: %d %s", code, out)
		}
		if code, out := command(t, env, "", "keys", "rotate", "--all"); code != 0 || !strings.Contains(out, "id Pendopo") || !strings.Contains(out, "19.05") {
			t.Errorf("keys rotate --all: %d %s", code, out)
		}
	})
}

// Two processes that start at once make one platform.
func TestOnePlatformIsMade(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		other := testkit.Again(t, testkit.URLs(db))
		made := make(chan string, 8)
		for i := range 8 {
			go func() {
				row, err := tenant.OpenPlatform(context.Background(), []*store.DB{db, other}[i%2])
				made <- fmt.Sprint(row.ID, err)
			}()
		}
		first := <-made
		for range 7 {
			if next := <-made; next != first || strings.Contains(next, "fault") {
				t.Errorf("%s and %s", first, next)
			}
		}
	})
}

// From the invitation to the first look: a link, a password, the second factor that everybody here must have, and the
// page; a program is refused until then, and who was taken away is out.
func TestAnOverseerIsInvited(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		l := newLetters(t, db)
		bare := &letters{site: siteAt(l.base, "x"), dir: l.dir, row: l.row, seen: map[string]bool{}}
		bare.host = strings.TrimPrefix(bare.host, "x.")
		jar, _ := cookiejar.New(nil)
		bare.Client.Jar = jar
		env := serveEnv(db)
		for want, args := range map[string][]string{
			"--role":            {"siti@imigrasi.test", "--name", "Siti", "--role", "admin", "--at", "id"},
			"agency/dukcapil?":  {"siti@imigrasi.test", "--name", "Siti", "--role", "agency-overseer", "--at", "agency/dukcapi"},
			"id/KODE":           {"siti@imigrasi.test", "--name", "Siti", "--role", "province-overseer", "--at", "id/99"},
			"hanya ada di id":   {"siti@imigrasi.test", "--name", "Siti", "--role", "operator", "--at", "id/19"},
			"bukan alamat":      {"siti", "--name", "Siti", "--role", "operator", "--at", "id"},
			"sebutkan namanya ": {"siti@imigrasi.test", "--role", "operator", "--at", "id"},
		} {
			if code, out := command(t, env, "", append([]string{"platform", "invite"}, args...)...); code != 1 || !strings.Contains(out, want) {
				t.Errorf("%v: %d %s", args, code, out)
			}
		}
		if code, out := command(t, env, "", "platform", "list"); code != 0 || !strings.Contains(out, "Belum ada orang") {
			t.Errorf("nobody: %d %s", code, out)
		}
		if code, out := command(t, env, "", "platform", "invite", "Siti@imigrasi.test", "--name", "Siti Rahayu", "--role", "agency-overseer", "--at", "agency/dukcapil"); code != 0 || !strings.Contains(out, "tujuh hari") {
			t.Fatalf("invite: %d %s", code, out)
		}
		token := bare.next(t, "Undangan masuk ke Pendopo")
		if status, _, body := l.form(t, "/masuk/sandi-baru?k="+token, nil); status != http.StatusNotFound || strings.Contains(body, "siti@") {
			t.Errorf("the link on a region's host: %d", status)
		}
		if status, _, body := bare.form(t, "/masuk/sandi-baru?k="+token, nil); status != http.StatusOK || !strings.Contains(body, "siti@imigrasi.test") || strings.Contains(body, "Mal Pelayanan Publik Kab") {
			t.Fatalf("the link: %d %s", status, body)
		}
		if status, to, _ := bare.form(t, "/masuk/sandi-baru", url.Values{"k": {token}, "new": {chosen}}); status != http.StatusSeeOther {
			t.Fatalf("the password: %d %s", status, to)
		}
		if status, err := bare.do("POST", "/api/v1/sessions", "", map[string]string{"email": "siti@imigrasi.test", "password": chosen}, nil); status != http.StatusForbidden || !strings.Contains(fmt.Sprint(err), "mfa_enrol") {
			t.Errorf("a program without a second factor: %d %v", status, err)
		}
		if status, to, _ := bare.form(t, "/masuk", url.Values{"email": {"siti@imigrasi.test"}, "password": {chosen}}); status != http.StatusSeeOther || to != "/petugas" {
			t.Fatalf("sign in: %d %s", status, to)
		}
		if status, to, _ := bare.form(t, "/petugas/instansi", nil); status != http.StatusSeeOther || !strings.HasPrefix(to, "/petugas/akun/wajib") {
			t.Errorf("before the second factor: %d %s", status, to)
		}
		_, _, page := bare.form(t, "/petugas/akun/aplikasi-kode", nil)
		secret := regexp.MustCompile(`[A-Z2-7]{4}( [A-Z2-7]{4}){7}`).FindString(page)
		code := testkit.AppCode(t, strings.ReplaceAll(secret, " ", ""), time.Now())
		if status, _, body := bare.form(t, "/petugas/akun/aplikasi-kode", url.Values{"code": {code}}); status != http.StatusOK {
			t.Fatalf("the app: %d %s", status, body)
		}
		if status, _, body := bare.form(t, "/petugas/instansi", nil); status != http.StatusOK || !strings.Contains(body, "Loket Kependudukan di semua daerah") || !strings.Contains(body, "Kabupaten Bangka Barat") {
			t.Errorf("the page: %d %.500s", status, body)
		}
		if status, _, _ := bare.form(t, "/petugas/daerah", nil); status != http.StatusForbidden {
			t.Errorf("what is not hers: %d", status)
		}
		if code, out := command(t, env, "", "platform", "take", "siti@imigrasi.test"); code != 0 || !strings.Contains(out, "tidak dapat masuk") {
			t.Fatal(out)
		}
		for began := time.Now(); ; {
			status, to, _ := bare.form(t, "/petugas/instansi", nil)
			if status == http.StatusSeeOther && strings.HasPrefix(to, "/masuk") {
				break
			}
			if time.Since(began) > 30*time.Second {
				t.Fatalf("who was taken away is still in: %d %s", status, to)
			}
		}
	})
}

// One person, two malls: an account, a password and a session in each, side by side in one browser. One is worth
// nothing in the other, tells nothing of it, and outlives it.
func TestOnePersonInTwoMalls(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		both := []*tenants.Region{oneSeries("19.05", "WIB"), oneSeries("19.02", "WIB")}
		rows := []tenant.Row{apply(t, db, both[0]), apply(t, db, both[1])}
		server := testkit.Serve(t, []string{"serve"}, serveEnv(db)...)
		jar, _ := cookiejar.New(nil)
		browser := server.Client()
		browser.Jar = jar
		browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		at := func(i int, path string) string { return server.At(rows[i].Slug+".localhost", path) }
		open := func(i int, path string) (int, string) {
			res, err := browser.Get(at(i, path))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			text, _ := io.ReadAll(res.Body)
			return res.StatusCode, string(text)
		}
		signIn := func(i int) {
			req, _ := http.NewRequest(http.MethodPost, at(i, "/masuk"), strings.NewReader(url.Values{"email": {"loket1@contoh.test"}, "password": {password}}.Encode()))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Sec-Fetch-Site", "same-origin")
			res, err := browser.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != http.StatusSeeOther {
				t.Fatalf("sign in: %d", res.StatusCode)
			}
		}
		signIn(0)
		if status, _ := open(0, "/petugas/akun"); status != http.StatusOK {
			t.Fatalf("signed in: %d", status)
		}
		if status, _ := open(1, "/petugas/akun"); status != http.StatusSeeOther {
			t.Errorf("signed in in one, the other answers %d", status)
		}
		signIn(1)
		names := []string{"Kabupaten Bangka Barat", "Kabupaten Belitung"}
		for i := range both {
			status, text := open(i, "/petugas/akun")
			if status != http.StatusOK || strings.Contains(text, names[1-i]) || !strings.Contains(text, names[i]) {
				t.Errorf("%s: %d, or its account page tells of the other", names[i], status)
			}
		}
		both[0].Staff = slices.DeleteFunc(both[0].Staff, func(p tenants.Person) bool { return p.Email == "loket1@contoh.test" })
		apply(t, db, both[0])
		for began := time.Now(); ; {
			if status, _ := open(0, "/petugas/akun"); status == http.StatusSeeOther {
				break
			}
			if time.Since(began) > 30*time.Second {
				t.Fatal("who was taken away is still in")
			}
		}
		if status, _ := open(1, "/petugas/akun"); status != http.StatusOK {
			t.Errorf("taken away in one, the other answers %d", status)
		}
	})
}

// The overseers' pages on a phone, a tablet and a desk, with the logins that the demo prints.
func TestOverseersPagesInABrowser(t *testing.T) {
	d := startDemo(t, "--still")
	var said struct {
		Logins []struct {
			Role, Scope, Email, Password string
			TOTPSecret                   string `json:"totp_secret"`
		}
	}
	if err := json.Unmarshal(d.Ready, &said); err != nil || len(said.Logins) != 4 {
		t.Fatalf("%d logins: %v", len(said.Logins), err)
	}
	for range 3 {
		takeTicket(t, d, "bangka", "/layanan/imigrasi/paspor-baru")
	}
	c := testkit.Browser(t)
	for i, l := range said.Logins {
		p := c.Page(d.at("", "/masuk"), 1280, 800)
		if i == 0 {
			inspect(t, p, "pemantau-masuk-1280")
		}
		p.MustElement("input[name=email]").MustInput(l.Email)
		p.MustElement("input[name=password]").MustInput(l.Password)
		p.Press(t, "main form button")
		p.MustElement("#code").MustInput(testkit.AppCode(t, l.TOTPSecret, time.Now()))
		p.Press(t, "main .p-form .p-btn")
		want := map[string]string{
			"agency-overseer": "/petugas/instansi", "province-overseer": "/petugas/daerah", "national-overseer": "/petugas/daerah", "operator": "/petugas/platform",
		}[l.Role]
		if at, _ := url.Parse(p.MustInfo().URL); at == nil || at.Path != want {
			t.Errorf("%s begins at %s", l.Role, p.MustInfo().URL)
		}
		for _, width := range []int{360, 768, 1280} {
			p.MustSetViewport(width, 800, 1, false)
			inspect(t, p, fmt.Sprintf("%s-%d", l.Role, width))
		}
		if l.Role == "operator" {
			p.Visit(t, d.at("", "/petugas/akun"))
			inspect(t, p, "operator-akun-1280")
		}
		p.Press(t, "header form[action='/keluar'] button")
	}
}

// ending is 1 for a route that ends the session it is asked with.
func ending(r web.Route) int {
	if r.Path == "/keluar" || strings.HasSuffix(r.Path, "/akhiri-lain") || r.Method == "DELETE" && r.Path == "/api/v1/sessions/current" {
		return 1
	}
	return 0
}
