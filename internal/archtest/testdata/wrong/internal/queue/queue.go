package queue

import (
	_ "unsafe"

	"database/sql"
	"time"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/store"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
)

type Ticket struct {
	bun.BaseModel `bun:"table:tickets"`
	store.Owned
	DB   *bun.NewDB
	Text bun.Safe
}

func tenant(text string, rows *sql.Rows) (t store.TenantID) {
	_ = t.Scan(text)
	each(t.Scan)
	app.Run()
	_, _ = store.WalkOf(nil, nil)

	_ = time.Since(time.Now())
	return t
}
