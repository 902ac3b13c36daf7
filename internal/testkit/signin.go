package testkit

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// TOTPSecret is the secret of the apps that GiveFactor gives.
const TOTPSecret = "KENARIUJIKENARIUJIKENARIUJIKENAR"

// AppCode is what an app with a secret shows at a moment.
func AppCode(tb testing.TB, secret string, at time.Time) string {
	tb.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		tb.Fatal(err)
	}
	return code
}

// GiveFactor gives a person an app with TOTPSecret.
func GiveFactor(ctx context.Context, tx *store.Tx, user id.ID) error {
	return auth.GiveTOTP(ctx, tx, user, TOTPSecret)
}

// totpRow mirrors what says which code was taken last.
type totpRow struct {
	bun.BaseModel `bun:"table:totps,alias:totp"`
	store.Owned
	ID   id.ID `bun:"id,pk"`
	Step int64 `bun:"step"`
}

// SignIn signs somebody in, with the second step if there is one. It may be asked as often as a test likes: that a
// code is taken once is forgotten before.
func SignIn(tb testing.TB, db *store.DB, s *auth.Service, t *tenant.Tenant, email, password string, kind auth.Kind) auth.Session {
	tb.Helper()
	from := auth.From{IP: netip.MustParseAddr("127.0.0.1"), Agent: "Uji"}
	out, err := s.SignIn(tb.Context(), t, email, password, kind, from)
	step, waits := auth.StepOf(err)
	if waits {
		var now time.Time
		err = db.In(tb.Context(), t.ID, func(ctx context.Context, tx *store.Tx) error {
			now = tx.Now()
			_, err := store.Update[totpRow](tx).Set("step = 0").Where("true").Exec(ctx)
			return err
		})
		if err == nil {
			out, err = s.Verify(tb.Context(), t, step.Challenge, AppCode(tb, TOTPSecret, now), kind, from)
		}
	}
	if err != nil {
		tb.Fatalf("testkit: %s does not sign in: %v", email, err)
	}
	return out
}

// Bearer signs somebody in over the API and gives the token. secret is that of their app, or "". A code is taken
// once: when its half minute was spent by an earlier sign-in, it waits for the next.
func Bearer(tb testing.TB, do Do, host, email, password, secret string) string {
	tb.Helper()
	var got struct{ Token, Challenge, Code string }
	post := func(path string, body map[string]string) int {
		b, _ := json.Marshal(body)
		r, err := http.NewRequest(http.MethodPost, "http://"+host+path, bytes.NewReader(b))
		if err != nil {
			tb.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		res, err := do(r)
		if err != nil {
			tb.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		if err := json.Unmarshal(text, &got); err != nil {
			tb.Fatalf("testkit: %s answers %s", path, text)
		}
		return res.StatusCode
	}
	status := post("/api/v1/sessions", map[string]string{"email": email, "password": password})
	if status == http.StatusOK {
		return got.Token
	}
	if got.Code != "mfa_required" {
		tb.Fatalf("testkit: %s does not sign in: %d %s", email, status, got.Code)
	}
	challenge := got.Challenge
	for _, shift := range []time.Duration{-30 * time.Second, 0, 30 * time.Second, 30 * time.Second} {
		code := AppCode(tb, secret, time.Now().Add(shift))
		if status = post("/api/v1/sessions/verify", map[string]string{"challenge": challenge, "code": code}); status == http.StatusOK {
			return got.Token
		}
		if shift > 0 {
			time.Sleep(time.Until(time.Now().Truncate(30 * time.Second).Add(30 * time.Second)))
		}
	}
	tb.Fatalf("testkit: %s: the second step answers %d %s", email, status, got.Code)
	return ""
}
