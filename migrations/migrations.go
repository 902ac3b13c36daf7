// Package migrations holds the database's schema, step by step, once for each dialect. The files of
// the two folders have the same numbers and make the same tables, columns and keys; a test compares
// them.
package migrations

import "embed"

// Files has the folders postgres and sqlite.
//
//go:embed postgres/*.sql sqlite/*.sql
var Files embed.FS
