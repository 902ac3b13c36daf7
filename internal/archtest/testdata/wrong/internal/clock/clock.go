// Package clock may ask for the time.
package clock

import (
	"time"

	"github.com/pendopo-id/pendopo/internal/fault"
)

var Now = time.Now

var _ fault.Kind
