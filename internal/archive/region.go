package archive

import (
	"context"
	"fmt"
	"io"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// Place is an installation that a region is taken from or put into.
type Place struct {
	DB     *store.DB
	Schema string        // the newest migration that its database has
	Points *audit.Folder // nil: it keeps no checkpoints
	Actor  string        // who does it, for the records: "system:cli"
}

// Taken is an archive that was made.
type Taken struct {
	SHA256 string // of the whole file
	Rows   int
}

// account is what the records say of an archive.
type account struct {
	SHA256 string `json:"sha256,omitempty"`
	Rows   int    `json:"rows,omitempty"`
	Made   string `json:"made,omitempty"` // when the archive was made
}

// Take writes a region's archive, as one moment shows the region, while it works on. That it was taken is recorded in the
// region's own chain before, so that the archive holds it, and with its checksum in the platform's chain after.
func (p Place) Take(ctx context.Context, row tenant.Row, k *Key, w io.Writer) (out Taken, err error) {
	vault := seal.Of(p.DB)
	err = p.DB.In(ctx, row.ID, func(_ context.Context, tx *store.Tx) error {
		tx.Audit(store.Record{Actor: p.Actor, Action: "tenant:archive:take", Target: "tenant:" + row.Code})
		return nil
	})
	if err != nil {
		return out, err
	}
	a, err := newWriter(w, Head{
		Format: Format, Schema: p.Schema, MadeAt: p.DB.Now(), Key: k.head,
		Tenant: Whose{ID: row.ID.String(), Code: row.Code, Name: row.Name},
	})
	if err != nil {
		return out, err
	}
	// The checkpoints that there are now are of records that the rows, which are read later, have.
	if p.Points != nil {
		if err := p.Points.Copy(ctx, row.ID, func(name string, r io.Reader, size int64) error { return a.file(pointsFolder+name, r, size) }); err != nil {
			return out, err
		}
	}
	err = p.DB.Carry(ctx, row.ID, a.begin, func(table string, c store.Cells) error {
		if table == seal.KeysTable {
			if err := vault.Outward(ctx, row.ID, c, k.ring); err != nil {
				return err
			}
		}
		return a.row(c)
	})
	if err != nil {
		return out, err
	}
	if out.SHA256, err = a.close(k); err != nil {
		return out, err
	}
	out.Rows = a.made.Rows()
	return out, p.record(ctx, "tenant:archive:take", row.Code, account{SHA256: out.SHA256, Rows: out.Rows})
}

// record writes what happened to a region into the platform's chain.
func (p Place) record(ctx context.Context, action, code string, what account) error {
	platform, err := tenant.OpenPlatform(ctx, p.DB)
	if err != nil {
		return err
	}
	return p.DB.In(ctx, platform.ID, func(_ context.Context, tx *store.Tx) error {
		tx.Audit(store.Record{Actor: p.Actor, Action: action, Target: "tenant:" + code, Data: what})
		return nil
	})
}

// Put makes the region of an archive here, as a whole or not at all. Only the row in the list of tenants differs from what it
// was: its version, and, where suspend is not empty, its state with that reason. That it came is recorded in the
// platform's chain, so that the region's own is what it was. The fault "duplicate": it is here, or its host is another's.
func (p Place) Put(ctx context.Context, a *Reader, k *Key, suspend string) (out Taken, t store.TenantID, err error) {
	vault := seal.Of(p.DB)
	if a.Head.Schema != p.Schema {
		return out, t, fmt.Errorf("%w: it was made at migration %s, and this database is at %s; bring both installations to the same release and make it again", ErrFormat, a.Head.Schema, p.Schema)
	}
	err = p.DB.Restore(ctx, "tenant restore "+a.Head.Tenant.Code, a.Head.Tenant.ID, func(ctx context.Context, s *store.SysTx, r *store.Restoring) error {
		version, err := tenant.NextVersion(ctx, s)
		if err != nil {
			return err
		}
		t = r.Tenant()
		m, sum, err := a.Each(ctx, k, func(table string, c store.Cells) error {
			switch table {
			case "tenants":
				if c["code"] != a.Head.Tenant.Code {
					return spoilt("its head names another region")
				}
				if c["version"] = version; suspend != "" {
					c["state"], c["suspended_reason"] = tenant.Suspended, suspend
				}
			case seal.KeysTable:
				if err := vault.Inward(ctx, t, c, k.ring); err != nil {
					return fmt.Errorf("%w (%w)", ErrKey, err)
				}
			}
			return r.Put(ctx, table, c)
		})
		out = Taken{SHA256: sum, Rows: m.Rows()}
		return err
	})
	if err != nil {
		return out, t, err
	}
	return out, t, p.record(ctx, "tenant:archive:put", a.Head.Tenant.Code, account{SHA256: out.SHA256, Rows: out.Rows, Made: store.TimeText(a.Head.MadeAt)})
}

// Erase deletes everything of a region from the database, which has to be opened as its owner, and its checkpoints. What
// remains is one record in the platform's chain: when, by whom, and the checksum of the archive that was kept, if any. The
// bytes leave the database's files with DB.Scrub, which comes next.
func (p Place) Erase(ctx context.Context, row tenant.Row, archived string) (gone map[string]int, err error) {
	if row.IsPlatform() {
		return nil, tenant.ErrPlatform
	}
	platform, err := tenant.OpenPlatform(ctx, p.DB)
	if err != nil {
		return nil, err
	}
	gone, err = p.DB.Erase(ctx, store.Erasure{
		Tenant: row.ID, Reason: "tenant erase " + row.Code, Keeper: platform.ID,
		Record: store.Record{Actor: p.Actor, Action: "tenant:archive:erase", Target: "tenant:" + row.Code, Data: account{SHA256: archived}},
		Also: func(ctx context.Context, s *store.SysTx) error {
			_, err := tenant.NextVersion(ctx, s)
			return err
		},
	})
	if err != nil || p.Points == nil {
		return gone, err
	}
	return gone, p.Points.Forget(row.ID)
}
