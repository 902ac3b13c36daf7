package domains

import (
	"context"
	"crypto"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// The challenges by which an authority is shown that a host is ours, in the order in which they are tried: the first
// needs port 443 only, the second port 80.
const (
	WayTLS  = "tls-alpn-01"
	WayHTTP = "http-01"
)

// Resolver asks the DNS; net.Resolver is one.
type Resolver interface {
	tenant.TXT
	LookupHost(ctx context.Context, host string) ([]string, error)
}

// NameServer asks one server, "9.9.9.9:53", instead of the machine's; "" is the machine's.
func NameServer(address string) Resolver {
	if r, ok := tenant.NameServer(address).(Resolver); ok {
		return r
	}
	return net.DefaultResolver
}

// Options of a Keeper.
type Options struct {
	// Directory is the certificate authority's, an https address; "" orders nothing, and then what is stored is served.
	Directory string
	Email     string       // where the authority writes to; "": it does not
	Client    *http.Client // nil: the usual one
	Resolver  Resolver     // nil: the machine's
	Ways      []string     // nil: both
	LimitsOff bool         // people may ask as often as they like
	Log       *slog.Logger
}

const (
	every     = time.Minute     // how often the keeper looks what is due
	glance    = 5 * time.Second // and whether a domain has been bound or given back, anywhere
	orderTime = 4 * time.Minute // how long one order may take
	leaseTime = 5 * time.Minute // and how long it is one process's own: longer, for there is no renewing it
	atOnce    = 4               // orders of one process under way
	tidyEvery = time.Hour       // how often regions without a domain are looked at too
	firstWait = 30 * time.Minute
	mostWait  = 24 * time.Hour
)

// Keeper orders certificates, renews them and gives them out. Any number of processes run one on the same database: a
// lease on the host's row keeps two of them from ordering the same.
type Keeper struct {
	db   *store.DB
	reg  *tenant.Registry
	prov *tenant.Provisioner
	opt  Options
	log  *slog.Logger
	kick chan struct{}

	mu        sync.Mutex
	account   crypto.Signer
	authority *acme.Client
	tidied    time.Time
	served    map[string]*served
}

// NewKeeper makes a keeper. Run starts it.
func NewKeeper(db *store.DB, reg *tenant.Registry, opt Options) *Keeper {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Client == nil {
		opt.Client = &http.Client{Timeout: 30 * time.Second}
	}
	if opt.Resolver == nil {
		opt.Resolver = net.DefaultResolver
	}
	if len(opt.Ways) == 0 {
		opt.Ways = []string{WayTLS, WayHTTP}
	}
	return &Keeper{db: db, reg: reg, prov: &tenant.Provisioner{DB: db}, opt: opt, log: opt.Log, kick: make(chan struct{}, 1), served: map[string]*served{}}
}

// Orders tells whether certificates are ordered here, and not by somebody in front.
func (k *Keeper) Orders() bool { return k.opt.Directory != "" }

// Run looks once a minute what is due, and within seconds after a domain was bound or given back, until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	if !k.Orders() {
		return
	}
	tick := time.NewTicker(glance)
	defer tick.Stop()
	var seen string
	var last time.Time
	for asked := true; ; {
		bound, err := k.bound(ctx)
		now, all := clock.System.Now(), named(bound)
		if err == nil && (asked || all != seen || now.Sub(last) >= every || now.Before(last)) {
			seen, last = all, now
			err = errors.Join(k.reg.Refresh(ctx), k.Round(ctx))
		}
		if err != nil && ctx.Err() == nil {
			k.log.Warn("certificates not looked after", "error", err)
		}
		asked = false
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-k.kick:
			asked = true
		}
	}
}

// named is the list of domains in one text, to see whether it has changed.
func named(bound map[string][]tenant.Domain) string {
	var all strings.Builder
	for _, code := range slices.Sorted(maps.Keys(bound)) {
		for _, d := range bound[code] {
			all.WriteString(code + " " + d.Host + " " + d.Token + "\n")
		}
	}
	return all.String()
}

// Look makes the keeper of this process look at once.
func (k *Keeper) Look() {
	select {
	case k.kick <- struct{}{}:
	default:
	}
}

// Round orders and renews what is due now, a few hosts at a time, and clears away the certificates of hosts that
// were given back. An order that fails is no error of the round: it stands in the host's row.
func (k *Keeper) Round(ctx context.Context) error {
	bound, err := k.bound(ctx)
	if err != nil {
		return err
	}
	now := k.db.Now()
	k.mu.Lock()
	all := now.Sub(k.tidied) >= tidyEvery || now.Before(k.tidied) // the first time too
	if all {
		k.tidied = now
	}
	k.mu.Unlock()
	var errs []error
	var mu sync.Mutex
	var under sync.WaitGroup
	defer under.Wait()
	note := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		errs = append(errs, err)
	}
	room := make(chan struct{}, atOnce)
	for _, t := range k.reg.All() {
		hosts := bound[t.Code]
		if len(hosts) == 0 && !all {
			continue
		}
		due, err := k.due(ctx, t, hosts)
		note(err)
		for _, d := range due {
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				return ctx.Err()
			}
			under.Go(func() {
				defer func() { <-room }()
				note(k.order(ctx, t, d))
			})
		}
	}
	under.Wait()
	return errors.Join(errs...)
}

// bound are the domains that are served now, by region: read anew, and not from the registry's snapshot.
func (k *Keeper) bound(ctx context.Context) (map[string][]tenant.Domain, error) {
	list, err := k.prov.Domains(ctx, "")
	out := map[string][]tenant.Domain{}
	for _, d := range list {
		if d.State == tenant.DomainBound {
			out[d.Code] = append(out[d.Code], d)
		}
	}
	return out, err
}

// due are those of a region's hosts that wait for an order. Rows of hosts that are not the region's any more go.
func (k *Keeper) due(ctx context.Context, t *tenant.Tenant, hosts []tenant.Domain) (due []tenant.Domain, err error) {
	var gone []id.ID
	err = k.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		due, gone = nil, nil
		rows, err := store.Select[Certificate](tx).All(ctx)
		if err != nil {
			return err
		}
		for _, d := range hosts {
			i := slices.IndexFunc(rows, func(c Certificate) bool { return c.Host == d.Host })
			if i < 0 || rows[i].due(tx.Now()) {
				due = append(due, d)
			}
		}
		for _, c := range rows {
			if !slices.ContainsFunc(hosts, func(d tenant.Domain) bool { return d.Host == c.Host }) {
				gone = append(gone, c.ID)
			}
		}
		return nil
	})
	if err != nil || len(gone) == 0 {
		return due, err
	}
	return due, k.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		for _, row := range gone {
			if _, err := store.Delete[Certificate](ctx, tx, "id = ?", row); err != nil {
				return err
			}
		}
		return nil
	})
}

// due tells whether an order is to be begun: none was made yet or it is time for the next, the last failure is long
// enough ago, and no process is at it.
func (c Certificate) due(now time.Time) bool {
	return !c.RenewAt.After(now) && !c.NextAt.After(now) && !c.LeaseUntil.After(now)
}

// Forget takes away a host's certificate and its key: the host was given back.
func (k *Keeper) Forget(ctx context.Context, t tenant.ID, host string) error {
	err := k.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Delete[Certificate](ctx, tx, "host = ?", host)
		return err
	})
	k.mu.Lock()
	delete(k.served, host)
	k.mu.Unlock()
	return err
}

// Again lets a host's order that has failed be tried at once, in whichever process looks first.
func (k *Keeper) Again(ctx context.Context, t tenant.ID, host string) error {
	err := k.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Update[Certificate](tx).Set("next_at = ?", tx.Now()).Where("host = ? and next_at > ?", host, tx.Now()).Exec(ctx)
		return err
	})
	k.Look()
	return err
}

// claim takes the host's order for this process. ok is false where it is not due any more, or somebody has it.
func (k *Keeper) claim(ctx context.Context, t tenant.ID, host string) (c Certificate, ok bool, err error) {
	lease := id.New()
	err = k.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		if _, err := store.InsertNew(ctx, tx, &Certificate{ID: id.New(), Host: host}); err != nil {
			return err
		}
		n, err := store.Update[Certificate](tx).Set("lease = ?, lease_until = ?", lease, tx.Now().Add(leaseTime)).
			Where("host = ?", host).
			Where("(renew_at is null or renew_at <= ?) and (next_at is null or next_at <= ?) and (lease_until is null or lease_until <= ?)", tx.Now(), tx.Now(), tx.Now()).
			Exec(ctx)
		if ok = n == 1; err != nil || !ok {
			return err
		}
		c, err = store.Select[Certificate](tx).Where("host = ?", host).One(ctx)
		return err
	})
	return c, ok, err
}

// wait is how long after the n-th failure in a row an order is tried again.
func wait(n int) time.Duration {
	d := firstWait
	for ; n > 1 && d < mostWait; n-- {
		d *= 2
	}
	return min(d, mostWait)
}

// failed notes why an order came to nothing, and when it is tried again.
func (k *Keeper) failed(ctx context.Context, t *tenant.Tenant, c Certificate, why *failure) error {
	after := max(wait(c.Failures+1), min(why.after, mostWait))
	k.log.Warn("no certificate", "tenant", t.Code, "host", c.Host, "reason", why.code, "failures", c.Failures+1, "again_in", after, "error", why.cause)
	return k.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Update[Certificate](tx).
			Set("failures = failures + 1, fault = ?, detail = ?, failed_at = ?, next_at = ?", why.code, why.detail(), tx.Now(), tx.Now().Add(after)).
			Set("lease = null, lease_until = null, challenge = '', token = ''").
			Where("id = ? and lease = ?", c.ID, c.Lease).Exec(ctx)
		return err
	})
}

type issuedState struct {
	Host string `json:"host"`
}

// issued keeps a certificate. A process that has been away for longer than its lease keeps nothing.
func (k *Keeper) issued(ctx context.Context, t *tenant.Tenant, c Certificate, got issue) error {
	kept := false
	err := k.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		keys, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		box, err := keys.Seal(SealedKey, c.ID, got.key)
		if err != nil {
			return err
		}
		n, err := store.Update[Certificate](tx).
			Set("chain = ?, key = ?, issued_at = ?, not_after = ?, renew_at = ?, way = ?", got.chain, box, tx.Now(), got.notAfter, got.renewAt, got.way).
			Set("failures = 0, fault = '', detail = '', failed_at = null, next_at = null").
			Set("lease = null, lease_until = null, challenge = '', token = ''").
			Where("id = ? and lease = ?", c.ID, c.Lease).Exec(ctx)
		if err != nil || n == 0 {
			return err
		}
		kept = true
		tx.Audit(store.Record{Actor: "system:certificates", Action: "domains:certificate:issue", Target: "tenant:" + t.Code, After: issuedState{c.Host}})
		return nil
	})
	if err == nil && kept {
		k.mu.Lock()
		delete(k.served, c.Host) // the next handshake reads it
		k.mu.Unlock()
		k.log.Info("certificate", "tenant", t.Code, "host", c.Host, "until", got.notAfter, "challenge", got.way)
	}
	return err
}
