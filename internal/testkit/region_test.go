package testkit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// open are the texts that have no canary: keys that both regions share, values from a closed set, and
// identifiers, times and figures.
var open = []string{
	"tenant_id", "id", "code", "kind", "hours", "venue_id", "zone_id", "agency_id", "series_id", "counter_id",
	"service_id", "user_id", "ticket_id", "first_day", "last_day", "icon", "prefix", "execution", "standard", "role", "scope",
	"peer_id", "password_hash", "created_at", "at", "actor", "action", "kind", "sort", "gives_from", "retired", "quota", "minutes",
	"confirmed", "tickets_stop", "seq", "event_seq", "hash", "block",
	"suspended", "suspended_reason", "source", "password_until",
	"version", "seal_keys", "index_keys", "erasures",
}

// sealed are the columns whose canary shows when they are opened, and only then.
var sealed = []string{"users.email", "users.email_index", "users.name", "manifests.region"}

func TestTwo(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		for _, r := range []*testkit.Region{a, b} {
			err := db.View(t.Context(), r.ID, func(ctx context.Context, tx *store.Tx) error {
				for _, table := range db.OwnedTables() {
					rows, err := store.Query[map[string]any](ctx, tx, store.From{table}, "select * from "+table)
					if err != nil {
						return fmt.Errorf("%s: %w", table, err)
					}
					for _, row := range rows {
						for column, value := range row {
							text := fmt.Sprintf("%s", value)
							if slices.Contains(sealed, table+"."+column) {
								if strings.Contains(text, r.Canary) {
									t.Errorf("%s.%s stands there in clear: %q", table, column, text)
								}
								continue
							}
							if !slices.Contains(open, column) && !strings.Contains(text, r.Canary) {
								t.Errorf("%s.%s has no canary: %q", table, column, text)
							}
						}
					}
				}
				return opened(ctx, t, tx, r)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		reg := tenant.NewRegistry(db, "localhost", nil)
		if err := reg.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, r := range []*testkit.Region{a, b} {
			if got, ok := reg.ByHost(r.Host("localhost")); !ok || got.ID != r.ID || got.Scope != r.Scope || got.State != tenant.Active {
				t.Errorf("%s: %+v", r.Slug, got)
			}
			if got, ok := reg.ByID(r.ID); !ok || got.Code != r.Code {
				t.Errorf("by its identifier: %+v", got)
			}
		}
		s := testkit.Tenant(t, db, testkit.Code("53.15"), testkit.Zone("WITA"), testkit.State(tenant.Suspended))
		if err := reg.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, _ := reg.ByCode("53.15"); got == nil || got.State != tenant.Suspended || !strings.Contains(got.SuspendedReason, s.Canary) || got.Zone != "WITA" {
			t.Errorf("suspended: %+v", got)
		}
	})
}

// opened fails the test for a sealed value without the canary.
func opened(ctx context.Context, t *testing.T, tx *store.Tx, r *testkit.Region) error {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return err
	}
	look := func(f *seal.Field, row id.ID, box seal.Box) {
		if text, err := keys.Open(ctx, f, row, box); err != nil || !strings.Contains(text, r.Canary) {
			t.Errorf("%s opens to %q: %v", f, text, err)
		}
	}
	users, err := store.Select[tenant.User](tx).All(ctx)
	if err != nil || len(users) != 2 {
		t.Errorf("%d users: %v", len(users), err)
	}
	for _, u := range users {
		look(tenant.UserEmail, u.ID, u.Email)
		look(tenant.UserName, u.ID, u.Name)
	}
	m, err := store.Select[tenant.Manifest](tx).One(ctx)
	look(tenant.ManifestRegion, id.ID{}, m.Region)
	return err
}
