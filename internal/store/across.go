package store

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
)

// Aggregate is a question about several tenants at once. It is the only thing that reads across tenants, and what it
// may answer is bounded by its type: identifiers and numbers. There is no text in an answer, and so no name, no
// address, and nothing that a person wrote.
type Aggregate[R any] struct {
	name   string
	from   From
	sqlite string
}

// Asked is a tenant of which something is asked, and its own local day.
type Asked struct {
	Tenant TenantID
	Day    clock.Day
}

var aggregates struct {
	sync.Mutex
	names []string
}

// across begins the names of the functions that PostgreSQL has for aggregates. A Query cannot name them.
const across = "across_"

// DeclareAggregate makes an aggregate; it belongs into a package variable. R's fields are TenantID, id.ID, int64 and
// bool, matched by bun tags; anything else panics when the program starts.
//
// On PostgreSQL the answer is given by the function across_NAME(uuid[], date[], ...) of a migration, which goes from
// tenant to tenant within the server: row level security holds in it, and nothing is lifted. sqlite is the same
// question for SQLite: a select over the tables of from and over asked (tenant_id, day), with ? for further arguments.
// A test holds the answers of both equal.
func DeclareAggregate[R any](name string, from From, sqlite string) *Aggregate[R] {
	fields := reflect.TypeFor[R]()
	for i := range fields.NumField() {
		f := fields.Field(i)
		switch f.Type {
		case reflect.TypeFor[TenantID](), reflect.TypeFor[id.ID](), reflect.TypeFor[int64](), reflect.TypeFor[bool]():
		default:
			panic(fmt.Sprintf("store: aggregate %s: %s is a %s: an answer across tenants holds identifiers and numbers", name, f.Name, f.Type))
		}
	}
	aggregates.Lock()
	defer aggregates.Unlock()
	if slices.Contains(aggregates.names, name) {
		panic("store: aggregate " + name + " is declared twice")
	}
	aggregates.names = append(aggregates.names, name)
	return &Aggregate[R]{name, from, sqlite}
}

// Across asks an aggregate of several tenants, in one statement. It goes through System, so that the reason stands
// in system_log before anything is read; the reading itself holds up no writer.
func Across[R any](ctx context.Context, db *DB, reason string, q *Aggregate[R], asked []Asked, args ...any) (rows []R, err error) {
	if len(asked) == 0 {
		return nil, nil
	}
	text, all, err := q.statement(db, asked, args)
	if err != nil {
		return nil, err
	}
	if err := db.System(ctx, reason, func(context.Context, *SysTx) error { return nil }); err != nil {
		return nil, err
	}
	err = db.SystemView(ctx, func(ctx context.Context, s *SysTx) error {
		rows = nil
		return s.bun.NewRaw(text, all...).Scan(ctx, &rows)
	})
	return rows, err
}

func (q *Aggregate[R]) statement(db *DB, asked []Asked, args []any) (string, []any, error) {
	if db.Dialect() == "postgres" {
		ids, days := make([]string, len(asked)), make([]string, len(asked))
		for i, a := range asked {
			ids[i], days[i] = a.Tenant.String(), a.Day.String()
		}
		all := append([]any{pgdialect.Array(ids), pgdialect.Array(days)}, args...)
		return "select * from " + across + q.name + "(?, ?" + strings.Repeat(", ?", len(args)) + ")", all, nil
	}
	if err := firstErr(db.tables.guard(q.sqlite, q.from), readsOnly(q.sqlite)); err != nil {
		return "", nil, err
	}
	pairs := make([][2]string, len(asked))
	for i, a := range asked {
		pairs[i] = [2]string{a.Tenant.String(), a.Day.String()}
	}
	list, err := json.Marshal(pairs)
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	b.WriteString("with asked (tenant_id, day) as materialized (select json_extract(value, '$[0]'), json_extract(value, '$[1]') from json_each(?))")
	for _, name := range q.from {
		if !db.tables.isOwned(name) {
			return "", nil, fmt.Errorf("store: %q is no table of a tenant", name)
		}
		b.WriteString(", " + name + " as not materialized (select * from main." + name + ")")
	}
	return b.String() + " " + q.sqlite, append([]any{string(list)}, args...), nil
}
