package auth

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// session is a sign-in that holds. The token itself is nowhere kept.
type session struct {
	bun.BaseModel `bun:"table:sessions,alias:session"`
	store.Owned
	ID        id.ID     `bun:"id,pk"`
	UserID    id.ID     `bun:"user_id"`
	TokenHash []byte    `bun:"token_hash"`
	Kind      Kind      `bun:"kind"`
	CreatedAt time.Time `bun:"created_at"`
	SeenAt    time.Time `bun:"seen_at"`
	ExpiresAt time.Time `bun:"expires_at"`
}

// Models are this package's tables.
var Models = store.Models{(*session)(nil)}
