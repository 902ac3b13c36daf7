package booking

import (
	"github.com/pendopo-id/pendopo/internal/booking/rules" // its own folder
	"github.com/pendopo-id/pendopo/internal/queue"
)

// nolint
var Ticket queue.Ticket

//nolint:errcheck
var Rule = rules.Rule

// nolint:errcheck // a space is in the way
var x = 1

//nolint:errcheck // the error has been reported already
var y = 2
