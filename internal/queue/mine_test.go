package queue_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web/ui/uitest"
)

// A phone finds the numbers again that it has taken today, and is asked before it takes a second one of a service.
func TestAPhoneKeepsItsNumbers(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		jar, ends := "", time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC) // the region's midnight
		ask := func(method, path string, form url.Values) (*http.Response, string) {
			t.Helper()
			res, body := h.ask(t, method, path, "", form, "Cookie", jar)
			for _, c := range res.Cookies() {
				if c.Name == "nomor" {
					if jar = "nomor=" + c.Value; c.Value != "" && (!c.HttpOnly || c.Path != "/" || !c.Expires.Equal(ends)) {
						t.Errorf("the cookie: %v", c)
					}
				}
			}
			if strings.Contains(body, "<html") {
				uitest.Page(t, body)
			}
			return res, body
		}
		take := func(service int, key string, more ...string) (*http.Response, string) {
			t.Helper()
			form := url.Values{"layanan": {h.Services[service].String()}, "kunci": {key}}
			if len(more) > 0 {
				form.Set("lagi", more[0])
			}
			return ask("POST", "/antrean", form)
		}
		if _, body := ask("GET", "/antrean", nil); !strings.Contains(body, "Belum ada nomor") {
			t.Errorf("nothing yet:\n%.500s", body)
		}
		res, _ := take(0, "a")
		first := res.Header.Get("Location")
		if res.StatusCode != http.StatusSeeOther || jar == "" {
			t.Fatalf("the first number: %d, kept %q", res.StatusCode, jar)
		}
		res, body := take(0, "b")
		if res.StatusCode != http.StatusOK || !strings.Contains(body, "Anda sudah memegang nomor A-001") || !strings.Contains(body, first) {
			t.Fatalf("a second one without a question: %d\n%.900s", res.StatusCode, body)
		}
		key := regexp.MustCompile(`name="kunci" value="([^"]+)"`).FindStringSubmatch(body)
		if len(key) != 2 || key[1] == "b" {
			t.Fatalf("the question's form has the key %q", key)
		}
		if res, _ := take(0, key[1], "1"); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") == first {
			t.Errorf("for somebody else: %d %s", res.StatusCode, res.Header.Get("Location"))
		}
		_, body = ask("GET", "/antrean", nil)
		if a, b := strings.Index(body, "A-002"), strings.Index(body, "A-001"); a < 0 || b < a {
			t.Errorf("the newest first: A-002 at %d, A-001 at %d", a, b)
		}
		// Another phone asks nothing and shows nothing; what is no ticket of this region's is passed over.
		mine := jar
		for _, stranger := range []string{"", "nomor=x", "nomor=" + strings.Repeat("0", 36), "nomor=" + h.Services[0].String() + ".."} {
			jar = stranger
			if res, body := ask("GET", "/antrean", nil); res.StatusCode != 200 || strings.Contains(body, "A-001") {
				t.Errorf("%q: %d", stranger, res.StatusCode)
			}
		}
		if res, _ := ask("POST", "/antrean/lupakan", url.Values{}); res.StatusCode != http.StatusSeeOther || jar != "nomor=" {
			t.Errorf("forgotten: %d, kept %q", res.StatusCode, jar)
		}
		// Who has given all of them back is not asked again.
		jar = mine
		for _, path := range strings.Split(strings.TrimPrefix(mine, "nomor="), ".") {
			if res, _ := ask("POST", "/antrean/"+path+"/batal", url.Values{}); res.StatusCode != http.StatusSeeOther {
				t.Fatal(res.StatusCode)
			}
		}
		if res, _ := take(0, "c"); res.StatusCode != http.StatusSeeOther {
			t.Errorf("after giving back: %d", res.StatusCode)
		}
		h.clock.Advance(24 * time.Hour)
		ends = ends.Add(24 * time.Hour)
		if _, body := ask("GET", "/antrean", nil); !strings.Contains(body, "Belum ada nomor") {
			t.Error("yesterday's numbers still show")
		}
		if res, _ := take(0, "d"); res.StatusCode != http.StatusSeeOther {
			t.Errorf("the next day: %d", res.StatusCode)
		}
		// A front desk's numbers are other people's: nothing is kept, nothing asked.
		res, _ = h.ask(t, "POST", "/antrean", "front", url.Values{"layanan": {h.Services[0].String()}, "kunci": {"e"}})
		if strings.Contains(strings.Join(res.Header.Values("Set-Cookie"), " "), "nomor=") {
			t.Error("the front desk's browser keeps a number")
		}
	})
}
