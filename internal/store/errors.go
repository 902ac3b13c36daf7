package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/pendopo-id/pendopo/internal/fault"
)

var errNoRows = sql.ErrNoRows

// isFault tells whether somebody has already said what err means to a person: that stands.
func isFault(err error) bool {
	var f *fault.Error
	return errors.As(err, &f)
}

// translateCommon turns what both databases say alike into faults.
func translateCommon(err error) error {
	var netErr net.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fault.Wrap(err, fault.NotFound, "not_found")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.Is(err, sql.ErrConnDone), errors.Is(err, driver.ErrBadConn), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &netErr):
		return fault.Wrap(err, fault.Unavailable, "busy")
	}
	return err
}
