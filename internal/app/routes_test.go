package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
)

func newApp(t *testing.T, db *store.DB) *app.App {
	t.Helper()
	cfg := config.Default()
	cfg.Limits, cfg.Data = false, t.TempDir()
	a, err := app.New(t.Context(), cfg, db, discard)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The API's document and the API's routes are the same list.
func TestTheDocumentDescribesEveryRouteOfTheAPI(t *testing.T) {
	a := newApp(t, testkit.Open(t, testkit.SQLite))
	var routed, described []string
	for _, r := range a.Web.Routes() {
		if strings.HasPrefix(r.Path, "/api/") {
			routed = append(routed, r.Method+" "+r.Path)
		}
	}
	for _, op := range app.Operations() {
		described = append(described, op.Method+" "+op.Path)
	}
	slices.Sort(routed)
	routed = slices.Compact(routed) // some stand on regions' hosts and on the bare domain
	slices.Sort(described)
	if !slices.Equal(routed, described) {
		t.Errorf("routes:\n%s\n\ndescribed:\n%s", strings.Join(routed, "\n"), strings.Join(described, "\n"))
	}
}

func TestEveryRouteDeclaresItsPermission(t *testing.T) {
	a := newApp(t, testkit.Open(t, testkit.SQLite))
	if len(a.Web.Routes()) < 20 {
		t.Fatalf("only %d routes", len(a.Web.Routes()))
	}
	for _, r := range a.Web.Routes() {
		if r.Permission.IsZero() {
			t.Errorf("%s %s declares none", r.Method, r.Path)
		}
	}
}

// What anybody may call has a limit, but for pages that are drawn once for all: a public page that is cached, and the
// form for signing in, which reads nothing.
func TestEveryPublicCallHasALimit(t *testing.T) {
	a := newApp(t, testkit.Open(t, testkit.SQLite))
	free := []string{"tenant GET /", "bare GET /", "bare GET /provinsi/:code", "tenant GET /masuk", "tenant GET /api/v1/openapi.json", "bare GET /masuk", "bare GET /api/v1/openapi.json"}
	for _, r := range a.Web.Routes() {
		name := string(r.Kind) + " " + r.Method + " " + r.Path
		if r.Kind == web.OnAny || r.Permission != authz.Public {
			continue
		}
		if i := slices.Index(free, name); i >= 0 {
			free = slices.Delete(free, i, i+1)
			continue
		}
		want := r.Class
		if strings.HasSuffix(r.Path, "/langsung") || strings.HasSuffix(r.Path, "/events") {
			want = "stream"
		}
		if r.Class == "" || r.Class != want {
			t.Errorf("%s has the limit %q", name, r.Class)
		}
	}
	if len(free) > 0 {
		t.Errorf("there is no %v", free)
	}
}
