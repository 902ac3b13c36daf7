package testkit

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
)

// Region is a small tenant: one row of each thing that a region declares, two of the series, counters
// and services. Every text of its rows contains its canary, but for the codes, the slug and the name,
// which pages of other regions and the platform's list may show.
type Region struct {
	ID     store.TenantID
	Code   string // "19.01"
	Slug   string
	Name   string
	Zone   string
	Scope  string // "id/19/19.01"
	Canary string // stands nowhere else: lower case letters and digits
	Phone  string // the mall's, likewise

	Venue, Hall, Agency id.ID
	Series              [2]id.ID // without and with a quota (3 a day)
	Counters            [2]id.ID // both call both series
	Services            [2]id.ID // of the first and of the second series
	Officer, Admin      id.ID    // users; the officer works at the first counter
}

// registryRow mirrors the row whose version tells processes to read the list of tenants again.
type registryRow struct {
	bun.BaseModel `bun:"table:registry,alias:registry"`
	store.Shared
	ID      int   `bun:"id,pk"`
	Version int64 `bun:"version"`
}

// RegionOption changes a Region before it is stored.
type RegionOption func(*regionSpec)

type regionSpec struct {
	*Region
	state    string
	password string
	hours    []tenants.Hours
	more     func(*tenants.Region)
}

// Declares changes what the region has declared, as far as pages read it from there.
func Declares(change func(*tenants.Region)) RegionOption {
	return func(s *regionSpec) { s.more = change }
}

// Code gives the region this area code; the others are made up in order.
func Code(code string) RegionOption { return func(s *regionSpec) { s.Region.Code = code } }

// Slug gives the region this host label.
func Slug(slug string) RegionOption { return func(s *regionSpec) { s.Region.Slug = slug } }

// Zone puts the region into WIB, WITA or WIT.
func Zone(zone string) RegionOption { return func(s *regionSpec) { s.Region.Zone = zone } }

// State stores the region as tenant.Active or tenant.Suspended.
func State(state string) RegionOption { return func(s *regionSpec) { s.state = state } }

// PasswordHash lets the region's users sign in; the administrator, who must have a second factor, with an app
// whose secret is TOTPSecret (see SignIn).
func PasswordHash(hash string) RegionOption { return func(s *regionSpec) { s.password = hash } }

// Hours replaces the opening hours, which are every day around the clock.
func Hours(h ...tenants.Hours) RegionOption { return func(s *regionSpec) { s.hours = h } }

var regions atomic.Int64

// codes are real regencies, so that what looks an area up finds one.
var codes = []string{"19.01", "19.02", "19.03", "19.04", "19.05", "19.06", "19.71", "53.15", "96.03", "35.78"}

// Tenant makes a region in the database, past the manifest and its checks.
func Tenant(tb testing.TB, db *store.DB, opts ...RegionOption) *Region {
	tb.Helper()
	n := regions.Add(1) - 1
	mark := strings.ReplaceAll(id.New().String(), "-", "")
	r := &Region{ID: store.NewTenantID(), Zone: "WIB", Canary: "kenari" + mark[len(mark)-12:]}
	r.Code = codes[n%int64(len(codes))]
	r.Phone = fmt.Sprintf("0717 555 %04d", n%10000)
	spec := &regionSpec{Region: r, state: tenant.Active, hours: []tenants.Hours{{Days: "mon-sun", Open: "00:00", Close: "24:00"}}}
	for _, opt := range opts {
		opt(spec)
	}
	if r.Slug == "" {
		r.Slug = "uji-" + strings.ReplaceAll(r.Code, ".", "-")
	}
	r.Name = "Kabupaten Uji " + r.Code
	r.Scope = tenant.ScopeOf(r.Code)
	if err := spec.store(context.Background(), db); err != nil {
		tb.Fatalf("testkit: tenant %s: %v", r.Code, err)
	}
	return r
}

// Two makes two regions for a test of isolation. Their rows have the same codes, so that whatever
// forgets the tenant finds the wrong ones.
func Two(tb testing.TB, db *store.DB, opts ...RegionOption) (a, b *Region) {
	tb.Helper()
	a = Tenant(tb, db, append([]RegionOption{Code("19.01"), Slug("uji-a")}, opts...)...)
	b = Tenant(tb, db, append([]RegionOption{Code("19.02"), Slug("uji-b")}, opts...)...)
	return a, b
}

func (s *regionSpec) store(ctx context.Context, db *store.DB) error {
	return db.Provision(ctx, "testkit", s.ID, func(ctx context.Context, sys *store.SysTx, tx *store.Tx) error {
		manifest, err := json.Marshal(s.manifest())
		if err != nil {
			return err
		}
		row := &tenant.Row{
			ID: s.ID, Code: s.Region.Code, Slug: s.Region.Slug, Name: s.Name, Zone: s.Region.Zone, State: s.state,
			Manifest: string(manifest), Version: 1, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
		}
		if s.state == tenant.Suspended {
			row.SuspendedReason = "ditutup " + s.Canary
		}
		if err := store.SysInsert(ctx, sys, row); err != nil {
			return err
		}
		if _, err := store.SysUpdate[registryRow](ctx, sys, "version = version + 1", nil, "id = 1"); err != nil {
			return err
		}
		if err := tx.StartChain(ctx); err != nil {
			return err
		}
		if err := tenant.PutManifest(ctx, tx, tenant.Manifest{
			Catalogue: `{"agencies":[{"Code":"` + s.Canary + `"}]}`, Recheck: "dukcapil/" + s.Canary,
		}, string(manifest)); err != nil {
			return err
		}
		if err := s.places(ctx, tx); err != nil {
			return err
		}
		if err := s.people(ctx, tx); err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: "system:testkit", Action: "tenant:apply", Target: "tenant:" + s.Canary, Data: map[string]string{"mark": s.Canary}})
		tx.Emit("tenant.applied", map[string]string{"mark": s.Canary}, "tenant:"+s.Canary)
		return nil
	})
}

// manifest is what the region would have declared, as far as pages read it from there.
func (s *regionSpec) manifest() tenants.Region {
	out := tenants.Region{
		Code: s.Region.Code, Timezone: s.Region.Zone, Example: true, Organiser: "DPMPTSP " + s.Canary,
		Logo:    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><title>` + s.Canary + `</title></svg>`,
		Contact: tenants.Contact{Phone: s.Phone, Email: s.Canary + "@contoh.test", Complaints: "Sampaikan ke " + s.Canary, ComplaintsEN: "Tell " + s.Canary},
		Venues: []tenants.Venue{{
			Code: "mal", Name: "Mal " + s.Canary, NameEN: "Mall " + s.Canary, Kind: tenants.Office, Address: "Jalan " + s.Canary, Hours: s.hours,
			Zones: []tenants.Zone{{Code: "a", Name: "Zona " + s.Canary, NameEN: "Zone " + s.Canary, Place: "Lantai " + s.Canary, PlaceEN: "Floor " + s.Canary}},
		}},
	}
	if s.more != nil {
		s.more(&out)
	}
	return out
}

// places stores what the region declares about its mall.
func (s *regionSpec) places(ctx context.Context, tx *store.Tx) error {
	r, mark := s.Region, s.Canary
	hours, err := json.Marshal(s.hours)
	if err != nil {
		return err
	}
	r.Venue, r.Hall, r.Agency = id.New(), id.New(), id.New()
	if err := store.Insert(ctx, tx, &tenant.VenueRow{
		ID: r.Venue, Code: "mal", Name: "Mal " + mark, NameEN: "Mall " + mark, Kind: string(tenants.Office), Address: "Jalan " + mark,
		District: mark, Hours: string(hours),
	}); err != nil {
		return err
	}
	if err := store.Insert(ctx, tx, &tenant.Closure{
		ID: id.New(), VenueID: r.Venue, FirstDay: day(2030, 1, 1), LastDay: day(2030, 1, 2), Reason: "Libur " + mark, ReasonEN: "Holiday " + mark,
	}); err != nil {
		return err
	}
	if err := store.Insert(ctx, tx, &tenant.ZoneRow{
		ID: r.Hall, VenueID: r.Venue, Code: "a", Name: "Zona " + mark, NameEN: "Zone " + mark, Place: "Lantai " + mark, PlaceEN: "Floor " + mark,
	}); err != nil {
		return err
	}
	if err := store.Insert(ctx, tx, &tenant.AgencyRow{
		ID: r.Agency, Code: "dukcapil", Name: "Dinas " + mark, Short: "Dukcapil " + mark, NameEN: "Office " + mark,
		ShortEN: "Civil " + mark, Icon: "id", Words: "kata\n" + mark,
	}); err != nil {
		return err
	}
	for i := range 2 {
		code := string(rune('a' + i))
		r.Series[i], r.Counters[i], r.Services[i] = id.New(), id.New(), id.New()
		if err := store.Insert(ctx, tx, &tenant.SeriesRow{
			ID: r.Series[i], AgencyID: r.Agency, VenueID: r.Venue, Code: code, Name: "Seri " + mark, NameEN: "Series " + mark,
			Prefix: strings.ToUpper(code), Quota: int64(3 * i),
		}); err != nil {
			return err
		}
		if err := store.Insert(ctx, tx, &tenant.CounterRow{
			ID: r.Counters[i], AgencyID: r.Agency, VenueID: r.Venue, ZoneID: r.Hall, Code: string(rune('1' + i)),
			Name: "Loket " + mark, Place: "Lantai " + mark, PlaceEN: "Floor " + mark, Sort: i,
		}); err != nil {
			return err
		}
		if err := store.Insert(ctx, tx, &tenant.ServiceRow{
			ID: r.Services[i], AgencyID: r.Agency, Code: "layanan-" + code, Name: "Layanan " + mark,
			NameEN: "Service " + mark, Words: mark, Execution: "native", System: "SIAK " + mark, Receipt: "resi " + mark, Minutes: 15, Sort: i,
		}); err != nil {
			return err
		}
	}
	for i, s := range r.Services {
		if err := store.Insert(ctx, tx, &tenant.ServiceSeries{ServiceID: s, SeriesID: r.Series[i]}); err != nil {
			return err
		}
	}
	for _, c := range r.Counters {
		for _, s := range r.Series {
			if err := store.Insert(ctx, tx, &tenant.CounterSeries{CounterID: c, SeriesID: s}); err != nil {
				return err
			}
		}
	}
	return tenant.LinkPeers(ctx, tx)
}

// people stores an officer and an administrator: officer@<canary>.test and admin@<canary>.test.
func (s *regionSpec) people(ctx context.Context, tx *store.Tx) error {
	r := s.Region
	r.Officer, r.Admin = id.New(), id.New()
	for _, p := range []struct {
		id          id.ID
		name, scope string
	}{{r.Officer, "officer", r.Scope + "/dukcapil"}, {r.Admin, "admin", r.Scope}} {
		user := tenant.User{ID: p.id, PasswordHash: s.password, CreatedAt: tx.Now()}
		if err := AddUser(ctx, tx, user, r.Email(p.name), "Orang "+s.Canary); err != nil {
			return err
		}
		if err := store.Insert(ctx, tx, &tenant.Grant{UserID: p.id, Role: p.name, Scope: p.scope}); err != nil {
			return err
		}
	}
	if s.password != "" {
		if err := GiveFactor(ctx, tx, r.Admin); err != nil {
			return err
		}
	}
	return store.Insert(ctx, tx, &tenant.UserCounter{UserID: r.Officer, CounterID: r.Counters[0]})
}

// AddUser stores a person with a sealed e-mail address and name.
func AddUser(ctx context.Context, tx *store.Tx, user tenant.User, email, name string) error {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return err
	}
	if err := user.Seal(keys, email, name); err != nil {
		return err
	}
	return store.Insert(ctx, tx, &user)
}

// Email is the address with which one of the region's users signs in: "officer" or "admin".
func (r *Region) Email(who string) string { return who + "@" + r.Canary + ".test" }

// Host is the region's host under a bare domain.
func (r *Region) Host(domain string) string { return r.Slug + "." + domain }

func day(y int, m time.Month, d int) clock.Day {
	return clock.DayOf(time.Date(y, m, d, 0, 0, 0, 0, time.UTC), time.UTC)
}
