package signin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// staffed is a region with two agencies: an administrator of each, and an officer of the second.
type staffed struct {
	*door
	db                     *store.DB
	here                   *tenant.Tenant
	chief, stranger, other id.ID
	foreignCounter         id.ID
}

func openStaffed(t *testing.T, db *store.DB) *staffed {
	t.Helper()
	s := &staffed{door: open(t, db, "http"), db: db, chief: id.New(), stranger: id.New(), other: id.New(), foreignCounter: id.New()}
	s.here, _ = s.registry.ByHost(s.a.Host("localhost"))
	stored, err := auth.Hash(t.Context(), tenant.ID{}, password)
	if err != nil {
		t.Fatal(err)
	}
	err = db.In(t.Context(), s.a.ID, func(ctx context.Context, tx *store.Tx) error {
		agency := &tenant.AgencyRow{ID: id.New(), Code: "imigrasi", Name: "Kantor Imigrasi Kelas I Non TPI " + strings.Repeat("Pangkalpinang", 3), Short: "Imigrasi", Sort: 9}
		if err := errors.Join(store.Insert(ctx, tx, agency),
			store.Insert(ctx, tx, &tenant.CounterRow{ID: s.foreignCounter, AgencyID: agency.ID, VenueID: s.a.Venue, ZoneID: s.a.Hall, Code: "9", Name: "Loket 9"})); err != nil {
			return err
		}
		for _, p := range []struct {
			id          id.ID
			who, name   string
			role, scope string
		}{
			{s.chief, "kepala", "Raden Ajeng Sri Wahyuningsih Kusumaningrum Hadiningrat, S.Sos., M.A.P.", "agency-admin", "/dukcapil"},
			{s.stranger, "asing", "Bima", "officer", "/imigrasi"}, {s.other, "kepala2", "Wayan", "agency-admin", "/imigrasi"},
		} {
			if err := errors.Join(testkit.AddUser(ctx, tx, tenant.User{ID: p.id, PasswordHash: stored, CreatedAt: tx.Now()}, s.a.Email(p.who), p.name),
				store.Insert(ctx, tx, &tenant.Grant{UserID: p.id, Role: p.role, Scope: s.a.Scope + p.scope})); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *staffed) cookie(t *testing.T, who string) string {
	t.Helper()
	return "sid=" + testkit.SignIn(t, s.db, s.auth, s.here, s.a.Email(who), password, auth.Cookie).Token
}

// roles are what somebody holds.
func (s *staffed) roles(t *testing.T, user id.ID) string {
	t.Helper()
	var out []string
	err := s.db.View(t.Context(), s.a.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[tenant.Grant](tx).Where("user_id = ?", user).Order("role", "scope").All(ctx)
		for _, g := range rows {
			out = append(out, g.Role+strings.TrimPrefix(g.Scope, s.a.Scope))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

// The whole way by forms alone: invited, given, taken, counters, removed, brought back.
func TestPeopleByForms(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		s := openStaffed(t, db)
		host, boss := s.a.Host("localhost"), s.cookie(t, "admin")
		post := func(path string, v url.Values, want int) (to, body string) {
			t.Helper()
			res, body := s.form(t, host, path, v, "Cookie", boss)
			if res.StatusCode != want {
				t.Fatalf("%s %v: %d %.2000s", path, v, res.StatusCode, body)
			}
			return res.Header.Get("Location"), body
		}
		_, body := post("/petugas/orang/undang", url.Values{"email": {"salah"}, "role": {"officer"}}, 422)
		for _, want := range []string{`href="#name"`, `href="#email"`, `href="#agency"`, "Memanggil dan melayani warga di loket instansinya.", `value="salah"`} {
			if !strings.Contains(body, want) {
				t.Errorf("the form lacks %s", want)
			}
		}
		// A counter of another agency than the chosen one is said to be so, and what was typed stays; nobody is invited.
		_, body = post("/petugas/orang/undang", url.Values{"name": {"Siti"}, "email": {"siti@baru.test"}, "role": {"officer"}, "agency": {"dukcapil"}, "counters": {s.foreignCounter.String()}}, 422)
		if !strings.Contains(body, `href="#counters"`) || !strings.Contains(body, "bukan milik instansi") || !strings.Contains(body, `value="siti@baru.test"`) {
			t.Errorf("another agency's counter: %.3000s", body)
		}
		to, _ := post("/petugas/orang/undang", url.Values{"name": {"Siti"}, "email": {"siti@baru.test"}, "role": {"officer"}, "agency": {"dukcapil"}, "counters": {s.a.Counters[0].String()}}, 303)
		page, word, _ := strings.Cut(to, "?")
		if word != "kabar=diundang" {
			t.Errorf("led to %s", to)
		}
		user, err := id.Parse(strings.TrimPrefix(page, "/petugas/orang/"))
		if err != nil {
			t.Fatal(err)
		}
		again, _ := post("/petugas/orang/undang", url.Values{"name": {"Siti"}, "email": {"SITI@baru.test"}, "role": {"officer"}, "agency": {"dukcapil"}}, 303)
		if again != to {
			t.Errorf("sent twice: %s", again)
		}
		if _, body := post("/petugas/orang/undang", url.Values{"name": {"S"}, "email": {"siti@baru.test"}, "role": {"manager"}}, 409); !strings.Contains(body, `href="`+page+`"`) {
			t.Error("the page of whose the address is is not named")
		}
		post(page+"/peran", url.Values{"role": {"manager"}, "agency": {"dukcapil"}}, 303) // an agency left chosen is no mistake
		post(page+"/peran", url.Values{"role": {"officer"}}, 422)
		if got := s.roles(t, user); got != "manager officer/dukcapil" {
			t.Errorf("holds %s", got)
		}
		_, body = s.ask(t, "GET", host, page, nil, "Cookie", boss)
		for _, want := range []string{"Manajer MPP", "Di Loket " + s.a.Canary, "Dukcapil " + s.a.Canary, "Sebagai Petugas loket, hanya untuk instansi Dukcapil", "Diberikan di halaman ini", "Undangan sudah dikirim"} {
			if !strings.Contains(body, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
		post(page+"/loket", url.Values{"agency": {"dukcapil"}, "counters": {s.a.Counters[0].String(), s.a.Counters[1].String()}}, 303)
		post(page+"/loket", url.Values{"agency": {"dukcapil"}, "counters": {s.foreignCounter.String()}}, 404)
		post(page+"/loket", url.Values{"agency": {"dukcapil"}, "counters": {"x"}}, 404)
		post(page+"/peran/ambil", url.Values{"role": {"officer"}, "agency": {"dukcapil"}}, 303)
		if _, body := post(page+"/peran/ambil", url.Values{"role": {"manager"}}, 409); !strings.Contains(body, "satu-satunya perannya") {
			t.Errorf("the last role: %.500s", body)
		}
		post(page+"/keluarkan", nil, 303)
		_, body = s.ask(t, "GET", host, page, nil, "Cookie", boss)
		if !strings.Contains(body, page+"/kembali") || strings.Contains(body, page+"/bekukan") {
			t.Errorf("removed: %.500s", body)
		}
		_, body = s.ask(t, "GET", host, "/petugas/orang?keadaan=removed", nil, "Cookie", boss)
		if !strings.Contains(body, page) {
			t.Error("who was removed is not found")
		}
		post(page+"/kembali", url.Values{"role": {"front-office"}}, 303)
		if got := s.roles(t, user); got != "front-office" {
			t.Errorf("back with %s", got)
		}
		for q, want := range map[string]bool{"sit": true, "siti@baru.test": true, "siti@baru": false, "tidak ada": false} {
			_, body := post("/petugas/orang/cari", url.Values{"q": {q}}, 200)
			if strings.Contains(body, page) != want || !want && !strings.Contains(body, "Tidak ada yang sesuai") {
				t.Errorf("looking for %q", q)
			}
		}
		_, body = s.ask(t, "GET", host, "/petugas/orang/"+s.a.Admin.String(), nil, "Cookie", boss)
		if !strings.Contains(body, "Peran Anda sendiri hanya dapat diubah orang lain") || strings.Contains(body, "/keluarkan") {
			t.Errorf("one's own page: %.500s", body)
		}
		post("/petugas/orang/"+s.a.Admin.String()+"/peran", url.Values{"role": {"manager"}}, 409)
	}, testkit.WithModels(models))
}

// Requests that no page of ours makes, by an agency's administrator: other agencies' people, other regions', roles that
// are not theirs to give. Nothing changes and nothing is shown.
func TestPeopleByHandMadeRequests(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		s := openStaffed(t, db)
		host, chief := s.a.Host("localhost"), s.cookie(t, "kepala")
		res, body := s.ask(t, "GET", host, "/petugas/orang", nil, "Cookie", chief)
		if res.StatusCode != 200 || strings.Contains(body, "Bima") || strings.Contains(body, s.a.Email("admin")) || !strings.Contains(body, s.a.Email("officer")) {
			t.Errorf("the agency's list: %d %.1000s", res.StatusCode, body)
		}
		_, body = s.form(t, host, "/petugas/orang/cari", url.Values{"q": {s.a.Email("asing")}}, "Cookie", chief)
		if strings.Contains(body, "Bima") {
			t.Error("another agency's officer is found by the address")
		}
		_, body = s.ask(t, "GET", host, "/petugas/orang/undang", nil, "Cookie", chief)
		if strings.Contains(body, "Imigrasi") || strings.Contains(body, `value="manager"`) || !strings.Contains(body, `value="agency-admin"`) {
			t.Errorf("an agency offers: %.3000s", body)
		}
		role := url.Values{"role": {"officer"}, "agency": {"dukcapil"}}
		for what, user := range map[string]id.ID{"another agency's": s.stranger, "regional IT": s.a.Admin, "another region's": s.b.Officer, "nobody": id.New()} {
			at := "/petugas/orang/" + user.String()
			if res, _ := s.ask(t, "GET", host, at, nil, "Cookie", chief); res.StatusCode != 404 {
				t.Errorf("%s: %d", what, res.StatusCode)
			}
			for _, do := range []string{"/peran", "/peran/ambil", "/loket", "/keluarkan", "/kembali", "/akhiri-sesi", "/atur-ulang", "/undang", "/bekukan", "/pulihkan", "/sesi/" + id.New().String() + "/akhiri"} {
				v := url.Values{"role": role["role"], "agency": role["agency"], "reason": {"x"}}
				if res, body := s.form(t, host, at+do, v, "Cookie", chief); res.StatusCode != 404 {
					t.Errorf("%s %s: %d %.300s", what, do, res.StatusCode, body)
				}
			}
		}
		mine := "/petugas/orang/" + s.a.Officer.String()
		for what, v := range map[string]url.Values{
			"regional IT": {"role": {"admin"}}, "a manager": {"role": {"manager"}}, "of another agency": {"role": {"officer"}, "agency": {"imigrasi"}},
			"an agency above": {"role": {"agency-admin"}, "agency": {"."}}, "a path": {"role": {"officer"}, "agency": {"dukcapil/../imigrasi"}},
		} {
			for _, do := range []string{"/peran", "/peran/ambil"} {
				if res, _ := s.form(t, host, mine+do, v, "Cookie", chief); res.StatusCode != 403 {
					t.Errorf("%s %s: %d", what, do, res.StatusCode)
				}
			}
			add := url.Values{"name": {"A"}, "email": {"a@b.test"}, "role": v["role"], "agency": v["agency"]}
			if res, _ := s.form(t, host, "/petugas/orang/undang", add, "Cookie", chief); res.StatusCode != 403 {
				t.Errorf("invited as %s: %d", what, res.StatusCode)
			}
		}
		if res, _ := s.form(t, host, "/petugas/orang/"+s.chief.String()+"/peran", role, "Cookie", chief); res.StatusCode != 409 {
			t.Errorf("oneself: %d", res.StatusCode)
		}
		if got := s.roles(t, s.a.Officer) + ", " + s.roles(t, s.stranger) + ", " + s.roles(t, s.chief); got != "officer/dukcapil, officer/imigrasi, agency-admin/dukcapil" {
			t.Errorf("they hold %s", got)
		}
		// Who holds no such permission anywhere is not let in at all, and an old proof is not enough.
		officer := s.cookie(t, "officer")
		for _, path := range []string{"/petugas/orang", "/petugas/orang/undang", mine} {
			if res, _ := s.ask(t, "GET", host, path, nil, "Cookie", officer); res.StatusCode != 403 {
				t.Errorf("an officer at %s: %d", path, res.StatusCode)
			}
		}
		s.ago(t, db, 11*60*1e9)
		s.auth.Forget(s.a.ID, s.chief)
		for _, path := range []string{"/petugas/orang", "/petugas/orang/undang"} {
			res, _ := s.ask(t, "GET", host, path, nil, "Cookie", chief)
			if want := "/petugas/akun/pastikan?next=" + url.QueryEscape(path); res.StatusCode != 303 || res.Header.Get("Location") != want {
				t.Errorf("%s on an old proof: %d %s", path, res.StatusCode, res.Header.Get("Location"))
			}
		}
		if res, _ := s.form(t, host, mine+"/peran", role, "Cookie", chief); res.StatusCode != 403 && res.StatusCode != 303 {
			t.Errorf("given on an old proof: %d", res.StatusCode)
		}
	}, testkit.WithModels(models))
}

// Who has a second factor shows it before they choose another password: the old one alone is not enough.
func TestAPasswordIsChangedByWhoProves(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		s := openStaffed(t, db)
		host, boss, officer := s.a.Host("localhost"), s.cookie(t, "admin"), s.cookie(t, "officer")
		s.ago(t, db, 11*60*1e9)
		s.auth.Forget(s.a.ID, s.a.Admin)
		change := url.Values{"current": {password}, "new": {"gerbang lontar biru 71"}}
		res, _ := s.ask(t, "GET", host, "/petugas/akun/sandi", nil, "Cookie", boss)
		if res.StatusCode != 303 || !strings.HasPrefix(res.Header.Get("Location"), "/petugas/akun/pastikan") {
			t.Errorf("the form: %d %s", res.StatusCode, res.Header.Get("Location"))
		}
		if res, _ := s.form(t, host, "/petugas/akun/sandi", change, "Cookie", boss); res.Header.Get("Location") == "/petugas/akun?kabar=sandi" {
			t.Error("changed by the old password alone")
		}
		if _, err := s.auth.SignIn(t.Context(), s.here, s.a.Email("admin"), "gerbang lontar biru 71", auth.Cookie, auth.From{}); err == nil || strings.Contains(err.Error(), "mfa") {
			t.Errorf("the new password holds: %v", err)
		}
		if res, _ := s.form(t, host, "/petugas/akun/sandi", change, "Cookie", officer); res.Header.Get("Location") != "/petugas/akun?kabar=sandi" {
			t.Errorf("who has no second factor: %d", res.StatusCode)
		}
	}, testkit.WithModels(models))
}

// The list, a person and the invitation on a phone, a tablet and a desk, with long names, and without a script.
func TestPeopleInABrowser(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite, testkit.WithModels(models))
	s := openStaffed(t, db)
	home := s.serve(t)
	err := db.In(t.Context(), s.a.ID, func(ctx context.Context, tx *store.Tx) error {
		for i := range 300 {
			user := tenant.User{ID: id.New(), PasswordHash: "x", CreatedAt: tx.Now(), Source: tenant.FromPage}
			name := fmt.Sprintf("Petugas Nomor %03d", i)
			if i == 0 {
				name = strings.Repeat("Panjangsekalinamanya", 10)
			}
			if err := errors.Join(testkit.AddUser(ctx, tx, user, fmt.Sprintf("petugas%03d@contoh.test", i), name),
				store.Insert(ctx, tx, &tenant.Grant{UserID: user.ID, Role: authz.RoleOfficer, Scope: s.a.Scope + "/imigrasi", Source: tenant.FromPage})); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c := testkit.Browser(t)
	look := func(p *testkit.Page, name string) {
		t.Helper()
		for _, width := range []int{360, 768, 1280} {
			p.MustSetViewport(width, 800, 1, false)
			p.Accessible(t)
			if wide := p.Wide(t); wide > 0 {
				t.Errorf("%s at %d: %d pixels too wide", name, width, wide)
			}
			p.Screenshot(t, fmt.Sprintf("%s-%d", name, width))
		}
		for _, problem := range p.Problems() {
			if !strings.Contains(problem, "status of 4") {
				t.Errorf("%s: %s", name, problem)
			}
		}
	}
	p := c.Page(home+"/masuk?next=/petugas/orang", 1280, 800)
	p.MustElement("#email").MustInput(s.a.Email("admin"))
	p.MustElement("#password").MustInput(password)
	p.Press(t, ".p-form .p-btn")
	p.MustElement("#code").MustInput(code(t, 0))
	p.Press(t, ".p-form .p-btn")
	look(p, "orang-daftar")
	p.Visit(t, home+"/petugas/orang?instansi=imigrasi&hal=2")
	look(p, "orang-halaman-2")
	p.MustElement("#q").MustInput("tidak ada yang begini")
	p.Press(t, ".p-filter .p-btn")
	look(p, "orang-kosong")
	p.Visit(t, home+"/petugas/orang/undang")
	look(p, "orang-undang")
	p.Press(t, ".p-form .p-btn")
	look(p, "orang-undang-salah")
	p.MustElement("main summary").MustClick()
	look(p, "orang-undang-loket")
	shown := func() (names string) {
		for _, g := range p.MustElements("fieldset[data-when]") {
			if g.MustVisible() {
				names += *g.MustAttribute("data-is") + " "
			}
		}
		return names
	}
	if got := shown(); got != "dukcapil imigrasi " {
		t.Errorf("before an agency is chosen: counters of %s", got)
	}
	p.MustElement("#agency").MustSelect("Kantor Imigrasi")
	if got := shown(); got != "imigrasi " || !p.MustEval(`() => document.querySelector('[data-is=dukcapil]').disabled`).Bool() {
		t.Errorf("with an agency chosen: counters of %s", got)
	}
	p.Visit(t, home+"/petugas/orang/"+s.chief.String())
	for _, d := range p.MustElements("main details:not([open]) > summary") {
		d.MustClick()
	}
	look(p, "orang-terbuka")
	p.Visit(t, home+"/petugas/orang/"+s.a.Officer.String()+"?lang=en")
	look(p, "orang-en")
	p.Visit(t, home+"/petugas/orang/"+s.a.Officer.String()+"?lang=id")

	// A person who has no script invites somebody, and finds them.
	q := c.Page(home+"/petugas/orang/undang", 360, 740, testkit.JSOff)
	q.Tap(t, "#name")
	q.MustInsertText("Siti Aminah")
	q.Tap(t, "#email")
	q.MustInsertText("siti@baru.test")
	q.Tap(t, `input[value="front-office"]`)
	q.Press(t, ".p-form .p-btn")
	look2 := c.Page(q.MustInfo().URL, 360, 740)
	look(look2, "orang-diundang")
	if text := look2.MustElement("main").MustText(); !strings.Contains(text, "Siti Aminah") {
		t.Errorf("after the invitation: %.300s", text)
	}
}

// The API does the same, may be repeated, and refuses as the page does.
func TestPeopleByTheAPI(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		s := openStaffed(t, db)
		host := s.a.Host("localhost")
		as := func(who string) string {
			return "Bearer " + testkit.SignIn(t, db, s.auth, s.here, s.a.Email(who), password, auth.Bearer).Token
		}
		boss, chief := as("admin"), as("kepala")
		call := func(who, method, path, body string, want int) string {
			t.Helper()
			res, text := s.ask(t, method, host, path, strings.NewReader(body), "Authorization", who, "Content-Type", "application/json")
			if res.StatusCode != want {
				t.Fatalf("%s %s %s: %d %s", method, path, body, res.StatusCode, text)
			}
			return text
		}
		type person struct {
			ID       id.ID  `json:"id"`
			State    string `json:"state"`
			Roles    []struct{ Role, Agency, Source string }
			Counters []id.ID
		}
		one := func(text string) (p person) {
			t.Helper()
			if err := json.Unmarshal([]byte(text), &p); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			return p
		}
		new := `{"name":"Siti","email":"siti@baru.test","role":"officer","agency":"dukcapil","counters":["` + s.a.Counters[0].String() + `"]}`
		siti := one(call(chief, "POST", "/api/v1/people", new, 201))
		if again := one(call(chief, "POST", "/api/v1/people", new, 200)); again.ID != siti.ID || siti.State != "invited" || len(siti.Counters) != 1 || siti.Roles[0].Source != "page" {
			t.Errorf("%+v, again %+v", siti, again)
		}
		at := "/api/v1/people/" + siti.ID.String()
		for range 2 {
			if p := one(call(boss, "PUT", at+"/roles/manager", "", 200)); len(p.Roles) != 2 {
				t.Errorf("%+v", p)
			}
		}
		call(chief, "GET", at, "", 404) // holds a role elsewhere now
		for range 2 {
			call(boss, "DELETE", at+"/roles/manager", "", 204)
		}
		if p := one(call(chief, "PUT", at+"/counters?agency=dukcapil", `{"counters":[]}`, 200)); len(p.Counters) != 0 {
			t.Errorf("%+v", p)
		}
		for _, c := range []struct {
			who, method, path, body string
			status                  int
			code                    string
		}{
			{chief, "DELETE", at + "/roles/officer?agency=dukcapil", "", 409, "auth.last_role"},
			{chief, "PUT", at + "/roles/admin", "", 403, "auth.not_yours"},
			{chief, "PUT", at + "/roles/officer?agency=imigrasi", "", 403, "auth.not_yours"},
			{boss, "PUT", at + "/roles/boss", "", 422, `"field":"role"`},
			{boss, "PUT", at + "/roles/officer", "", 422, `"field":"agency"`},
			{boss, "PUT", "/api/v1/people/" + s.a.Admin.String() + "/roles/manager", "", 409, "auth.own_roles"},
			{boss, "PUT", "/api/v1/people/" + s.b.Officer.String() + "/roles/manager", "", 404, "not_found"},
			{chief, "DELETE", "/api/v1/people/" + s.stranger.String(), "", 404, "not_found"},
			{boss, "POST", "/api/v1/people", `{"name":"X","email":"siti@baru.test","role":"manager"}`, 409, "auth.taken"},
			{boss, "POST", "/api/v1/people", `{"name":"","email":"x","role":"manager"}`, 422, `"field":"email"`},
			{boss, "POST", "/api/v1/people", `{"name":"A","email":"a@b.test","role":"manager","admin":true}`, 422, "unknown"},
			{boss, "GET", "/api/v1/people?page=x", "", 422, `"field":"page"`},
			{as("officer"), "GET", "/api/v1/people", "", 403, "authz.forbidden"},
		} {
			if text := call(c.who, c.method, c.path, c.body, c.status); !strings.Contains(text, c.code) {
				t.Errorf("%s %s: %s", c.method, c.path, text)
			}
		}
		if list := call(chief, "GET", "/api/v1/people", "", 200); strings.Contains(list, "Bima") || !strings.Contains(list, "Siti") || !strings.Contains(list, `"total":3`) {
			t.Errorf("an agency's list: %s", list)
		}
		if list := call(boss, "GET", "/api/v1/people?agency=imigrasi&role=officer", "", 200); !strings.Contains(list, "Bima") || !strings.Contains(list, `"total":1`) {
			t.Errorf("filtered: %s", list)
		}
		call(chief, "DELETE", at, "", 204)
		call(boss, "DELETE", at, "", 404)
		s.ago(t, db, 11*60*1e9)
		s.auth.Forget(s.a.ID, s.a.Admin)
		if text := call(boss, "GET", "/api/v1/people", "", 403); !strings.Contains(text, "auth.prove") {
			t.Errorf("an old sign-in: %s", text)
		}
	}, testkit.WithModels(models))
}
