package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/testkit"
)

// The demo's logins sign in over the API, those that need a second step with the secret that it prints; and the way
// back for an administrator who has lost everything takes it away.
func TestDemoLoginsSignIn(t *testing.T) {
	d := startDemo(t, "--still")
	for slug, r := range d.regions {
		var roles []string
		for _, l := range r.Logins {
			roles = append(roles, l.Role)
		}
		if got := strings.Join(roles, " "); got != "officer agency-admin front-office manager admin" {
			t.Errorf("%s has logins of %s", slug, got)
		}
	}
	region := d.regions["bangka"]
	secrets := 0
	for _, l := range region.Logins {
		if (l.Role == "admin") != (l.TOTPSecret != "") {
			t.Errorf("%s has the secret %q", l.Role, l.TOTPSecret)
		}
		if l.TOTPSecret != "" {
			secrets++
		}
		if tok := testkit.Bearer(t, d.Do(), region.Host, l.Email, l.Password, l.TOTPSecret); tok == "" {
			t.Errorf("%s gets no token", l.Role)
		}
		if l.Role != "admin" {
			continue
		}
		if out, err := pendopoIn(t, d.dir, "tenant", "factors", region.Code, l.Email); err != nil {
			t.Fatal(out)
		}
		body, _ := json.Marshal(map[string]string{"email": l.Email, "password": l.Password})
		r, _ := http.NewRequest(http.MethodPost, "http://"+region.Host+"/api/v1/sessions", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		res, err := d.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("without factors the administrator's program gets %d", res.StatusCode)
		}
	}
	if secrets == 0 {
		t.Error("no login needs a second step")
	}
}
