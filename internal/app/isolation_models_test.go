package app_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/domains"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/idp"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/throttle"
)

// errUndo takes back what a transaction of the suite has done.
var errUndo = errors.New("undone")

// modelJudge does with every model, as the first region, what would reach the second's rows if it could.
type modelJudge struct {
	w        *world
	findings []string
	counts   map[string]int
	refused  []string // models whose foreign rows the keys refuse
	sealed   []string // those whose sealed values are not written again
	kept     []string // and those that name no other row: stored as one's own
}

// fill gives a region rows in every table that a model has.
func (s *side) fill(t *testing.T) {
	t.Helper()
	s.served(t)
	s.missed(t)
	s.waiting(t)
	p := s.fresh(t, authz.RoleOfficer, false)
	s.withKey(t, p)
	s.waits(t, p, auth.Cookie)
	s.link(t, p)
	s.invoice(t)
	s.covered(t)
	s.known[s.enters(t, p)] = true
	s.rehearsed(t)
	s.claimed(t)
	s.helping(t)
	s.w.ap.Tally.Count(s.ID, "busy", true)
	if err := s.w.ap.Tally.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := s.w.db.In(t.Context(), s.ID, func(ctx context.Context, tx *store.Tx) error {
		if _, _, err := throttle.Take(ctx, tx, s.Canary, time.Hour, 3); err != nil {
			return err
		}
		keys, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		cert := &domains.Certificate{ID: id.New(), Host: s.wanted, Chain: "rantai " + s.Canary}
		account := &domains.Account{ID: id.New(), Directory: "https://" + s.Canary + ".test/dir", CreatedAt: tx.Now()}
		cert.Key, err = keys.Seal(domains.SealedKey, cert.ID, s.Canary)
		if err == nil {
			account.Key, err = keys.Seal(domains.SealedAccount, account.ID, s.Canary)
		}
		return errors.Join(err, store.Insert(ctx, tx, cert), store.Insert(ctx, tx, account))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// enters is a session that somebody has begun by their agency's provider, which binds them to their account there.
func (s *side) enters(t *testing.T, p *person) (token string) {
	t.Helper()
	c := s.vouched(t, p)
	session, _, err := s.w.ap.Auth.FinishProvider(t.Context(), s.t, s.site(), c.params["agency"], c.cookies["provider"], idp.Answer{Code: c.query["code"], State: c.query["state"]}, auth.From{Agent: "Uji"})
	if _, waits := auth.StepOf(err); err != nil && !waits {
		t.Fatal(err)
	}
	return session.Token
}

// run does it. A model that is not given rows in fill is a finding: nothing would be shown about it.
func (j *modelJudge) run(t *testing.T, models []any) {
	t.Helper()
	for _, m := range models {
		j.model(t, m)
	}
}

func (j *modelJudge) hold(model any, op, format string, args ...any) {
	j.findings = append(j.findings, fmt.Sprintf("%T, %s: %s", model, op, fmt.Sprintf(format, args...)))
}

// try runs an operation in the first region, and takes it back.
func (j *modelJudge) try(t *testing.T, m any, op string, fn func(context.Context, *store.Tx, store.Walk) error) error {
	t.Helper()
	j.counts[op]++
	err := j.w.db.In(t.Context(), j.w.a.ID, func(ctx context.Context, tx *store.Tx) error {
		w, err := store.WalkOf(tx, m)
		if err == nil {
			err = fn(ctx, tx, w)
		}
		return errors.Join(err, errUndo)
	})
	if errors.Is(err, errUndo) && err.Error() == errUndo.Error() {
		return nil
	}
	return err
}

func (j *modelJudge) model(t *testing.T, m any) {
	t.Helper()
	a, b := j.w.a, j.w.b
	var theirs []any
	var table, where string
	var args []any
	var column string
	err := j.w.db.View(t.Context(), b.ID, func(ctx context.Context, tx *store.Tx) error {
		w, err := store.WalkOf(tx, m)
		if err != nil {
			return err
		}
		table = w.Table()
		if theirs, err = w.All(ctx, "true"); err != nil || len(theirs) == 0 {
			return err
		}
		key, columns := w.Columns()
		of := "tenant_id = ?" // a key such as a version is one's own row's as well
		for _, k := range key {
			where += " and " + k + " = ?"
			v := w.Value(theirs[0], k)
			if _, ok := v.(id.ID); ok {
				of = "(tenant_id = ? or true)"
			}
			args = append(args, v)
		}
		where = of + where
		args = append([]any{b.ID}, args...)
		for _, c := range columns {
			if c != "tenant_id" {
				column = c
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%T: %v", m, err)
	}
	if len(theirs) == 0 {
		j.hold(m, "select", "the other region has no row of %s: give it one in side.fill in internal/app/isolation_models_test.go", table)
		return
	}
	own := 0
	reads := func(op, cond string, args []any, want int) {
		t.Helper()
		err := j.try(t, m, op, func(ctx context.Context, tx *store.Tx, w store.Walk) error {
			rows, err := w.All(ctx, cond, args...)
			for _, r := range rows {
				if got := w.Value(r, "tenant_id"); got != a.ID {
					j.hold(m, op, "a row of %v", got)
				}
			}
			n, cerr := w.Count(ctx, cond, args...)
			is, eerr := w.Exists(ctx, cond, args...)
			j.counts["count"]++
			j.counts["exists"]++
			if want < 0 {
				own, want = len(rows), len(rows)
			}
			if len(rows) != want || n != want || is != (want > 0) {
				j.hold(m, op, "%q gives %d rows, counts %d, exists %v; %d are one's own", cond, len(rows), n, is, want)
			}
			return errors.Join(err, cerr, eerr)
		})
		if err != nil {
			j.hold(m, op, "%v", err)
		}
	}
	reads("select", "true", nil, -1)
	reads("select", "tenant_id = ?", []any{b.ID}, 0)
	reads("select", where, args, 0)
	type sum struct {
		N       int `bun:"n"`
		Foreign int `bun:"other"`
	}
	with := map[bool]string{true: "manifests", false: "venues"}[table == "venues"] // one row each
	err = j.try(t, m, "join", func(ctx context.Context, tx *store.Tx, w store.Walk) error {
		rows, err := store.Query[sum](ctx, tx, store.From{table, with}, "select count(*) as n, coalesce(sum(case when x.tenant_id = ? or y.tenant_id = ? then 1 else 0 end), 0) as other from "+table+" x cross join "+with+" y", b.ID, b.ID)
		if err == nil && (rows[0].Foreign != 0 || rows[0].N != own) {
			j.hold(m, "join", "%+v of %d", rows[0], own)
		}
		return err
	})
	if err != nil {
		j.hold(m, "join", "%v", err)
	}
	// Writes to the other's rows reach none; told to reach everything, they reach one's own.
	for op, write := range map[string]func(context.Context, store.Walk, string, ...any) (int, error){
		"update": func(ctx context.Context, w store.Walk, cond string, args ...any) (int, error) {
			return w.Update(ctx, column+" = "+column, cond, args...)
		},
		"delete": func(ctx context.Context, w store.Walk, cond string, args ...any) (int, error) {
			return w.Delete(ctx, cond, args...)
		},
	} {
		for cond, want := range map[string]int{where: 0, "tenant_id = ? or true": own} {
			with := args
			if cond != where {
				with = args[:1]
			}
			err := j.try(t, m, op, func(ctx context.Context, tx *store.Tx, w store.Walk) error {
				n, err := write(ctx, w, cond, with...)
				if err == nil && n != want {
					j.hold(m, op, "%q reaches %d rows, and %d are one's own", cond, n, want)
				}
				return err
			})
			// One's own rows may be held by others of one's own.
			if err != nil && !(want > 0 && fault.Is(err, "constraint")) {
				j.hold(m, op, "%q: %v", cond, err)
			}
		}
	}
	if err := j.try(t, m, "update", func(ctx context.Context, tx *store.Tx, w store.Walk) error {
		_, err := w.Update(ctx, "tenant_id = '"+b.ID.String()+"'", "true")
		return err
	}); err == nil || !strings.Contains(err.Error(), "cannot change its tenant") {
		j.hold(m, "update", "a row is given away: %v", err)
	}
	// The other's row, with all that it names, becomes one's own or is refused.
	name := strings.TrimPrefix(fmt.Sprintf("%T", m), "*")
	err = j.try(t, m, "insert", func(ctx context.Context, tx *store.Tx, w store.Walk) error {
		if err := w.Insert(ctx, theirs[0]); err != nil {
			return err
		}
		rows, err := w.All(ctx, "true")
		if len(rows) != own+1 || w.Value(theirs[0], "tenant_id") != a.ID {
			j.hold(m, "insert", "%d rows instead of %d", len(rows), own+1)
		}
		return err
	})
	switch {
	case err == nil:
		j.kept = append(j.kept, name)
		for _, f := range reflect.VisibleFields(reflect.TypeOf(m).Elem()) {
			if f.Type == reflect.TypeFor[id.ID]() && f.Name != "ID" && !reflect.ValueOf(theirs[0]).Elem().FieldByIndex(f.Index).IsZero() {
				j.hold(m, "insert", "%s names the other region's row, and no key refuses it", f.Name)
			}
		}
	case hasBox(m): // what was sealed elsewhere is not written at all
		j.sealed = append(j.sealed, name)
	case fault.Is(err, "constraint"), fault.Is(err, "duplicate"):
		j.refused = append(j.refused, name)
	default:
		j.hold(m, "insert", "%v", err)
	}
}

// hasBox tells whether a model has sealed values.
func hasBox(m any) bool {
	return slices.ContainsFunc(reflect.VisibleFields(reflect.TypeOf(m).Elem()), func(f reflect.StructField) bool { return f.Type == reflect.TypeFor[seal.Box]() })
}

// Every model of a tenant, as one region, with another's tenant, identifiers and rows.
func TestNoModelReachesAnotherRegion(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.a.fill(t)
		w.b.fill(t)
		var models []any
		for _, m := range app.Models {
			if store.IsOwned(m) {
				models = append(models, m)
			}
		}
		before, mine := snapshot(t, db, w.b.ID), snapshot(t, db, w.a.ID)
		j := &modelJudge{w: w, counts: map[string]int{}}
		j.run(t, models)
		if tables := append(changed(before, snapshot(t, db, w.b.ID)), changed(mine, snapshot(t, db, w.a.ID))...); len(tables) > 0 {
			t.Errorf("%v have changed", tables)
		}
		for _, f := range j.findings {
			t.Error(f)
		}
		slices.Sort(j.kept)
		n := 0
		for _, k := range j.counts {
			n += k
		}
		t.Logf("%d models x %d operations: %d in all %v; of foreign rows inserted %d were refused by keys, %d because they were sealed elsewhere, %d became one's own (%s); %d leaks",
			len(models), len(j.counts), n, j.counts, len(j.refused), len(j.sealed), len(j.kept), strings.Join(j.kept, ", "), len(j.findings))
	})
}
