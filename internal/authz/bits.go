package authz

// maxPermissions and maxRoles bound the tables, so that a look-up needs no bounds of its own.
const (
	maxPermissions = 256
	maxRoles       = 32
)

// bits is a set of permissions.
type bits [maxPermissions / 64]uint64

func (b *bits) has(p Permission) bool { return b[(p.n>>6)&3]&(1<<(p.n&63)) != 0 }
func (b *bits) add(p Permission)      { b[(p.n>>6)&3] |= 1 << (p.n & 63) }
