// Package domains gives regions' own domains what they need to be reached: a page and calls by which regional IT asks
// for one, proves it and gives it back, and certificates by ACME (RFC 8555, HTTP-01 and TLS-ALPN-01). A certificate is
// ordered for a host only while the registry serves it for a region and its name server shows that region's proof; it
// is kept in the database, so that every process serves it, and renewed. See docs/domains.md.
package domains

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
)

// Certificate is a host's certificate, or how far its order has come. The row is the region's whose host it is.
type Certificate struct {
	bun.BaseModel `bun:"table:certificates,alias:certificate"`
	store.Owned
	ID       id.ID     `bun:"id,pk"`
	Host     string    `bun:"host"`
	Chain    string    `bun:"chain"` // PEM, the host's own first; "": there is none yet
	Key      seal.Box  `bun:"key"`   // PKCS #8 in PEM
	IssuedAt time.Time `bun:"issued_at,nullzero"`
	NotAfter time.Time `bun:"not_after,nullzero"`
	RenewAt  time.Time `bun:"renew_at,nullzero"` // from then on it is ordered anew
	Way      string    `bun:"way"`               // the challenge that was met last, to begin with next time

	Challenge string `bun:"challenge"` // the kind that is open now, or ""
	Token     string `bun:"token"`

	Failures int       `bun:"failures"` // since the last success
	Fault    string    `bun:"fault"`    // why the last order failed, one of the Fault constants
	Detail   string    `bun:"detail"`   // what the authority said
	FailedAt time.Time `bun:"failed_at,nullzero"`
	NextAt   time.Time `bun:"next_at,nullzero"` // not tried again before

	Lease      id.ID     `bun:"lease"`
	LeaseUntil time.Time `bun:"lease_until,nullzero"`
}

// Account is the service's key at a certificate authority. Its row is the platform's.
type Account struct {
	bun.BaseModel `bun:"table:acme_accounts,alias:acme_account"`
	store.Owned
	ID        id.ID     `bun:"id,pk"`
	Directory string    `bun:"directory"` // the authority's directory, as an address
	Key       seal.Box  `bun:"key"`       // PKCS #8 in PEM
	CreatedAt time.Time `bun:"created_at"`
}

// Models are this package's tables.
var Models = store.Models{(*Certificate)(nil), (*Account)(nil)}

// The sealed fields.
var (
	SealedKey     = seal.Declare[Certificate]("key")
	SealedAccount = seal.Declare[Account]("key")
)

// Why an order failed.
const (
	FaultProof   = "proof"   // the domain's name server does not show the region's record any more
	FaultLookup  = "lookup"  // the name server did not answer
	FaultAddress = "address" // the host has no address
	FaultRefused = "refused" // the authority did not find us at the host, or refuses the name
	FaultLimited = "limited" // the authority has had too many orders
	FaultServer  = "server"  // the authority did not answer, or not as it should
	FaultKeys    = "keys"    // the region's keys were destroyed, and nothing more is sealed
)
