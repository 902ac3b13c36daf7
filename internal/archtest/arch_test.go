package archtest

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The house keeps its rules.
func TestHouse(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	house := read(t, root)
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		t.Run(name, func(t *testing.T) {
			for _, violation := range rules[name](house) {
				t.Error(violation)
			}
		})
	}
}

// Every rule sees what it is there for, and nothing else: testdata/wrong breaks each of them.
func TestRulesSeeWhatIsWrong(t *testing.T) {
	wrong := read(t, "testdata/wrong")
	for name, want := range map[string][]string{
		"layers": {
			"cmd/pendopo/main.go:4: a command imports internal/store",
			"internal/booking/booking.go:5: the vertical booking imports the vertical queue",
			"internal/booking/rules/rules.go:4: the vertical booking imports the vertical survey",
			"internal/clock/clock.go:7: clock imports fault, which is not below it",
			"internal/queue/queue.go:9: queue imports app, which is not below it",
			"internal/store/store.go:8: store imports tenant, which is not below it",
			"internal/web/ui/ui.go:4: web imports queue, which is not below it",
			"tenants/tenants.go:4: tenants imports internal/id: it knows nothing of internal",
		},
		"drivers": {
			"internal/queue/queue.go:6: imports database/sql:",
			"internal/queue/queue.go:12: imports github.com/jackc/pgx/v5/stdlib:",
			"internal/queue/queue.go:19: uses bun.NewDB:",
			"internal/queue/queue.go:20: uses bun.Safe:",
			"internal/survey/survey.go:5: imports github.com/jackc/pgx/v5:",
			"internal/survey/survey.go:6: imports modernc.org/sqlite:",
		},
		"tenant": {
			"internal/booking/booking_test.go:12: calls Scan:",
			"internal/queue/queue.go:4: imports unsafe",
			"internal/queue/queue.go:24: calls Scan:",
			"internal/queue/queue.go:25: calls Scan:",
			"internal/queue/queue.go:27: uses store.WalkOf:",
		},
		"clock": {
			"internal/queue/queue.go:29: time.Now:",
			"internal/queue/queue.go:29: time.Since:",
			"internal/store/store.go:12: time.Until:",
		},
		"main":      {"cmd/pendopo/main.go: 61 lines, 60 are allowed"},
		"test-only": {"internal/survey/survey.go:7: imports testing outside a test", "internal/survey/survey.go:9: imports internal/testkit outside a test"},
		"exceptions": {
			"internal/booking/booking.go:8: write //nolint:name // and the reason",
			"internal/booking/booking.go:11: write //nolint:name // and the reason",
			"internal/booking/booking.go:14: write //nolint:name // and the reason",
		},
		"inline": {
			"internal/queue/views.templ:4: a <style> element",
			"internal/queue/views.templ:5: a style attribute",
			"internal/queue/views.templ:8: an on... attribute",
			"internal/queue/views.templ:10: a <script> without src",
			"internal/queue/views.templ:11: a javascript: address",
			"internal/queue/views.templ:12: an evaluated htmx value",
			"internal/queue/views.templ:13: an hx-on attribute",
			"internal/queue/views.templ:14: a style attribute",
			"internal/queue/views.templ:23: a templ script or css block, which is inlined",
		},
		"environment": {"internal/survey/survey.go:13: os.Getenv:"},
	} {
		got := rules[name](wrong)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.EqualFunc(got, want, strings.HasPrefix) {
			t.Errorf("%s:\ngot\n\t%s\nwant\n\t%s", name, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
	if len(rules) != 9 {
		t.Errorf("%d rules: is there one without a wrong file?", len(rules))
	}
}
