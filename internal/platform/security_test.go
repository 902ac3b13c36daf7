package platform_test

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/testkit"
)

func TestSecurityTxt(t *testing.T) {
	for contact, want := range map[string]int{"": 404, "mailto:keamanan@pendopo.example": 200} {
		w := newWorld(t, "19.01")
		w.plat.Security(w.app.Any(), contact)
		for _, host := range []string{"localhost", "bangka.localhost", "elsewhere.example"} {
			req := httptest.NewRequest("GET", "/.well-known/security.txt", nil)
			req.Host = host
			res, err := w.app.Test(req)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(res.Body)
			if res.StatusCode != want {
				t.Errorf("%s: %d, want %d", host, res.StatusCode, want)
			}
			if want != 200 {
				continue
			}
			_, rest, _ := strings.Cut(string(text), "Expires: ")
			until, err := time.Parse(time.RFC3339, strings.SplitN(rest, "\n", 2)[0])
			if err != nil || !until.After(testkit.Morning) || until.After(testkit.Morning.AddDate(1, 0, 0)) || !strings.HasPrefix(string(text), "Contact: "+contact+"\n") {
				t.Errorf("%s: %v\n%s", host, err, text)
			}
		}
	}
}
