package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"

	"github.com/pendopo-id/pendopo/internal/store"
)

// Hasher makes the hashes that stand in records for what must not stand there in clear. They are keyed: there are
// so few addresses and so few likely e-mails that anybody could try them all against a plain hash. They
// carry the tenant: the same value in two tenants has nothing to do with itself. A nil Hasher has no key,
// and says only that there was a value.
type Hasher struct {
	key   []byte
	older [][]byte
}

// NewHasher makes a hasher under a key, which must be the same in all processes for hashes to be comparable. Older
// ones only find what they have made.
func NewHasher(key []byte, older ...[]byte) *Hasher { return &Hasher{key, older} }

func (h *Hasher) sum(t store.TenantID, kind, value string, size int) string {
	return sum(h.key, t, kind, value, size)
}

func sum(key []byte, t store.TenantID, kind, value string, size int) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(t.String() + "\n" + kind + "\n" + value))
	return hex.EncodeToString(m.Sum(nil)[:size])
}

// Masked is how a keyed hash begins where others could be taken for values.
const Masked = "hash:"

// Personal is what stands for a personal value of a kind: "hash:" and 32 digits; "" for none.
func (h *Hasher) Personal(t store.TenantID, kind, value string) string {
	switch {
	case value == "":
		return ""
	case h == nil:
		return Masked + "?"
	}
	return Masked + h.sum(t, kind, value, 16)
}

// EachPersonal are all that may stand for a personal value, the newest key's first: what to look for.
func (h *Hasher) EachPersonal(t store.TenantID, kind, value string) []string {
	out := []string{h.Personal(t, kind, value)}
	if h == nil || value == "" {
		return out
	}
	for _, key := range h.older {
		out = append(out, Masked+sum(key, t, kind, value, 16))
	}
	return out
}

// Origin tells where a request came from, for store.WithOrigin: 16 digits that stand for the client's network, so
// that an auditor sees that two things were done from one place, and not from which.
func (h *Hasher) Origin(addr netip.Addr) func(store.TenantID) string {
	return func(t store.TenantID) string {
		a, bits := addr.Unmap(), 64 // who has one address of an IPv6 network has all of it
		if a.Is4() {
			bits = 32
		}
		network, err := a.Prefix(bits)
		if h == nil || err != nil || !a.IsValid() {
			return ""
		}
		return h.sum(t, "origin", network.String(), 8)
	}
}
