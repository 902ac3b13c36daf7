package app_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

var linkIn = regexp.MustCompile(`https?://[^\s]+/masuk/sandi-baru\?k=([A-Za-z0-9_-]{43})`)

// letters is a running service whose letters lie in a folder.
type letters struct {
	*site
	dir  string
	row  tenant.Row
	seen map[string]bool
}

func newLetters(t *testing.T, db *store.DB) *letters {
	t.Helper()
	row := apply(t, db, oneSeries("19.05", "WIB"))
	dir := filepath.Join(t.TempDir(), "mail")
	server := testkit.Serve(t, []string{"serve", "--mail-folder", dir}, serveEnv(db)...)
	return &letters{site: siteOf(server, row.Slug), dir: dir, row: row, seen: map[string]bool{}}
}

// next waits for a letter whose subject says something, and gives the token of its link.
func (l *letters) next(t *testing.T, subject string) (token string) {
	t.Helper()
	k := kept(t, l.dir, func(k notify.Kept) bool { return strings.Contains(k.Subject, subject) && !l.seen[k.ID] })
	l.seen[k.ID] = true
	if m := linkIn.FindStringSubmatch(k.Text); m != nil {
		return m[1]
	}
	return ""
}

// form sends a form as a browser does, and gives status, address to go on to, and page.
func (l *letters) form(t *testing.T, path string, fields url.Values) (int, string, string) {
	t.Helper()
	method := "GET"
	if fields != nil {
		method = "POST"
	}
	req := httptest.NewRequest(method, l.base+path, strings.NewReader(fields.Encode()))
	req.RequestURI = ""
	req.Host = l.host
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	once := *l.Client
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := once.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Location"), string(body)
}

const chosen = "gerbang lontar biru 71"

// A forgotten password: the same answer for everybody, a letter for who has an account, a link that works once and
// ends what was signed in; and none of it in another region.
func TestAForgottenPassword(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		l := newLetters(t, db)
		other := siteAt(l.base, apply(t, db, oneSeries("19.02", "WIB")).Slug)
		l.signIn(t, "loket1@contoh.test")
		var answers []string
		for _, email := range []string{"Loket1@contoh.test", "bukan@contoh.test"} {
			status, _, body := l.form(t, "/masuk/lupa", url.Values{"email": {email}})
			if status != http.StatusOK || !strings.Contains(body, "Bila ") {
				t.Fatalf("%s: %d %s", email, status, body)
			}
			answers = append(answers, strings.ReplaceAll(body, email, "X"))
		}
		if answers[0] != answers[1] {
			t.Error("the answer tells who has an account")
		}
		if status, _, body := l.form(t, "/masuk/lupa", url.Values{"email": {"loket1"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "nama@contoh.go.id") {
			t.Errorf("no address: %d %s", status, body)
		}
		token := l.next(t, "Kata sandi baru untuk akun")
		page := "/masuk/sandi-baru?k=" + token
		for range 2 { // looking uses nothing up
			if status, _, body := l.form(t, page, nil); status != http.StatusOK || !strings.Contains(body, "loket1@contoh.test") {
				t.Fatalf("the link's page: %d %s", status, body)
			}
		}
		elsewhere := &letters{site: other}
		if status, _, body := elsewhere.form(t, page, nil); status != http.StatusNotFound || strings.Contains(body, "loket1") {
			t.Errorf("in another region: %d", status)
		}
		if status, _, _ := l.form(t, "/masuk/sandi-baru", url.Values{"k": {token}, "new": {"pendek"}}); status != http.StatusUnprocessableEntity {
			t.Errorf("a short password: %d", status)
		}
		// Pressed twice at once: one is first.
		var wg sync.WaitGroup
		went := make([]string, 2)
		for i := range went {
			wg.Go(func() {
				_, went[i], _ = l.form(t, "/masuk/sandi-baru", url.Values{"k": {token}, "new": {chosen}})
			})
		}
		wg.Wait()
		if (went[0] == "/masuk?kabar=sandi-baru") == (went[1] == "/masuk?kabar=sandi-baru") {
			t.Errorf("two presses: %q", went)
		}
		if status, err := l.do("GET", "/api/v1/counters", "", nil, nil); status != http.StatusUnauthorized {
			t.Errorf("the old session goes on: %d %v", status, err)
		}
		l.token = ""
		if status, _ := l.do("POST", "/api/v1/sessions", "", map[string]string{"email": "loket1@contoh.test", "password": password}, nil); status != http.StatusUnauthorized {
			t.Errorf("the old password: %d", status)
		}
		if status, err := l.do("POST", "/api/v1/sessions", "", map[string]string{"email": "loket1@contoh.test", "password": chosen}, nil); status != http.StatusOK {
			t.Errorf("the new password: %d %v", status, err)
		}
		l.next(t, "telah diganti")
		if status, _, body := l.form(t, page, nil); status != http.StatusNotFound || !strings.Contains(body, "tidak berlaku lagi") {
			t.Errorf("the link again: %d %s", status, body)
		}
	})
}

// Whoever asks again and again gets no more than a few letters, and is told to wait, account or not.
func TestAskingForLettersIsSlowed(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	region := testkit.Tenant(t, db)
	ap := newApp(t, db)
	here, _ := ap.Registry.ByCode(region.Code)
	door := auth.New(db, auth.Options{})
	for _, email := range []string{region.Email("officer"), "bukan@contoh.test"} {
		slow := 0
		for range 5 {
			if err := door.RequestReset(t.Context(), here, email, auth.From{}); err != nil {
				slow++
			}
		}
		if slow != 2 {
			t.Errorf("%s: %d of 5 were refused", email, slow)
		}
	}
}

// An invitation: its link works until a password was chosen, of whoever is still there and not suspended.
func TestAnInvitation(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		l := newLetters(t, db)
		if code, out := command(t, serveEnv(db), "", "tenant", "invite", "19.05", "loket2@contoh.test"); code != 0 || !strings.Contains(out, "tujuh hari") {
			t.Fatalf("invite: %d %s", code, out)
		}
		if code, out := command(t, serveEnv(db), "", "tenant", "invite", "19.05", "loket22@contoh.test"); code != 1 || !strings.Contains(out, "loket2@contoh.test?") {
			t.Errorf("invite nobody: %d %s", code, out)
		}
		token := l.next(t, "Undangan masuk")
		if status, _, body := l.form(t, "/masuk/sandi-baru?k="+token, nil); status != http.StatusOK || !strings.Contains(body, "Selamat datang") {
			t.Fatalf("the invitation's page: %d %s", status, body)
		}
		// Another password in the meantime ends it.
		if code, out := command(t, serveEnv(db), "", "tenant", "password", "19.05", "loket2@contoh.test"); code != 0 {
			t.Fatal(out)
		}
		if status, _, _ := l.form(t, "/masuk/sandi-baru", url.Values{"k": {token}, "new": {chosen}}); status != http.StatusNotFound {
			t.Errorf("an old invitation sets a password: %d", status)
		}
		if code, out := command(t, serveEnv(db), "", "tenant", "invite", "19.05", "loket2@contoh.test"); code != 0 {
			t.Fatal(out)
		}
		token = l.next(t, "Undangan masuk")
		if status, to, _ := l.form(t, "/masuk/sandi-baru", url.Values{"k": {token}, "new": {chosen}}); status != http.StatusSeeOther || to != "/masuk?kabar=sandi-baru" {
			t.Errorf("the invitation: %d %s", status, to)
		}
		if status, err := l.do("POST", "/api/v1/sessions", "", map[string]string{"email": "loket2@contoh.test", "password": chosen}, nil); status != http.StatusOK {
			t.Errorf("who was invited: %d %v", status, err)
		}
		var stored int
		err := db.View(t.Context(), l.row.ID, func(ctx context.Context, tx *store.Tx) error {
			rows, err := store.Query[struct {
				N int `bun:"n"`
			}](ctx, tx, store.From{"links"}, "select count(*) as n from links")
			if err == nil {
				stored = rows[0].N
			}
			return err
		})
		if err != nil || stored != 0 {
			t.Errorf("%d links are left: %v", stored, err)
		}
	})
}

// A demo's passwords and second factors are public: its database is not served to the world.
func TestServeRefusesADemosDatabase(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, oneSeries("19.05", "WIB"))
		prov := &tenant.Provisioner{DB: db, Password: func() (string, string, error) { return "x", "x", nil }}
		if _, err := prov.Apply(t.Context(), oneSeries("19.02", "WIB"), tenant.Options{Actor: "system:test", Demo: true}); err != nil {
			t.Fatal(err)
		}
		if code, out := command(t, serveEnv(db), "", "serve", "--addr", "127.0.0.1:0"); code != 1 || !strings.Contains(out, "Kabupaten Belitung is a demo's") {
			t.Errorf("serve: %d %s", code, out)
		}
	})
}
