package tenant

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/tenants"
)

// Provisioner makes and changes tenants. A manifest is applied as a whole or not at all, and applying
// the same one again changes nothing.
type Provisioner struct {
	DB *store.DB
	// Password makes a new person's first password and its hash. It is asked once for each person who
	// was not there before.
	Password func() (clear, hash string, err error)
	// PasswordHolds is how long a first password opens anything unless its person chooses another. 0: for good, as in a
	// demo.
	PasswordHolds time.Duration
	// Queues tells who would be stranded by what a manifest takes away. Nil: nobody is asked.
	Queues Queues
	// Hasher makes what stands for people in records. Nil: records say only that there was somebody.
	Hasher *audit.Hasher
	// Left deletes what people sign in with beside their password, and where they are signed in: it is asked of who
	// leaves a manifest, and again of who comes back into one. Nil: nothing is deleted.
	Left func(ctx context.Context, tx *store.Tx, people []id.ID) error
	// Catalogue fills in what a manifest leaves open. Nil: the embedded one.
	Catalogue tenants.Catalogue
}

// Options of Apply.
type Options struct {
	Actor string // who applies, for the record: "system:cli"
	Demo  bool   // mark the tenant as a demo: always open, simulated
	// EndTickets ends the tickets of who waits in a series, or stands at a counter, that the manifest takes
	// away. Without it Apply refuses with a *StrandedError.
	EndTickets bool
	// Confirm names services, such as "dukcapil/ktp-baru", whose text the catalogue changed under "confirmed:
	// true" and that the region has checked again; ConfirmAll is all of them.
	Confirm []string
	// Was is the manifest that whoever applies has seen in force: where another one is by now the fault is CodeMoved.
	// Nil: whatever is in force.
	Was *tenants.Region
	// Then runs in the same transaction once everything has been written, with who was added: such as to invite them.
	Then func(ctx context.Context, tx *store.Tx, added []Account) error
}

// Planned is what Apply would do.
type Planned struct {
	Changes []tenants.Change
	Held    []Stranded // whom it would strand
	Recheck []string   // services that stay unconfirmed until the region confirms them again: "dukcapil/ktp-baru"
}

// Account is a person who was added, with the password to hand over. It is shown once and stored
// hashed.
type Account struct {
	Name, Email, Role, Password string
	User                        id.ID
}

// Result is what Apply did.
type Result struct {
	Tenant   Row
	Created  bool
	Opened   bool // it was being prepared, and is open to the public now
	Changes  []tenants.Change
	Accounts []Account
	Recheck  []string // as in Planned
}

// Find reads a tenant's row and its whole manifest; nil, nil, nil when there is none. Of a region whose keys
// have been destroyed it is the manifest without the people.
func (p *Provisioner) Find(ctx context.Context, code string) (*Row, *tenants.Region, error) {
	row, _, region, err := p.find(ctx, code)
	return row, region, err
}

func (p *Provisioner) find(ctx context.Context, code string) (*Row, *Manifest, *tenants.Region, error) {
	var rows []Row
	err := p.DB.SystemView(ctx, func(ctx context.Context, s *store.SysTx) (err error) {
		rows, err = store.SysSelect[Row](ctx, s, "code = ?", code)
		return err
	})
	if err != nil || len(rows) == 0 {
		return nil, nil, nil, err
	}
	if rows[0].IsPlatform() {
		region, err := decodeManifest(rows[0].Manifest)
		return &rows[0], &Manifest{}, region, err
	}
	var whole string
	var stored Manifest
	err = p.DB.View(ctx, rows[0].ID, func(ctx context.Context, tx *store.Tx) (err error) {
		stored, whole, err = wholeManifest(ctx, tx)
		return err
	})
	if err != nil {
		return nil, nil, nil, err
	}
	region, err := decodeManifest(cmp.Or(whole, rows[0].Manifest))
	return &rows[0], &stored, region, err
}

// List reads the regions, by code.
func (p *Provisioner) List(ctx context.Context) ([]Row, error) {
	rows, err := p.Tenants(ctx)
	return slices.DeleteFunc(rows, func(r Row) bool { return r.IsPlatform() }), err
}

// Tenants reads the regions and the platform, by code: whose keys, records and work are looked after alike.
func (p *Provisioner) Tenants(ctx context.Context) (rows []Row, err error) {
	err = p.DB.SystemView(ctx, func(ctx context.Context, s *store.SysTx) error {
		rows, err = store.SysSelect[Row](ctx, s, "")
		return err
	})
	slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a.Code, b.Code) })
	return rows, err
}

// Plan tells what Apply would do.
func (p *Provisioner) Plan(ctx context.Context, region *tenants.Region) (out Planned, err error) {
	row, stored, old, err := p.find(ctx, region.Code)
	if err != nil {
		return out, err
	}
	if out.Changes, out.Recheck, err = p.compare(stored, old, region, nil); err != nil || row == nil {
		return out, err
	}
	if err := p.note(ctx, row.ID, old, region, out.Changes); err != nil {
		return out, err
	}
	again, err := p.drift(ctx, row.ID, old, region)
	out.Changes = append(out.Changes, again...)
	if err != nil || p.Queues == nil {
		return out, err
	}
	resolved, err := tenants.Resolve(region, p.catalogue())
	if err != nil {
		return out, err
	}
	err = p.DB.View(ctx, row.ID, func(ctx context.Context, tx *store.Tx) error {
		gone, err := leaving(ctx, tx, resolved)
		if err != nil {
			return err
		}
		out.Held, err = gone.held(ctx, tx, p.Queues)
		return err
	})
	return out, err
}

// Apply makes the tenant what the manifest says. The region must have loaded without a problem.
func (p *Provisioner) Apply(ctx context.Context, region *tenants.Region, opt Options) (Result, error) {
	resolved, err := tenants.Resolve(region, p.catalogue())
	if err != nil {
		return Result{}, err
	}
	manifest, err := json.Marshal(region)
	if err != nil {
		return Result{}, fmt.Errorf("tenant: manifest: %w", err)
	}
	known := *region
	known.Staff = nil // every process holds this part in memory; people stay behind the tenant's door
	public, err := json.Marshal(known)
	if err != nil {
		return Result{}, fmt.Errorf("tenant: manifest: %w", err)
	}
	taken, err := json.Marshal(tenants.Used(region, p.catalogue()))
	if err != nil {
		return Result{}, fmt.Errorf("tenant: catalogue: %w", err)
	}
	old, stored, oldRegion, err := p.find(ctx, region.Code)
	if err != nil {
		return Result{}, err
	}
	if opt.Was != nil && !tenants.Equal(opt.Was, oldRegion) {
		return Result{}, fault.New(fault.Conflict, CodeMoved)
	}
	res := Result{Created: old == nil}
	if res.Changes, res.Recheck, err = p.compare(stored, oldRegion, region, opt.Confirm); err != nil {
		return Result{}, err
	}
	if old != nil {
		if err := p.note(ctx, old.ID, oldRegion, region, res.Changes); err != nil {
			return Result{}, err
		}
		again, err := p.drift(ctx, old.ID, oldRegion, region)
		if err != nil {
			return Result{}, err
		}
		res.Changes = append(res.Changes, again...)
	}
	unconfirm(resolved, res.Recheck)
	if old != nil && len(res.Changes) == 0 && old.Demo == opt.Demo && old.State != Preparing {
		res.Tenant = *old
		return res, nil
	}
	if old == nil {
		old = &Row{ID: store.NewTenantID(), State: Active}
	}
	first, err := p.firstPasswords(ctx, old.ID, resolved.Staff)
	if err != nil {
		return Result{}, err
	}
	row := *old
	row.Code, row.Slug, row.Name, row.Zone = region.Code, resolved.Seat.Slug, resolved.Name, region.Timezone
	row.Manifest, row.Demo = string(public), opt.Demo
	if res.Opened = row.State == Preparing; res.Opened {
		row.State = Active
	}
	err = p.DB.Provision(ctx, "tenant apply "+region.Code, row.ID, func(ctx context.Context, s *store.SysTx, tx *store.Tx) error {
		res.Accounts = nil
		if row.Version, err = bump(ctx, s); err != nil {
			return err
		}
		row.UpdatedAt = tx.Now()
		if res.Created {
			row.CreatedAt = tx.Now()
			if err := store.SysInsert(ctx, s, &row); err != nil {
				return err
			}
			if err := tx.StartChain(ctx); err != nil {
				return err
			}
		} else if err := updateRow(ctx, s, row, old.Version); err != nil {
			return err
		}
		put := Manifest{Catalogue: string(taken), Recheck: strings.Join(res.Recheck, "\n")}
		if err := PutManifest(ctx, tx, put, string(manifest)); err != nil {
			return err
		}
		gone, err := leaving(ctx, tx, resolved)
		if err != nil {
			return err
		}
		if err := gone.lock(ctx, tx); err != nil {
			return err
		}
		peopleBefore, err := people(ctx, tx, p.Hasher)
		if err != nil {
			return err
		}
		pr := &projection{tx: tx, r: resolved, declared: region, scope: ScopeOf(region.Code), first: first, passwordHolds: p.PasswordHolds}
		if err := pr.run(ctx); err != nil {
			return err
		}
		if len(pr.left) > 0 && p.Left != nil {
			if err := p.Left(ctx, tx, pr.left); err != nil {
				return err
			}
		}
		peopleAfter, err := people(ctx, tx, p.Hasher)
		if err != nil {
			return err
		}
		if err := gone.end(ctx, tx, p.Queues, opt); err != nil {
			return err
		}
		res.Accounts = pr.accounts
		if opt.Then != nil {
			if err := opt.Then(ctx, tx, pr.accounts); err != nil {
				return err
			}
		}
		// Of the public part: a hash over people's names and addresses could be tried out.
		sum := sha256.Sum256(public)
		before, after := beforeAfter(res.Changes)
		tx.Audit(store.Record{Actor: opt.Actor, Action: manifestApplied, Target: "tenant:" + region.Code, Data: struct {
			Manifest string `json:"manifest_sha256"`
			Changes  int    `json:"changes"`
		}{hex.EncodeToString(sum[:]), len(res.Changes)}, Before: orNil(before), After: orNil(after)})
		recordPeople(tx, opt.Actor, peopleBefore, peopleAfter)
		if res.Opened {
			tx.Audit(store.Record{Actor: opt.Actor, Action: "tenant:state:change", Target: "tenant:" + region.Code,
				Before: standing{State: Preparing}, After: standing{State: Active}})
		}
		tx.Emit("tenant.applied", struct {
			Version int64 `json:"version"`
		}{row.Version}, "tenant")
		return nil
	})
	res.Tenant = row
	return res, err
}

// firstPassword is what a person who is added gets.
type firstPassword struct{ clear, hash string }

// firstPasswords makes the passwords of those who are new, before the transaction: hashing is slow on
// purpose, and on SQLite everybody would wait for it.
func (p *Provisioner) firstPasswords(ctx context.Context, t ID, staff []tenants.Person) (map[string]firstPassword, error) {
	var added []string
	err := p.DB.View(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		have, err := usersByIndex(ctx, tx)
		if err != nil {
			return err
		}
		if err := have.keys.MaySeal(); err != nil {
			return err
		}
		for _, s := range staff {
			u, err := have.find(s.Email)
			if err != nil {
				return err
			}
			if u == nil || u.Retired {
				added = append(added, seal.Email(s.Email))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := map[string]firstPassword{}
	for _, email := range added {
		var f firstPassword
		if f.clear, f.hash, err = p.Password(); err != nil {
			return nil, err
		}
		out[email] = f
	}
	return out, nil
}

// bump moves the version of the list of tenants. Whoever changes it waits here for whoever is
// changing it, so that two applies run one after the other.
func bump(ctx context.Context, s *store.SysTx) (int64, error) {
	if _, err := store.SysUpdate[registryRow](ctx, s, "version = version + 1", nil, "id = 1"); err != nil {
		return 0, err
	}
	reg, err := store.SysSelect[registryRow](ctx, s, "id = 1")
	if err != nil {
		return 0, err
	}
	return reg[0].Version, nil
}

func updateRow(ctx context.Context, s *store.SysTx, row Row, was int64) error {
	n, err := store.SysUpdate[Row](ctx, s,
		"slug = ?, name = ?, zone = ?, state = ?, manifest = ?, demo = ?, version = ?, updated_at = ?",
		[]any{row.Slug, row.Name, row.Zone, row.State, row.Manifest, row.Demo, row.Version, row.UpdatedAt}, "code = ? and version = ?", row.Code, was)
	if err == nil && n == 0 {
		return fault.Wrap(fmt.Errorf("tenant %s was changed by somebody else at the same time: run plan again", row.Code), fault.Conflict, CodeMoved)
	}
	return err
}

// SetState suspends or resumes a tenant; changed is false when it stood so already. An unknown
// code is an error.
func (p *Provisioner) SetState(ctx context.Context, code, state, reason, actor string) (changed bool, err error) {
	if code == PlatformCode {
		return false, ErrPlatform
	}
	row, _, err := p.Find(ctx, code)
	if err != nil {
		return false, err
	}
	if row == nil {
		return false, fmt.Errorf("there is no tenant %q", code)
	}
	if row.State == state && row.SuspendedReason == reason {
		return false, nil
	}
	if row.State == Preparing {
		return false, ErrPreparing
	}
	err = p.DB.Provision(ctx, "tenant "+state+" "+code, row.ID, func(ctx context.Context, s *store.SysTx, tx *store.Tx) error {
		version, err := bump(ctx, s)
		if err != nil {
			return err
		}
		_, err = store.SysUpdate[Row](ctx, s, "state = ?, suspended_reason = ?, version = ?, updated_at = ?",
			[]any{state, reason, version, tx.Now()}, "code = ?", code)
		tx.Audit(store.Record{Actor: actor, Action: "tenant:state:change", Target: "tenant:" + code,
			Before: standing{row.State, row.SuspendedReason}, After: standing{state, reason}})
		tx.Emit("tenant.state", struct {
			State string `json:"state"`
		}{state}, "tenant")
		return err
	})
	return err == nil, err
}

// CodeMoved is the fault's code where a manifest was changed by somebody else at the same time.
const CodeMoved = "tenant.moved"

// standing is a tenant's state in a record.
type standing struct {
	State  string `json:"state"`
	Reason string `json:"reason"`
}

// projection makes the rows of one manifest. It gathers them first and then writes each table at once, and
// of each table only what differs: a row that is written is locked until the commit.
type projection struct {
	tx       *store.Tx
	r        *tenants.Resolved
	declared *tenants.Region
	scope    string
	first    map[string]firstPassword // by e-mail
	accounts []Account

	passwordHolds time.Duration

	venues        []*VenueRow
	zones         []*ZoneRow
	closures      []*Closure
	agencies      []*AgencyRow
	series        []*SeriesRow
	services      []*ServiceRow
	serviceSeries []*ServiceSeries
	grants        []*Grant
	users         []id.ID
	left          []id.ID // who is not in the manifest any more, and who was not until now
	counters      []*CounterRow
	counterSeries []*CounterSeries
	userCounters  []*UserCounter
}

// named gives a declared thing the same identifier each time.
func (p *projection) named(kind, code string) id.ID { return id.Named(p.tx.Tenant(), kind+"/"+code) }

func (p *projection) venue(code string) id.ID            { return VenueID(p.tx.Tenant(), code) }
func (p *projection) zone(venue, code string) id.ID      { return p.named("zone", venue+"/"+code) }
func (p *projection) agency(code string) id.ID           { return p.named("agency", code) }
func (p *projection) seriesID(agency, code string) id.ID { return p.named("series", agency+"/"+code) }
func (p *projection) counter(venue, code string) id.ID {
	return CounterID(p.tx.Tenant(), venue+"/"+code)
}

// VenueID is the identifier of a venue that a region declares.
func VenueID(t ID, code string) id.ID { return id.Named(t, "venue/"+code) }

// CounterID is the identifier of a counter that a region declares; the key is "utama/3".
func CounterID(t ID, key string) id.ID { return id.Named(t, "counter/"+key) }

// run writes the rows. Counters come last, with what hangs on them: officers press their buttons meanwhile,
// and whoever presses where a counter changes waits until the commit.
func (p *projection) run(ctx context.Context) error {
	if err := p.gatherVenues(); err != nil {
		return err
	}
	if err := p.gatherAgencies(); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return store.Put(ctx, p.tx, p.venues...) },
		func(ctx context.Context) error { return store.Put(ctx, p.tx, p.zones...) },
		func(ctx context.Context) error { return store.Replace(ctx, p.tx, p.closures...) },
		func(ctx context.Context) error { return store.Put(ctx, p.tx, p.agencies...) },
		func(ctx context.Context) error { return store.Put(ctx, p.tx, p.series...) },
		func(ctx context.Context) error { return holdNew(ctx, p.tx) },
		func(ctx context.Context) error { return store.Put(ctx, p.tx, p.services...) },
		func(ctx context.Context) error { return store.Replace(ctx, p.tx, p.serviceSeries...) },
		p.putPeople,
		p.putGrants,
		p.retire,
		func(ctx context.Context) error { return store.Put(ctx, p.tx, p.counters...) },
		func(ctx context.Context) error {
			return retireOthers[CounterRow](ctx, p.tx, ids(p.counters, func(c *CounterRow) id.ID { return c.ID }))
		},
		func(ctx context.Context) error { return store.Replace(ctx, p.tx, p.counterSeries...) },
		func(ctx context.Context) error {
			return store.ReplaceMine(ctx, p.tx, func(c UserCounter) bool { return c.Source == FromManifest || slices.Contains(p.left, c.UserID) }, p.userCounters...)
		},
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return LinkPeers(ctx, p.tx)
}

func (p *projection) gatherVenues() error {
	for i, v := range p.r.Venues {
		hours, err := json.Marshal(p.declared.Venues[i].Hours)
		if err != nil {
			return err
		}
		p.venues = append(p.venues, &VenueRow{
			ID: p.venue(v.Code), Code: v.Code, Name: v.Name, NameEN: v.NameEN, Kind: string(v.Kind), Address: v.Address, District: v.District.Name,
			TicketsStop: v.TicketsStop, Hours: string(hours), Sort: i,
		})
		zones := v.Zones
		if len(zones) == 0 {
			zones = []tenants.Zone{{Code: tenants.MainZone, Name: v.Name, NameEN: v.NameEN}}
		}
		for j, z := range zones {
			p.zones = append(p.zones, &ZoneRow{
				ID: p.zone(v.Code, z.Code), VenueID: p.venue(v.Code), Code: z.Code, Name: z.Name, NameEN: z.NameEN,
				Place: z.Place, PlaceEN: z.PlaceEN, Sort: 100*i + j,
			})
		}
	}
	for i, c := range p.r.Closures {
		row, err := closureRow(p.tx.Tenant(), c)
		if err != nil {
			return err
		}
		row.ID = p.named("closure", fmt.Sprint(i))
		p.closures = append(p.closures, row)
	}
	return nil
}

// closureRow is a closure without its identifier.
func closureRow(t ID, c tenants.Closure) (*Closure, error) {
	row := &Closure{Reason: c.Reason, ReasonEN: c.ReasonEN}
	if c.Venue != "" {
		row.VenueID = VenueID(t, c.Venue)
	}
	return row, errors.Join(row.FirstDay.UnmarshalText([]byte(c.From)), row.LastDay.UnmarshalText([]byte(c.To)))
}

func (p *projection) gatherAgencies() error {
	for i, a := range p.r.Agencies {
		p.agencies = append(p.agencies, &AgencyRow{
			ID: p.agency(a.Code), Code: a.Code, Name: a.Name, Short: a.Short, NameEN: a.NameEN, ShortEN: a.ShortEN,
			Icon: a.Icon, Words: lines(a.Words), Sort: i,
		})
		for _, s := range a.Series {
			p.series = append(p.series, &SeriesRow{
				ID: p.seriesID(a.Code, s.Code), AgencyID: p.agency(a.Code), VenueID: p.venue(s.Venue),
				Code: s.Code, Name: s.Name, NameEN: s.NameEN, Prefix: s.Prefix, Quota: int64(s.Quota),
			})
		}
		p.gatherCounters(a, 100*i)
		if err := p.gatherServices(a, 1000*i); err != nil {
			return err
		}
	}
	return nil
}

func (p *projection) gatherCounters(a tenants.ResolvedAgency, sort int) {
	for j, c := range a.Counters {
		zone := c.Zone
		if zone == "" {
			zone = tenants.MainZone
		}
		p.counters = append(p.counters, &CounterRow{
			ID: p.counter(c.Venue, c.Code), AgencyID: p.agency(a.Code), VenueID: p.venue(c.Venue), ZoneID: p.zone(c.Venue, zone),
			Code: c.Code, Name: c.Name, Place: c.Place, PlaceEN: c.PlaceEN, Sort: sort + j,
		})
		for _, s := range c.Series {
			p.counterSeries = append(p.counterSeries, &CounterSeries{CounterID: p.counter(c.Venue, c.Code), SeriesID: p.seriesID(a.Code, s)})
		}
	}
}

func (p *projection) gatherServices(a tenants.ResolvedAgency, sort int) error {
	for j, s := range a.Services {
		row := &ServiceRow{
			ID: p.named("service", a.Code+"/"+s.Code), AgencyID: p.agency(a.Code), Code: s.Code, Name: s.Name, NameEN: s.NameEN,
			Words: lines(s.Words), Execution: string(s.Execution), System: s.System, Receipt: s.Receipt, Minutes: s.Minutes,
			Confirmed: s.Confirmed, Sort: sort + j,
		}
		if s.Standard != nil {
			text, err := json.Marshal(s.Standard)
			if err != nil {
				return err
			}
			row.Standard = string(text)
		}
		p.services = append(p.services, row)
		for k, code := range s.Series {
			p.serviceSeries = append(p.serviceSeries, &ServiceSeries{ServiceID: row.ID, SeriesID: p.seriesID(a.Code, code), Sort: k})
		}
	}
	return nil
}

// LinkPeers derives from counter_series which series share a counter. Series that nobody calls any more
// keep themselves, so that whoever still waits there has a place.
func LinkPeers(ctx context.Context, tx *store.Tx) error {
	series, err := store.Select[SeriesRow](tx).All(ctx)
	if err != nil {
		return err
	}
	links, err := store.Select[CounterSeries](tx).All(ctx)
	if err != nil {
		return err
	}
	byCounter := map[id.ID][]id.ID{}
	for _, l := range links {
		byCounter[l.CounterID] = append(byCounter[l.CounterID], l.SeriesID)
	}
	peers := map[[2]id.ID]bool{}
	for _, s := range series {
		peers[[2]id.ID{s.ID, s.ID}] = true
	}
	for _, called := range byCounter {
		for _, a := range called {
			for _, b := range called {
				peers[[2]id.ID{a, b}] = true
			}
		}
	}
	rows := make([]*SeriesPeer, 0, len(peers))
	for p := range peers {
		rows = append(rows, &SeriesPeer{SeriesID: p[0], PeerID: p[1]})
	}
	return store.Replace(ctx, tx, rows...)
}

// retire marks what the manifest no longer has, but for counters. Nothing is deleted: old tickets keep their names.
func (p *projection) retire(ctx context.Context) error {
	return errors.Join(
		retireOthers[VenueRow](ctx, p.tx, ids(p.venues, func(v *VenueRow) id.ID { return v.ID })),
		retireOthers[ZoneRow](ctx, p.tx, ids(p.zones, func(z *ZoneRow) id.ID { return z.ID })),
		retireOthers[AgencyRow](ctx, p.tx, ids(p.agencies, func(a *AgencyRow) id.ID { return a.ID })),
		retireOthers[SeriesRow](ctx, p.tx, ids(p.series, func(s *SeriesRow) id.ID { return s.ID })),
		retireOthers[ServiceRow](ctx, p.tx, ids(p.services, func(s *ServiceRow) id.ID { return s.ID })),
		p.retirePeople(ctx),
	)
}

func ids[T any](rows []T, of func(T) id.ID) []id.ID {
	out := make([]id.ID, len(rows))
	for i, r := range rows {
		out[i] = of(r)
	}
	return out
}

func retireOthers[T any, P store.OwnedRow[T]](ctx context.Context, tx *store.Tx, keep []id.ID, among ...string) error {
	u := store.Update[T, P](tx).Set("retired = true").Where("not retired")
	for _, cond := range among {
		u = u.Where(cond)
	}
	if len(keep) > 0 {
		u = u.Where("id not in ?", bun.Tuple(keep))
	}
	_, err := u.Exec(ctx)
	return err
}

func lines(words []string) string { return strings.Join(words, "\n") }
