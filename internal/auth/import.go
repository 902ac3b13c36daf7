package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/throttle"
)

// MaxImport is how many people are invited at once.
const MaxImport = 500

// importedBy bounds whom somebody invites by files within a day, apart from those one by one: a mall of 300 people with a
// second try, or a kota's of 500, and no mailing list. Who looks after one agency alone has what they have by the page.
const importedBy = 700

// Refusal is why one of several people cannot be invited: At is their place in the list, Err the fault as Add gives it.
type Refusal struct {
	At  int
	Err error
}

var (
	errRefused = errors.New("auth: some cannot be invited")
	errDry     = errors.New("auth: only looked")
)

// importData is what a record says of an import.
type importData struct {
	People int `json:"people"`
}

// AddAll invites several people as Add does one, all of them or none: with a refusal nobody is. Somebody who has an
// account is refused with "auth.taken", also where they hold the role. Faults: "invalid" (422: too many people at once,
// or none), "auth.letters" (429), "authz.forbidden".
func (s *Service) AddAll(ctx context.Context, t *tenant.Tenant, by *authz.Actor, list []Newcomer) (users []id.ID, refused []Refusal, err error) {
	return s.inviteAll(ctx, t, by, list, false)
}

// MayAddAll tells what AddAll would refuse, and invites nobody.
func (s *Service) MayAddAll(ctx context.Context, t *tenant.Tenant, by *authz.Actor, list []Newcomer) (users []id.ID, refused []Refusal, err error) {
	return s.inviteAll(ctx, t, by, list, true)
}

func (s *Service) inviteAll(ctx context.Context, t *tenant.Tenant, by *authz.Actor, list []Newcomer, dry bool) (users []id.ID, refused []Refusal, err error) {
	if len(list) == 0 || len(list) > MaxImport {
		return nil, nil, fault.New(fault.Invalid, "invalid").Field("people", "count", MaxImport)
	}
	list = slices.Clone(list)
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		users, refused = nil, nil
		if _, err := lockAll(ctx, tx, by.UserID); err != nil {
			return err
		}
		me, err := authority(ctx, tx, by)
		if err != nil {
			return err
		}
		there := make([]*account, len(list))
		for i := range list {
			there[i], err = s.newcomer(ctx, tx, t, me, list[:i], &list[i])
			if k := fault.KindOf(err); err != nil && (k == fault.Internal || k == fault.Unavailable) {
				return err
			}
			if err != nil {
				refused = append(refused, Refusal{i, err})
			}
		}
		if len(refused) > 0 {
			return errRefused
		}
		if dry {
			return errDry
		}
		return s.addAll(ctx, tx, t, me, list, there, &users)
	})
	if errors.Is(err, errRefused) || errors.Is(err, errDry) {
		return nil, refused, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, user := range users {
		s.Forget(t.ID, user)
	}
	return users, nil, nil
}

// newcomer looks at one of several before anybody is invited. there is the account under which they come back.
func (s *Service) newcomer(ctx context.Context, tx *store.Tx, t *tenant.Tenant, me *authz.Actor, before []Newcomer, n *Newcomer) (there *account, err error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(before, func(o Newcomer) bool { return o.Email == n.Email }) {
		return nil, fault.New(fault.Conflict, "auth.taken")
	}
	if err := checkPost(ctx, tx, t, me, n.Post); err != nil {
		return nil, err
	}
	if !me.Can(PermPeople, n.scope(t)) {
		return nil, notYours()
	}
	if n.Role != authz.RoleOfficer {
		n.Counters = nil
	}
	if len(n.Counters) > 0 {
		known, err := agencyCounters(ctx, tx, n.Agency)
		if err != nil {
			return nil, err
		}
		for _, c := range n.Counters {
			if !known[c] {
				return nil, fault.New(fault.NotFound, "not_found")
			}
		}
	}
	there, err = accountByEmail(ctx, tx, n.Email)
	if err == nil && there != nil && !there.Retired {
		err = fault.New(fault.Conflict, "auth.taken")
	}
	return there, err
}

func (s *Service) addAll(ctx context.Context, tx *store.Tx, t *tenant.Tenant, me *authz.Actor, list []Newcomer, there []*account, users *[]id.ID) error {
	region, err := tenant.DeclaredIn(ctx, tx)
	if err != nil {
		return err
	}
	for i, n := range list {
		user := id.New()
		if there[i] != nil {
			user = there[i].ID
		}
		if err := s.countImported(ctx, tx, t, me, user); err != nil {
			return err
		}
		err := tenant.ChangePerson(ctx, tx, s.opt.Hasher, me.String(), user, func() error {
			return s.add(ctx, tx, t, me, region, there[i], user, n)
		})
		if err != nil {
			return err
		}
		*users = append(*users, user)
	}
	tx.Audit(store.Record{Actor: me.String(), Action: "auth:people:import", Target: "tenant", Data: importData{len(list)}})
	return nil
}

// countImported is countInvitation for who is one of many.
func (s *Service) countImported(ctx context.Context, tx *store.Tx, t *tenant.Tenant, me *authz.Actor, user id.ID) error {
	if s.opt.LimitsOff || me.System != "" {
		return nil
	}
	if !me.Can(PermPeople, t.Scope) {
		return s.countInvitation(ctx, tx, me, user)
	}
	if err := takeLetter(ctx, tx, throttle.Long+"imported-by/"+me.UserID.String(), 24*time.Hour, importedBy); err != nil {
		return err
	}
	return takeLetter(ctx, tx, "invitation-to/"+user.String(), time.Hour, invitationsTo)
}

// Taken tells which of these addresses have an account that is in use.
func (s *Service) Taken(ctx context.Context, t *tenant.Tenant, emails []string) (map[string]bool, error) {
	var out map[string]bool
	err := s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		out, err = tenant.HaveAccounts(ctx, tx, emails)
		return err
	})
	return out, err
}

// CounterKeys are the region's counters that are in use, by how a sheet names them: "mal/3".
func (s *Service) CounterKeys(ctx context.Context, t *tenant.Tenant) (map[string]id.ID, error) {
	out := map[string]id.ID{}
	err := s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		venues, err := store.Select[tenant.VenueRow](tx).All(ctx)
		if err != nil {
			return err
		}
		at := map[id.ID]string{}
		for _, v := range venues {
			at[v.ID] = v.Code
		}
		counters, err := store.Select[tenant.CounterRow](tx).Where("not retired").All(ctx)
		for _, c := range counters {
			out[at[c.VenueID]+"/"+c.Code] = c.ID
		}
		return err
	})
	return out, err
}
