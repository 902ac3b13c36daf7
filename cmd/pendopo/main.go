// Command pendopo serves Malls of Public Services: see pendopo help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/pendopo-id/pendopo/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := app.Main(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
