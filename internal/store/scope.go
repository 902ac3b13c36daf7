//go:build !pendopo_layers

package store

// predicate says whether the scoped handle writes the tenant into every statement, viewed whether SQLite's
// connections have the views of one tenant. A build with the tag pendopo_layers can take either out, so that a test
// can show that the other layers hold by themselves.
const (
	predicate = true
	viewed    = true
)
