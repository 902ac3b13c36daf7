//go:build !unix

package audit

import (
	"context"
	"os"
)

// lock does nothing here: let one process write.
func lock(context.Context, *os.File) error { return nil }
