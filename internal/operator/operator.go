// Package operator is what who runs the platform does for regions, on the bare domain: it shows how one stands, pauses and
// resumes it, switches its features, and tells regions something. It shows counts, codes and states; nothing of a citizen, an
// officer or a case.
package operator

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// What is recorded of who looks has the name of what allows it.
const actionView = "operator:region:view"

// The permissions.
var (
	permView = authz.Declare(actionView,
		"Melihat keadaan satu daerah: kesehatan, beban, dan galat, tanpa isinya", "See how one region stands: health, load and errors, without what is in it")
	permManage = authz.Declare("operator:region:manage",
		"Menghentikan dan melanjutkan daerah, dan menyalakan atau mematikan fiturnya", "Pause and resume a region, and switch its features")
	permAnnounce = authz.Declare("operator:announcement:manage",
		"Membuat dan mengakhiri pengumuman bagi daerah", "Make and end announcements for regions")
)

// Registry knows which regions are here; tenant.Registry is one.
type Registry interface {
	All() []*tenant.Tenant
	ByCode(code string) (*tenant.Tenant, bool)
	Refresh(ctx context.Context) error
}

// noted is how long it makes one record that somebody looks at the same region again and again.
const noted = 10 * time.Minute

// Service answers and does what an operator may ask.
type Service struct {
	db    *store.DB
	reg   Registry
	prov  *tenant.Provisioner
	reads *audit.Reads
	door  *auth.Service

	helped helped
}

// New makes the service.
func New(db *store.DB, reg Registry, door *auth.Service) *Service {
	return &Service{db: db, reg: reg, prov: &tenant.Provisioner{DB: db}, reads: audit.NewReads(db, noted), door: door, helped: helped{known: map[tenant.ID]helpedAt{}}}
}

// Who is who asks: somebody of the platform's.
type Who struct {
	Platform *tenant.Tenant
	Actor    *authz.Actor
}

func (w Who) must(p authz.Permission) error {
	if w.Actor.Can(p, tenant.PlatformCode) {
		return nil
	}
	return fault.New(fault.Forbidden, "authz.forbidden")
}

// Standing is how a region stands. Counts are of its local day, or of the last 24 hours.
type Standing struct {
	Tenant   *tenant.Tenant
	At       time.Time
	Last     time.Time // when something was last recorded; zero: never
	Issued   int64     // numbers given today
	Queued   int64     // jobs that wait
	Dead     int64     // jobs that have failed for good
	Unsent   int64     // messages that were not sent, or of which nobody knows
	Failed   int64     // requests that failed
	Shed     int64     // requests that were turned away: too many, or too busy
	Faults   []Fault
	Keys     Keys
	Features []Switch
	Help     *Help // what the region allows; nil: nothing
}

// Fault is a problem's code with how often it was answered in the last 24 hours.
type Fault struct {
	Code string
	Shed bool
	N    int64
}

// Keys tells how the region's keys stand.
type Keys string

// How keys stand.
const (
	KeysGood   Keys = "good"
	KeysErased Keys = "erased" // destroyed: what was sealed is gone
	KeysClosed Keys = "closed" // the master key does not open them
	KeysNone   Keys = "none"   // nothing was sealed yet
)

// Switch is a feature and how it stands.
type Switch struct {
	Feature tenant.Feature
	On      bool
}

type sums struct {
	Issued int64 `bun:"issued"`
	Queued int64 `bun:"queued"`
	Dead   int64 `bun:"dead"`
	Unsent int64 `bun:"unsent"`
}

type lastRow struct {
	At time.Time `bun:"at"`
}

type faultRow struct {
	Code string `bun:"code"`
	Shed bool   `bun:"shed"`
	N    int64  `bun:"n"`
}

// region is a region by its code; the fault is "not_found".
func (s *Service) region(code string) (*tenant.Tenant, error) {
	t, ok := s.reg.ByCode(code)
	if !ok || t.IsPlatform() {
		return nil, fault.New(fault.NotFound, "not_found")
	}
	return t, nil
}

// Region is how one region stands. That somebody looked is recorded in the platform's chain. Faults: "authz.forbidden",
// "not_found".
func (s *Service) Region(ctx context.Context, who Who, code string) (out Standing, err error) {
	if err := who.must(permView); err != nil {
		return out, err
	}
	t, err := s.region(code)
	if err != nil {
		return out, err
	}
	out = Standing{Tenant: t, At: s.db.Now()}
	if err := s.reads.Note(ctx, who.Platform.ID, store.Record{Actor: who.Actor.String(), Action: actionView, Target: "tenant:" + code}); err != nil {
		return out, err
	}
	since := out.At.Add(-24 * time.Hour).Truncate(time.Hour)
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		out.Failed, out.Shed, out.Faults = 0, 0, nil
		n, err := store.Query[sums](ctx, tx, store.From{"tickets", "jobs", "messages"}, `select
			(select count(*) from tickets where day = ?) as issued,
			(select count(*) from jobs where state = 'queued') as queued,
			(select count(*) from jobs where state = 'dead') as dead,
			(select count(*) from messages where state in ('failed', 'unknown')) as unsent`, t.Today(out.At))
		if err != nil {
			return err
		}
		out.Issued, out.Queued, out.Dead, out.Unsent = n[0].Issued, n[0].Queued, n[0].Dead, n[0].Unsent
		last, err := store.Query[lastRow](ctx, tx, store.From{"audit"}, "select at from audit order by seq desc limit 1")
		if err != nil {
			return err
		}
		if len(last) > 0 {
			out.Last = last[0].At
		}
		rows, err := store.Query[faultRow](ctx, tx, store.From{"fault_counts"},
			"select code, shed, sum(n) as n from fault_counts where hour >= ? group by code, shed order by 3 desc, code limit 20", since)
		for _, r := range rows {
			out.Faults = append(out.Faults, Fault(r))
			if r.Shed {
				out.Shed += r.N
			} else {
				out.Failed += r.N
			}
		}
		return err
	})
	if err != nil {
		return out, err
	}
	for _, f := range tenant.Features() {
		out.Features = append(out.Features, Switch{f, t.On(f)})
	}
	if out.Help, err = s.Help(ctx, t); err != nil {
		return out, err
	}
	out.Keys, err = s.keys(ctx, t)
	return out, err
}

func (s *Service) keys(ctx context.Context, t *tenant.Tenant) (Keys, error) {
	vault := seal.Of(s.db)
	if vault == nil {
		return KeysNone, nil
	}
	st, err := vault.Status(ctx, t.ID)
	switch {
	case err != nil:
		return "", err
	case st.None:
		return KeysNone, nil
	case st.Erased:
		return KeysErased, nil
	case st.Unopened != nil:
		return KeysClosed, nil //nolint:nilerr // it is what the page says
	}
	return KeysGood, nil
}

// regionActor is who a region's own records name: its people know no account of the platform's. Who it was stands in the
// platform's chain.
const regionActor = "system:operator"

// maxReason bounds why a region is paused, in signs.
const maxReason = 300

// SetState pauses or resumes a region, recorded in its own chain and in the platform's. Everybody who comes reads the reason.
// Faults: "authz.forbidden", "not_found", "invalid" with its field.
func (s *Service) SetState(ctx context.Context, who Who, code, state, reason string) error {
	if err := who.must(permManage); err != nil {
		return err
	}
	if _, err := s.region(code); err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	n := utf8.RuneCountInString(reason)
	switch {
	case state != tenant.Active && state != tenant.Suspended:
		return fault.New(fault.Invalid, "invalid").Field("state", "choose")
	case state == tenant.Active:
		reason = ""
	case n == 0:
		return fault.New(fault.Invalid, "invalid").Field("reason", "required")
	case n > maxReason:
		return fault.New(fault.Invalid, "invalid").Field("reason", "signs", maxReason)
	}
	changed, err := s.prov.SetState(ctx, code, state, reason, regionActor)
	if err != nil || !changed {
		return err
	}
	if err := s.reg.Refresh(ctx); err != nil {
		return err
	}
	return s.record(ctx, who, "operator:state:change", "tenant:"+code, struct {
		State  string `json:"state"`
		Reason string `json:"reason,omitempty"`
	}{state, reason})
}

// SetFeature switches a feature of a region. Faults: "authz.forbidden", "not_found".
func (s *Service) SetFeature(ctx context.Context, who Who, code string, f tenant.Feature, on bool) error {
	if err := who.must(permManage); err != nil {
		return err
	}
	if _, err := s.region(code); err != nil {
		return err
	}
	changed, err := s.prov.SetFeature(ctx, code, f, on, regionActor)
	if err != nil || !changed {
		return err
	}
	if err := s.reg.Refresh(ctx); err != nil {
		return err
	}
	return s.record(ctx, who, "operator:feature:switch", "tenant:"+code, struct {
		Feature tenant.Feature `json:"feature"`
		Enabled bool           `json:"enabled"`
	}{f, on})
}

func (s *Service) record(ctx context.Context, who Who, action, target string, data any) error {
	return s.db.In(ctx, who.Platform.ID, func(_ context.Context, tx *store.Tx) error {
		tx.Audit(store.Record{Actor: who.Actor.String(), Action: action, Target: target, Data: data})
		return nil
	})
}

// Announcements are those that are shown now or will be, the newest first. The fault is "authz.forbidden".
func (s *Service) Announcements(ctx context.Context, who Who) ([]tenant.Announcement, error) {
	if err := who.must(permAnnounce); err != nil {
		return nil, err
	}
	return s.prov.Announcements(ctx)
}

// Announce tells one region or all of them something. Faults as of tenant.Provisioner's.
func (s *Service) Announce(ctx context.Context, who Who, a tenant.Announcement) (tenant.Announcement, error) {
	if err := who.must(permAnnounce); err != nil {
		return a, err
	}
	if a.Code == tenant.PlatformCode {
		return a, fault.New(fault.NotFound, "not_found")
	}
	out, err := s.prov.Announce(ctx, a, who.Actor.String())
	if err != nil {
		return out, err
	}
	return out, s.reg.Refresh(ctx)
}

// EndAnnouncement ends one now. Faults: "authz.forbidden", "not_found".
func (s *Service) EndAnnouncement(ctx context.Context, who Who, which id.ID) error {
	if err := who.must(permAnnounce); err != nil {
		return err
	}
	if err := s.prov.EndAnnouncement(ctx, which, who.Actor.String()); err != nil {
		return err
	}
	return s.reg.Refresh(ctx)
}

// FaultCount is how often a problem was answered within an hour.
type FaultCount struct {
	bun.BaseModel `bun:"table:fault_counts,alias:fault_count"`
	store.Owned
	Hour time.Time `bun:"hour,pk"`
	Code string    `bun:"code,pk"`
	Shed bool      `bun:"shed"`
	N    int64     `bun:"n"`
}

// Models are this package's tables.
var Models = store.Models{(*FaultCount)(nil), (*Help)(nil)}
