//go:build pendopo_layers

package store

func init() { Scope(false) }
