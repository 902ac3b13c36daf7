package app

import (
	"context"
	"errors"
)

func dataMap(_ context.Context, e env, args []string) error { return errors.New("todo") }
