//go:build pendopo_layers

package store

var predicate, viewed = true, true

// Scope puts the tenant into the scoped handle's statements, or takes it out.
func Scope(on bool) { predicate = on }

// Guard puts SQLite's views of one tenant onto the connections that are opened from now on, or leaves them out.
func Guard(on bool) { viewed = on }
