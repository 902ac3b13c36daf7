package main

import (
	_ "github.com/pendopo-id/pendopo/internal/store"

	"github.com/pendopo-id/pendopo/internal/app"
)

func main() { app.Run() }

// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
// A command that does too much is a command that no test reaches.
