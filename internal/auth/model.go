package auth

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
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
	Factor    string    `bun:"factor"` // a Method, or "" for a password alone
	Agent     string    `bun:"agent"`  // the kind of device, in coarse words
	ProvedAt  time.Time `bun:"proved_at,nullzero"`
	Via       string    `bun:"via"` // the agency by whose provider it began, or ""
}

// account is what auth keeps of a person beside what the manifest declares, so that an apply leaves it alone.
type account struct {
	bun.BaseModel `bun:"table:users,alias:account"`
	store.Owned
	ID              id.ID         `bun:"id,pk"`
	Email           seal.Box      `bun:"email"` // tenant.UserEmail
	Name            seal.Box      `bun:"name"`  // tenant.UserName
	PasswordHash    string        `bun:"password_hash"`
	PasswordUntil   time.Time     `bun:"password_until,nullzero"` // of a password that somebody else chose
	Retired         bool          `bun:"retired"`
	Source          tenant.Source `bun:"source"`
	Suspended       bool          `bun:"suspended"`
	SuspendedReason seal.Box      `bun:"suspended_reason"`
}

// totpRow is an app that makes codes.
type totpRow struct {
	bun.BaseModel `bun:"table:totps,alias:totp"`
	store.Owned
	ID        id.ID     `bun:"id,pk"`
	UserID    id.ID     `bun:"user_id"`
	Secret    seal.Box  `bun:"secret"`
	Confirmed bool      `bun:"confirmed"`
	SessionID id.ID     `bun:"session_id"` // in which it is being set up; none once it is confirmed
	Step      int64     `bun:"step"`
	CreatedAt time.Time `bun:"created_at"`
}

// recoveryCode is one of the codes for the day on which the phone is lost.
type recoveryCode struct {
	bun.BaseModel `bun:"table:recovery_codes,alias:recovery_code"`
	store.Owned
	ID       id.ID     `bun:"id,pk"`
	UserID   id.ID     `bun:"user_id"`
	CodeHash []byte    `bun:"code_hash"`
	UsedAt   time.Time `bun:"used_at,nullzero"`
}

// passkeyRow is a public key of a person's device.
type passkeyRow struct {
	bun.BaseModel `bun:"table:passkeys,alias:passkey"`
	store.Owned
	ID           id.ID     `bun:"id,pk"`
	UserID       id.ID     `bun:"user_id"`
	CredentialID []byte    `bun:"credential_id"`
	PublicKey    []byte    `bun:"public_key"`
	SignCount    int64     `bun:"sign_count"`
	Flags        int       `bun:"flags"`
	Transports   string    `bun:"transports"` // separated by commas
	Name         seal.Box  `bun:"name"`
	Cloned       bool      `bun:"cloned"`
	CreatedAt    time.Time `bun:"created_at"`
	UsedAt       time.Time `bun:"used_at,nullzero"`
}

// challenge is what waits for a person's next step.
type challenge struct {
	bun.BaseModel `bun:"table:challenges,alias:challenge"`
	store.Owned
	ID        id.ID     `bun:"id,pk"`
	TokenHash []byte    `bun:"token_hash"`
	Purpose   string    `bun:"purpose"`
	UserID    id.ID     `bun:"user_id"`    // nobody yet, of a sign-in by passkey
	SessionID id.ID     `bun:"session_id"` // of who is signed in already
	Kind      Kind      `bun:"kind"`       // of the session that is to begin
	Data      string    `bun:"data"`       // what a passkey's ceremony must remember, as JSON
	CreatedAt time.Time `bun:"created_at"`
	ExpiresAt time.Time `bun:"expires_at"`
}

// link is a one-time link that was sent to somebody, by which they choose a password. The token is in the letter only.
type link struct {
	bun.BaseModel `bun:"table:links,alias:link"`
	store.Owned
	ID        id.ID     `bun:"id,pk"`
	UserID    id.ID     `bun:"user_id"`
	Letter    string    `bun:"letter"`
	TokenHash []byte    `bun:"token_hash"`
	CreatedAt time.Time `bun:"created_at"`
	ExpiresAt time.Time `bun:"expires_at"`
}

// providerRow is the secret with which an agency's identity provider knows us. It is for one issuer and client only.
type providerRow struct {
	bun.BaseModel `bun:"table:provider_secrets,alias:provider_secret"`
	store.Owned
	ID        id.ID     `bun:"id,pk"`
	Agency    string    `bun:"agency"` // code
	Issuer    string    `bun:"issuer"`
	ClientID  string    `bun:"client_id"`
	Secret    seal.Box  `bun:"secret"`
	CreatedAt time.Time `bun:"created_at"`
}

// identity is the bond between a person and their account at an agency's provider.
type identity struct {
	bun.BaseModel `bun:"table:identities,alias:identity"`
	store.Owned
	ID           id.ID      `bun:"id,pk"`
	UserID       id.ID      `bun:"user_id"`
	Agency       string     `bun:"agency"` // code
	Issuer       string     `bun:"issuer"`
	Subject      seal.Box   `bun:"subject"` // see subjectText
	SubjectIndex seal.Index `bun:"subject_index"`
	CreatedAt    time.Time  `bun:"created_at"`
	UsedAt       time.Time  `bun:"used_at"`
}

// Models are this package's tables.
var Models = store.Models{
	(*providerRow)(nil), (*identity)(nil),
	(*session)(nil), (*account)(nil), (*totpRow)(nil), (*recoveryCode)(nil), (*passkeyRow)(nil), (*challenge)(nil), (*link)(nil),
}
