package app

import (
	"slices"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/domains"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/onboarding"
	"github.com/pendopo-id/pendopo/internal/operator"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/throttle"
)

// Models is what every package keeps in the database.
var Models store.Models = slices.Concat(seal.Models, tenant.Models, auth.Models, queue.Models, jobs.Models, notify.Models, billing.Models, throttle.Models, domains.Models, onboarding.Models, operator.Models)
