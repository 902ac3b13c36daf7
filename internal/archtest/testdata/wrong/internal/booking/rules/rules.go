package rules

import (
	"github.com/pendopo-id/pendopo/internal/survey"
)

var Rule = survey.Rule
