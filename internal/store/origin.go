package store

import "context"

type originKey struct{}

// WithOrigin says where what happens under ctx comes from. of is asked only when a record is written; it
// gives a keyed hash that is the tenant's own, so that one network in two tenants cannot be told to be one.
func WithOrigin(ctx context.Context, of func(TenantID) string) context.Context {
	return context.WithValue(ctx, originKey{}, of)
}

// Origin is what a tenant's records say of where ctx comes from; "" when nobody has said.
func Origin(ctx context.Context, t TenantID) string {
	if of, ok := ctx.Value(originKey{}).(func(TenantID) string); ok {
		return of(t)
	}
	return ""
}
