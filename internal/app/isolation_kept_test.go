package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/throttle"
	"github.com/pendopo-id/pendopo/internal/web"
)

// What the service keeps beside its rows is kept by region: pages, crests and sheets, limits, counted guesses, keys.
func TestWhatIsKeptIsKeptByRegion(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		get := func(s *side, path string) answer {
			t.Helper()
			return newJudge(w).send(t, routeNamed(t, w, "GET /"), s, call{}, nil, func(r *http.Request) { r.URL.Path, r.RequestURI = path, path })
		}
		t.Run("pages", func(t *testing.T) {
			for range 2 { // drawn, and then kept
				for _, s := range []*side{w.a, w.b} {
					other := map[*side]*side{w.a: w.b, w.b: w.a}[s]
					for _, path := range []string{"/", "/layanan", "/layanan/dukcapil/layanan-a", "/papan", "/papan/mal-a"} {
						res := get(s, path)
						if found := other.seenIn(res.shown, nil); res.status != 200 || found != "" || !strings.Contains(res.text, s.Canary) {
							t.Errorf("%s%s: %d, shows %q of the other region", s.Slug, path, res.status, found)
						}
					}
				}
			}
		})
		t.Run("files", func(t *testing.T) {
			for _, s := range []*side{w.a, w.b} {
				other := map[*side]*side{w.a: w.b, w.b: w.a}[s]
				logo := func(text string) string {
					_, rest, _ := strings.Cut(text, `src="/_/t/`)
					hash, _, _ := strings.Cut(rest, "/")
					return "/_/t/" + hash + "/logo.svg"
				}
				mine, theirs := logo(get(s, "/").text), logo(get(other, "/").text)
				if mine == theirs || !strings.HasSuffix(mine, "/logo.svg") || len(mine) < 20 {
					t.Fatalf("the crests' addresses are %s and %s", mine, theirs)
				}
				for _, path := range []string{mine, theirs, strings.Replace(theirs, "logo.svg", "brand.css", 1)} {
					res := get(s, path)
					if strings.Contains(res.text, other.Canary) || strings.HasSuffix(path, ".svg") && !strings.Contains(res.text, s.Canary) {
						t.Errorf("%s%s: %d %.200s", s.Slug, path, res.status, res.text)
					}
				}
			}
		})
		t.Run("limits", func(t *testing.T) {
			cfg := config.Default()
			cfg.Data = t.TempDir()
			limited, err := app.New(t.Context(), cfg, db, discard)
			if err != nil {
				t.Fatal(err)
			}
			ask := func(s *side) int {
				r := httptest.NewRequest("GET", "/masuk/sandi-baru", nil)
				r.Host = s.Host("localhost")
				res, err := limited.Web.Test(r)
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				return res.StatusCode
			}
			full := false
			for range 2000 { // the burst, and what is filled up meanwhile
				if full = ask(w.a) == http.StatusTooManyRequests; full {
					break
				}
			}
			if status := ask(w.b); !full || status == http.StatusTooManyRequests {
				t.Errorf("the first region is full: %v; the second answers %d to the same address", full, status)
			}
		})
		t.Run("counted guesses", func(t *testing.T) {
			for i, s := range []*side{w.a, w.a, w.b} {
				err := db.In(t.Context(), s.ID, func(ctx context.Context, tx *store.Tx) error {
					ok, _, err := throttle.Take(ctx, tx, "uji", 100*time.Hour, 1)
					if err == nil && ok != (i != 1) {
						err = fmt.Errorf("%d: %v", i, ok)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
		t.Run("keys", func(t *testing.T) {
			var theirs tenant.User
			open := func(s *side) (text string, err error) {
				err = db.View(t.Context(), s.ID, func(ctx context.Context, tx *store.Tx) error {
					keys, err := seal.In(ctx, tx)
					if err != nil {
						return err
					}
					if s == w.b {
						if theirs, err = store.Select[tenant.User](tx).Where("id = ?", s.Officer).One(ctx); err != nil {
							return err
						}
					}
					text, err = keys.Open(ctx, tenant.UserEmail, theirs.ID, theirs.Email)
					return err
				})
				return text, err
			}
			if text, err := open(w.b); err != nil || text != w.b.Email("officer") {
				t.Fatalf("%q %v", text, err)
			}
			if text, err := open(w.a); err == nil || text != "" {
				t.Errorf("the first region's keys open what the second's have sealed: %q", text)
			}
		})
		// There is nothing that counts requests for an operator yet. What comes must not bear names.
		if slices.ContainsFunc(w.ap.Web.Routes(), func(r web.Route) bool { return strings.Contains(r.Path, "metrics") }) {
			t.Error("there are metrics now: test here that their labels name no person and no region's texts")
		}
	})
}

// routeNamed is a route of the table.
func routeNamed(t *testing.T, w *world, name string) web.Route {
	t.Helper()
	for _, r := range w.ap.Web.Routes() {
		if nameOf(r) == name {
			return r
		}
	}
	t.Fatalf("no route %s", name)
	return web.Route{}
}
