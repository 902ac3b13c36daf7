package tenant

import (
	"context"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/tenants"
)

// The sealed fields of this package's tables.
var (
	UserEmail      = seal.Declare[User]("email", seal.Indexed("email_index", seal.Email))
	UserName       = seal.Declare[User]("name")
	ManifestRegion = seal.Declare[Manifest]("region")
)

// Seal gives the person an e-mail address and a name, sealed for the row that has their identifier.
func (u *User) Seal(k *seal.Keys, email, name string) (err error) {
	if u.Email, err = k.Seal(UserEmail, u.ID, seal.Email(email)); err != nil {
		return err
	}
	if u.EmailIndex, err = k.Index(UserEmail, email); err != nil {
		return err
	}
	u.Name, err = k.Seal(UserName, u.ID, name)
	return err
}

// Open gives the person's name and e-mail address; "" once the region's keys have been destroyed.
func (u *User) Open(ctx context.Context, k *seal.Keys) (name, email string, err error) {
	if name, err = k.Show(ctx, UserName, u.ID, u.Name); err != nil {
		return "", "", err
	}
	email, err = k.Show(ctx, UserEmail, u.ID, u.Email)
	return name, email, err
}

// EmailIndexes are what the index of an e-mail address may be: where email_index in ?. There are none for no
// address, and once the region's keys have been destroyed.
func EmailIndexes(ctx context.Context, tx *store.Tx, email string) ([]seal.Index, error) {
	k, err := seal.In(ctx, tx)
	if err != nil {
		return nil, err
	}
	return k.Lookup(UserEmail, email)
}

// UserByEmail finds a person, also a retired one; nil if there is none, and always nil once the region's
// keys have been destroyed.
func UserByEmail(ctx context.Context, tx *store.Tx, email string) (*User, error) {
	indexes, err := EmailIndexes(ctx, tx, email)
	if err != nil || len(indexes) == 0 {
		return nil, err
	}
	rows, err := store.Select[User](tx).Where("email_index in ?", bun.Tuple(indexes)).Limit(1).All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// HaveAccounts are those of the addresses, as seal.Email gives them, whose account is in use: one query for all.
func HaveAccounts(ctx context.Context, tx *store.Tx, emails []string) (map[string]bool, error) {
	of := map[seal.Index]string{}
	for _, email := range emails {
		indexes, err := EmailIndexes(ctx, tx, email)
		if err != nil {
			return nil, err
		}
		for _, i := range indexes {
			of[i] = seal.Email(email)
		}
	}
	out := map[string]bool{}
	if len(of) == 0 {
		return out, nil
	}
	rows, err := store.Select[User](tx).Where("not retired and email_index in ?", bun.Tuple(slices.Collect(maps.Keys(of)))).All(ctx)
	for _, u := range rows {
		out[of[u.EmailIndex]] = true
	}
	return out, err
}

// users are all of a tenant's people, found by their e-mail's index.
type users struct {
	keys *seal.Keys
	rows map[seal.Index]*User
}

func usersByIndex(ctx context.Context, tx *store.Tx) (users, error) {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return users{}, err
	}
	have, err := store.Select[User](tx).All(ctx)
	if err != nil {
		return users{}, err
	}
	out := users{keys, make(map[seal.Index]*User, len(have))}
	for i := range have {
		out.rows[have[i].EmailIndex] = &have[i]
	}
	return out, nil
}

func (u users) find(email string) (*User, error) {
	indexes, err := u.keys.Lookup(UserEmail, email)
	for _, i := range indexes {
		if row := u.rows[i]; row != nil {
			return row, err
		}
	}
	return nil, err
}

// rename gives somebody another name, if it is another.
func (u users) rename(ctx context.Context, tx *store.Tx, row *User, name string) error {
	if was, err := u.keys.Show(ctx, UserName, row.ID, row.Name); err != nil || was == name {
		return err
	}
	box, err := u.keys.Seal(UserName, row.ID, name)
	if err != nil {
		return err
	}
	_, err = store.Update[User](tx).Set("name = ?", box).Where("id = ?", row.ID).Exec(ctx)
	return err
}

// PutManifest stores a manifest, whose whole text is sealed.
func PutManifest(ctx context.Context, tx *store.Tx, m Manifest, whole string) error {
	k, err := seal.In(ctx, tx)
	if err != nil {
		return err
	}
	if m.Region, err = k.Seal(ManifestRegion, id.ID{}, whole); err != nil {
		return err
	}
	return store.Upsert(ctx, tx, &m)
}

// wholeManifest reads the manifest and opens its text; "" when the region's keys have been destroyed.
func wholeManifest(ctx context.Context, tx *store.Tx) (Manifest, string, error) {
	row, err := store.Select[Manifest](tx).One(ctx)
	if err != nil {
		return row, "", err
	}
	k, err := seal.In(ctx, tx)
	if err != nil {
		return row, "", err
	}
	text, err := k.Show(ctx, ManifestRegion, id.ID{}, row.Region)
	return row, text, err
}

// DeclaredIn is the region's manifest as it was applied last, with its people; nil once the region's keys have been
// destroyed, and where there is none.
func DeclaredIn(ctx context.Context, tx *store.Tx) (*tenants.Region, error) {
	_, text, err := wholeManifest(ctx, tx)
	if fault.Is(err, "not_found") || err == nil && text == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeManifest(text)
}
