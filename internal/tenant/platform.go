package tenant

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/tenants"
)

// The platform is a tenant of its own kind, whose host is the bare domain: those who oversee provinces, the nation
// or an agency, and those who run the service, are its people, with accounts, sessions, keys and records as a
// region's have them. It declares nothing, has no queue, and stands in no list of regions.
const (
	PlatformCode = "id"      // no region's; also its scope, the nation
	platformSlug = "pendopo" // areas.Reserved: no region's host
	platformName = "Pendopo"
	platformZone = "WIB"

	// AgencyAxis is the root of the scopes that are an agency's in every region: "agency/imigrasi".
	AgencyAxis = "agency"
)

// ErrPlatform refuses what only a region can be.
var ErrPlatform = errors.New("the platform itself is no region: it is neither applied, exported nor suspended")

// IsPlatform tells whether this is the platform itself and no region.
func (t *Tenant) IsPlatform() bool { return t.Code == PlatformCode }

// IsPlatform tells whether the row is the platform's.
func (r *Row) IsPlatform() bool { return r.Code == PlatformCode }

// OpenPlatform makes the platform's tenant, unless it is there. Of two processes that do so at once one makes it.
func OpenPlatform(ctx context.Context, db *store.DB) (Row, error) {
	row, err := platformRow(ctx, db)
	if err != nil || row != nil {
		return orZero(row), err
	}
	manifest, err := json.Marshal(tenants.Region{Code: PlatformCode, Timezone: platformZone})
	if err != nil {
		return Row{}, fmt.Errorf("tenant: platform: %w", err)
	}
	fresh := Row{
		ID: store.NewTenantID(), Code: PlatformCode, Slug: platformSlug, Name: platformName, Zone: platformZone,
		State: Active, Manifest: string(manifest),
	}
	err = db.Provision(ctx, "the platform itself", fresh.ID, func(ctx context.Context, s *store.SysTx, tx *store.Tx) (err error) {
		if fresh.Version, err = bump(ctx, s); err != nil {
			return err
		}
		fresh.CreatedAt, fresh.UpdatedAt = tx.Now(), tx.Now()
		if err := store.SysInsert(ctx, s, &fresh); err != nil {
			return err
		}
		if err := tx.StartChain(ctx); err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: "system:start", Action: "tenant:platform:open", Target: "tenant:" + PlatformCode})
		return nil
	})
	if !fault.Is(err, "duplicate") {
		return fresh, err
	}
	row, err = platformRow(ctx, db)
	return orZero(row), err
}

func orZero(row *Row) Row {
	if row == nil {
		return Row{}
	}
	return *row
}

func platformRow(ctx context.Context, db *store.DB) (row *Row, err error) {
	err = db.SystemView(ctx, func(ctx context.Context, s *store.SysTx) error {
		rows, err := store.SysSelect[Row](ctx, s, "code = ?", PlatformCode)
		if len(rows) > 0 {
			row = &rows[0]
		}
		return err
	})
	return row, err
}

// Member is somebody of the platform's with what they hold.
type Member struct {
	ID     id.ID
	Name   string
	Email  string
	Grants []Grant
}

// Membership is a role that somebody is given on the platform.
type Membership struct {
	Name, Email string
	Role, Scope string
}

// Given is what GivePlatform did.
type Given struct {
	User  id.ID
	Fresh bool // the person was not there before
	Had   bool // they held the role in this scope already
}

// GivePlatform gives somebody a role on the platform; who is not there is added, with a password that nobody knows.
// then runs in the same transaction, such as to invite them. Who is there keeps their name where none is given.
// Whether the role and the scope fit together is the caller's to know.
func (p *Provisioner) GivePlatform(ctx context.Context, m Membership, actor string, then func(context.Context, *store.Tx, Given) error) (out Given, err error) {
	row, err := OpenPlatform(ctx, p.DB)
	if err != nil {
		return out, err
	}
	first, err := p.firstPasswords(ctx, row.ID, []tenants.Person{{Email: m.Email}})
	if err != nil {
		return out, err
	}
	err = p.DB.In(ctx, row.ID, func(ctx context.Context, tx *store.Tx) error {
		if out, err = p.give(ctx, tx, m, first, actor); err != nil {
			return err
		}
		return then(ctx, tx, out)
	})
	return out, err
}

// give gives somebody a role in the transaction's tenant, and records it.
func (p *Provisioner) give(ctx context.Context, tx *store.Tx, m Membership, first map[string]firstPassword, actor string) (out Given, err error) {
	before, err := people(ctx, tx, p.Hasher)
	if err != nil {
		return out, err
	}
	have, err := usersByIndex(ctx, tx)
	if err != nil {
		return out, err
	}
	email := seal.Email(m.Email)
	user, err := have.find(email)
	if err != nil {
		return out, err
	}
	switch {
	case user != nil && !user.Retired:
		if out.User = user.ID; m.Name != "" {
			if err := have.rename(ctx, tx, user, m.Name); err != nil {
				return out, err
			}
		}
	default:
		f, ok := first[email]
		if !ok {
			return out, fmt.Errorf("%s was taken away by somebody else at the same time: try again", m.Role)
		}
		fresh := &User{ID: id.New(), PasswordHash: f.hash, CreatedAt: tx.Now(), Source: FromPage}
		if user != nil {
			fresh.ID = user.ID
			if _, err := store.Delete[Grant](ctx, tx, "user_id = ?", user.ID); err != nil {
				return out, err
			}
			if p.Left != nil { // what they signed in with before is not theirs any more
				if err := p.Left(ctx, tx, []id.ID{user.ID}); err != nil {
					return out, err
				}
			}
		}
		if err := fresh.Seal(have.keys, email, m.Name); err != nil {
			return out, err
		}
		if err := store.Upsert(ctx, tx, fresh); err != nil {
			return out, err
		}
		out.User, out.Fresh = fresh.ID, true
	}
	n, err := store.InsertNew(ctx, tx, &Grant{UserID: out.User, Role: m.Role, Scope: m.Scope, Source: FromPage})
	if err != nil {
		return out, err
	}
	out.Had = n == 0
	after, err := people(ctx, tx, p.Hasher)
	if err != nil {
		return out, err
	}
	recordPeople(tx, actor, before, after)
	return out, nil
}

// TakePlatform takes a role of somebody's away, in a scope; both empty: all that they hold. Whoever holds nothing
// any more is retired: they cannot sign in, and their sessions are over within a second. The fault is "not_found".
func (p *Provisioner) TakePlatform(ctx context.Context, email, role, scope, actor string) (left bool, err error) {
	row, err := OpenPlatform(ctx, p.DB)
	if err != nil {
		return false, err
	}
	err = p.DB.In(ctx, row.ID, func(ctx context.Context, tx *store.Tx) error {
		left = false
		before, err := people(ctx, tx, p.Hasher)
		if err != nil {
			return err
		}
		user, err := UserByEmail(ctx, tx, email)
		if err == nil && (user == nil || user.Retired) {
			err = fault.New(fault.NotFound, "not_found")
		}
		if err != nil {
			return err
		}
		n, err := store.Delete[Grant](ctx, tx, "user_id = ? and (? = '' or role = ?) and (? = '' or scope = ?)", user.ID, role, role, scope, scope)
		if err == nil && n == 0 && role+scope != "" {
			err = fault.New(fault.NotFound, "not_found")
		}
		if err != nil {
			return err
		}
		rest, err := store.Select[Grant](tx).Where("user_id = ?", user.ID).Count(ctx)
		if err != nil {
			return err
		}
		if left = rest == 0; left {
			if _, err := store.Update[User](tx).Set("retired = true").Where("id = ?", user.ID).Exec(ctx); err != nil {
				return err
			}
			if p.Left != nil {
				if err := p.Left(ctx, tx, []id.ID{user.ID}); err != nil {
					return err
				}
			}
		}
		after, err := people(ctx, tx, p.Hasher)
		if err != nil {
			return err
		}
		recordPeople(tx, actor, before, after)
		return nil
	})
	return left, err
}

// DemoPlatform marks the platform as a demo's, whose passwords are public: serve refuses it.
func (p *Provisioner) DemoPlatform(ctx context.Context) error {
	row, err := OpenPlatform(ctx, p.DB)
	if err != nil || row.Demo {
		return err
	}
	return p.DB.Provision(ctx, "a demo's platform", row.ID, func(ctx context.Context, s *store.SysTx, tx *store.Tx) error {
		version, err := bump(ctx, s)
		if err != nil {
			return err
		}
		_, err = store.SysUpdate[Row](ctx, s, "demo = ?, version = ?, updated_at = ?", []any{true, version, tx.Now()}, "code = ?", PlatformCode)
		return err
	})
}

// PlatformPeople are the platform's people, by name.
func (p *Provisioner) PlatformPeople(ctx context.Context) (out []Member, err error) {
	row, err := platformRow(ctx, p.DB)
	if err != nil || row == nil {
		return nil, err
	}
	err = p.DB.View(ctx, row.ID, func(ctx context.Context, tx *store.Tx) error {
		out = nil
		users, err := store.Select[User](tx).Where("not retired").All(ctx)
		if err != nil || len(users) == 0 {
			return err
		}
		grants, err := store.Select[Grant](tx).Order("role", "scope").All(ctx)
		if err != nil {
			return err
		}
		keys, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		for _, u := range users {
			m := Member{ID: u.ID}
			if m.Name, m.Email, err = u.Open(ctx, keys); err != nil {
				return err
			}
			for _, g := range grants {
				if g.UserID == u.ID {
					m.Grants = append(m.Grants, g)
				}
			}
			out = append(out, m)
		}
		slices.SortFunc(out, func(a, b Member) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Email, b.Email))
		})
		return nil
	})
	return out, err
}
