package app

import (
	"context"
	"sync"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/auditlog"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// What the master key's derived keys are for: none of them serves two purposes.
const (
	keyCheckpoints = "audit checkpoints"
	keyHashes      = "audit hashes"
)

// hasherOf gives the hasher of records, under the newest master key; what older ones have
// made it finds. It is nil for a database that was given none.
func hasherOf(ctx context.Context, db *store.DB) (*audit.Hasher, error) {
	vault := seal.Of(db)
	if vault == nil {
		return nil, nil
	}
	keys, err := vault.Derive(ctx, keyHashes)
	if err != nil {
		return nil, err
	}
	return audit.NewHasher(keys[0], keys[1:]...), nil
}

// newRecords wires the page of records to those who know what stands in them.
func newRecords(db *store.DB, dirs *tenant.Directories, hall *queue.Hall, hasher *audit.Hasher) *auditlog.Log {
	return auditlog.New(db, dirs, auditlog.Options{
		Label: queue.Label, Tickets: hall.Labelled,
		Accounts: func(t tenant.ID, email string) []string { return auth.Accounts(hasher, t, email) },
	})
}

// openCheckpoints opens where checkpoints are kept; nil when they are switched off. The newest master key makes
// them, each that is still given checks them.
func openCheckpoints(ctx context.Context, cfg config.Config, db *store.DB) (*audit.Folder, error) {
	dir, vault := cfg.CheckpointDir(), seal.Of(db)
	switch {
	case dir == "":
		return nil, nil
	case vault == nil:
		return nil, errNoMasterKey
	}
	keys, err := vault.Derive(ctx, keyCheckpoints)
	if err != nil {
		return nil, err
	}
	return audit.NewFolder(dir, keys...)
}

// startCheckpoints makes checkpoints in the background until ctx ends. What it gives ends that, and makes the last
// ones. A folder that cannot be written stops nobody from being served; it is logged, and doctor says it.
func (a *App) startCheckpoints(ctx context.Context) (last func(context.Context)) {
	none := func(context.Context) {}
	folder, err := openCheckpoints(ctx, a.cfg, a.DB)
	if err != nil {
		a.log.Error("no checkpoints of the audit chain are made", "error", err)
		return none
	}
	if folder == nil {
		a.log.Warn("checkpoints of the audit chain are switched off: a chain that is rewritten as a whole would not be found")
		return none
	}
	w := audit.NewWriter(a.DB, a.chains, a.log, folder)
	running, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { w.Run(running, audit.Every) })
	return func(ctx context.Context) {
		stop()
		wg.Wait()
		if _, err := w.Make(ctx); err != nil {
			a.log.Error("the last checkpoints of the audit chain were not made", "error", err)
		}
	}
}

func (a *App) chains() []store.TenantID {
	all := a.Registry.Tenants()
	ids := make([]store.TenantID, len(all))
	for i, t := range all {
		ids[i] = t.ID
	}
	return ids
}
