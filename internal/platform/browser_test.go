package platform_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/testkit"
)

// budget is what the hall may weigh on first load, in bytes over the wire.
const budget = 60 << 10

// TestPagesInABrowser opens the pages at the widths of a phone, a tablet and a desk: nothing is scrolled sideways,
// axe finds nothing serious, no request and no script fails, and the policy is kept.
func TestPagesInABrowser(t *testing.T) {
	w := newWorld(t, "19.01", "19.02", "19.03", "19.04", "19.05", "19.06", "19.71", "35.78", "53.15", "96.03")
	w.suspend(t, "19.05", "Pemeliharaan jaringan listrik di gedung sampai Rabu, 25 November 2026.")
	at := w.serve(t)
	chrome := testkit.Browser(t)
	for _, x := range []struct{ name, host, path string }{
		{"hall", "", "/"},
		{"search-empty", "", "/daerah"},
		{"search-bangka", "", "/daerah?q=bangka"},
		{"search-nothing", "", "/daerah?q=zzzzzz"},
		{"province-babel", "", "/provinsi/19"},
		{"province-papua", "", "/provinsi/91"},
		{"not-here", "pali.", "/layanan"},
		{"not-here-near", "bangkka-tengah.", "/"},
		{"not-here-unknown", "xqzw.", "/"},
		{"not-here-found", "xqzw.", "/?q=belitung"},
		{"suspended", "bangka-barat.", "/"},
	} {
		for _, width := range []int{360, 768, 1280} {
			t.Run(fmt.Sprintf("%s-%d", x.name, width), func(t *testing.T) {
				p := chrome.Page(at(x.host+"localhost")+x.path, width, 800)
				defer func() { _ = p.Close() }()
				if x.name == "hall" && width == 360 {
					p.Budget(t, budget)
				}
				if n := p.Wide(t); n > 0 {
					t.Errorf("the page is %d px too wide", n)
				}
				p.Screenshot(t, t.Name())
				p.Accessible(t)
				for _, problem := range p.Problems() {
					if !strings.Contains(problem, "status of 404") && !strings.Contains(problem, "status of 503") {
						t.Error(problem)
					}
				}
			})
		}
	}
}
