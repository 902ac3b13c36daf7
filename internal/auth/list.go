package auth

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// State is how an account stands.
type State string

// The states.
const (
	StateActive    State = "active"
	StateInvited   State = "invited" // has no password yet
	StateSuspended State = "suspended"
	StateRemoved   State = "removed"
)

// States are all of them.
var States = []State{StateActive, StateInvited, StateSuspended, StateRemoved}

// Held is a role that somebody holds.
type Held struct {
	authz.Grant
	Post
	Own    bool // it is one of the region's; Post says which
	Source tenant.Source
}

// Person is somebody's account as an administrator sees it.
type Person struct {
	ID              id.ID
	Name, Email     string
	State           State
	Grants          []authz.Grant
	Held            []Held
	Counters        []id.ID // at which they work; none: all of their agencies'
	Factors         Factors
	MustHave        bool // their roles ask for a second factor
	Suspended       bool
	SuspendedReason string
	Sessions        int
	Password        bool     // has one
	Bound           []string // the agencies at whose providers they have an account
	// PasswordUntil is until when a password that was chosen for them opens anything; zero: theirs is their own.
	PasswordUntil time.Time
	Expired       bool // it is worth nothing any more
	// Again are roles that the region's manifest gives and that they do not hold: the next apply gives them back. It is
	// filled for one person, not in a list.
	Again []Post
}

// Filter chooses among people. Zero fields choose nobody out.
type Filter struct {
	Text   string // a part of the name, or a whole e-mail address
	Agency string // its code
	Role   string
	State  State // "": all but those who were removed
	Page   int   // from 1
}

// PageSize is how many people stand on a page.
const PageSize = 50

// People are those of a region's people whom by looks after, by name, a page of them; total is how many the filter
// leaves in all.
func (s *Service) People(ctx context.Context, t *tenant.Tenant, by *authz.Actor, f Filter) (page []Person, total int, err error) {
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := mayFit(ctx, tx, f)
		if err != nil {
			return err
		}
		grants, err := store.Select[tenant.Grant](tx).Order("role", "scope").All(ctx)
		if err != nil {
			return err
		}
		of := map[id.ID][]tenant.Grant{}
		for _, g := range grants {
			of[g.UserID] = append(of[g.UserID], g)
		}
		type named struct {
			account
			name string
		}
		var all []named
		text := strings.ToLower(strings.Join(strings.Fields(f.Text), " "))
		byName := text != "" && !strings.Contains(text, "@")
		for _, u := range rows {
			// Who holds no role and never had a password is nobody who works here, such as a demo's simulated hand.
			if u.PasswordHash == "" && len(of[u.ID]) == 0 && !u.Retired || !manages(by, t, of[u.ID]) || !f.fits(t, u, of[u.ID]) {
				continue
			}
			name, _, err := u.open(ctx, tx)
			if err != nil {
				return err
			}
			if !byName || strings.Contains(strings.ToLower(name), text) {
				all = append(all, named{u, name})
			}
		}
		// Sealed names have no order in the database.
		slices.SortFunc(all, func(a, b named) int {
			return cmp.Or(strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)), strings.Compare(a.ID.String(), b.ID.String()))
		})
		total = len(all)
		from := min(max(f.Page-1, 0)*PageSize, total)
		shown := make([]account, 0, PageSize)
		for _, n := range all[from:min(from+PageSize, total)] {
			shown = append(shown, n.account)
		}
		page, err = describe(ctx, tx, t, shown, of)
		return err
	})
	return page, total, err
}

// mayFit reads the accounts that a filter may leave: one where it names an address.
func mayFit(ctx context.Context, tx *store.Tx, f Filter) ([]account, error) {
	if strings.Contains(f.Text, "@") {
		one, err := accountByEmail(ctx, tx, seal.Email(f.Text))
		if err != nil || one == nil {
			return nil, err
		}
		return []account{*one}, nil
	}
	return store.Select[account](tx).Where("retired = ?", f.State == StateRemoved).All(ctx)
}

func (f Filter) fits(t *tenant.Tenant, u account, grants []tenant.Grant) bool {
	if f.State == "" && u.Retired || f.State != "" && f.State != u.state() {
		return false
	}
	if f.Role == "" && f.Agency == "" {
		return true
	}
	return slices.ContainsFunc(grants, func(g tenant.Grant) bool {
		return (f.Role == "" || g.Role == f.Role) && (f.Agency == "" || g.Scope == t.AgencyScope(f.Agency))
	})
}

func (a account) state() State {
	switch {
	case a.Retired:
		return StateRemoved
	case a.Suspended:
		return StateSuspended
	case a.PasswordHash == "" && a.Source != tenant.FromProvider: // whom a provider lets in needs none
		return StateInvited
	}
	return StateActive
}

// expired tells whether the account's password was chosen by somebody else, too long ago.
func (a account) expired(now time.Time) bool {
	return !a.PasswordUntil.IsZero() && !now.Before(a.PasswordUntil)
}

// Person is one of those whom by looks after, or by themselves. Who was removed is found by who looks after the whole
// region's. The fault is "not_found".
func (s *Service) Person(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID) (out Person, err error) {
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		row, err := store.Select[account](tx).Where("id = ?", user).One(ctx)
		if err != nil {
			return err
		}
		grants, err := grantsOf(ctx, tx, user)
		if err != nil {
			return err
		}
		if by.UserID != user && !manages(by, t, grants) {
			return fault.New(fault.NotFound, "not_found")
		}
		all, err := describe(ctx, tx, t, []account{row}, map[id.ID][]tenant.Grant{user: grants})
		if err != nil {
			return err
		}
		out = all[0]
		if row.Retired {
			return nil
		}
		declared, err := declaredOf(ctx, tx, row)
		for _, p := range declared.posts {
			if !slices.ContainsFunc(out.Held, func(h Held) bool { return h.Own && h.Post == p }) {
				out.Again = append(out.Again, p)
			}
		}
		return err
	})
	return out, err
}

// describe adds what a person has to each account, with one question a table.
func describe(ctx context.Context, tx *store.Tx, t *tenant.Tenant, rows []account, roles map[id.ID][]tenant.Grant) ([]Person, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	users := make([]id.ID, len(rows))
	for i, u := range rows {
		users[i] = u.ID
	}
	posts, err := store.Select[tenant.UserCounter](tx).Where("user_id in ?", bun.Tuple(users)).All(ctx)
	if err != nil {
		return nil, err
	}
	at := map[id.ID][]id.ID{}
	for _, c := range posts {
		at[c.UserID] = append(at[c.UserID], c.CounterID)
	}
	type count struct {
		UserID id.ID `bun:"user_id"`
		N      int   `bun:"n"`
	}
	counts := func(from, where string, args ...any) (map[id.ID]int, error) {
		rows, err := store.Query[count](ctx, tx, store.From{from}, "select user_id, count(*) as n from "+from+" where user_id in ? and "+where+" group by user_id", append([]any{bun.Tuple(users)}, args...)...)
		out := map[id.ID]int{}
		for _, r := range rows {
			out[r.UserID] = r.N
		}
		return out, err
	}
	apps, err := counts("totps", "confirmed")
	if err != nil {
		return nil, err
	}
	keys, err := counts("passkeys", "true")
	if err != nil {
		return nil, err
	}
	codes, err := counts("recovery_codes", "used_at is null")
	if err != nil {
		return nil, err
	}
	in, err := counts("sessions", "expires_at > ? and seen_at > ?", tx.Now(), tx.Now().Add(-Idle))
	if err != nil {
		return nil, err
	}
	bonds, err := store.Select[identity](tx).Where("user_id in ?", bun.Tuple(users)).Order("agency").All(ctx)
	if err != nil {
		return nil, err
	}
	bound := map[id.ID][]string{}
	for _, b := range bonds {
		bound[b.UserID] = append(bound[b.UserID], b.Agency)
	}
	out := make([]Person, 0, len(rows))
	for _, u := range rows {
		p := Person{
			Password: u.PasswordHash != "", Bound: bound[u.ID],
			ID: u.ID, State: u.state(), Suspended: u.Suspended, Sessions: in[u.ID], Counters: at[u.ID],
			PasswordUntil: u.PasswordUntil, Expired: u.expired(tx.Now()),
			Factors: Factors{TOTP: apps[u.ID] > 0, Passkeys: keys[u.ID], Codes: codes[u.ID]}, MustHave: mustHave(t, roles[u.ID]),
		}
		if p.State == StateInvited && len(p.Bound) > 0 { // whom a provider lets in needs no password
			p.State = StateActive
		}
		if p.Name, p.Email, err = u.open(ctx, tx); err != nil {
			return nil, err
		}
		if p.SuspendedReason, err = shown(ctx, tx, suspendedReason, u.ID, u.SuspendedReason); err != nil {
			return nil, err
		}
		for _, g := range roles[u.ID] {
			h := Held{Grant: authz.Grant{Role: g.Role, Scope: g.Scope}, Source: g.Source}
			h.Post, h.Own = PostOf(t, h.Grant)
			p.Grants, p.Held = append(p.Grants, h.Grant), append(p.Held, h)
		}
		out = append(out, p)
	}
	return out, nil
}

// Place is an agency of the region with its counters.
type Place struct {
	tenant.AgencyRow
	Counters []tenant.CounterRow
}

// Places are the region's agencies, in its order, also those that are retired: somebody may still hold a role there. Counters
// are those in use.
func (s *Service) Places(ctx context.Context, t *tenant.Tenant) (out []Place, err error) {
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		agencies, err := store.Select[tenant.AgencyRow](tx).Order("sort").All(ctx)
		if err != nil {
			return err
		}
		counters, err := store.Select[tenant.CounterRow](tx).Where("not retired").Order("sort").All(ctx)
		if err != nil {
			return err
		}
		out = nil
		for _, a := range agencies {
			p := Place{AgencyRow: a}
			for _, c := range counters {
				if c.AgencyID == a.ID {
					p.Counters = append(p.Counters, c)
				}
			}
			out = append(out, p)
		}
		return nil
	})
	return out, err
}
