package auth

import (
	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// Account names an account in records without its e-mail, also one that does not exist.
func Account(h *audit.Hasher, t tenant.ID, email string) string {
	return "account:" + h.Personal(t, "email", seal.Email(email))
}

// Accounts are all the names that Account may have given an account in records, under each key that is still given.
func Accounts(h *audit.Hasher, t tenant.ID, email string) []string {
	out := h.EachPersonal(t, "email", seal.Email(email))
	for i := range out {
		out[i] = "account:" + out[i]
	}
	return out
}
