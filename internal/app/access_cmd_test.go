package app_test

import (
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// The command says what the service does: who may, through which role and rules, and who else would.
func TestAccessIsExplained(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, oneSeries("19.05", "WIB"))
		env := serveEnv(db)
		for _, c := range []struct {
			args string
			code int
			says []string
		}{
			{"explain loket1@contoh.test queue:ticket:call id/19/19.05/dukcapil", 0, []string{"YA: ", "Petugas loket", "role:officer > perm:queue:ticket:call"}},
			{"explain loket1@contoh.test queue:ticket:call 19.05/dukcapil", 0, []string{"YA: ", "di id/19/19.05/dukcapil (Kependudukan, Kabupaten Bangka Barat)"}},
			{"explain loket1@contoh.test queue:ticket:call 19.05/imigrasi", 0, []string{"TIDAK: "}},
			{"list loket1@contoh.test 19.05/dukcapil", 0, []string{"queue:ticket:call", ": id/19/19.05/dukcapil (Kependudukan, Kabupaten Bangka Barat)"}},
			{"explain LOKET1@contoh.test queue:ticket:issue 19.05", 0, []string{"TIDAK: ", "peran Meja depan di id/19/19.05", "peran Manajer MPP"}},
			{"explain --lang en loket1@contoh.test audit:record:all 19.05", 0, []string{"NO: ", "the role admin in id/19/19.05"}},
			{"explain loket1@contoh.test queue:ticket:cal 19.05", 1, []string{"queue:ticket:call?"}},
			{"explain loket9@contoh.test queue:ticket:call 19.05", 1, []string{"loket1@contoh.test?"}},
			{"explain loket1@contoh.test queue:ticket:call id/19/19.06", 1, []string{"Belitung Timur belum ada"}},
			{"explain loket1@contoh.test queue:ticket:call id", 1, []string{"id"}},
			{"list loket1@contoh.test 19.05", 0, []string{"queue:ticket:call", "role:officer > perm:queue:counter:list"}},
			{"list loket1@contoh.test x", 1, []string{"x"}},
		} {
			code, out := command(t, env, "", append([]string{"access"}, strings.Fields(c.args)...)...)
			for _, s := range c.says {
				if code != c.code || !strings.Contains(out, s) {
					t.Errorf("access %s: %d, wanted %q in\n%s", c.args, code, s, out)
				}
			}
		}
	})
}
