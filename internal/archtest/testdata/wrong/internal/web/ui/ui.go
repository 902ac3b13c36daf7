package ui

import (
	_ "github.com/pendopo-id/pendopo/internal/queue"
	_ "github.com/pendopo-id/pendopo/internal/web/i18n"
)
