package billing

import (
	"context"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// InWords is an amount in words.
var InWords = inWords

// PutNumber writes a number of an invoice as it is told.
func PutNumber(ctx context.Context, sys *store.SysTx, year, n, prev int64, region string) error {
	return store.SysInsert(ctx, sys, &numberRow{Year: year, N: n, Prev: prev, RegionCode: region, InvoiceID: id.New()})
}
