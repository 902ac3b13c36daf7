package app

import (
	"context"
	"sync"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/auditlog"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// hasherOf gives the hasher of records; nil without keys.
func hasherOf(keys keyring) *audit.Hasher {
	if keys == nil {
		return nil
	}
	return audit.NewHasher(keys.Derive(keyHashes))
}

// newRecords wires the page of records to those who know what stands in them.
func newRecords(db *store.DB, dirs *tenant.Directories, hall *queue.Hall, hasher *audit.Hasher) *auditlog.Log {
	return auditlog.New(db, dirs, auditlog.Options{
		Label: queue.Label, Tickets: hall.Labelled,
		Account: func(t tenant.ID, email string) string { return auth.Account(hasher, t, email) },
	})
}

// openCheckpoints opens where checkpoints are kept; nil when they are switched off.
func openCheckpoints(cfg config.Config, keys keyring) (*audit.Folder, error) {
	dir := cfg.CheckpointDir()
	if dir == "" {
		return nil, nil
	}
	return audit.NewFolder(dir, keys.Derive(keyCheckpoints))
}

// startCheckpoints makes checkpoints in the background until ctx ends. What it gives ends that, and makes the last
// ones. A folder that cannot be written stops nobody from being served; it is logged, and doctor says it.
func (a *App) startCheckpoints(ctx context.Context) (last func(context.Context)) {
	none := func(context.Context) {}
	if a.keys == nil {
		return none
	}
	folder, err := openCheckpoints(a.cfg, a.keys)
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
	all := a.Registry.All()
	ids := make([]store.TenantID, len(all))
	for i, t := range all {
		ids[i] = t.ID
	}
	return ids
}
