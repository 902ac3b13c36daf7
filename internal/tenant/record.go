package tenant

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/tenants"
)

// maxChanges bounds a record: a manifest whose every line changes is told by its hash.
const maxChanges = 200

// manifestApplied is the action of an apply's record, moreChanges the key that stands for the changes beyond maxChanges.
const (
	manifestApplied = "tenant:manifest:apply"
	moreChanges     = "…"
)

// changeKey names what a change is about in a record: "agencies/dukcapil/series/umum.quota".
func changeKey(c tenants.Change) string {
	if c.Field == "" {
		return c.Path
	}
	return c.Path + "." + c.Field
}

// beforeAfter is what an apply changes, by path and field, as it was and as it is. People are left out: each of
// them has a record of their own, in which nobody is named.
func beforeAfter(changes []tenants.Change) (before, after map[string]string) {
	before, after = map[string]string{}, map[string]string{}
	n := 0
	for _, c := range changes {
		if c.Path == "staff" || strings.HasPrefix(c.Path, "staff/") {
			continue
		}
		if n++; n > maxChanges {
			continue
		}
		key := changeKey(c)
		if c.Kind != tenants.Add {
			before[key] = c.Old
		}
		if c.Kind != tenants.Remove {
			after[key] = c.New
		}
	}
	if n > maxChanges {
		after[moreChanges] = fmt.Sprintf("+%d", n-maxChanges)
	}
	return before, after
}

// orNil leaves an empty side out of a record.
func orNil(m map[string]string) any {
	if len(m) == 0 {
		return nil
	}
	return m
}

// personState is what a record says of a person: who they are as keyed hashes, what they may do in clear.
type personState struct {
	Name     string   `json:"name"`
	Email    string   `json:"email"`
	Roles    []string `json:"roles"`              // "officer id/19/19.01/dukcapil", sorted
	Counters []id.ID  `json:"counters,omitempty"` // at which they work, sorted
}

func (a personState) equal(b personState) bool {
	return a.Name == b.Name && a.Email == b.Email && slices.Equal(a.Roles, b.Roles) && slices.Equal(a.Counters, b.Counters)
}

// people are those who are not retired, by their identifier: all of them, or those that are named.
func people(ctx context.Context, tx *store.Tx, h *audit.Hasher, named ...id.ID) (map[id.ID]personState, error) {
	qUsers, qGrants, qCounters := store.Select[User](tx).Where("not retired"), store.Select[Grant](tx), store.Select[UserCounter](tx)
	if len(named) > 0 {
		qUsers.Where("id in ?", bun.Tuple(named))
		qGrants.Where("user_id in ?", bun.Tuple(named))
		qCounters.Where("user_id in ?", bun.Tuple(named))
	}
	users, err := qUsers.All(ctx)
	if err != nil {
		return nil, err
	}
	grants, err := qGrants.Order("role", "scope").All(ctx)
	if err != nil {
		return nil, err
	}
	counters, err := qCounters.Order("counter_id").All(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return nil, err
	}
	out := make(map[id.ID]personState, len(users))
	for _, u := range users {
		name, email, err := u.Open(ctx, keys)
		if err != nil {
			return nil, err
		}
		out[u.ID] = personState{Name: h.Personal(tx.Tenant(), "name", name), Email: h.Personal(tx.Tenant(), "email", email), Roles: []string{}}
	}
	for _, g := range grants {
		if p, ok := out[g.UserID]; ok {
			p.Roles = append(p.Roles, g.Role+" "+g.Scope)
			out[g.UserID] = p
		}
	}
	for _, c := range counters {
		if p, ok := out[c.UserID]; ok {
			p.Counters = append(p.Counters, c.CounterID)
			out[c.UserID] = p
		}
	}
	return out, nil
}

// ChangePerson runs what changes a person or their rights, and records what they were before and are after; nothing
// where nothing has changed. actor is who does it, as records name them.
func ChangePerson(ctx context.Context, tx *store.Tx, h *audit.Hasher, actor string, user id.ID, change func() error) error {
	before, err := people(ctx, tx, h, user)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	after, err := people(ctx, tx, h, user)
	if err == nil {
		recordPeople(tx, actor, before, after)
	}
	return err
}

// recordPeople records who came, went, or may do something else, each by a record.
func recordPeople(tx *store.Tx, actor string, before, after map[id.ID]personState) {
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, who := range slices.SortedFunc(maps.Keys(all), func(a, b id.ID) int { return strings.Compare(a.String(), b.String()) }) {
		was, had := before[who]
		is, has := after[who]
		if had && has && was.equal(is) {
			continue
		}
		r := store.Record{Actor: actor, Action: "tenant:person:change", Target: "user:" + who.String()}
		if had {
			r.Before = was
		}
		if has {
			r.After = is
		}
		tx.Audit(r)
	}
}
