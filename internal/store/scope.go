//go:build !pendopo_unscoped

package store

// predicate says whether the scoped handle writes the tenant into every statement. The build tag
// pendopo_unscoped takes it out, so that a test can show that the layers below hold by themselves.
const predicate = true
