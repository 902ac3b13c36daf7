//go:build pendopo_unscoped

package store

const predicate = false
