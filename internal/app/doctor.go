package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/migrations"
)

// maxSkew is how far the clocks of the database and of this machine may differ before days turn at
// different moments.
const maxSkew = 2 * time.Second

// diagnosis gathers what doctor finds.
type diagnosis struct {
	out io.Writer
	bad int
}

func (d *diagnosis) good(what, detail string) {
	fmt.Fprintf(d.out, "  baik · ok    %-12s %s\n", what, detail)
}

func (d *diagnosis) wrong(what, detail, mend string) {
	d.bad++
	fmt.Fprintf(d.out, "  SALAH · BAD  %-12s %s\n               %12s %s\n", what, detail, "->", mend)
}

func doctor(ctx context.Context, e env, args []string) error {
	cfg, rest, log, err := settings("doctor", e, config.Default(), args, nil)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("doctor takes no arguments, not %q", rest)
	}
	d := &diagnosis{out: e.stdout}
	fmt.Fprintf(d.out, "pendopo doctor, %s\n", clock.System.Now().Format(time.RFC3339))
	if noData(cfg) != nil { // and none is made by looking
		d.wrong("storage", "tidak ada data di folder itu · no data in that folder: "+cfg.Data, "Is --data (PENDOPO_DATA) right? Where nothing has begun yet: pendopo migrate, or pendopo tenant apply DIR")
		if cfg.SMTPURL != "" || cfg.GatewayURL != "" {
			d.mail(ctx, cfg)
		}
		return d.end()
	}
	if cfg.DatabaseURL == "" {
		d.storage(cfg)
	}
	db, err := store.Open(ctx, store.Config{URL: cfg.DatabaseURL, Path: cfg.SQLitePath(), Models: Models, Log: log})
	if err != nil {
		d.wrong("database", err.Error(), "Is it running, and is PENDOPO_DATABASE_URL right (host, port, user, password, database)?")
	} else {
		defer db.Close()
		d.database(ctx, db)
		if store.Eavesdropped(cfg.DatabaseURL) {
			d.wrong("connection", "it leaves this machine without TLS that is checked", "Add sslmode=verify-full&sslrootcert=FILE to PENDOPO_DATABASE_URL")
		}
		d.keys(ctx, cfg, db)
		d.checkpoints(ctx, db, cfg)
		d.providers(ctx, cfg, db)
		d.domains(ctx, db, tenant.NameServer(cfg.NameServer))
		d.certificates(ctx, db, cfg)
	}
	d.mail(ctx, cfg)
	d.billing(ctx, cfg)
	return d.end()
}

// end sums up.
func (d *diagnosis) end() error {
	if d.bad > 0 {
		fmt.Fprintf(d.out, "%d hal perlu diperbaiki · things to mend\n", d.bad)
		return errSaid
	}
	fmt.Fprintln(d.out, "Semua baik · all is well")
	return nil
}

// storage tries to write where SQLite's file lies.
func (d *diagnosis) storage(cfg config.Config) {
	probe := filepath.Join(cfg.Data, ".doctor")
	err := os.MkdirAll(cfg.Data, 0o700)
	if err == nil {
		err = os.WriteFile(probe, []byte("x"), 0o600)
	}
	if err != nil {
		d.wrong("storage", err.Error(), "Give the user that runs pendopo the right to write into "+cfg.Data+", or choose another folder with --data")
		return
	}
	_ = os.Remove(probe)
	d.good("storage", cfg.Data+" can be written")
}

func (d *diagnosis) database(ctx context.Context, db *store.DB) {
	version, err := db.Version(ctx)
	if err != nil {
		d.wrong("database", err.Error(), "Check the server's log")
		return
	}
	d.good("program", program())
	d.good("database", db.Dialect()+" "+version)
	d.migrations(ctx, db)
	findings, err := db.CheckIsolation(ctx)
	switch {
	case err != nil:
		d.wrong("isolation", err.Error(), "The role must be able to read pg_class and pg_policy")
	case len(findings) == 0:
		d.good("isolation", map[string]string{"sqlite": "each connection shows one tenant", "postgres": "plain role, row level security on every tenant table"}[db.Dialect()])
	}
	for _, f := range findings {
		d.wrong("isolation", f.What, f.Mend)
	}
	skew, err := db.ClockSkew(ctx)
	switch {
	case err != nil:
		d.wrong("clock", err.Error(), "The database did not tell its time")
	case skew.Abs() > maxSkew:
		d.wrong("clock", fmt.Sprintf("the database is %v ahead of this machine", skew.Round(time.Millisecond)), "Run a time service (chrony, systemd-timesyncd) on both")
	default:
		d.good("clock", fmt.Sprintf("%v apart", skew.Abs().Round(time.Millisecond)))
	}
	d.regions(ctx, db)
}

// checkpoints looks whether they can be written, and holds the newest of each region against the end of its chain.
// The whole chain is looked at by pendopo audit verify.
func (d *diagnosis) checkpoints(ctx context.Context, db *store.DB, cfg config.Config) {
	if seal.Of(db) == nil && cfg.CheckpointDir() != "" {
		return // there is no master key yet, or none that fits: said above
	}
	folder, err := openCheckpoints(ctx, cfg, db)
	switch {
	case err != nil:
		d.wrong("checkpoints", err.Error(), "Give the user that runs pendopo the right to write there, or choose another folder with PENDOPO_CHECKPOINTS")
		return
	case folder == nil:
		d.wrong("checkpoints", "switched off", "Set PENDOPO_CHECKPOINTS to a folder, best on another machine's disk")
		return
	}
	rows, err := (&tenant.Provisioner{DB: db}).Tenants(ctx)
	if err != nil {
		d.wrong("checkpoints", err.Error(), "Check the server's log")
		return
	}
	var older []string
	for _, row := range rows {
		ok, err := newestAgrees(ctx, db, row.ID, folder)
		if err != nil {
			d.wrong("checkpoints", row.Code+": "+err.Error(), "Run pendopo audit verify "+row.Code)
			return
		}
		if !ok {
			d.wrong("checkpoints", row.Code+": the chain ends before its newest checkpoint", "Run pendopo audit verify "+row.Code)
			return
		}
		if current, err := folder.Current(row.ID); err == nil && !current {
			older = append(older, row.Code)
		}
	}
	if len(older) > 0 {
		d.wrong("checkpoints", "an older master key made the newest ones of "+strings.Join(older, ", "), "Run pendopo keys rewrap, then take the older key away")
		return
	}
	d.good("checkpoints", folder.Dir()+" can be written, no chain ends before its newest one")
}

// newestAgrees tells whether a chain reaches its newest checkpoint.
func newestAgrees(ctx context.Context, db *store.DB, t store.TenantID, folder *audit.Folder) (bool, error) {
	var newest audit.Checkpoint
	for c, err := range folder.Read(ctx, t) {
		var gone audit.KeyGone
		if errors.As(err, &gone) {
			continue
		}
		if err != nil {
			return false, err
		}
		newest = c
	}
	head, err := audit.Head(ctx, db, t)
	return head.Seq > newest.Seq || head.Seq == newest.Seq && (newest.Seq == 0 || bytes.Equal(head.Hash, newest.Hash)), err
}

func (d *diagnosis) migrations(ctx context.Context, db *store.DB) {
	m, err := store.NewMigrator(db, migrations.Files)
	if err != nil {
		d.wrong("migrations", err.Error(), "This is a broken build")
		return
	}
	pending, err := m.Pending(ctx)
	switch {
	case err != nil:
		d.wrong("migrations", err.Error(), "Run pendopo migrate with the owner's address in PENDOPO_OWNER_DATABASE_URL")
	case len(pending) > 0:
		d.wrong("migrations", "missing: "+strings.Join(pending, ", "), "Run pendopo migrate")
	default:
		d.good("migrations", "all applied")
	}
}

func (d *diagnosis) regions(ctx context.Context, db *store.DB) {
	reg := tenant.NewRegistry(db, "localhost", nil)
	if err := reg.Refresh(ctx); err != nil {
		d.wrong("regions", err.Error(), "Run pendopo migrate; if it stays, restore the newest backup")
		return
	}
	rows, err := (&tenant.Provisioner{DB: db}).Tenants(ctx)
	if err != nil || len(rows) != len(reg.Tenants()) {
		d.wrong("regions", fmt.Sprintf("%d are stored, %d can be read by this program", len(rows), len(reg.Tenants())), "A newer program may have written them: use the same version everywhere, or apply their folders again")
		return
	}
	dirs := tenant.NewDirectories(db)
	for _, t := range reg.All() {
		if _, err := dirs.Of(ctx, t); err != nil {
			d.wrong("regions", t.Code+": "+err.Error(), "Apply the region's folder again: pendopo tenant apply DIR")
			return
		}
	}
	d.good("regions", fmt.Sprintf("%d, each can be read", len(reg.All())))
}

// domains asks whether the regions' own domains still show their proof: one that has gone to somebody else must
// not be served for ever.
func (d *diagnosis) domains(ctx context.Context, db *store.DB, dns tenant.TXT) {
	list, err := (&tenant.Provisioner{DB: db}).Domains(ctx, "")
	if err != nil {
		return // the database has been found wanting already
	}
	held := 0
	for _, o := range list {
		if o.State != tenant.DomainBound {
			continue
		}
		name, value := o.Record()
		switch stands, err := tenant.StillProved(ctx, dns, o); {
		case err != nil:
			d.wrong("domains", o.Host+": "+err.Error(), "Is the name server right (PENDOPO_NAME_SERVER), and does the firewall let DNS through?")
		case !stands:
			d.wrong("domains", o.Host+" of "+o.Code+" does not show its proof any more", fmt.Sprintf("Set %s TXT %q again, or give it back: pendopo tenant domain %s %s --drop", name, value, o.Code, o.Host))
		default:
			held++
		}
	}
	if held > 0 {
		d.good("domains", fmt.Sprintf("%d of the regions' own, each shows its proof", held))
	}
}

// program is which build this is: its version or commit, and the Go that made it.
func program() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown build"
	}
	version := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			version = s.Value
		}
	}
	return strings.TrimSpace(version + " " + info.GoVersion)
}
