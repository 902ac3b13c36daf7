package oversight_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/oversight"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/tenants"
)

// ticketRow mirrors the queue's row, as far as these tests write it.
type ticketRow struct {
	bun.BaseModel `bun:"table:tickets,alias:ticket"`
	store.Owned
	ID          id.ID     `bun:"id,pk"`
	SeriesID    id.ID     `bun:"series_id"`
	ServiceID   id.ID     `bun:"service_id"`
	Day         clock.Day `bun:"day"`
	Number      int64     `bun:"number"`
	Status      string    `bun:"status"`
	Channel     string    `bun:"channel"`
	IdemKey     string    `bun:"idem_key"`
	CounterID   id.ID     `bun:"counter_id,nullzero"`
	CreatedAt   time.Time `bun:"created_at"`
	CalledAt    time.Time `bun:"called_at,nullzero"`
	CancelledBy string    `bun:"cancelled_by,nullzero"`
}

// reading mirrors a line of the log of readings across regions.
type reading struct {
	bun.BaseModel `bun:"table:system_log,alias:reading"`
	store.Shared
	Reason string `bun:"reason"`
}

// standing mirrors where a counter stands.
type standing struct {
	bun.BaseModel `bun:"table:counters,alias:standing"`
	store.Owned
	ID       id.ID `bun:"id,pk"`
	TicketID id.ID `bun:"ticket_id,nullzero"`
}

// sessions are people by their token.
type sessions map[string]*authz.Actor

func (s sessions) Resolve(_ context.Context, t *tenant.Tenant, token string, _ authz.Kind) (*authz.Actor, error) {
	if a := s[t.Code+" "+token]; a != nil {
		return a, nil
	}
	return nil, fault.New(fault.Unauthenticated, "auth.session")
}

func (s sessions) Look(ctx context.Context, t *tenant.Tenant, token string, k authz.Kind) (*authz.Actor, error) {
	return s.Resolve(ctx, t, token, k)
}

// world is a service with regions and nothing but oversight on its bare domain.
type world struct {
	db       *store.DB
	prov     tenant.Provisioner
	reg      *tenant.Registry
	svc      *oversight.Service
	app      *web.App
	people   sessions
	platform *tenant.Tenant
}

// The people of these tests, by their token.
var holders = map[string][]authz.Grant{
	"imigrasi": {{Role: authz.RoleAgencyOverseer, Scope: "agency/imigrasi"}},
	"dua":      {{Role: authz.RoleAgencyOverseer, Scope: "agency/imigrasi"}, {Role: authz.RoleAgencyOverseer, Scope: "agency/dukcapil"}},
	"babel":    {{Role: authz.RoleProvinceOverseer, Scope: "id/19"}},
	"jatim":    {{Role: authz.RoleProvinceOverseer, Scope: "id/35"}},
	"satu":     {{Role: authz.RoleProvinceOverseer, Scope: "id/19/19.01"}},
	"aceh":     {{Role: authz.RoleProvinceOverseer, Scope: "id/11"}},
	"nasional": {{Role: authz.RoleNationalOverseer, Scope: "id"}},
	"operator": {{Role: authz.RoleOperator, Scope: "id"}},
	"kosong":   nil,
}

func newWorld(tb testing.TB, db *store.DB, codes ...string) *world {
	tb.Helper()
	w := &world{
		db:     db,
		prov:   tenant.Provisioner{DB: db, Password: func() (string, string, error) { return "x", "x", nil }},
		reg:    tenant.NewRegistry(db, "localhost", nil),
		people: sessions{},
	}
	if _, err := tenant.OpenPlatform(context.Background(), db); err != nil {
		tb.Fatal(err)
	}
	all, err := tenants.Regions()
	if err != nil {
		tb.Fatal(err)
	}
	for _, r := range all {
		if !slices.Contains(codes, r.Code) {
			continue
		}
		if _, err := w.prov.Apply(context.Background(), r, tenant.Options{Actor: "system:test"}); err != nil {
			tb.Fatal(err)
		}
	}
	w.refresh(tb)
	for name, grants := range holders {
		w.people["id "+name] = authz.NewActor(authz.Identity{Tenant: w.platform.ID, UserID: id.New(), Name: "Penguji " + name, Email: name + "@uji.test"}, grants)
	}
	w.svc = oversight.New(db, w.reg, slog.New(slog.DiscardHandler))
	w.app = web.New(web.Config{Registry: w.reg, Sessions: w.people, Clock: testkit.NewClock(testkit.Morning)})
	w.svc.Routes(w.app.Bare())
	return w
}

func (w *world) refresh(tb testing.TB) {
	tb.Helper()
	if err := w.reg.Refresh(context.Background()); err != nil {
		tb.Fatal(err)
	}
	w.platform, _ = w.reg.Platform()
}

func (w *world) look(who string) oversight.Looker {
	return oversight.Looker{Platform: w.platform, Actor: w.people["id "+who]}
}

// get asks for a page of the bare domain by a token, as a program does.
func (w *world) get(tb testing.TB, who, host, path string) (status int, body string) {
	tb.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://"+host+path, nil)
	if err != nil {
		tb.Fatal(err)
	}
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+who)
	}
	res, err := w.app.Test(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// take makes numbers of an agency's first series in a region: one for each of the states, taken ten minutes before
// they were called. "serving" stands at the agency's first counter.
func (w *world) take(tb testing.TB, code, agency string, day clock.Day, states ...string) (made []ticketRow) {
	tb.Helper()
	t, ok := w.reg.ByCode(code)
	if !ok {
		tb.Fatalf("%s is not here", code)
	}
	err := w.db.In(context.Background(), t.ID, func(ctx context.Context, tx *store.Tx) error {
		made = nil
		a, err := store.Select[tenant.AgencyRow](tx).Where("code = ?", agency).One(ctx)
		if err != nil {
			return err
		}
		series, err := store.Select[tenant.SeriesRow](tx).Where("agency_id = ?", a.ID).Order("code").One(ctx)
		if err != nil {
			return err
		}
		counter, err := store.Select[tenant.CounterRow](tx).Where("agency_id = ?", a.ID).Order("sort").One(ctx)
		if err != nil {
			return err
		}
		service, err := store.Select[tenant.ServiceRow](tx).Where("agency_id = ?", a.ID).Order("sort").One(ctx)
		if err != nil {
			return err
		}
		n, err := store.Select[ticketRow](tx).Where("series_id = ? and day = ?", series.ID, day).Count(ctx)
		if err != nil {
			return err
		}
		for i, state := range states {
			row := ticketRow{
				ID: id.New(), SeriesID: series.ID, ServiceID: service.ID, Day: day, Number: int64(n + i + 1), Status: state, Channel: "web",
				IdemKey: "kunci-" + id.New().String(), CreatedAt: tx.Now().Add(-time.Hour),
			}
			switch state {
			case "waiting":
			case "cancelled":
				row.CancelledBy = "own"
			default:
				row.CalledAt, row.CounterID = row.CreatedAt.Add(10*time.Minute), counter.ID
			}
			if err := store.Insert(ctx, tx, &row); err != nil {
				return err
			}
			if state == "serving" {
				if _, err := store.Update[standing](tx).Set("ticket_id = ?", row.ID).Where("id = ?", counter.ID).Exec(ctx); err != nil {
					return err
				}
			}
			made = append(made, row)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return made
}

// today is the local day of a region.
func (w *world) today(code string) clock.Day {
	t, _ := w.reg.ByCode(code)
	return t.Today(w.db.Now())
}

func (w *world) suspend(tb testing.TB, code string) {
	tb.Helper()
	if _, err := w.prov.SetState(context.Background(), code, tenant.Suspended, "Pindah gedung", "system:test"); err != nil {
		tb.Fatal(err)
	}
	w.refresh(tb)
}

// both runs a test on both databases, at ten o'clock on a Monday in WIB.
func both(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	testkit.Each(t, fn, testkit.WithClock(testkit.NewClock(testkit.Morning)))
}

// moving is both, with a clock that the test moves on.
func moving(t *testing.T, fn func(t *testing.T, db *store.DB, c *testkit.Clock)) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			c := testkit.NewClock(testkit.Morning)
			fn(t, testkit.Open(t, dialect, testkit.WithClock(c)), c)
		})
	}
}

// reads is how often figures of several regions have been read.
func (w *world) reads(tb testing.TB) (n int) {
	tb.Helper()
	err := w.db.SystemView(context.Background(), func(ctx context.Context, s *store.SysTx) error {
		rows, err := store.SysSelect[reading](ctx, s, "reason like 'oversight:%'")
		n = len(rows)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// neighbour is another agency that gives numbers at the same place as one.
func (w *world) neighbour(tb testing.TB, code, agency string) (other string) {
	tb.Helper()
	t, _ := w.reg.ByCode(code)
	err := w.db.View(context.Background(), t.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Query[struct {
			Code string `bun:"code"`
		}](ctx, tx, store.From{"agencies", "series"}, `
			select g.code from agencies g join series s on s.agency_id = g.id
			where g.code <> ? and s.venue_id = (select x.venue_id from series x join agencies h on h.id = x.agency_id where h.code = ? order by x.code limit 1)
			and not exists (select 1 from series y where y.agency_id = g.id and y.code < s.code)
			order by g.code limit 1`, agency, agency)
		if err == nil && len(rows) > 0 {
			other = rows[0].Code
		}
		return err
	})
	if err != nil || other == "" {
		tb.Fatalf("%s has no other agency beside %s: %v", code, agency, err)
	}
	return other
}
