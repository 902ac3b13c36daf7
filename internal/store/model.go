package store

import (
	"reflect"
	"sort"
	"strings"

	"github.com/uptrace/bun/schema"
)

// Owned is embedded by every model whose rows belong to a tenant. It is half of the primary key.
type Owned struct {
	TenantID TenantID `bun:"tenant_id,pk,type:uuid" json:"-"`
}

func (o *Owned) stamp(t TenantID) { o.TenantID = t }

// Shared is embedded by every model of the control plane: rows that belong to no tenant, such as the
// list of tenants itself.
type Shared struct{}

func (*Shared) shared() {}

// owned is satisfied by pointers to models that embed Owned, and by nothing else: stamp cannot be
// written outside this package.
type owned[T any] interface {
	*T
	stamp(TenantID)
}

// OwnedRow is the constraint of a tenant's models, for generic code of other packages.
type OwnedRow[T any] = owned[T]

type shared[T any] interface {
	*T
	shared()
}

// Models lists what a package keeps in the database, for Open.
type Models []any

// tables knows which table names belong to tenants. It is filled by Open and read by the guards.
type tables struct {
	owned  map[string]*schema.Table // by name
	shared map[string]*schema.Table
}

func newTables(lookup func(reflect.Type) *schema.Table, models Models) *tables {
	t := &tables{owned: map[string]*schema.Table{}, shared: map[string]*schema.Table{}}
	for _, m := range models {
		table := lookup(reflect.TypeOf(m).Elem())
		switch m.(type) {
		case interface{ stamp(TenantID) }:
			t.owned[table.Name] = table
		case interface{ shared() }:
			t.shared[table.Name] = table
		default:
			panic("store: " + table.TypeName + " embeds neither store.Owned nor store.Shared")
		}
	}
	// The chain's own tables have no model: only this package writes them.
	for _, name := range chainTables {
		t.owned[name] = nil
	}
	for _, name := range systemTables {
		t.shared[name] = nil
	}
	return t
}

var chainTables = []string{"audit_heads", "audit", "events"}

var systemTables = []string{"system_log", "schema_migrations", "schema_migration_locks"}

func (t *tables) ownedNames() []string {
	names := make([]string, 0, len(t.owned))
	for n := range t.owned {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

func (t *tables) isOwned(name string) bool  { _, ok := t.owned[strings.ToLower(name)]; return ok }
func (t *tables) isShared(name string) bool { _, ok := t.shared[strings.ToLower(name)]; return ok }
