package tenants

import (
	_ "github.com/pendopo-id/pendopo/internal/id"
)
