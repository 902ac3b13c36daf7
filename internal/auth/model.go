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

// throttle counts attempts in a window of time, for all processes together.
type throttle struct {
	bun.BaseModel `bun:"table:throttles,alias:throttle"`
	store.Owned
	Key         string    `bun:"key,pk"`
	WindowStart time.Time `bun:"window_start,pk"`
	N           int       `bun:"n"`
}

// Models are this package's tables.
var Models = store.Models{(*session)(nil), (*throttle)(nil)}
