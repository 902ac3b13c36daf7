package tenant

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/areas"
)

// Tenant is a region, or the platform itself, as requests meet it. It is immutable; a change makes a new one.
type Tenant struct {
	ID              ID
	Code            string // "19.01"
	Slug            string // "bangka"
	Name            string // "Kabupaten Bangka"
	Province        areas.Province
	Zone            string // "WIB"
	Loc             *time.Location
	State           string
	SuspendedReason string
	Demo            bool            // a simulated day runs here
	Scope           string          // "id/19/19.01"
	Version         int64           // moves with every change
	Region          *tenants.Region // what it declares, without its people; the platform declares nothing

	switched  map[Feature]bool // what the operator switched: ask On
	announced []Announcement   // what the operator tells it: ask Announcements
}

// Today is the tenant's local calendar day at a moment.
func (t *Tenant) Today(now time.Time) clock.Day { return clock.DayOf(now, t.Loc) }

// AgencyScope is the path of an agency of the region: "id/19/19.01/dukcapil".
func (t *Tenant) AgencyScope(code string) string { return t.Scope + "/" + code }

// Registry finds tenants by host. Look-ups read an immutable snapshot without a lock; Watch replaces
// it when the list has changed.
type Registry struct {
	db     *store.DB
	domain string // the bare domain: "localhost", "pendopo.id"
	log    *slog.Logger
	snap   atomic.Pointer[snapshot]
}

type snapshot struct {
	version int64
	hosts   map[string]*Tenant
	codes   map[string]*Tenant
	ids     map[ID]*Tenant
	all     []*Tenant // the regions, by code
	every   []*Tenant // and the platform before them
}

// NewRegistry makes an empty registry for a bare domain. Refresh fills it.
func NewRegistry(db *store.DB, domain string, log *slog.Logger) *Registry {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &Registry{db: db, domain: strings.ToLower(domain), log: log}
	r.snap.Store(&snapshot{version: -1})
	return r
}

// Domain is the bare domain under which the regions have their hosts.
func (r *Registry) Domain() string { return r.domain }

// ByHost finds the tenant of a host name, in lower case and without a port.
func (r *Registry) ByHost(host string) (*Tenant, bool) {
	t, ok := r.snap.Load().hosts[host]
	return t, ok
}

// ByCode finds a tenant by its area code.
func (r *Registry) ByCode(code string) (*Tenant, bool) {
	t, ok := r.snap.Load().codes[code]
	return t, ok
}

// ByID finds a tenant by its identifier.
func (r *Registry) ByID(i ID) (*Tenant, bool) {
	t, ok := r.snap.Load().ids[i]
	return t, ok
}

// All gives the regions, by code. The slice must not be changed.
func (r *Registry) All() []*Tenant { return r.snap.Load().all }

// Tenants gives the regions and, before them, the platform: whose keys, records, messages and old rows are looked
// after alike. The slice must not be changed.
func (r *Registry) Tenants() []*Tenant { return r.snap.Load().every }

// Platform is the platform's own tenant; it is there once the service has started.
func (r *Registry) Platform() (*Tenant, bool) { return r.ByCode(PlatformCode) }

// Host is the tenant's host name; the platform's is the bare domain.
func (r *Registry) Host(t *Tenant) string {
	if t.IsPlatform() {
		return r.domain
	}
	return t.Slug + "." + r.domain
}

// Label is the first label of a host directly under the bare domain: "bangka" of "bangka.localhost".
func (r *Registry) Label(host string) (string, bool) {
	label, ok := strings.CutSuffix(host, "."+r.domain)
	return label, ok && label != "" && !strings.Contains(label, ".")
}

// Refresh reads the list again if its version has moved.
func (r *Registry) Refresh(ctx context.Context) error {
	old := r.snap.Load()
	return r.db.SystemView(ctx, func(ctx context.Context, s *store.SysTx) error {
		reg, err := store.SysSelect[registryRow](ctx, s, "")
		if err != nil {
			return err
		}
		if len(reg) == 0 || reg[0].Version == old.version {
			return nil
		}
		rows, err := store.SysSelect[Row](ctx, s, "")
		if err != nil {
			return err
		}
		domains, err := store.SysSelect[Domain](ctx, s, "state = ?", DomainBound)
		if err != nil {
			return err
		}
		switched, err := store.SysSelect[featureRow](ctx, s, "")
		if err != nil {
			return err
		}
		announced, err := store.SysSelect[Announcement](ctx, s, "until_at > ?", s.Now())
		if err != nil {
			return err
		}
		next := &snapshot{version: reg[0].Version, hosts: make(map[string]*Tenant, len(rows)), codes: make(map[string]*Tenant, len(rows)), ids: make(map[ID]*Tenant, len(rows))}
		for _, row := range rows {
			t, ok := old.codes[row.Code]
			if !ok || t.Version != row.Version {
				fresh, err := fromRow(row)
				switch {
				case err == nil:
					t = fresh
				case ok:
					// A newer program wrote it, in a rolling update. The others must not wait for it.
					r.log.Error("a region cannot be read and stays as it was", "tenant", row.Code, "error", err)
				default:
					r.log.Error("a region cannot be read and is not served", "tenant", row.Code, "error", err)
					continue
				}
			}
			told := *t // others may hold the one that there was
			told.switched, told.announced = switchedOf(switched, t.Code), announcedTo(announced, t.Code)
			t = &told
			next.hosts[r.Host(t)] = t
			next.codes[t.Code] = t
			next.ids[t.ID] = t
			next.every = append(next.every, t)
		}
		for _, d := range domains {
			if t, ok := next.codes[d.Code]; ok && !t.IsPlatform() && d.Host != r.domain && !strings.HasSuffix(d.Host, "."+r.domain) {
				next.hosts[d.Host] = t
			}
		}
		slices.SortFunc(next.every, func(a, b *Tenant) int {
			if a.IsPlatform() != b.IsPlatform() {
				return map[bool]int{true: -1, false: 1}[a.IsPlatform()]
			}
			return strings.Compare(a.Code, b.Code)
		})
		next.all = slices.DeleteFunc(slices.Clone(next.every), (*Tenant).IsPlatform)
		r.snap.Store(next)
		return nil
	})
}

func fromRow(row Row) (*Tenant, error) {
	region, err := decodeManifest(row.Manifest)
	if err != nil {
		return nil, fmt.Errorf("tenant %s: %w", row.Code, err)
	}
	loc, err := clock.Zone(row.Zone)
	if err != nil {
		return nil, fmt.Errorf("tenant %s: %w", row.Code, err)
	}
	t := &Tenant{
		ID: row.ID, Code: row.Code, Slug: row.Slug, Name: row.Name, Zone: row.Zone, Loc: loc,
		State: row.State, SuspendedReason: row.SuspendedReason, Demo: row.Demo, Version: row.Version, Region: region,
		Scope: ScopeOf(row.Code),
	}
	t.Province, _ = areas.ProvinceByCode(row.Code[:2])
	return t, nil
}

// ScopeOf is the path of a region in the tree of areas: "id/19/19.01"; Jakarta's is "id/31", the platform's "id".
func ScopeOf(code string) string {
	if code == PlatformCode {
		return PlatformCode
	}
	if len(code) == 2 {
		return "id/" + code
	}
	return "id/" + code[:2] + "/" + code
}

func decodeManifest(text string) (*tenants.Region, error) {
	var region tenants.Region
	if err := json.Unmarshal([]byte(text), &region); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return &region, nil
}

// Watch refreshes the registry until ctx ends. A region that another process applies is served after
// at most the interval.
func (r *Registry) Watch(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := r.Refresh(ctx); err != nil && ctx.Err() == nil {
				r.log.Warn("registry not refreshed", "error", err)
			}
		}
	}
}
