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

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// Provisioner makes and changes tenants. A manifest is applied as a whole or not at all, and applying
// the same one again changes nothing.
type Provisioner struct {
	DB *store.DB
	// Password makes a new person's first password and its hash. It is asked once for each person who
	// was not there before.
	Password func() (clear, hash string, err error)
	// Queues tells who would be stranded by what a manifest takes away. Nil: nobody is asked.
	Queues Queues
	// Hasher makes what stands for people in records. Nil: records say only that there was somebody.
	Hasher *audit.Hasher
}

// Options of Apply.
type Options struct {
	Actor string // who applies, for the record: "system:cli"
	Demo  bool   // mark the tenant as a demo: always open, simulated
	// EndTickets ends the tickets of who waits in a series, or stands at a counter, that the manifest takes
	// away. Without it Apply refuses with a *StrandedError.
	EndTickets bool
}

// Account is a person who was added, with the password to hand over. It is shown once and stored
// hashed.
type Account struct {
	Name, Email, Role, Password string
}

// Result is what Apply did.
type Result struct {
	Tenant   Row
	Created  bool
	Changes  []tenants.Change
	Accounts []Account
}

// Find reads a tenant's row and its whole manifest; nil, nil, nil when there is none. Of a region whose keys
// have been destroyed it is the manifest without the people.
func (p *Provisioner) Find(ctx context.Context, code string) (*Row, *tenants.Region, error) {
	var rows []Row
	err := p.DB.SystemView(ctx, func(ctx context.Context, s *store.SysTx) (err error) {
		rows, err = store.SysSelect[Row](ctx, s, "code = ?", code)
		return err
	})
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	var whole string
	err = p.DB.View(ctx, rows[0].ID, func(ctx context.Context, tx *store.Tx) (err error) {
		whole, err = wholeManifest(ctx, tx)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	region, err := decodeManifest(cmp.Or(whole, rows[0].Manifest))
	return &rows[0], region, err
}

// List reads all tenants, by code.
func (p *Provisioner) List(ctx context.Context) (rows []Row, err error) {
	err = p.DB.SystemView(ctx, func(ctx context.Context, s *store.SysTx) error {
		rows, err = store.SysSelect[Row](ctx, s, "")
		return err
	})
	slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a.Code, b.Code) })
	return rows, err
}

// Plan tells what Apply would change, and whom it would strand.
func (p *Provisioner) Plan(ctx context.Context, region *tenants.Region) ([]tenants.Change, []Stranded, error) {
	row, old, err := p.Find(ctx, region.Code)
	if err != nil || row == nil || p.Queues == nil {
		return tenants.Diff(old, region), nil, err
	}
	resolved, err := tenants.Resolve(region, catalogue.Default())
	if err != nil {
		return nil, nil, err
	}
	var held []Stranded
	err = p.DB.View(ctx, row.ID, func(ctx context.Context, tx *store.Tx) error {
		gone, err := leaving(ctx, tx, resolved)
		if err != nil {
			return err
		}
		held, err = gone.held(ctx, tx, p.Queues)
		return err
	})
	return tenants.Diff(old, region), held, err
}

// Apply makes the tenant what the manifest says. The region must have loaded without a problem.
func (p *Provisioner) Apply(ctx context.Context, region *tenants.Region, opt Options) (Result, error) {
	resolved, err := tenants.Resolve(region, catalogue.Default())
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
	old, oldRegion, err := p.Find(ctx, region.Code)
	if err != nil {
		return Result{}, err
	}
	res := Result{Changes: tenants.Diff(oldRegion, region), Created: old == nil}
	if old != nil && len(res.Changes) == 0 && old.Demo == opt.Demo {
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
		if err := PutManifest(ctx, tx, string(manifest)); err != nil {
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
		pr := &projection{tx: tx, r: resolved, declared: region, scope: ScopeOf(region.Code), first: first}
		if err := pr.run(ctx); err != nil {
			return err
		}
		peopleAfter, err := people(ctx, tx, p.Hasher)
		if err != nil {
			return err
		}
		if err := gone.end(ctx, tx, p.Queues, opt); err != nil {
			return err
		}
		res.Accounts = pr.accounts
		// Of the public part: a hash over people's names and addresses could be tried out.
		sum := sha256.Sum256(public)
		before, after := beforeAfter(res.Changes)
		tx.Audit(store.Record{Actor: opt.Actor, Action: "tenant:manifest:apply", Target: "tenant:" + region.Code, Data: struct {
			Manifest string `json:"manifest_sha256"`
			Changes  int    `json:"changes"`
		}{hex.EncodeToString(sum[:]), len(res.Changes)}, Before: orNil(before), After: orNil(after)})
		recordPeople(tx, opt.Actor, peopleBefore, peopleAfter)
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
		"slug = ?, name = ?, zone = ?, manifest = ?, demo = ?, version = ?, updated_at = ?",
		[]any{row.Slug, row.Name, row.Zone, row.Manifest, row.Demo, row.Version, row.UpdatedAt}, "code = ? and version = ?", row.Code, was)
	if err == nil && n == 0 {
		return fmt.Errorf("tenant %s was changed by somebody else at the same time: run plan again", row.Code)
	}
	return err
}

// SetState suspends or resumes a tenant; changed is false when it stood so already. An unknown
// code is an error.
func (p *Provisioner) SetState(ctx context.Context, code, state, reason, actor string) (changed bool, err error) {
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
	err = p.DB.Provision(ctx, "tenant "+state+" "+code, row.ID, func(ctx context.Context, s *store.SysTx, tx *store.Tx) error {
		version, err := bump(ctx, s)
		if err != nil {
			return err
		}
		_, err = store.SysUpdate[Row](ctx, s, "state = ?, suspended_reason = ?, version = ?, updated_at = ?",
			[]any{state, reason, version, tx.Now()}, "code = ?", code)
		type standing struct {
			State  string `json:"state"`
			Reason string `json:"reason"`
		}
		tx.Audit(store.Record{Actor: actor, Action: "tenant:state:change", Target: "tenant:" + code,
			Before: standing{row.State, row.SuspendedReason}, After: standing{state, reason}})
		tx.Emit("tenant.state", struct {
			State string `json:"state"`
		}{state}, "tenant")
		return err
	})
	return err == nil, err
}

// projection makes the rows of one manifest.
type projection struct {
	tx       *store.Tx
	r        *tenants.Resolved
	declared *tenants.Region
	scope    string
	first    map[string]firstPassword // by e-mail
	accounts []Account

	venues, zones, agencies, series, counters, services, users []id.ID
}

// named gives a declared thing the same identifier each time.
func (p *projection) named(kind, code string) id.ID { return id.Named(p.tx.Tenant(), kind+"/"+code) }

func (p *projection) venue(code string) id.ID            { return p.named("venue", code) }
func (p *projection) zone(venue, code string) id.ID      { return p.named("zone", venue+"/"+code) }
func (p *projection) agency(code string) id.ID           { return p.named("agency", code) }
func (p *projection) seriesID(agency, code string) id.ID { return p.named("series", agency+"/"+code) }
func (p *projection) counter(venue, code string) id.ID   { return p.named("counter", venue+"/"+code) }

func (p *projection) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{p.putVenues, p.putAgencies, p.putPeople, p.retire} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return LinkPeers(ctx, p.tx)
}

func (p *projection) putVenues(ctx context.Context) error {
	for i, v := range p.r.Venues {
		hours, err := json.Marshal(p.declared.Venues[i].Hours)
		if err != nil {
			return err
		}
		p.venues = append(p.venues, p.venue(v.Code))
		err = store.Upsert(ctx, p.tx, &VenueRow{
			ID: p.venue(v.Code), Code: v.Code, Name: v.Name, NameEN: v.NameEN, Kind: string(v.Kind), Address: v.Address, District: v.District.Name,
			TicketsStop: v.TicketsStop, Hours: string(hours), Sort: i,
		})
		if err != nil {
			return err
		}
		zones := v.Zones
		if len(zones) == 0 {
			zones = []tenants.Zone{{Code: tenants.MainZone, Name: v.Name, NameEN: v.NameEN}}
		}
		for j, z := range zones {
			p.zones = append(p.zones, p.zone(v.Code, z.Code))
			err := store.Upsert(ctx, p.tx, &ZoneRow{
				ID: p.zone(v.Code, z.Code), VenueID: p.venue(v.Code), Code: z.Code, Name: z.Name, NameEN: z.NameEN,
				Place: z.Place, PlaceEN: z.PlaceEN, Sort: 100*i + j,
			})
			if err != nil {
				return err
			}
		}
	}
	if _, err := store.Delete[Closure](ctx, p.tx, "true"); err != nil {
		return err
	}
	for i, c := range p.r.Closures {
		row := &Closure{ID: p.named("closure", fmt.Sprint(i)), Reason: c.Reason, ReasonEN: c.ReasonEN}
		if c.Venue != "" {
			row.VenueID = p.venue(c.Venue)
		}
		if err := row.FirstDay.UnmarshalText([]byte(c.From)); err != nil {
			return err
		}
		if err := row.LastDay.UnmarshalText([]byte(c.To)); err != nil {
			return err
		}
		if err := store.Insert(ctx, p.tx, row); err != nil {
			return err
		}
	}
	return nil
}

func (p *projection) putAgencies(ctx context.Context) error {
	if _, err := store.Delete[CounterSeries](ctx, p.tx, "true"); err != nil {
		return err
	}
	if _, err := store.Delete[ServiceSeries](ctx, p.tx, "true"); err != nil {
		return err
	}
	for i, a := range p.r.Agencies {
		p.agencies = append(p.agencies, p.agency(a.Code))
		err := store.Upsert(ctx, p.tx, &AgencyRow{
			ID: p.agency(a.Code), Code: a.Code, Name: a.Name, Short: a.Short, NameEN: a.NameEN, ShortEN: a.ShortEN,
			Icon: a.Icon, Words: lines(a.Words), Sort: i,
		})
		if err != nil {
			return err
		}
		for _, s := range a.Series {
			p.series = append(p.series, p.seriesID(a.Code, s.Code))
			err := store.Upsert(ctx, p.tx, &SeriesRow{
				ID: p.seriesID(a.Code, s.Code), AgencyID: p.agency(a.Code), VenueID: p.venue(s.Venue),
				Code: s.Code, Name: s.Name, NameEN: s.NameEN, Prefix: s.Prefix, Quota: int64(s.Quota),
			})
			if err != nil {
				return err
			}
		}
		if err := p.putCounters(ctx, a, 100*i); err != nil {
			return err
		}
		if err := p.putServices(ctx, a, 1000*i); err != nil {
			return err
		}
	}
	return nil
}

func (p *projection) putCounters(ctx context.Context, a tenants.ResolvedAgency, sort int) error {
	for j, c := range a.Counters {
		zone := c.Zone
		if zone == "" {
			zone = tenants.MainZone
		}
		p.counters = append(p.counters, p.counter(c.Venue, c.Code))
		err := store.Upsert(ctx, p.tx, &CounterRow{
			ID: p.counter(c.Venue, c.Code), AgencyID: p.agency(a.Code), VenueID: p.venue(c.Venue), ZoneID: p.zone(c.Venue, zone),
			Code: c.Code, Name: c.Name, Place: c.Place, PlaceEN: c.PlaceEN, Sort: sort + j,
		})
		if err != nil {
			return err
		}
		for _, s := range c.Series {
			err := store.Insert(ctx, p.tx, &CounterSeries{CounterID: p.counter(c.Venue, c.Code), SeriesID: p.seriesID(a.Code, s)})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *projection) putServices(ctx context.Context, a tenants.ResolvedAgency, sort int) error {
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
		p.services = append(p.services, row.ID)
		if err := store.Upsert(ctx, p.tx, row); err != nil {
			return err
		}
		for k, code := range s.Series {
			err := store.Insert(ctx, p.tx, &ServiceSeries{ServiceID: row.ID, SeriesID: p.seriesID(a.Code, code), Sort: k})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// LinkPeers derives from counter_series which series share a counter. Series that nobody calls any more
// keep themselves, so that whoever still waits there has a place.
func LinkPeers(ctx context.Context, tx *store.Tx) error {
	if _, err := store.Delete[SeriesPeer](ctx, tx, "true"); err != nil {
		return err
	}
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
	return store.Insert(ctx, tx, rows...)
}

// putPeople adds who is new, with a password, and renews names, roles and counters of who was there.
// Passwords of people who were there stay.
func (p *projection) putPeople(ctx context.Context) error {
	have, err := usersByIndex(ctx, p.tx)
	if err != nil {
		return err
	}
	if _, err := store.Delete[UserCounter](ctx, p.tx, "true"); err != nil {
		return err
	}
	if _, err := store.Delete[Grant](ctx, p.tx, "true"); err != nil {
		return err
	}
	for _, s := range p.r.Staff {
		email := seal.Email(s.Email) // as auth compares it
		// Not named after the e-mail as other rows are after their code: the name would tell it.
		row := User{ID: id.New(), CreatedAt: p.tx.Now()}
		u, err := have.find(email)
		if err != nil {
			return err
		}
		if u != nil {
			row.ID = u.ID
		}
		if err := row.Seal(have.keys, email, s.Name); err != nil {
			return err
		}
		if u != nil && !u.Retired {
			row.PasswordHash, row.CreatedAt = u.PasswordHash, u.CreatedAt
		} else {
			f, ok := p.first[email]
			if !ok {
				return fmt.Errorf("%s was removed by somebody else at the same time: run plan again", s.Role)
			}
			row.PasswordHash = f.hash
			p.accounts = append(p.accounts, Account{s.Name, email, string(s.Role), f.clear})
		}
		p.users = append(p.users, row.ID)
		if err := store.Upsert(ctx, p.tx, &row); err != nil {
			return err
		}
		if err := p.putRights(ctx, row.ID, s); err != nil {
			return err
		}
	}
	return nil
}

func (p *projection) putRights(ctx context.Context, user id.ID, s tenants.Person) error {
	scope := p.scope
	if s.Agency != "" {
		scope += "/" + s.Agency
	}
	if err := store.Insert(ctx, p.tx, &Grant{UserID: user, Role: string(s.Role), Scope: scope}); err != nil {
		return err
	}
	for _, key := range s.Counters {
		if err := store.Insert(ctx, p.tx, &UserCounter{UserID: user, CounterID: p.named("counter", key)}); err != nil {
			return err
		}
	}
	return nil
}

// retire marks what the manifest no longer has. Nothing is deleted: old tickets keep their names.
func (p *projection) retire(ctx context.Context) error {
	return errors.Join(
		retireOthers[VenueRow](ctx, p.tx, p.venues), retireOthers[ZoneRow](ctx, p.tx, p.zones),
		retireOthers[AgencyRow](ctx, p.tx, p.agencies), retireOthers[SeriesRow](ctx, p.tx, p.series),
		retireOthers[CounterRow](ctx, p.tx, p.counters), retireOthers[ServiceRow](ctx, p.tx, p.services),
		retireOthers[User](ctx, p.tx, p.users),
	)
}

func retireOthers[T any, P store.OwnedRow[T]](ctx context.Context, tx *store.Tx, keep []id.ID) error {
	u := store.Update[T, P](tx).Set("retired = true")
	if len(keep) == 0 {
		u = u.Where("true")
	} else {
		u = u.Where("id not in ?", bun.Tuple(keep))
	}
	_, err := u.Exec(ctx)
	return err
}

func lines(words []string) string { return strings.Join(words, "\n") }
