package store

import (
	"database/sql"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

func left(at time.Time) time.Duration {
	return time.Until(at)
}

var (
	_ *sql.DB
	_ *pgx.Conn
	_ tenant.Row
)
