package survey

import (
	_ "database/sql/driver" // to say how a type is stored
	_ "github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"
	_ "testing"

	_ "github.com/pendopo-id/pendopo/internal/testkit"
	"os"
)

var Rule = os.Getenv("RULE")
