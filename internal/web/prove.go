package web

import (
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
)

// Where a browser is led that must show again who its person is, and where somebody gets the second factor that
// they must have; ?next= leads back.
const (
	ProvePath = "/petugas/akun/pastikan"
	EnrolPath = "/petugas/akun/wajib"
)

const (
	codeProve = "auth.prove"
	codeEnrol = "mfa_enrol"
)

// Proof is how long it counts that somebody has shown who they are.
const Proof = 10 * time.Minute

// Proved is the fault "auth.prove" (403) unless the actor has shown who they are within the last minutes: what
// Sudo asks for a whole route, for a handler that asks it in some cases only.
func (c *Ctx) Proved() error {
	if c.Actor != nil && c.Now().Before(c.Actor.ProvedAt.Add(Proof)) {
		return nil
	}
	return fault.New(fault.Forbidden, codeProve)
}

// proven asks what Sudo and Enrolling say.
func (c *Ctx) proven(r *Route) error {
	if c.Actor != nil && c.Actor.MustEnrol && !r.enrolling {
		if r.Permission != authz.Public {
			return fault.New(fault.Forbidden, codeEnrol)
		}
		c.Actor = nil
	}
	if r.sudo {
		return c.Proved()
	}
	return nil
}
