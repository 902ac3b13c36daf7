package app

import (
	"slices"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/operator"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/throttle"
)

// Models is what every package keeps in the database.
var Models store.Models = slices.Concat(seal.Models, tenant.Models, auth.Models, queue.Models, jobs.Models, notify.Models, throttle.Models, operator.Models)
