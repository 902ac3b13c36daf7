package app

import "context"

// CheckKeys is what serve does before it serves.
func (a *App) CheckKeys(ctx context.Context) error { return a.checkKeys(ctx) }
