package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
)

// snapshot is every row of a tenant, table by table.
func snapshot(t *testing.T, db *store.DB, tenant store.TenantID) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := db.View(t.Context(), tenant, func(ctx context.Context, tx *store.Tx) error {
		for _, table := range db.OwnedTables() {
			rows, err := store.Query[map[string]any](ctx, tx, store.From{table}, "select * from "+table)
			if err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
			var lines []string
			for _, r := range rows {
				lines = append(lines, fmt.Sprint(r))
			}
			slices.Sort(lines)
			out[table] = strings.Join(lines, "\n")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Two regions in one application. A request that is A's in one thing and B's in another shows nothing
// of B and changes nothing of B: every route, with B's identifiers, B's token, B's cookie, and with
// the host claimed in other headers.
func TestNoRouteShowsOrChangesAnotherRegion(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		hash, err := auth.Hash(t.Context(), tenant.ID{}, password)
		if err != nil {
			t.Fatal(err)
		}
		a, b := testkit.Two(t, db, testkit.PasswordHash(hash))
		ap := newApp(t, db)
		ticketB := take(t, ap, b)
		for _, r := range []*testkit.Region{a, b} {
			leaveWork(t, db, ap, r)
		}
		tokens := map[*testkit.Region]map[string]string{a: {}, b: {}}
		for _, r := range []*testkit.Region{a, b} {
			everyRole(t, db, r, hash)
		}
		signIn := func(r *testkit.Region) {
			for _, role := range authz.Roles() {
				tokens[r][role] = token(t, ap, r, role)
			}
		}
		signIn(a)
		signIn(b)
		ids := []string{
			ticketB, b.Counters[0].String(), b.Counters[1].String(), b.Hall.String(), b.Services[0].String(),
			b.Series[0].String(), b.Agency.String(), b.Venue.String(), b.Officer.String(), b.ID.String(),
		}
		before := snapshot(t, db, b.ID)
		cases := 0
		ask := func(r web.Route, path, what string, change func(*http.Request)) (int, string) {
			t.Helper()
			cases++
			body, kind := "", "application/json"
			if r.Method != "GET" {
				body = `{"service_id":"` + b.Services[0].String() + `"}`
				if !strings.HasPrefix(path, "/api/") {
					kind = "application/x-www-form-urlencoded"
					body = "layanan=" + b.Services[0].String() + "&kunci=isolasi&nomor=" + ticketB + "&email=" + b.Email("officer") + "&password=" + password
				}
			}
			req := httptest.NewRequest(r.Method, path, strings.NewReader(body))
			req.Host = a.Host("localhost")
			req.Header.Set("Content-Type", kind)
			change(req)
			res, err := ap.Web.Test(req)
			if err != nil {
				t.Fatalf("%s %s: %v", r.Method, path, err)
			}
			defer res.Body.Close()
			text, _ := io.ReadAll(res.Body)
			var headers bytes.Buffer
			_ = res.Header.Write(&headers)
			// What the caller typed may come back to the caller.
			shown := strings.ReplaceAll(string(text), b.Email("officer"), "")
			if strings.Contains(shown, b.Canary) || strings.Contains(headers.String(), b.Canary) {
				t.Errorf("%s %s (%s) shows the other region: %d\n%.300s", r.Method, path, what, res.StatusCode, text)
			}
			return res.StatusCode, string(text)
		}
		routes := ap.Web.Routes()
		slices.SortStableFunc(routes, func(x, y web.Route) int { return signsOut(x) - signsOut(y) })
		for _, r := range routes {
			if signsOut(r) == 1 {
				signIn(a)
			}
			if r.Kind != web.OnTenant || strings.HasSuffix(r.Path, "/events") || strings.HasSuffix(r.Path, "/langsung") {
				continue // streams need a connection; they refuse a foreign identifier before they begin (below)
			}
			for _, other := range ids {
				path := fill(r.Path, other, b)
				for role, tok := range tokens[a] {
					status, text := ask(r, path, "own "+role+", foreign id", func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+tok) })
					if strings.Contains(r.Path, ":id") && status < 300 {
						t.Errorf("%s %s as %s with an identifier of the other region: %d %.200s", r.Method, path, role, status, text)
					}
				}
				ask(r, path, "the public, foreign id", func(*http.Request) {})
				if !strings.Contains(r.Path, ":") {
					break
				}
			}
			for role, tok := range tokens[b] {
				path := fill(r.Path, a.Counters[0].String(), a)
				status, _ := ask(r, path, "foreign bearer "+role, func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+tok) })
				if status != 401 {
					t.Errorf("%s %s with the other region's token: %d", r.Method, path, status)
				}
				ask(r, path, "foreign cookie "+role, func(q *http.Request) { q.AddCookie(&http.Cookie{Name: "sid", Value: tok}) })
			}
			for _, header := range []string{"X-Forwarded-Host", "X-Host", "X-Original-Host", "Forwarded", "X-Forwarded-Server"} {
				value := b.Host("localhost")
				if header == "Forwarded" {
					value = "host=" + value
				}
				ask(r, fill(r.Path, ticketB, b), header, func(q *http.Request) { q.Header.Set(header, value) })
			}
		}
		signIn(a)
		for _, path := range []string{
			"/api/v1/boards/" + b.Hall.String() + "/events", "/antrean/" + ticketB + "/langsung", "/petugas/loket/" + b.Counters[0].String() + "/langsung",
			"/petugas/meja-depan/nomor/" + ticketB + "/langsung",
		} {
			status, _ := ask(web.Route{Method: "GET"}, path, "a foreign stream", func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+tokens[a]["manager"]) })
			if status != 404 {
				t.Errorf("the stream %s answers %d", path, status)
			}
		}
		// The front desk looks for numbers by what people say: another region's are not there.
		foreign, err := id.Parse(ticketB)
		if err != nil {
			t.Fatal(err)
		}
		for _, said := range []string{"A-001", "1", queue.Code(foreign), "/antrean/" + ticketB} {
			status, text := ask(web.Route{Method: "GET"}, "/petugas/meja-depan?nomor="+said, "a foreign number", func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+tokens[a]["front-office"]) })
			if status != 200 || strings.Contains(text, "nomor/"+ticketB) {
				t.Errorf("looking for %s: %d %.300s", said, status, text)
			}
		}
		after := snapshot(t, db, b.ID)
		for table, rows := range before {
			if after[table] != rows {
				t.Errorf("%s of the other region has changed:\n%s\n%s", table, rows, after[table])
			}
		}
		t.Logf("%d requests over %d routes, %d tables compared", cases, len(ap.Web.Routes()), len(before))
	})
}

// leaveWork gives the region a job and a message.
func leaveWork(t *testing.T, db *store.DB, ap *app.App, r *testkit.Region) {
	t.Helper()
	err := db.In(t.Context(), r.ID, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			jobs.Add(ctx, tx, jobs.Job{Kind: "uji", Key: r.Canary, Data: r.Canary}),
			ap.Messages.Send(ctx, tx, notify.Message{Kind: auth.NoticePassword, Key: r.Canary, To: notify.User(r.Officer), Data: r.Canary}))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// everyRole gives the region a person for each role that has none yet, with the region's whole scope.
func everyRole(t *testing.T, db *store.DB, r *testkit.Region, hash string) {
	t.Helper()
	err := db.In(t.Context(), r.ID, func(ctx context.Context, tx *store.Tx) error {
		for _, role := range authz.Roles() {
			if role == authz.RoleOfficer || role == authz.RoleAdmin {
				continue // testkit has made them
			}
			user := tenant.User{ID: id.New(), PasswordHash: hash, CreatedAt: tx.Now()}
			if err := testkit.AddUser(ctx, tx, user, r.Email(role), "Orang "+r.Canary); err != nil {
				return err
			}
			if err := store.Insert(ctx, tx, &tenant.Grant{UserID: user.ID, Role: role, Scope: r.Scope}); err != nil {
				return err
			}
			if auth.NeedsFactor(&tenant.Tenant{}, role) {
				if err := testkit.GiveFactor(ctx, tx, user.ID); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// signsOut is 1 for a route that ends the session it is asked with: those come last.
func signsOut(r web.Route) int {
	if r.Path == "/keluar" || r.Method == "DELETE" && r.Path == "/api/v1/sessions/current" {
		return 1
	}
	return 0
}

// fill puts an identifier, and the codes that both regions share, into a route's path.
func fill(path, id string, r *testkit.Region) string {
	return strings.NewReplacer(":id", id, ":session", id, ":zone", r.Hall.String(), ":agency", "dukcapil", ":service", "layanan-a", ":move", "selesai").Replace(path)
}

func take(t *testing.T, ap *app.App, r *testkit.Region) string {
	t.Helper()
	tn, ok := ap.Registry.ByHost(r.Host("localhost"))
	if !ok {
		t.Fatal("not in the registry")
	}
	p, err := ap.Hall.Issue(t.Context(), tn, queue.Request{ServiceID: r.Services[0], Channel: queue.Web})
	if err != nil {
		t.Fatal(err)
	}
	return p.ID.String()
}

func token(t *testing.T, ap *app.App, r *testkit.Region, role string) string {
	t.Helper()
	tn, _ := ap.Registry.ByHost(r.Host("localhost"))
	return testkit.SignIn(t, ap.DB, ap.Auth, tn, r.Email(role), password, auth.Bearer).Token
}
