package domains

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/throttle"
)

// Permission is to look after a region's own domains.
var Permission = authz.Declare("domains:domain:manage",
	"Mengatur domain sendiri daerah: meminta, memeriksa buktinya, mengembalikan",
	"Look after the region's own domains: ask for one, have its proof checked, give it back")

const (
	mostDomains  = 5 // of one region at a time
	mostChecks   = 60
	mostRetries  = 3 // orders of one host that people may ask for, an hour
	checkWindow  = time.Hour
	lookupWithin = 2 * time.Second // what a page waits for the DNS
)

// State is how far a domain has come.
type State string

// The states, in their order.
const (
	StateAsked   State = "asked"   // waits for its proof
	StateBound   State = "bound"   // proved; a certificate comes, or is somebody else's work
	StateFailed  State = "failed"  // proved; the last order of a certificate has failed, and there is none that holds
	StateSecured State = "secured" // proved, with a certificate that holds
)

// Own is one of a region's own domains as it stands.
type Own struct {
	tenant.Domain
	State    State
	NotAfter time.Time // of the certificate; zero: there is none
	RenewAt  time.Time
	Ordering bool // some process is at it
	Fault    string
	Detail   string
	NextAt   time.Time // of the next order, where the last has failed
}

// row is the region's row of the control plane.
func (k *Keeper) row(ctx context.Context, t *tenant.Tenant) (tenant.Row, error) {
	row, _, err := k.prov.Find(ctx, t.Code)
	if err == nil && row == nil {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return tenant.Row{}, err
	}
	return *row, nil
}

// List are the region's own domains, by host.
func (k *Keeper) List(ctx context.Context, t *tenant.Tenant) ([]Own, error) {
	asked, err := k.prov.Domains(ctx, t.Code)
	if err != nil {
		return nil, err
	}
	var rows []Certificate
	err = k.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		rows, err = store.Select[Certificate](tx).All(ctx)
		return err
	})
	now := k.db.Now()
	out := make([]Own, 0, len(asked))
	for _, d := range asked {
		o := Own{Domain: d, State: StateAsked}
		if d.State == tenant.DomainBound {
			o.State = StateBound
			if i := slices.IndexFunc(rows, func(c Certificate) bool { return c.Host == d.Host }); i >= 0 {
				o.add(rows[i], now)
			}
		}
		out = append(out, o)
	}
	return out, err
}

func (o *Own) add(c Certificate, now time.Time) {
	o.NotAfter, o.RenewAt, o.Ordering = c.NotAfter, c.RenewAt, c.LeaseUntil.After(now)
	o.Fault, o.Detail, o.NextAt = c.Fault, c.Detail, c.NextAt
	switch {
	case now.Before(c.NotAfter):
		o.State = StateSecured
	case c.Fault != "":
		o.State = StateFailed
	}
}

// Get is one of them; the fault is "not_found".
func (k *Keeper) Get(ctx context.Context, t *tenant.Tenant, host string) (Own, error) {
	list, err := k.List(ctx, t)
	if err != nil {
		return Own{}, err
	}
	i := slices.IndexFunc(list, func(o Own) bool { return o.Host == host })
	if i < 0 {
		return Own{}, fault.New(fault.NotFound, "not_found")
	}
	return list[i], nil
}

// Ask notes that the region wants a host, as people write it; made is false where it has asked before. Faults:
// "invalid" (422) with the field host, "domains.many" (409).
func (k *Keeper) Ask(ctx context.Context, t *tenant.Tenant, actor, text string) (d tenant.Domain, made bool, err error) {
	host, err := tenant.DomainHost(text, k.reg.Domain())
	switch {
	case errors.Is(err, tenant.ErrDomainOurs):
		return d, false, fault.New(fault.Invalid, "invalid").Field("host", "domain_ours")
	case err != nil:
		return d, false, fault.New(fault.Invalid, "invalid").Field("host", "domain")
	}
	have, err := k.prov.Domains(ctx, t.Code)
	if err != nil {
		return d, false, err
	}
	if made = !slices.ContainsFunc(have, func(o tenant.Domain) bool { return o.Host == host }); made && len(have) >= mostDomains {
		return d, false, fault.New(fault.Conflict, "domains.many", mostDomains)
	}
	row, err := k.row(ctx, t)
	if err != nil {
		return d, false, err
	}
	d, err = k.prov.AskDomain(ctx, row, host, actor)
	return d, made, err
}

// Check looks for the domain's proof, and binds it; of one that is bound already it lets the certificate's order be
// tried at once. Faults: "not_found", "domains.proof" and "domains.taken" (409), "domains.lookup" (503), "domains.slow"
// (429).
func (k *Keeper) Check(ctx context.Context, t *tenant.Tenant, actor, host string) error {
	was, err := k.Get(ctx, t, host)
	if err != nil {
		return err
	}
	if err := k.pace(ctx, t.ID, "domain-check", mostChecks); err != nil {
		return err
	}
	row, err := k.row(ctx, t)
	if err != nil {
		return err
	}
	_, err = k.prov.ProveDomain(ctx, k.opt.Resolver, row, host, actor)
	switch {
	case errors.Is(err, tenant.ErrDomainProof):
		return fault.Wrap(err, fault.Conflict, "domains.proof")
	case errors.Is(err, tenant.ErrDomainTaken):
		return fault.Wrap(err, fault.Conflict, "domains.taken")
	case errors.Is(err, tenant.ErrDomainLookup):
		return fault.Wrap(err, fault.Unavailable, "domains.lookup").Retry(time.Minute)
	case errors.Is(err, tenant.ErrNoDomain):
		return fault.Wrap(err, fault.NotFound, "not_found")
	case err != nil:
		return err
	}
	if was.Fault != "" && k.Orders() {
		if err := k.pace(ctx, t.ID, "certificate:"+host, mostRetries); err != nil {
			return err
		}
		return k.Again(ctx, t.ID, host)
	}
	k.Look()
	return nil
}

// pace is the fault "domains.slow" where something was asked for too often within the hour.
func (k *Keeper) pace(ctx context.Context, t tenant.ID, key string, most int) error {
	if k.opt.LimitsOff {
		return nil
	}
	return k.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		ok, wait, err := throttle.Take(ctx, tx, key, checkWindow, most)
		if err == nil && !ok {
			err = fault.New(fault.TooMany, "domains.slow", max(1, int((wait+time.Minute-1)/time.Minute))).Retry(wait)
		}
		return err
	})
}

// Drop gives a domain back, with its certificate. The fault is "not_found".
func (k *Keeper) Drop(ctx context.Context, t *tenant.Tenant, actor, host string) error {
	row, err := k.row(ctx, t)
	if err != nil {
		return err
	}
	err = k.prov.DropDomain(ctx, row, host, actor)
	switch {
	case errors.Is(err, tenant.ErrNoDomain):
		return fault.Wrap(err, fault.NotFound, "not_found")
	case err != nil:
		return err
	}
	return k.Forget(ctx, t.ID, host)
}

// Home is the region's host under the bare domain, which stays whatever domains it has.
func (k *Keeper) Home(t *tenant.Tenant) string { return k.reg.Host(t) }

// addresses are where a host leads now; nil: nowhere, or the DNS does not answer in time.
func (k *Keeper) addresses(ctx context.Context, host string) []string {
	ctx, stop := context.WithTimeout(ctx, lookupWithin)
	defer stop()
	out, err := k.opt.Resolver.LookupHost(ctx, host+".")
	if err != nil {
		return nil
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Standing is a region's certificate as doctor looks at it.
type Standing struct {
	Code string // the region's
	Certificate
}

// All are the certificates of all regions, those included whose order has failed, by region and host.
func All(ctx context.Context, db *store.DB) (out []Standing, err error) {
	list, err := (&tenant.Provisioner{DB: db}).List(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		err := db.View(ctx, r.ID, func(ctx context.Context, tx *store.Tx) error {
			rows, err := store.Select[Certificate](tx).Order("host").All(ctx)
			for _, c := range rows {
				out = append(out, Standing{r.Code, c})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
